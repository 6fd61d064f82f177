"""What changed a stay stands in its own story, in words, whoever it was."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any, Final

from hub import changes
from hub.model.facts import CalendarRead, StayReport, StayReported
from hub.model.money import Money
from hub.model.values import ChannelId, LockId, StayKind, StayStatus, UnitId
from hub.store import house as rows
from hub.store import log
from hub.store.house import ChannelRow, ClosedMeans, Origin, Unit
from tests.simulators.home import FLAT, Home, home, simulate

ACCOUNT: Final = ChannelId("guesty")
ANNEX: Final = UnitId("annex")
LISTINGS: Final = {"1": FLAT, "2": ANNEX}
BOOKED: Final = StayReport(
    "res-1",
    StayKind.RESERVATION,
    StayStatus.CONFIRMED,
    date(2027, 7, 3),
    date(2027, 7, 7),
    guest="Ada Lovelace",
    reference="GY-1",
    phone="+44 20 7946 0018",
    guests=4,
    total=Money(40000, "EUR"),
    listing="1",
)


@asynccontextmanager
async def _house(folder: Path) -> AsyncIterator[Home]:
    async with home(folder) as made:
        door = (LockId("front"),)
        unit = Unit(ANNEX, (await _place(made)), "Annex", door, ClosedMeans.ASK, Origin.SITE)
        sealed = rows.sealed_settings(ACCOUNT, {}, made.hub.vault)
        channel = ChannelRow(ACCOUNT, None, "memory", sealed, Origin.SITE, LISTINGS)
        await made.hub.store.write(lambda tx: rows.keep_unit(tx, unit))
        await made.hub.store.write(lambda tx: rows.keep_channel(tx, channel))
        await _tell(made, BOOKED)
        yield made


async def _place(made: Home) -> Any:
    unit = await made.hub.store.read(lambda tx: rows.unit_with(tx, FLAT))
    assert unit is not None
    return unit.property


async def _tell(made: Home, report: StayReport, *, ago: timedelta = timedelta(0)) -> None:
    fact = StayReported(ACCOUNT, made.hub.clock.now() - ago, report)
    await made.hub.store.write(lambda tx: made.hub.intake.absorb(tx, fact, ACCOUNT))


async def _story(made: Home, guest: str = "Ada Lovelace") -> list[tuple[str, str, tuple[str, ...]]]:
    """Who did what, and what that changed; the first comes first."""
    id_ = (await made.stay(guest)).id
    deeds = await made.hub.store.read(lambda tx: log.deeds(tx, f"stay:{id_}"))
    return [(each.actor, each.action, changes.parts(each.detail)) for each in reversed(deeds)]


BY: Final = f"channel:{ACCOUNT}"


def test_what_a_channel_changes_is_said_with_what_it_was_and_what_it_means_for_the_doors(tmp_path: Path) -> None:
    async def main() -> None:
        async with _house(tmp_path) as house:
            assert await _story(house) == [], "that it came is told by the stay itself"
            moved = replace(BOOKED, arrival=date(2027, 7, 4), departure=date(2027, 7, 8), guests=2)
            await _tell(house, moved)
            told = (
                "moved from 3–7 July to 4–8 July",
                "2 guests, were 4",
                "its code now works from 4 July, 14:00 to 8 July, 11:00",
            )
            assert await _story(house) == [(BY, "stay changed", told)]
            await _tell(house, replace(moved, listing="2", total=Money(45050, "EUR")))
            assert (await _story(house))[1:] == [
                (BY, "stay changed", ("moved from Flat to Annex", "price 450.50 EUR, was 400.00 EUR"))
            ], "the same door opens at the same hours"

    simulate(main())


def test_what_a_channel_says_again_is_no_news(tmp_path: Path) -> None:
    async def main() -> None:
        async with _house(tmp_path) as house:
            moved = replace(BOOKED, departure=date(2027, 7, 9))
            for report in (BOOKED, moved, moved, replace(moved, reference="gy-1"), moved):
                await _tell(house, report)
            assert [told for _, _, told in await _story(house)] == [
                ("moved from 3–7 July to 3–9 July", "its code now works from 3 July, 14:00 to 9 July, 11:00")
            ]

    simulate(main())


def test_who_comes_along_and_how_the_guest_is_reached_is_said_without_the_address(tmp_path: Path) -> None:
    async def main() -> None:
        async with _house(tmp_path) as house:
            await _tell(house, replace(BOOKED, children=1, pets=2, note="a dog and a cat", phone="+44 20 7946 0999"))
            await _tell(house, replace(BOOKED, children=0, pets=2, phone="+44 20 7946 0999"))
            assert [told for _, _, told in await _story(house)] == [
                (
                    "the guest is reached otherwise",
                    "1 child among them, not said before",
                    "2 pets, not said before",
                    "another note",
                ),
                ("no children among them, was 1", "no note any more"),
            ]

    simulate(main())


def test_a_channel_that_cancels_and_thinks_better_of_it_is_told_apart_from_the_hub(tmp_path: Path) -> None:
    async def main() -> None:
        async with _house(tmp_path) as house:
            await _tell(house, replace(BOOKED, status=StayStatus.CANCELLED))
            await _tell(house, BOOKED)
            assert await _story(house) == [
                (BY, "stay cancelled", ("its code leaves the locks",)),
                (BY, "cancellation undone", ("its code works from 3 July, 14:00 to 7 July, 11:00",)),
            ]

    simulate(main())


def test_another_guest_is_said_to_be_another_and_not_who(tmp_path: Path) -> None:
    async def main() -> None:
        async with _house(tmp_path) as house:
            await _tell(house, replace(BOOKED, guest="Grace Hopper", phone="+1 555 0100", status=StayStatus.TENTATIVE))
            assert await _story(house, "Grace Hopper") == [
                (
                    BY,
                    "stay changed",
                    (
                        "the guest has another name",
                        "the guest is reached otherwise",
                        "tentative, was confirmed",
                        "its code leaves the locks",
                    ),
                )
            ]

    simulate(main())


def test_a_stay_that_its_channel_put_on_anothers_nights_says_what_that_means(tmp_path: Path) -> None:
    async def main() -> None:
        async with _house(tmp_path) as house:
            await _tell(house, replace(BOOKED, uid="res-2", reference="GY-2", guest="Grace Hopper", listing="2"))
            await _tell(house, replace(BOOKED, uid="res-2", reference="GY-2", guest="Grace Hopper", listing="1"))
            [(_, _, told)] = await _story(house, "Grace Hopper")
            assert told[0] == "moved from Annex to Flat"
            assert told[-1] == "another guest has some of these nights, so no code opens more than it did"

    simulate(main())


def test_what_was_told_long_before_it_could_be_read_says_when(tmp_path: Path) -> None:
    async def main() -> None:
        async with _house(tmp_path) as house:
            report = replace(BOOKED, guests=1)
            await house.later(hours=3)
            await _tell(house, report, ago=timedelta(hours=2))
            [(_, _, told)] = await _story(house)
            assert told == ("1 guest, were 4", "told on 1 March, 11:00")

    simulate(main())


def test_a_list_in_parts_tells_each_change_once(tmp_path: Path) -> None:
    async def main() -> None:
        async with _house(tmp_path) as house:
            moved = [
                replace(BOOKED, departure=date(2027, 7, 8)),
                replace(BOOKED, uid="res-2", reference="GY-2", guest="Grace Hopper", listing="2"),
            ]
            fact = CalendarRead(ACCOUNT, house.hub.clock.now(), tuple(moved))
            so_far = await house.hub.store.write(lambda tx: house.hub.intake.absorb_part(tx, fact, ACCOUNT, None, 1))
            while so_far is not None:
                so_far = await house.hub.store.write(
                    lambda tx, far=so_far: house.hub.intake.absorb_part(tx, fact, ACCOUNT, far, 1)  # type: ignore[misc]
                )
            assert len(await _story(house)) == 1

    simulate(main())


def test_what_a_person_changes_stands_there_in_the_same_words(tmp_path: Path) -> None:
    async def main() -> None:
        async with _house(tmp_path) as house:
            id_ = (await house.stay()).id
            intake, store = house.hub.intake, house.hub.store
            await store.write(lambda tx: intake.extend_stay(tx, id_, "account:Robin", check_out=time(14)))
            await store.write(lambda tx: intake.extend_stay(tx, id_, "account:Robin", check_out=time(14)))
            await store.write(lambda tx: intake.move_stay(tx, id_, ANNEX, "account:Robin"))
            await store.write(lambda tx: intake.cancel_stay(tx, id_, "account:Robin"))
            await store.write(lambda tx: intake.restore_stay(tx, id_, "account:Robin"))
            works = "from 3 July, 14:00 to 7 July, 14:00"
            assert await _story(house) == [
                ("account:Robin", "stay changed", ("check-out at 14:00, was 11:00", f"its code now works {works}")),
                ("account:Robin", "stay moved", ("moved from Flat to Annex",)),
                ("account:Robin", "stay cancelled", ("its code leaves the locks",)),
                ("account:Robin", "cancellation undone", (f"its code works {works}",)),
            ]

    simulate(main())


def test_a_calendar_that_leaves_a_stay_out_is_named_where_the_hub_cancels_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with _house(tmp_path) as house:
            named = [replace(BOOKED, uid=f"o-{n}", reference=f"O-{n}", guest=f"G{n}", listing="2") for n in (1, 2, 3)]
            others = [
                replace(each, arrival=date(2027, 8, n), departure=date(2027, 8, n + 1))
                for n, each in enumerate(named, 1)
            ]
            for reports in ([BOOKED, *others], others, others, others, others):
                fact = CalendarRead(ACCOUNT, house.hub.clock.now(), tuple(reports))
                await house.hub.store.write(lambda tx, fact=fact: house.hub.intake.absorb(tx, fact, ACCOUNT))  # type: ignore[misc]
                await house.later(minutes=20)
            assert await _story(house) == [
                (
                    "gatehouse",
                    "stay cancelled",
                    ("the calendar of guesty lists it no more", "its code leaves the locks"),
                )
            ]

    simulate(main())


def test_days_are_written_as_people_write_them() -> None:
    def said(arrival: tuple[int, int, int], departure: tuple[int, int, int]) -> str:
        return changes.days(date(*arrival), date(*departure), 2027)

    assert said((2027, 7, 3), (2027, 7, 7)) == "3–7 July"
    assert said((2027, 6, 28), (2027, 7, 3)) == "28 June – 3 July"
    assert said((2028, 1, 3), (2028, 1, 7)) == "3–7 January 2028"
    assert said((2027, 12, 30), (2028, 1, 2)) == "30 December 2027 – 2 January 2028"
    assert changes.days(None, date(2027, 7, 3), 2027) == "unknown days"
