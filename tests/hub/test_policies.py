"""What a house decides about its codes, and what guests get of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from hub import conflicts, policies
from hub.errors import Rejected
from hub.model.policy import CodeKind, CodePolicy, Override
from hub.model.values import Address, LockId, Pin, StayId
from hub.store import codes, house, log
from hub.store import ladder as ledger
from hub.store.engine import Tx
from tests.simulators.building import Memory
from tests.simulators.home import FLAT, Home, home, simulate

CHECK_IN = datetime(2027, 3, 2, 14, 0, tzinfo=UTC)
CHECK_OUT = datetime(2027, 3, 4, 10, 0, tzinfo=UTC)
START = CHECK_IN - timedelta(hours=2)
FRONT, BACK = LockId("front"), LockId("back")


def _two_doors(**front: object) -> list[Memory]:
    return [replace(Memory(Address("front")), **front), Memory(Address("back"))]  # type: ignore[arg-type]


async def _book(house_: Home, uid: str, guest: str, last4: str = "", *, nights: int = 2, first: int = 2) -> str:
    house_.book(uid, date(2027, 3, first), date(2027, 3, first + nights), guest, phone_last4=last4)
    await house_.later(minutes=4)
    return await house_.digits(guest)


def _type(digits: str) -> Callable[[Home, StayId], Callable[[Tx], None]]:
    return lambda house_, id_: lambda tx: house_.hub.intake.type_code(tx, id_, Pin(digits), "ada")


@pytest.mark.parametrize(
    ("last4", "got"),
    [("4071", True), ("", False), ("1234", False), ("071", False), ("40x1", False)],
    ids=["good", "unknown", "too easy", "too short", "no digits"],
)
def test_the_telephone_number_is_a_wish_that_falls_back(tmp_path: Path, last4: str, got: bool) -> None:
    async def main() -> None:
        async with home(tmp_path, _two_doors(), start=START, code_kind=CodeKind.PHONE) as house_:
            digits = await _book(house_, "a", "Ada Lovelace", last4)
            assert (digits == last4) is got
            assert len(digits) == (4 if got else 6)
            await house_.until(CHECK_IN)
            assert house_.lock("front").holds(digits), "the pages and the lock have the real code"

    simulate(main())


def test_the_telephone_number_is_not_used_where_it_is_taken_near_or_too_short_for_a_door(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, _two_doors(), start=START, code_kind=CodeKind.PHONE) as house_:
            assert await _book(house_, "a", "Ada Lovelace", "4071", nights=1) == "4071"
            assert await _book(house_, "b", "Bob", "4071", first=6) != "4071"
            assert await _book(house_, "c", "Cyd", "4072", first=9) != "4072"

    simulate(main())

    async def longer() -> None:
        folder = tmp_path / "longer"
        folder.mkdir()
        async with home(folder, _two_doors(digits=(6, 8)), start=START, code_kind=CodeKind.PHONE) as house_:
            assert len(await _book(house_, "a", "Ada Lovelace", "4071")) == 6

    simulate(longer())


def test_guests_of_a_unit_with_a_code_of_its_own_follow_each_other_with_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, _two_doors(), start=START, code_kind=CodeKind.FIXED) as house_:
            await house_.hub.store.write(lambda tx: house_.hub.intake.type_unit_code(tx, FLAT, Pin("482913"), "ada"))
            assert await _book(house_, "a", "Ada Lovelace") == "482913"
            assert await _book(house_, "b", "Bob", first=4) == "482913"
            await house_.until(CHECK_OUT + timedelta(minutes=2))
            assert not house_.lock("front").holds("482913"), "nobody's turn"
            await house_.until(CHECK_OUT + timedelta(hours=5))
            assert house_.lock("front").holds("482913")
            house_.rebook("a", departure=date(2027, 3, 5))

    simulate(main())


def test_a_guest_whose_hours_would_meet_those_of_another_with_the_same_code_gets_another(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, _two_doors(), start=START, code_kind=CodeKind.FIXED) as house_:
            await house_.hub.store.write(lambda tx: house_.hub.intake.type_unit_code(tx, FLAT, Pin("482913"), "ada"))
            assert await _book(house_, "a", "Ada Lovelace") == "482913"
            house_.book("b", date(2027, 3, 3), date(2027, 3, 5), "Bob")
            await house_.later(minutes=4)
            hub, ada, bob = house_.hub, (await house_.stay()).id, (await house_.stay("Bob")).id
            assert await house_.digits_by_door(bob) == {}, "sold twice: the first keeps the unit"
            await hub.store.write(lambda tx: conflicts.let_share(tx, hub.desk, ada, bob, "ada"))
            assert await house_.digits("Bob") != "482913", "both are let in"

    simulate(main())


@pytest.mark.parametrize(
    ("digits", "why"),
    [
        ("123456", "among the codes that people try first"),
        ("482913", "is somebody's code there already"),
        ("482914", "too much like another code there"),
        ("4829", "too much like another code there"),
        ("482913607", "Front takes codes of 4 to 8 digits"),
        ("960417", ""),
    ],
)
def test_a_code_of_somebodys_choice_is_refused_with_the_reason(tmp_path: Path, digits: str, why: str) -> None:
    async def main() -> None:
        async with home(tmp_path, [Memory(Address("front"))], start=START) as house_:
            await _book(house_, "a", "Ada Lovelace")
            await _book(house_, "b", "Bob", first=6)
            hub, ada, bob = house_.hub, await house_.stay(), await house_.stay("Bob")
            await hub.store.write(_type("482913")(house_, ada.id))
            if why:
                with pytest.raises(Rejected, match=why):
                    await hub.store.write(_type(digits)(house_, bob.id))
                assert await house_.digits("Bob") != digits
            else:
                await hub.store.write(_type(digits)(house_, bob.id))
                assert await house_.digits("Bob") == digits

    simulate(main())


def test_the_code_of_a_guest_who_is_gone_is_nobodys_for_a_month(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [Memory(Address("front"))], start=START) as house_:
            digits = await _book(house_, "a", "Ada Lovelace")
            await _book(house_, "b", "Bob", first=6)
            await house_.until(CHECK_OUT + timedelta(hours=1))
            bob = await house_.stay("Bob")
            with pytest.raises(Rejected, match="or was until lately"):
                await house_.hub.store.write(_type(digits)(house_, bob.id))

    simulate(main())


def test_a_leaked_code_is_replaced_at_every_door_and_nobody_counts_as_told(tmp_path: Path) -> None:
    async def main() -> None:
        memories = [Memory(Address("front"), slots=1), Memory(Address("back"))]
        async with home(tmp_path, memories, start=START, code_kind=CodeKind.FIXED) as house_:
            hub = house_.hub
            await hub.store.write(lambda tx: hub.intake.type_unit_code(tx, FLAT, Pin("482913"), "ada"))
            leaked = await _book(house_, "a", "Ada Lovelace")
            await house_.until(CHECK_IN)
            stay = await house_.stay()
            await hub.store.write(
                lambda tx: codes.told(tx, [e.grant.id for e in codes.issued_for(tx, stay.id)], CHECK_IN)
            )
            await hub.store.write(lambda tx: hub.intake.redraw(tx, stay.id, "ada"))
            await house_.later(minutes=1)
            fresh = await house_.digits()
            assert fresh != leaked
            for door in ("front", "back"):
                assert (house_.lock(door).holds(fresh), house_.lock(door).holds(leaked)) == (True, False)
            assert [what for what, _, _ in house_.lock("front").journal] == ["write", "clear", "write"], (
                "one place: first out"
            )
            entries = await hub.store.read(lambda tx: codes.issued_for(tx, stay.id))
            assert all(entry.told_at is None for entry in entries)
            trail = await hub.store.read(lambda tx: [deed.action for deed in log.deeds(tx, f"stay:{stay.id}")])
            assert "code redrawn" in trail

    simulate(main())


def test_buffers_and_lead_are_inside_the_window_and_may_differ_at_one_lock(tmp_path: Path) -> None:
    early, late, lead = timedelta(hours=2), timedelta(minutes=30), timedelta(minutes=45)

    async def main() -> None:
        begin = START - timedelta(hours=5)
        async with home(tmp_path, _two_doors(), start=begin, early_in=early, late_out=late, code_lead=lead) as house_:
            await house_.hub.store.write(
                lambda tx: policies.of_lock(
                    tx, house_.hub.intake, BACK, Override(early=timedelta(0), late=timedelta(0)), "ada"
                )
            )
            await _book(house_, "a", "Ada Lovelace")
            stay = await house_.stay()
            entries = await house_.hub.store.read(lambda tx: codes.issued_for(tx, stay.id))
            windows = {entry.lock: (entry.grant.window.start, entry.grant.window.end) for entry in entries}
            assert windows[FRONT] == (CHECK_IN - early - lead, CHECK_OUT + late)
            assert windows[BACK] == (CHECK_IN - lead, CHECK_OUT)
            assert len({entry.grant.tag for entry in entries}) == 1, "one code all the same"
            await house_.hub.store.write(
                lambda tx: policies.of_property(tx, house_.hub.intake, _house(tx), CodePolicy(), "ada")
            )
            entries = await house_.hub.store.read(lambda tx: codes.issued_for(tx, stay.id))
            assert {entry.grant.window.end for entry in entries} == {CHECK_OUT}, "a change moves what was given"

    simulate(main())


def test_one_lock_may_keep_more_backup_codes_than_the_others_or_none(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, _two_doors(), start=START, backups=2) as house_:

            async def kept(wanted: int | None) -> tuple[int, int]:
                await house_.hub.store.write(
                    lambda tx: policies.of_lock(tx, house_.hub.intake, BACK, Override(), "ada", backups=wanted)
                )
                await house_.later(minutes=30)
                pools = await house_.hub.store.read(lambda tx: ledger.pool(tx, [FRONT, BACK]))
                return len(pools.get(FRONT, [])), len(pools.get(BACK, []))

            assert [await kept(wanted) for wanted in (4, 0, None)] == [(2, 4), (2, 0), (2, 2)]
            with pytest.raises(Rejected, match="at most"):
                await kept(6)

    simulate(main())


def _house(tx: Tx):  # type: ignore[no-untyped-def]
    return house.properties(tx)[0].id


def test_doors_that_want_different_codes_get_different_ones(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, _two_doors(), start=START) as house_:
            await house_.hub.store.write(
                lambda tx: policies.of_lock(tx, house_.hub.intake, BACK, Override(digits=4), "ada")
            )
            await _book(house_, "a", "Ada Lovelace")
            by_door = await house_.digits_by_door((await house_.stay()).id)
            assert (len(by_door[FRONT]), len(by_door[BACK])) == (6, 4)

    simulate(main())


@pytest.mark.parametrize(
    "wanted",
    [
        CodePolicy(digits=9),
        CodePolicy(distance=0),
        CodePolicy(lead=timedelta(hours=25)),
        CodePolicy(early=-timedelta(minutes=1)),
        CodePolicy(ahead=timedelta(days=15)),
    ],
)
def test_a_policy_that_cannot_be_is_refused(tmp_path: Path, wanted: CodePolicy) -> None:
    async def main() -> None:
        async with home(tmp_path, start=START) as house_:
            with pytest.raises(Rejected):
                await house_.hub.store.write(
                    lambda tx: policies.of_property(tx, house_.hub.intake, _house(tx), wanted, "ada")
                )

    simulate(main())
