"""How the house is, in sentences: what is wrong, since when, and what to do about it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from hub.contracts import Clock
from hub.model.codes import Reading
from hub.model.facts import Alarm
from hub.model.values import Address
from hub.plugins import Plugins
from hub.store import alarms, codes, doors, house, mail, settings
from hub.store import stays as ledger
from hub.store.codes import Issued
from hub.store.doors import Door
from hub.store.engine import Tx

LOW_BATTERY: Final = 20
"""Percent. Seen: most keypad locks warn between 15 and 25."""
RECENT: Final = timedelta(hours=24)
_OFTEN: Final = 3
"""A code that was gone again so often is not kept; once or twice, somebody may have pressed a key."""
FEED_PATIENCE: Final = timedelta(minutes=30)


class Level(Enum):
    """What it asks of a person, worst first."""

    URGENT = "urgent"
    """A guest may stand outside, or somebody may get in."""
    PROBLEM = "problem"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Finding:
    level: Level
    about: str
    """What it concerns: `lock:front`, `channel:airbnb-1`, `stay:…`, `clock`, `plugin:zwave`, `inbox:17`, `alarm:3` …"""
    sentence: str
    cure: str
    since: datetime | None = None


def findings(tx: Tx, clock: Clock, plugins: Plugins, known: Collection[Door] | None = None) -> list[Finding]:
    """Everything worth a person's attention, the worst first. Empty: all is well.

    Args:
        known: the house's doors, where they were read in this transaction already.
    """
    now = clock.now()
    known = doors.doors(tx) if known is None else known
    found = [
        *_house(tx, clock),
        *_radios(tx, known),
        *_doors(tx, known, now),
        *_codes(tx, now),
        *_channels(tx, now),
        *_plugins(known, plugins),
        *_dead(tx),
    ]
    order = list(Level)
    return sorted(found, key=lambda finding: order.index(finding.level))


def _house(tx: Tx, clock: Clock) -> Iterator[Finding]:
    if settings.safe_mode(tx):
        yield Finding(
            Level.URGENT,
            "safe_mode",
            "This hub was restored from a backup: the locks are being read, and no new code is given.",
            "Look at the codes listed on the Locks page, then press “Leave safe mode”.",
        )
    if not clock.trusted:
        yield Finding(
            Level.URGENT,
            "clock",
            f"The hub does not know the time for certain (it says {clock.now():%Y-%m-%d %H:%M} UTC); codes stay as they are.",
            "Connect it to the internet, or press “This is the right time”.",
        )


def _doors(tx: Tx, known: Iterable[Door], now: datetime) -> Iterator[Finding]:
    for door in known:
        about = f"lock:{door.id}"
        if door.quarantined:
            yield Finding(
                Level.URGENT, about, f"{door.name} was set aside: {door.quarantined}.", "Report this to support."
            )
        if doors.has_no_device(door):
            sentence = f"{door.name} has no device any more: it was taken out of the radio network."
            yield Finding(Level.PROBLEM, about, sentence, "Add one on the Radio page, and let it take this place.")
        elif door.abilities is None:
            cure = f"Check that {door.driver} runs and that address {door.address} is right."
            yield Finding(Level.PROBLEM, about, f"{door.name} was never met by its driver.", cure)
        if door.abilities is not None and door.abilities.slots == 0 and (passing := house.units_of(tx, door.id)):
            units = ", ".join(unit.name for unit in passing)
            sentence = f"{door.name} takes no codes, and it is on the way to {units}."
            yield Finding(Level.PROBLEM, about, sentence, "Take it from the unit, or let guests in there another way.")
        yield from _troubles(door, about, now)


def _troubles(door: Door, about: str, now: datetime) -> Iterator[Finding]:
    if door.silent_since is not None:
        sentence = f"{door.name} does not answer: {door.silent_why}."
        cure = "Check its battery and its distance to the hub; codes in it keep working meanwhile."
        yield Finding(Level.PROBLEM, about, sentence, cure, door.silent_since)
    if door.battery is not None and (door.battery_low or door.battery <= LOW_BATTERY):
        sentence = f"The battery of {door.name} is low ({door.battery} %)."
        yield Finding(Level.PROBLEM, about, sentence, "Replace it before the next arrival.", door.battery_at)
    if door.trouble and door.trouble_at is not None and now - door.trouble_at < RECENT:
        words, cure = _TROUBLE_WORDS.get(door.trouble, (door.trouble, "Have a look at the door."))
        yield Finding(Level.PROBLEM, about, f"{door.name}: {words}.", cure, door.trouble_at)


_TROUBLE_WORDS: Final = {
    "jammed": ("the bolt is jammed", "Check that the door is closed and nothing blocks the bolt."),
    "tamper": ("the lock was tampered with", "Have a look at the door."),
    "wrong_codes": (
        "wrong codes were tried several times",
        "Ask the guest whether the code works; look at the access log.",
    ),
    "keypad_off": ("the keypad is switched off", "Switch vacation mode off at the lock."),
    "battery_low": ("the lock says that its battery is low", "Replace the battery."),
    "battery_critical": ("the lock says that its battery is almost empty", "Replace the battery now."),
}


def _codes(tx: Tx, now: datetime) -> Iterator[Finding]:
    for entry in codes.unproven(tx, now):
        door = doors.door(tx, entry.lock)
        stay = None if entry.stay is None else ledger.stay(tx, entry.stay)
        whose = (stay.guest or stay.reference or "a guest") if stay is not None else entry.label
        name = entry.lock if door is None else door.name
        why, cure = _why(tx, entry)
        about = f"lock:{entry.lock}" if stay is None else f"stay:{stay.id}"
        sentence = f"The code of {whose} is not proven in {name}{why}."
        yield Finding(Level.URGENT, about, sentence, cure, entry.grant.window.start)


def _why(tx: Tx, entry: Issued) -> tuple[str, str]:
    """A clause, if there is something to say, and the cure."""
    if entry.refused:
        cure = "It is not tried again. Draw another code, or open the door yourself."
        return f": the lock refuses it ({entry.refused})", cure
    slots = codes.slots_of(tx, entry.lock)
    held = any(slot.holder == entry.grant.id for slot in slots)
    if slots and not held and all(slot.reading is Reading.OCCUPIED for slot in slots):
        return (
            f": all {len(slots)} places of the lock are taken",
            "Delete a code that nobody needs, at the lock or here.",
        )
    lost = max((slot.failures for slot in slots if slot.tag == entry.grant.tag and not held), default=0)
    if lost >= _OFTEN:
        cure = "It is tried again, ever more seldom. Be ready to open the door, and look at the lock."
        return f": the lock was told it {lost} times, and did not keep it", cure
    return "", "It is tried again by itself; be ready to open the door."


def _channels(tx: Tx, now: datetime) -> Iterator[Finding]:
    for channel, state in ledger.channel_states(tx).items():
        if state.failing_since is not None and now - state.failing_since >= FEED_PATIENCE:
            sentence = f"The calendar “{channel}” cannot be read: {state.failing_why}."
            cure = "What it said last still counts. Check its address on the Channels page."
            yield Finding(Level.PROBLEM, f"channel:{channel}", sentence, cure, state.failing_since)


def _plugins(known: Iterable[Door], plugins: Plugins) -> Iterator[Finding]:
    for condition in plugins.conditions.values():
        if condition.state == "off":
            about = f"plugin:{condition.name}"
            yield Finding(
                Level.PROBLEM,
                about,
                f"{condition.name} is off: {condition.why}.",
                "Correct the setting.",
                condition.since,
            )
        if condition.state == "waiting":
            sentence = f"{condition.name} is being started again: {condition.why}."
            yield Finding(
                Level.PROBLEM, f"plugin:{condition.name}", sentence, "Check its cable and port.", condition.since
            )
    named, radios = {(door.driver, door.address) for door in known}, plugins.radios
    for driver, lock in plugins.met:
        if (driver, lock.address) not in named:
            sentence = (
                f"{driver} has met a lock at address {lock.address} ({lock.abilities.model}) that has no name here."
            )
            cure = (
                "Name it on the Radio page, or in the site file." if driver in radios else "Name it in the site file."
            )
            yield Finding(Level.NOTICE, f"met:{driver}:{lock.address}", sentence, cure)


def _radios(tx: Tx, known: Iterable[Door]) -> Iterator[Finding]:
    named = {(door.driver, door.address): door for door in known}
    for row in alarms.current(tx):
        door = named.get((row.driver, Address(row.device)))
        if row.alarm is Alarm.DEAD and door is not None and door.silent_since is not None:
            continue  # said of the lock already
        which = f"{row.device} of {row.driver}" if door is None else door.name
        said = _ALARM_WORDS[row.alarm]
        sentence = said.sentence.format(which=which, driver=row.driver)
        sentence = f"{sentence}: {row.note}." if row.note else f"{sentence}."
        yield Finding(said.level, f"alarm:{row.id}", sentence, said.cure, row.since)


@dataclass(frozen=True, slots=True)
class _Said:
    level: Level
    sentence: str
    cure: str


_ALARM_WORDS: Final = {
    Alarm.THROWN_OUT: _Said(
        Level.PROBLEM,
        "Device {which} was taken out of the network again, as it did not get the encryption it is capable of",
        "Bring it close to the stick and add it again. If that happens twice, somebody nearby may be disturbing the radio "
        "on purpose.",
    ),
    Alarm.JAMMED: _Said(
        Level.PROBLEM,
        "The radio of {driver} is disturbed so much that locks cannot be heard",
        "Move the stick away from computers and USB 3 cables with an extension lead, and look for a new transmitter nearby. "
        "Codes already in the locks keep working.",
    ),
    Alarm.DEAD: _Said(
        Level.PROBLEM,
        "Device {which} does not answer any more",
        "Check its battery and its distance to the hub, or take it out of the network on the Radio page.",
    ),
    Alarm.STICK_GONE: _Said(
        Level.URGENT,
        "The stick of {driver} is gone",
        "Plug it in again, into the same port. Codes already in the locks keep working, and no new one reaches them.",
    ),
    Alarm.UNREADABLE: _Said(
        Level.PROBLEM,
        "What {driver} had kept of its network cannot be read and was kept aside",
        "Look at the Radio page, which says what is missing now. Once all devices are well, delete the file; this ends then "
        "when the hub starts anew.",
    ),
}


def _dead(tx: Tx) -> Iterator[Finding]:
    for letter in mail.dead(tx):
        what = "A message from" if letter.box == "inbox" else "A promise to"
        sentence = f"{what} {letter.about} could not be dealt with: {letter.why}."
        yield Finding(
            Level.PROBLEM, f"{letter.box}:{letter.id}", sentence, "Look at it, then press “Try again”.", letter.since
        )


def summary(found: Iterable[Finding]) -> str:
    """One word for a status line: `well`, `notice`, `problem` or `urgent`."""
    return next((finding.level.value for finding in found), "well")
