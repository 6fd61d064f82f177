"""What goes wrong in a year: locks out of reach, flat or reset, the internet gone, the hub stopped, hands at keypads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Final

from hub.model.facts import CodeChange
from tests.simulators.street import FLAT, Code, Door, Street
from tests.system.year.channels import Fault, Source
from tests.system.year.judge import SETTLED
from tests.system.year.life import Life
from tests.system.year.rungs import waits

UNSEEN: Final = timedelta(minutes=45)
"""Nobody programs a place of a lock that tells nothing while the hub relies on what it has just read there
(`Policy.fresh`, hub/model/codes.py): no hub could know."""

AN_ECHO: Final = timedelta(seconds=30)
"""hub/model/outcomes.py takes what a lock tells right after a command for the echo of that."""
UNNAMED: Final = 0.3
"""How often a lock that hides its digits does not say which place was changed."""


def plan(life: Life) -> None:
    """Put a year's troubles on the world's list, as chance has it."""
    random = Random(life.random.random())
    for door in life.doors.values():
        _silences(life, door, random)
        _battery(life, door, random)
        if door.brand.slots:
            _hands(life, door, random)
            _resets(life, door, random)
            _takers(life, door, random)
        if waits(door):
            _days_of_silence(life, door, random)
    for source in life.sources.values():
        if source.flat.polled:
            _faults(life, source, random)
    _outages(life, random)
    _restarts(life, random)


def times(life: Life, random: Random, a_year: float) -> Iterator[datetime]:
    """So many instants in a year, at random."""
    at = life.plan.begin + timedelta(hours=6)
    end = life.plan.begin + timedelta(days=life.days)
    while True:
        at += timedelta(days=random.expovariate(a_year / 365))
        if at >= end:
            return
        yield at


def _silences(life: Life, door: Door, random: Random) -> None:
    """Out of reach for minutes, for hours, and now and then for days."""
    for at in times(life, random, 8):
        _out_of_reach(life, door, at, timedelta(minutes=random.choice([2, 7, 20, 60, 240, 1500, 3000])))


def _out_of_reach(life: Life, door: Door, at: datetime, length: timedelta) -> None:
    def fall_silent() -> None:
        life.judge.note(f"{door.address} is out of reach")
        door.silent = True

    def come_back() -> None:
        life.judge.note(f"{door.address} is within reach again")
        door.silent = False
        life.judge.within_reach(door)

    life.errand(at, fall_silent)
    life.errand(at + length, come_back)


def _days_of_silence(life: Life, door: Door, random: Random) -> None:
    """Where a code is put days before it may open, only so long a silence lets a day before check-in find none."""
    for at in times(life, random, 12):
        _out_of_reach(life, door, at, timedelta(hours=100))


def _battery(life: Life, door: Door, random: Random) -> None:
    """It loses some every week and tells so; somebody changes it when it is low, or a day after it is flat."""
    thirst = random.choice([0.5, 1.0, 2.0, 4.0])
    patience = random.choice([FLAT - 1, 10, 15])
    offset = timedelta(hours=random.randrange(1, 168))

    async def a_week_later() -> None:
        door.battery = max(door.battery - thirst, 0.0)
        if door.battery <= patience:
            life.errand(life.now() + timedelta(days=1), change)
        await life.speak(lambda street: street.weighed(door))
        life.errand(life.now() + timedelta(days=7), a_week_later)

    def change() -> None:
        life.judge.note(f"{door.address} gets a new battery")
        door.battery = 100.0
        life.judge.within_reach(door)

    door.battery = float(random.randrange(20, 100))
    life.errand(life.plan.begin + offset, a_week_later)


def _hands(life: Life, door: Door, random: Random) -> None:
    """Somebody makes a code at the keypad, or deletes it again. Nobody else may."""
    for at in times(life, random, 5 if door.brand.tells else 20):

        async def come(door: Door = door) -> None:
            theirs = [slot for slot, code in door.codes.items() if not code.ours]
            if theirs and random.random() < 0.4:
                await _delete(life, door, random.choice(theirs))
            elif len(theirs) < min(4, door.brand.slots // 3):
                await _make(life, door, random)

        life.errand(at, come)


async def _make(life: Life, door: Door, random: Random) -> None:
    now, long_ago = life.now(), life.plan.begin - timedelta(days=1)
    unseen = timedelta() if door.brand.events and door.reachable else UNSEEN
    free = [
        slot
        for slot in range(1, door.brand.slots + 1)
        if slot not in door.codes and now - door.read_at.get(slot, long_ago) >= unseen
    ]
    digits = _chosen(life, door, random)
    if door.busy or not free or any(code.digits == digits for code in door.codes.values()):
        return
    if any(digits == written for _, written in life.judge.written):
        return  # the hub would take it for a code of its own that came back, and rightly clear it (hub/model/codes.py)
    slot = random.choice(free)
    door.codes[slot] = Code(digits, ours=False)
    life.judge.journals.turned(door, slot, "foreign")
    door.hours.pop(slot, None)
    if not door.brand.tells or (door.brand.events and door.reachable and life.hub is not None):
        # What the hub has not heard of it may draw for another door, and then rightly takes it for its own here.
        life.luck.like(digits)
    life.judge.note(f"somebody makes a code at {door.address}[{slot}]")
    await life.speak(lambda street: street.programmed(door, slot, CodeChange.ADDED))


def _takers(life: Life, door: Door, random: Random) -> None:
    """Somebody gives a place that holds a code of the hub's other digits, at a lock that tells of it.

    Where it hides its digits, theirs have to go: nobody could tell them from the guest's.
    """
    if not door.brand.events:
        return
    for at in times(life, random, 12):

        async def take(street: Street, door: Door = door) -> None:
            await _take_a_place(life, street, door, random)

        life.errand(at, lambda take=take: life.speak(take))  # type: ignore[misc]


async def _take_a_place(life: Life, street: Street, door: Door, random: Random) -> None:
    judge, now = life.judge, life.now()
    digits = _chosen(life, door, random)
    known = any(code.digits == digits for code in door.codes.values()) or any(
        digits == each for _, each in judge.written
    )
    theirs = sum(not code.ours for code in door.codes.values())
    if known or door.busy or not door.reachable or door in judge.down or theirs >= min(4, door.brand.slots // 3):
        return
    settled = [
        slot
        for slot, code in door.codes.items()
        if code.ours and code.enabled and now - judge.journals.pages[door.address, slot].at[-1] > AN_ECHO
    ]
    if settled:
        slot = random.choice(settled)
        judge.note(f"somebody gives {door.address}[{slot}] other digits")
        taken = door.codes[slot] = Code(digits, ours=False, taken=True)
        door.hours.pop(slot, None)
        judge.journals.turned(door, slot, "foreign")
        judge.disturbed(door)
        unnamed = not door.brand.tells and random.random() < UNNAMED
        await street.programmed(door, None if unnamed else slot, CodeChange.ADDED)
        life.errand(now + 2 * SETTLED, lambda: life.try_doors([door]))
        if not door.brand.tells:
            life.errand(now + 2 * SETTLED, lambda: _is_gone(life, door, slot, taken, now))


def _is_gone(life: Life, door: Door, slot: int, taken: Code, since: datetime) -> None:
    if door.codes.get(slot) is taken and life.judge.steady(door, since):
        life.judge.blame(
            "taken", f"{door.address}[{slot}] ({door.brand.name}) still holds what took the place of a code"
        )


def _chosen(life: Life, door: Door, random: Random) -> str:
    """At a lock that tells no digits people hit upon those of a guest who is yet to come, and it refuses the guest's."""
    held = [] if door.brand.tells or life.ledger is None else life.ledger.held(door.address)
    coming = [each.digits for each in held if not each.revoked and each.uid is not None and "/" in each.uid]
    coming = [digits for digits in coming if (door, digits) not in life.judge.written]
    if coming and random.random() < 0.8:
        return random.choice(coming)
    return "".join(random.choice("0123456789") for _ in range(max(door.brand.digits[0], 4)))


async def _delete(life: Life, door: Door, slot: int) -> None:
    del door.codes[slot]
    life.judge.journals.turned(door, slot, "empty")
    life.judge.note(f"somebody deletes their code at {door.address}[{slot}]")
    await life.speak(lambda street: street.programmed(door, slot, CodeChange.DELETED))


def _resets(life: Life, door: Door, random: Random) -> None:
    """To factory settings, at a moment when no radio command is under way; it is added again within the hour."""
    for at in times(life, random, 3):

        def reset(door: Door = door) -> None:
            if door.busy or door.silent:
                return
            life.judge.note(f"{door.address} is reset")
            for slot in door.codes:
                life.judge.journals.turned(door, slot, "empty")
            door.reset()
            door.silent = True
            life.judge.blank.add(door)
            life.errand(life.now() + timedelta(minutes=random.randrange(3, 50)), lambda: add_again(door))

        def add_again(door: Door) -> None:
            life.judge.note(f"{door.address} is added again")
            door.silent = False
            life.judge.within_reach(door)
            life.judge.was_reset(door)
            life.added.append(door)
            life.errand(life.now(), life.meet_added)

        life.errand(at, reset)


def _faults(life: Life, source: Source, random: Random) -> None:
    """A calendar cannot be read, or says what is not so."""
    for at in times(life, random, 15):
        fault = random.choice(list(Fault))
        length = timedelta(minutes=random.choice([30, 180, 300, 1440, 3000]))

        def begin(fault: Fault = fault) -> None:
            life.judge.note(f"the calendar of {source.flat.name}: {fault.value}")
            source.fault = fault

        def end() -> None:
            life.judge.note(f"the calendar of {source.flat.name} is well again")
            source.fault = None

        life.errand(at, begin)
        life.errand(at + length, end)


def _outages(life: Life, random: Random) -> None:
    """The internet is gone."""
    for at in times(life, random, 25):
        length = timedelta(minutes=random.choice([1, 10, 60, 300, 1800]))

        def gone() -> None:
            life.judge.note("the internet is gone")
            life.offline = True

        async def back() -> None:
            life.judge.note("the internet is back")
            life.offline = False
            await life.send_all()

        life.errand(at, gone)
        life.errand(at + length, back)


def _restarts(life: Life, random: Random) -> None:
    """Half of the times in the midst of a command to some lock."""
    for number, at in enumerate(times(life, random, 40)):

        def stop(number: int = number) -> None:
            if number % 2:
                life.stop.set()
            else:
                life.stop_at_next_command = True

        life.errand(at, stop)
