"""Nights that a channel closes where another one's guest stays: a second sale, unless it was told, or a person says no."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import insert

from hub import health
from hub.model.alerts import Kind
from hub.model.facts import CalendarRead, StayReport
from hub.model.values import ChannelId, StayId, StayKind, StayStatus
from hub.store import house as rows
from hub.store import publishing as outlets
from hub.store import questions
from hub.store.engine import Tx
from hub.store.house import ChannelRow, ClosedMeans, Origin
from hub.store.tables import published
from tests.simulators.home import FEED, FLAT, Home, home, simulate

OTHER = ChannelId("other")


def _day(number: int) -> date:
    return date(2027, 3, number)


def _living(work: Callable[[Home], Awaitable[None]], tmp_path: Path, means: ClosedMeans = ClosedMeans.BLOCK) -> None:
    async def main() -> None:
        async with home(tmp_path, closed_means=means) as made:
            sealed = rows.sealed_settings(OTHER, {}, made.hub.vault)
            row = ChannelRow(OTHER, FLAT, "memory", sealed, Origin.SITE)
            await made.hub.store.write(lambda tx: rows.keep_channel(tx, row))
            await work(made)

    simulate(main())


async def _guest(made: Home, first: int = 10, until: int = 13) -> None:
    made.book("a", _day(first), _day(until))
    await made.later(minutes=4)


async def _closed(made: Home, first: int, until: int, uid: str = "x", kind: StayKind = StayKind.UNKNOWN) -> None:
    """The other channel's calendar lists nothing but this."""
    report = StayReport(uid, kind, StayStatus.CONFIRMED, _day(first), _day(until))
    fact = CalendarRead(OTHER, made.hub.clock.now(), (report,))
    await made.hub.store.write(lambda tx: made.hub.intake.absorb(tx, fact, OTHER))


async def _told(made: Home, *days: int) -> None:
    def work(tx: Tx) -> None:
        for day in days:
            night = {"channel_id": OTHER, "unit_id": FLAT, "night": _day(day), "told_at": made.hub.clock.now()}
            tx.sql.execute(insert(published).values(**night))

    await made.hub.store.write(work)


async def _asked(made: Home) -> list[tuple[str, str]]:
    found = await made.hub.store.read(questions.open_questions)
    return [(each.kind, each.id) for each in found]


async def _found(made: Home) -> list[tuple[Kind, StayId]]:
    kinds = (Kind.CLOSED_OVER, Kind.SOLD_TWICE, Kind.SOLD_TWICE_SOON)
    found = await made.hub.store.read(lambda tx: health.findings(tx, made.hub))
    return [(each.kind, StayId(each.about.removeprefix("stay:"))) for each in found if each.kind in kinds]


async def _answer(made: Home, value: str) -> None:
    [(_, id_)] = await _asked(made)
    await made.hub.store.write(lambda tx: made.hub.intake.answer(tx, id_, value, "ada"))


async def _closure(made: Home) -> StayId:
    [row] = [each for each in await made.stays() if each.channel_id == OTHER]
    return row.id


@pytest.mark.parametrize("means", [ClosedMeans.BLOCK, ClosedMeans.ASK])
def test_a_second_sale_that_comes_as_a_closure_is_an_alert_until_somebody_says_who_comes(
    tmp_path: Path, means: ClosedMeans
) -> None:
    async def work(made: Home) -> None:
        await _guest(made)
        await _closed(made, 12, 15)
        closure = await _closure(made)
        assert await _found(made) == [(Kind.CLOSED_OVER, closure)]
        assert [kind for kind, _ in await _asked(made)] == ["sold"]
        await _told(made, *range(10, 13))
        for uid in ("x", "y", "y", "y", "y"):
            await made.later(minutes=15)
            await _closed(made, 12, 15, uid)
        assert await _found(made) == [(Kind.CLOSED_OVER, closure)], "what it was told since explains nothing"
        await _answer(made, "reservation")
        assert await _found(made) == [(Kind.SOLD_TWICE, closure)]
        await _closed(made, 12, 15, "y")
        assert await _found(made) == [(Kind.SOLD_TWICE, closure)]

    _living(work, tmp_path, means)


def test_what_a_channel_had_closed_within_nights_that_it_is_told_of_later_stays_its_own(tmp_path: Path) -> None:
    async def work(made: Home) -> None:
        await _guest(made)
        await _closed(made, 11, 13)
        closure = await _closure(made)
        await _told(made, *range(10, 13))
        for _ in range(5):
            await made.later(minutes=15)
            await _closed(made, 11, 13)
        assert await _found(made) == [(Kind.CLOSED_OVER, closure)]
        assert [kind for kind, _ in await _asked(made)] == ["sold"], "it is not missing"

    _living(work, tmp_path)


@pytest.mark.parametrize("who", ["person", "channel"])
def test_a_guest_on_nights_that_another_channel_has_closed_is_the_same_until_cancelled(
    tmp_path: Path, who: str
) -> None:
    async def work(made: Home) -> None:
        await _closed(made, 12, 15)
        assert await _asked(made) == []
        await _guest(made)
        assert await _found(made) == [(Kind.CLOSED_OVER, await _closure(made))]
        id_ = (await made.stay()).id
        if who == "person":
            await made.hub.store.write(lambda tx: made.hub.intake.cancel_stay(tx, id_, "ada"))
        else:
            made.rebook("a", status=StayStatus.CANCELLED)
            await made.later(minutes=4)
        assert (await _found(made), await _asked(made)) == ([], [])

    _living(work, tmp_path)


def test_nobody_comes_is_said_once_of_a_closure_that_moves(tmp_path: Path) -> None:
    async def work(made: Home) -> None:
        await _guest(made)
        await _closed(made, 12, 15, kind=StayKind.BLOCK)
        await _answer(made, "block")
        await _closed(made, 11, 14, "y", kind=StayKind.BLOCK)
        assert (await _found(made), await _asked(made)) == ([], [])

    _living(work, tmp_path)


@pytest.mark.usefixtures("either_database")
def test_it_is_over_with_the_closure(tmp_path: Path) -> None:
    async def work(made: Home) -> None:
        await _guest(made, 1, 4)
        await _closed(made, 2, 5)
        await _closed(made, 4, 5)
        assert (await _found(made), await _asked(made)) == ([], [])
        await _closed(made, 2, 4)
        closure = await _closure(made)
        assert await _found(made) == [(Kind.CLOSED_OVER, closure)]
        await made.hub.store.write(lambda tx: made.hub.intake.cancel_stay(tx, closure, "ada"))
        assert (await _found(made), await _asked(made)) == ([], [])

    _living(work, tmp_path)


@pytest.mark.parametrize("means", [ClosedMeans.BLOCK, ClosedMeans.ASK])
@pytest.mark.parametrize("first", ["guest", "closure"])
def test_the_very_nights_of_another_channels_guest_are_asked_about_once(
    tmp_path: Path, means: ClosedMeans, first: str
) -> None:
    async def work(made: Home) -> None:
        if first == "closure":
            await _closed(made, 10, 13)
        await _guest(made)
        if first == "guest":
            await _closed(made, 10, 13)
        if (means, first) == (ClosedMeans.BLOCK, "closure"):
            assert [kind for kind, _ in await _asked(made)] == ["sold"]
            await _answer(made, "reservation")
        else:
            assert [kind for kind, _ in await _asked(made)] == ["twin"]
            assert len(await made.stays()) == 1
            await _answer(made, "other:other")
        second = await _closure(made)
        assert await _found(made) == [(Kind.SOLD_TWICE, second)]
        await _told(made, *range(10, 13))
        for uid in ("x", "y", "y", "y", "y"):
            await made.later(minutes=15)
            await _closed(made, 10, 13, uid)
        assert (await _found(made), await _asked(made)) == ([(Kind.SOLD_TWICE, second)], [])
        for _ in range(4):
            await made.later(minutes=15)
            await made.hub.store.write(
                lambda tx: made.hub.intake.absorb(tx, CalendarRead(OTHER, made.hub.clock.now(), ()), OTHER)
            )
        asked = await made.hub.store.read(questions.open_questions)
        assert [(each.kind, each.subject) for each in asked] == [("gone", second)], (
            "of its own stay, not of the other guest's"
        )

    _living(work, tmp_path, means)


def test_the_same_booking_is_not_asked_about_again(tmp_path: Path) -> None:
    async def work(made: Home) -> None:
        await _guest(made)
        await _closed(made, 10, 13)
        await _answer(made, "same")
        await _closed(made, 10, 13, "y")
        assert (await _found(made), await _asked(made)) == ([], [])
        assert len(await made.stays()) == 1
        await _closed(made, 20, 21, "z")
        assert await _asked(made) == []

    _living(work, tmp_path)


@pytest.mark.parametrize("how", ["told", "beside", "diary"])
def test_a_closure_that_is_explained_asks_nobody(tmp_path: Path, how: str) -> None:
    async def work(made: Home) -> None:
        await _guest(made)
        now = made.hub.clock.now()
        match how:
            case "told":
                await _told(made, *range(10, 13))
                await _closed(made, 9, 15)
            case "beside":
                await _closed(made, 13, 15)
            case "diary":
                await made.hub.store.write(lambda tx: outlets.open_outlet(tx, OTHER, FLAT, outlets.DIARY, now))
                await _closed(made, 12, 15)
        assert (await _found(made), await _asked(made)) == ([], [])

    _living(work, tmp_path)


def test_a_channel_may_close_nights_of_its_own_guest(tmp_path: Path) -> None:
    async def work(made: Home) -> None:
        made.book("b", _day(12), _day(15), "", kind=StayKind.BLOCK)
        await _guest(made)
        assert (await _found(made), await _asked(made)) == ([], [])
        assert {each.channel_id for each in await made.stays()} == {FEED}

    _living(work, tmp_path)
