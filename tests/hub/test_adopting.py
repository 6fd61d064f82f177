"""A code that was in a keypad before: adopted without a write, then treated like every other; and when it is not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import cast

import pytest

from drivers.simulator.settings import LockSettings
from hub import people
from hub.adopting import Wish
from hub.contracts import Keypad
from hub.errors import Garbled, Rejected, Unavailable
from hub.health import findings
from hub.io.clock import LoopClock
from hub.io.tagbook import TagBook
from hub.model.codes import CodeState, Reading, Slot, state_of
from hub.model.facts import SlotRead
from hub.model.people import PersonKind
from hub.model.values import Address, CodeTag, GrantId, LockId, Pin, Proof
from hub.store import code_list, codes, log, passes
from hub.store.code_list import Code
from tests.simulators.building import Memory
from tests.simulators.home import START, Home, Idle, home, simulate
from tests.simulators.wired import wired

FRONT = LockId("front")
CLEANER = Wish(FRONT, 5, "The cleaner", START + timedelta(hours=6))


def _front(**more: object) -> Memory:
    return Memory(Address("front"), codes={5: "4711"}, **more)  # type: ignore[arg-type]


async def _in_place(house: Home, number: int = 5) -> Code | None:
    listed = await house.hub.store.read(lambda tx: code_list.listing(tx, lock=FRONT))
    return next((code for code in listed if code.slot is not None and code.slot.number == number), None)


def _keypad(house: Home) -> Keypad:
    keypad = house.driver.locks[Address("front")].keypad
    assert keypad is not None
    return keypad


async def _refused(house: Home, words: str, wish: Wish = CLEANER) -> None:
    with pytest.raises(Rejected, match=words):
        await house.hub.adopting.adopt(wish, "manager")
    held = await house.hub.store.read(lambda tx: code_list.listing(tx, lock=FRONT))
    assert all(code.issued is None or code.issued.label != wish.label for code in held), "nothing was given"
    assert await house.hub.store.read(lambda tx: log.deeds(tx, "lock:front")) == []
    assert house.lock("front").journal == [], "nothing was written"


@pytest.mark.parametrize("schedules", [False, True])
def test_an_adopted_code_has_a_name_and_an_end_and_nothing_is_written_before(tmp_path: Path, schedules: bool) -> None:
    async def main() -> None:
        async with home(tmp_path, [_front(schedules=schedules)]) as house:
            await house.later(minutes=1)
            grant = await house.hub.adopting.adopt(CLEANER, "manager")
            code = await _in_place(house)
            assert code is not None
            assert code.issued is not None
            assert code.slot is not None
            assert (code.guest, code.slot.holder, code.slot.proof) == ("The cleaner", grant, Proof.READ_BACK)
            assert state_of(code.issued.grant, code.slot, house.hub.clock.now()) is CodeState.SET
            assert code.issued.grant.window.end == CLEANER.until
            assert code.issued.grant.tag in house.hub.tagbook.tags
            deed = (await house.hub.store.read(lambda tx: log.deeds(tx, "lock:front")))[0]
            assert (deed.actor, deed.action, deed.detail) == ("manager", "code adopted", "The cleaner, place 5")

            await house.later(hours=5)
            assert await house.driver.press("front", "4711")
            entry = (await house.hub.store.read(lambda tx: log.entries(tx, log.Filter(lock=FRONT))))[0]
            assert (entry.what, entry.who, entry.grant) == (log.UNLOCKED, "The cleaner", grant)
            assert house.lock("front").journal == []
            assert house.lock("front").hours == {}

            await house.later(hours=2)
            assert house.lock("front").journal == [("clear", 5, "4711")]
            assert await _in_place(house) is None

    simulate(main())


def test_an_adopted_code_without_an_end_stays_until_somebody_ends_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [_front(schedules=True)], calendar=Idle) as house:
            await house.later(minutes=1)
            grant = await house.hub.adopting.adopt(Wish(FRONT, 5, " The owner ", None), "manager")
            await house.later(days=40)
            assert house.lock("front").journal == []
            await house.hub.store.write(lambda tx: house.hub.intake.end_code(tx, grant, "manager"))
            await house.later(minutes=1)
            assert house.lock("front").journal == [("clear", 5, "4711")]

    simulate(main())


class _Killed(BaseException):
    """Nothing that comes after it is done."""


class _Pen:
    """A tag book before whose next line the power fails."""

    tags: frozenset[CodeTag] = frozenset()

    def add(self, tag: CodeTag) -> None:
        raise _Killed(tag)


def test_an_adopted_code_is_in_the_book_though_the_hub_was_killed_over_that(tmp_path: Path) -> None:
    memory = _front()

    async def killed() -> None:
        async with home(tmp_path, [memory]) as house:
            await house.later(minutes=1)
            adopting = replace(house.hub.adopting, tagbook=cast("TagBook", _Pen()))
            with pytest.raises(_Killed):
                await adopting.adopt(CLEANER, "manager")
            code = await _in_place(house)
            assert code is not None
            assert code.guest == "The cleaner"  # it is given
            assert house.hub.tagbook.tags == frozenset()

    async def again() -> None:
        async with home(tmp_path, [memory], start=START + timedelta(hours=1), furnish=False) as house:
            code = await _in_place(house)
            assert code is not None
            assert code.issued is not None
            assert code.issued.grant.tag in house.hub.tagbook.tags
            await house.later(hours=7)
            assert memory.journal == [("clear", 5, "4711")]

    simulate(killed())
    simulate(again())


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (Wish(LockId("back"), 5, "x", None), "no lock called “back”"),
        (Wish(FRONT, 6, "x", None), "place 6 of Front is empty; choose one"),
        (Wish(FRONT, 0, "x", None), "has places 1 to 250 and no place 0; choose one"),
        (Wish(FRONT, 31, "x", None), "place 31 of Front is empty by now"),
        (Wish(FRONT, 251, "x", None), "has places 1 to 250 and no place 251"),
        (Wish(FRONT, 5, " \n", None), "say whose code it is"),
        (Wish(FRONT, 5, "x", START), "must end in the future"),
    ],
)
def test_what_cannot_be_adopted_is_refused_with_a_cure(tmp_path: Path, wish: Wish, words: str) -> None:
    async def main() -> None:
        async with home(tmp_path, [_front(slots=250)]) as house:
            await house.later(minutes=1)
            await _refused(house, words, wish)

    simulate(main())


def test_a_code_of_our_own_is_not_adopted_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [_front()]) as house:
            await house.later(minutes=1)
            await house.hub.adopting.adopt(CLEANER, "manager")
            with pytest.raises(Rejected, match="is one of Gatehouse's own already"):
                await house.hub.adopting.adopt(CLEANER, "manager")

    simulate(main())


def test_a_place_that_nobody_has_looked_at_waits_for_that(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [_front(silent=True)]) as house:
            await _refused(house, "has not been looked at yet; try again in a minute")

    simulate(main())


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (None, "does not tell the digits of its codes; say them, or give that person"),
        ("123456789", "takes no code of 9 digits"),
    ],
)
def test_a_lock_that_hides_digits_wants_them_said(tmp_path: Path, typed: str | None, words: str) -> None:
    async def main() -> None:
        async with home(tmp_path, [_front(masked=True)]) as house:
            await house.later(minutes=1)
            await _refused(house, words, replace(CLEANER, pin=None if typed is None else Pin(typed)))

    simulate(main())


def test_other_digits_than_the_lock_tells_are_refused(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [_front()]) as house:
            await house.later(minutes=1)
            await _refused(house, "has other digits than those; leave them out", replace(CLEANER, pin=Pin("4712")))

    simulate(main())


def test_a_code_whose_digits_a_person_says_is_adopted_given_to_nobody_else_and_ends(tmp_path: Path) -> None:
    """The lock says no more than that a code is there."""

    async def main() -> None:
        async with home(tmp_path, [_front(masked=True)]) as house:
            await house.later(minutes=1)
            grant = await house.hub.adopting.adopt(replace(CLEANER, pin=Pin("4711")), "manager")
            await house.later(hours=5)
            code = await _in_place(house)
            assert code is not None
            assert code.slot is not None
            assert (code.guest, code.slot.holder, code.slot.proof) == ("The cleaner", grant, Proof.CONFIRMED)
            assert house.lock("front").journal == [], "nothing was written"
            tags = house.hub.vault.tags(Pin("4711"))
            assert not tags.isdisjoint(await house.hub.store.read(lambda tx: codes.tags_on(tx, FRONT)))
            assert await house.hub.store.read(lambda tx: findings(tx, house.hub)) == []

            await house.later(hours=2)
            assert house.lock("front").journal == [("clear", 5, "4711")]

    simulate(main())


def test_a_code_that_is_switched_off_is_not_adopted_for_it_would_be_written(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [_front()]) as house:
            await house.later(minutes=1)

            async def read(slot: int) -> SlotRead:
                return SlotRead(empty=False, pin=Pin("4711"), enabled=False)

            _keypad(house).read = read  # type: ignore[method-assign]
            await _refused(house, "is switched off; switch it on at the lock")

    simulate(main())


def test_digits_that_are_given_already_on_that_door_are_refused(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(
            tmp_path, [Memory(Address("front"), refuses_duplicates=False, codes={5: "4711", 6: "4711"})]
        ) as house:
            await house.later(minutes=1)
            await house.hub.adopting.adopt(CLEANER, "manager")
            with pytest.raises(Rejected, match="has the same digits as one that Gatehouse gave"):
                await house.hub.adopting.adopt(Wish(FRONT, 6, "Another", None), "manager")

    simulate(main())


def test_a_code_that_we_gave_once_is_taken_out_rather_than_adopted(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [_front()]) as house:
            await house.later(minutes=1)
            house.hub.tagbook.add(house.hub.vault.tag(Pin("4711")))
            await _refused(house, "is one that Gatehouse gave and that is over")

    simulate(main())


def test_nothing_is_adopted_by_a_clock_that_nobody_believes(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [_front()]) as house:
            await house.later(minutes=1)
            assert isinstance(house.hub.clock, LoopClock)
            house.hub.clock.trusted = False
            await _refused(house, "does not know the time for certain")

    simulate(main())


@pytest.mark.parametrize("error", [Unavailable("asleep"), Garbled("nonsense"), TimeoutError(), None])
def test_a_lock_that_does_not_answer_can_be_asked_again(tmp_path: Path, error: Exception | None) -> None:
    async def main() -> None:
        async with home(tmp_path, [_front()]) as house:
            await house.later(minutes=1)
            sane = _keypad(house).read

            async def read(slot: int) -> SlotRead:
                if error is None:
                    await asyncio.Event().wait()
                    raise AssertionError("nothing happens")
                raise error

            _keypad(house).read = read  # type: ignore[method-assign]
            with pytest.raises(Unavailable, match=r"Front cannot be asked now .*; try again when it answers"):
                await house.hub.adopting.adopt(CLEANER, "manager")
            code = await _in_place(house)
            assert code is not None
            assert code.issued is None
            _keypad(house).read = sane  # type: ignore[method-assign]
            await house.hub.adopting.adopt(CLEANER, "manager")

    simulate(main())


def test_a_refusal_of_the_lock_is_told_in_its_words(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [_front()]) as house:
            await house.later(minutes=1)

            async def read(slot: int) -> SlotRead:
                raise Rejected("slot 5 holds the code of whoever programs the lock")

            _keypad(house).read = read  # type: ignore[method-assign]
            await _refused(house, "Front refuses to tell: slot 5 holds the code of whoever programs")

    simulate(main())


def _changed(memory: Memory) -> None:
    memory.codes[5] = "9999"


def _gone(memory: Memory) -> None:
    del memory.codes[5]


@pytest.mark.parametrize(
    ("happens", "words", "then"), [(_changed, "holds another code by now", "9999"), (_gone, "is empty by now", None)]
)
def test_what_the_lock_holds_by_now_counts_and_is_learnt(
    tmp_path: Path, happens: Callable[[Memory], None], words: str, then: str | None
) -> None:
    async def main() -> None:
        async with home(tmp_path, [_front()]) as house:
            await house.later(minutes=1)
            happens(house.lock("front"))
            await _refused(house, words)
            await house.later(minutes=1)
            slots = await house.hub.store.read(lambda tx: codes.slots_of(tx, FRONT))
            tag = None if then is None else house.hub.vault.tag(Pin(then))
            reading = Reading.EMPTY if then is None else Reading.OCCUPIED
            assert (slots[4].reading, slots[4].tag) == (reading, tag)

    simulate(main())


def test_a_place_that_changed_in_the_books_while_the_lock_was_asked_is_left_alone(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [_front()]) as house:
            await house.later(minutes=1)
            sane = _keypad(house).read

            async def read(slot: int) -> SlotRead:
                seen = await sane(slot)
                told = Slot(5, reading=Reading.OCCUPIED, tag=house.hub.vault.tag(Pin("9999")), proven_at=START)
                await house.hub.store.write(lambda tx: codes.keep_slot(tx, FRONT, told, START))
                return seen

            _keypad(house).read = read  # type: ignore[method-assign]
            await _refused(house, "changed just now; look at it and try again")

    simulate(main())


def test_a_place_that_we_claimed_while_the_lock_was_asked_is_ours(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [_front()]) as house:
            await house.later(minutes=1)
            sane = _keypad(house).read
            other: list[GrantId] = []

            async def read(slot: int) -> SlotRead:
                seen = await sane(slot)
                _keypad(house).read = sane  # type: ignore[method-assign]
                other.append(await house.hub.adopting.adopt(Wish(FRONT, 5, "Quicker", None), "partner"))
                return seen

            _keypad(house).read = read  # type: ignore[method-assign]
            with pytest.raises(Rejected, match="is one of Gatehouse's own already"):
                await house.hub.adopting.adopt(CLEANER, "manager")
            code = await _in_place(house)
            assert code is not None
            assert code.slot is not None
            assert [code.slot.holder] == other

    simulate(main())


def test_a_real_driver_adopts_what_another_hub_left_in_the_lock_without_a_write(tmp_path: Path) -> None:
    """With a stick and a lock in bytes."""
    lock = LockSettings(address="2", model="kwikset", slots=8)

    async def main() -> None:
        async with wired(tmp_path, {"front": lock}, Random(1), backups=0) as here:
            here.desk.lock("2").program(5, "4711")
            await asyncio.sleep(300)
            before = dict(here.desk.lock("2").memory.codes)
            until = here.hub.clock.now() + timedelta(hours=1)
            grant = await here.hub.adopting.adopt(Wish(FRONT, 5, "The cleaner", until), "manager")
            assert await here.wanted("front") == {grant: "4711"}
            await asyncio.sleep(60)
            assert here.desk.lock("2").memory.codes == before
            assert here.held("front") == {5: "4711"}

            assert here.desk.lock("2").press("4711", asyncio.get_running_loop().time())
            here.desk.touched()
            await asyncio.sleep(30)
            told = await here.hub.store.read(lambda tx: log.entries(tx, log.Filter(lock=FRONT)))
            assert [(entry.who, entry.slot) for entry in told if entry.what == log.UNLOCKED] == [("The cleaner", 5)]

            await asyncio.sleep(3600)
            assert here.held("front") == {}

    simulate(main())


def test_a_code_that_is_somebodys_becomes_a_pass_of_theirs_without_a_write(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [_front(schedules=True)]) as house:
            await house.later(minutes=1)
            desk = house.hub.desk
            maria = await house.hub.store.write(
                lambda tx: people.add(tx, desk, people.Who("Maria", PersonKind.CLEANER), "manager")
            )
            await house.hub.adopting.adopt(replace(CLEANER, person=maria, until=None), "manager")
            await house.later(hours=5)
            assert (house.lock("front").journal, house.lock("front").hours) == ([], {}), "nothing was written"
            assert await house.driver.press("front", "4711")
            entry = (await house.hub.store.read(lambda tx: log.entries(tx, log.Filter(lock=FRONT))))[0]
            assert entry.who == "Maria"
            [row] = await house.hub.store.read(lambda tx: passes.of_person(tx, maria))
            await house.hub.store.write(lambda tx: people.pause(tx, desk, row.id, "manager"))
            await house.later(minutes=1)
            assert not house.lock("front").holds("4711")
            await house.hub.store.write(lambda tx: people.resume(tx, desk, row.id, "manager"))
            await house.later(minutes=1)
            assert house.lock("front").holds("4711")

    simulate(main())
