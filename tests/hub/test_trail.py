"""What the hub does to locks and what happens at doors, against the audit chain: both ways."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from hub.attribution import Span, attributed
from hub.issuing import code_now
from hub.model.chain import CODE, Link
from hub.model.codes import Grant, Reading
from hub.model.facts import BoltMoved, Fact, Trouble, TroubleSeen
from hub.model.values import Address, CodeTag, GrantId, How, LockId, Position, PropertyId, Window
from hub.store import chain, codes, holders, log
from hub.store.engine import Tx
from hub.store.log import Entry, Filter
from tests.simulators.building import Memory
from tests.simulators.home import START, Home, home, simulate


async def links(house: Home, kind: str = "") -> list[Link]:
    found = await house.hub.store.read(lambda tx: chain.links(tx, limit=10_000))
    return [link for link in found if kind in {"", link.kind}]


def said(found: list[Link]) -> list[str]:
    return [f"{link.what} {link.outcome}" for link in found]


async def _stayed(house: Home) -> None:
    """A guest comes, goes in and out, and leaves."""
    house.book("one", date(2027, 3, 1), date(2027, 3, 2))
    await house.later(hours=8)
    assert await house.driver.press("front", await house.digits())
    await house.later(hours=1)
    await house.driver.turn("front", Position.LOCKED)
    await house.later(days=1)


def test_a_stay_leaves_its_links(tmp_path: Path) -> None:
    async def scene() -> None:
        async with home(tmp_path) as house:
            await _stayed(house)
            code = await links(house, CODE)
            assert said(code) == ["write asked", "write done", "clear asked", "clear done"]
            assert {(link.lock, link.slot) for link in code} == {("front", 1)}
            assert code[1].evidence == "read_back"
            bolt = await links(house, "bolt")
            assert said(bolt) == ["unlocked keypad", "locked manual"]
            assert bolt[0].subject == code[0].subject
            assert bolt[0].subject.startswith("guest-")
            assert bolt[1].subject == "", "nobody's name belongs to a thumb-turn"

    simulate(scene())


def test_two_guests_who_open_one_door_right_after_each_other_are_both_written_down(tmp_path: Path) -> None:
    async def scene() -> None:
        async with home(tmp_path) as house:
            guest = await _code_now(house, "Guest")
            friend = await _code_now(house, "Friend")
            await house.later(minutes=1)
            for pin in (guest, friend, friend):
                assert await house.driver.press("front", pin)
                await house.later(seconds=5)
            bolt = await links(house, "bolt")
            assert said(bolt) == ["unlocked keypad"] * 2, "the third is an echo"
            assert len({link.subject for link in bolt}) == 2

    simulate(scene())


def test_what_is_told_after_the_clock_was_set_back_is_no_echo_of_what_the_wrong_clock_saw(tmp_path: Path) -> None:
    async def scene() -> None:
        async with home(tmp_path) as house:
            await _code_now(house, "Guest")
            await house.later(minutes=1)
            now, front = house.hub.clock.now(), Address("front")
            for at in (now + timedelta(hours=1), now, now + timedelta(seconds=4)):
                await _tell(house, BoltMoved(front, at, Position.UNLOCKED, How.KEYPAD, 1))
                await _tell(house, TroubleSeen(front, at, Trouble.TAMPER))
            seen = await house.hub.store.read(lambda tx: log.entries(tx, Filter()))
            assert [each.what for each in seen].count(log.UNLOCKED) == 2, "of the last two one is an echo"
            assert [each.what for each in seen].count(Trouble.TAMPER.value) == 2

    simulate(scene())


async def _tell(house: Home, fact: Fact) -> None:
    await house.hub.store.write(lambda tx: house.hub.intake.absorb(tx, fact, "memory"))


async def _code_now(house: Home, label: str) -> str:
    until = house.hub.clock.now() + timedelta(hours=1)
    pin = await house.hub.store.write(lambda tx: code_now(tx, house.hub.desk, [LockId("front")], label, until))
    return pin.reveal()


def test_no_link_holds_a_name_or_a_code(tmp_path: Path) -> None:
    async def scene() -> None:
        async with home(tmp_path) as house:
            house.book("one", date(2027, 3, 2), date(2027, 3, 4), guest="Ada Lovelace", phone="+49 170 1234567")
            await house.later(days=1, hours=8)
            digits, stay = await house.digits(), await house.stay()
            await house.later(days=3)
            text = repr(await links(house))
            for secret in (digits, "Ada", "Lovelace", "1234567", stay.id):
                assert secret not in text

    simulate(scene())


@pytest.mark.parametrize(
    ("what", "part", "masked"),
    [("write", "command", False), ("write", "answer", True), ("clear", "command", True), ("clear", "answer", False)],
)
def test_what_the_lock_remembers_lies_between_asked_and_answered(
    tmp_path: Path, what: str, part: str, masked: bool
) -> None:
    async def scene() -> None:
        lost = [0]

        def lose(command: str) -> str | None:
            lost[0] += command == what
            return part if command == what and lost[0] in {1, 2, 4} else None

        memory = Memory(Address("front"), lose=lose, masked=masked, reads_codes=not masked)
        async with home(tmp_path, [memory]) as house:
            await _stayed(house)
            found = await links(house, CODE)
            for verb, count in (("write", 1), ("clear", 1)):
                did = [each for each in memory.journal if each[0] == verb]
                done = [link for link in found if (link.what, link.outcome) == (verb, "done")]
                assert len(done) == count, said(found)
                assert len(did) >= count
                asked = [link for link in found if (link.what, link.outcome) == (verb, "asked")]
                assert asked
                assert asked[0].number < done[0].number

    simulate(scene())


def test_a_code_that_somebody_deleted_at_the_keypad_is_found_gone(tmp_path: Path) -> None:
    async def scene() -> None:
        async with home(tmp_path) as house:
            house.book("one", date(2027, 3, 2), date(2027, 3, 6))
            await house.later(days=1, hours=8)
            house.lock("front").codes.clear()
            house.lock("front").codes[9] = "4711"
            await house.later(days=2)
            assert said(await links(house, CODE)) == [
                "write asked", "write done", "found empty", "write asked", "write done",
            ]  # fmt: skip

    simulate(scene())


def test_foreign_codes_are_told_once(tmp_path: Path) -> None:
    async def scene() -> None:
        async with home(tmp_path, [Memory(Address("front"), codes={7: "4711"})]) as house:
            await house.later(days=3)
            found = await links(house, CODE)
            assert said(found) == ["found foreign"]
            assert (found[0].lock, found[0].slot, found[0].subject) == ("front", 7, "")

    simulate(scene())


def test_a_refused_write_says_so(tmp_path: Path) -> None:
    async def scene() -> None:
        async with home(tmp_path, [Memory(Address("front"), masked=True)]) as house:
            house.book("one", date(2027, 3, 2), date(2027, 3, 6))
            await house.later(hours=1)
            house.lock("front").codes[29] = await house.digits()
            await house.later(days=1, hours=8)
            found = said(await links(house, CODE))
            assert found[found.index("write asked") :][:3] == ["write asked", "write refused", "write asked"]

    simulate(scene())


def test_who_held_a_slot_is_known_after_it_went_to_somebody_else(tmp_path: Path) -> None:
    async def scene() -> None:
        async with home(tmp_path) as house:
            house.book("one", date(2027, 3, 2), date(2027, 3, 4))
            house.book("two", date(2027, 3, 4), date(2027, 3, 6), guest="Grace Hopper")
            await house.later(days=6)
            row = await house.stay()
            assert row.check_in is not None
            for moment, guest in ((row.check_in, "Ada Lovelace"), (row.check_in + timedelta(days=2), "Grace Hopper")):
                stay = await house.stay(guest)

                def whose(tx, at=moment):  # type: ignore[no-untyped-def]
                    (tenure,) = holders.between(tx, LockId("front"), 1, at, at)
                    return tenure, codes.issued(tx, tenure.grant)

                tenure, issued = await house.hub.store.read(whose)
                assert issued is not None
                assert issued.stay == stay.id
                assert tenure.sure_from is not None
                assert tenure.until is not None

    simulate(scene())


def test_where_two_may_have_typed_it_both_are_named_and_nobody_arrives(tmp_path: Path) -> None:
    """A lock tells of a night in which its slot went from one to another, and its clock may be a minute wrong."""

    async def scene() -> None:
        async with home(tmp_path) as house:
            house.book("one", date(2027, 3, 1), date(2027, 3, 2))
            await house.later(hours=8)
            ada = await house.stay()
            other = GrantId("cleaner")

            def hand_over(tx: Tx) -> Entry:
                window = Window(START, START + timedelta(days=9))
                grant = Grant(other, CodeTag("x"), 4, window)
                codes.issue(tx, codes.Issued(grant, LockId("front"), None, "the cleaner", b"", None, None), START)
                slot = codes.slot_of(tx, LockId("front"), 1)
                codes.keep_slot(tx, LockId("front"), replace(slot, holder=other), house.hub.clock.now())
                entry = Entry(house.hub.clock.now(), LockId("front"), PropertyId("house"), "unlocked", "keypad", "", 1)
                doubtful, guest = attributed(tx, entry, Span(entry.at - timedelta(minutes=1), entry.at))
                assert guest is None
                surely, _ = attributed(tx, entry, Span.at(entry.at + timedelta(hours=1)))
                assert surely.who == "the cleaner"
                return doubtful

            entry = await house.hub.store.write(hand_over)
            assert entry.who == "Ada Lovelace or the cleaner"
            assert entry.stay is None
            assert len(entry.maybe) == 2
            assert ada.arrived_at is None

    simulate(scene())


def test_a_slot_that_somebody_changed_at_the_keypad_is_doubted(tmp_path: Path) -> None:
    async def scene() -> None:
        async with home(tmp_path) as house:
            house.book("one", date(2027, 3, 1), date(2027, 3, 2))
            await house.later(hours=8)

            def tell(tx: Tx) -> tuple[Entry, object]:
                now = house.hub.clock.now()
                slot = codes.slot_of(tx, LockId("front"), 1)
                codes.keep_slot(tx, LockId("front"), replace(slot, reading=Reading.UNKNOWN), now)
                entry = Entry(now, LockId("front"), PropertyId("house"), "unlocked", "keypad", "", 1)
                return attributed(tx, entry, Span.at(now))

            entry, guest = await house.hub.store.write(tell)
            assert (entry.who, guest) == ("Ada Lovelace or a code that is not ours", None)

    simulate(scene())
