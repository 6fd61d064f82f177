"""A long list is taken in part by part: it ends as if it had been taken in at once, wherever it was interrupted."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from sqlalchemy import update
from structlog.testing import capture_logs

from hub.contracts import Delivery, Integration
from hub.errors import Unavailable
from hub.hearing import NOTHING
from hub.inbox import PART
from hub.intake import Intake
from hub.io.vault import Vault
from hub.issuing import Desk
from hub.model.facts import CalendarRead, Fact, StayReport
from hub.model.values import Address, ChannelId, LockId, PropertyId, StayKind, StayStatus, UnitId
from hub.readings import SoFar
from hub.store import house as house_rows
from hub.store import mail, source_names, stays
from hub.store.engine import Store, Tx
from hub.store.house import ChannelRow, ClosedMeans, LockRow, Origin, Property, Unit
from hub.store.publishing import words_of
from hub.store.stay_search import Wanted
from hub.store.tables import grants, inbox, questions, stay_sources, sync_log, unplaced
from tests.integrations.conftest import StoppedClock
from tests.simulators.home import FLAT, START, ZONE, Home, _migrated, home, simulate

ACCOUNT: Final = ChannelId("account")
ALMANAC: Final = ChannelId("almanac")
LISTINGS: Final = {"1": UnitId("sea"), "2": UnitId("garden")}
PLACE: Final = TypeAdapter(SoFar | None)
BEGIN: Final = date(2027, 3, 2)

REFERENCES: Final = ("HM1", "HM2", "GROUP", "GROUP", "", "")
"""Of each booking; two of them are a group's."""


def _report(booking: int, name: int, day: int, nights: int, **told: Any) -> StayReport:
    arrival = BEGIN + timedelta(days=3 * day)
    uid, reference = f"uid-{booking}-{name}", REFERENCES[booking]
    return StayReport(uid, arrival=arrival, departure=arrival + timedelta(days=nights), reference=reference, **told)


TOLD: Final[dict[str, st.SearchStrategy[Any]]] = {
    "booking": st.integers(0, 5),
    "day": st.integers(0, 3),
    "nights": st.integers(1, 4),
    "guest": st.sampled_from(["", "Ada Lovelace", "Grace Hopper"]),
    "listing": st.sampled_from("1123"),
    "kind": st.sampled_from([StayKind.RESERVATION, StayKind.RESERVATION, StayKind.BLOCK, StayKind.UNKNOWN]),
    "status": st.sampled_from([StayStatus.CONFIRMED, StayStatus.CONFIRMED, StayStatus.CANCELLED]),
}
REPORTS: Final = st.builds(_report, name=st.integers(0, 1), **TOLD)
LISTS: Final = st.lists(st.lists(REPORTS, max_size=6, unique_by=lambda report: report.uid[:5]), min_size=1, max_size=3)
"""A source may give a booking another name, but no name to another booking."""


@dataclass(frozen=True, slots=True)
class House:
    store: Store
    intake: Intake
    clock: StoppedClock


@asynccontextmanager
async def _house(folder: Path) -> AsyncIterator[House]:
    folder.mkdir()  # noqa: ASYNC240  # nothing else runs
    (folder / "gatehouse.db").write_bytes(_migrated())
    vault, clock = Vault.create(folder / "key"), StoppedClock(datetime(2027, 3, 1, 9, 0, tzinfo=ZONE))
    store = Store.open(str(folder / "gatehouse.db"), inline=True, synchronous="OFF")
    numbers = iter(range(sys.maxsize))
    intake = Intake(Desk(vault, lambda most: next(numbers) * 7_919 % most, clock.now))

    def furnish(tx: Tx) -> None:
        place = Property(PropertyId("house"), "House", ZONE, time(15), time(11), timedelta(hours=1), 6, Origin.SITE)
        house_rows.keep_property(tx, place)
        lock = LockId("front")
        house_rows.keep_lock(tx, LockRow(lock, place.id, "Front", "memory", Address("front"), False, Origin.SITE))
        for name in ("sea", "garden"):
            house_rows.keep_unit(tx, Unit(UnitId(name), place.id, name, (lock,), ClosedMeans.ASK, Origin.SITE))
        sealed = house_rows.sealed_settings(ACCOUNT, {}, vault)
        house_rows.keep_channel(tx, ChannelRow(ACCOUNT, None, "memory", sealed, Origin.SITE, LISTINGS))

    await store.write(furnish)
    try:
        yield House(store, intake, clock)
    finally:
        store.close()


async def _read(made: House, fact: CalendarRead, most: int) -> None:
    """Everything but what is on disk is forgotten after each part."""
    told = "null"
    while True:
        so_far = PLACE.validate_json(told)
        after = await made.store.write(lambda tx, far=so_far: made.intake.absorb_part(tx, fact, "", far, most))  # type: ignore[misc]
        if after is None:
            return
        assert after != so_far, "each part comes nearer to the end"
        told = json.dumps(asdict(after))


def _known(tx: Tx) -> object:
    """All that became of it, but for identities that are drawn."""
    rows = {row.id: row for row in (*stays.search(tx, Wanted(limit=500)), *stays.unusable(tx))}
    words = []
    for uid in words_of(tx, ACCOUNT):
        found = stays.source(tx, ACCOUNT, uid)
        assert found is not None
        name = "" if uid == source_names.stand_in(found[1].id) else uid
        words.append((name, _plain(found[1]), found[0].missing_count, found[0].missing_since, found[0].digest))
    coded = [_plain(rows[row["stay_id"]]) for row in _rows(tx, grants) if row["revoked_at"] is None]
    asked = [(row["kind"], _plain(rows[row["subject"]]), row["answer"]) for row in _rows(tx, questions)]
    log = [row["what"] for row in _rows(tx, sync_log)]
    aside = sorted((row["uid"], row["listing"]) for row in _rows(tx, unplaced))
    return (
        sorted(map(str, map(_plain, rows.values()))),
        sorted(map(str, words)),
        sorted(map(str, coded)),
        sorted(map(str, asked)),
        log,
        aside,
    )


def _rows(tx: Tx, table: Any) -> Iterable[Any]:
    return tx.sql.execute(table.select()).mappings().all()


def _plain(row: stays.StayRow) -> tuple[object, ...]:
    return (
        *(row.unit_id, row.kind.value, row.status.value, str(row.arrival), str(row.departure), row.guest),
        *(row.reference, str(row.cancelled_at), row.cancelled_why, row.note),
    )


async def _ends(folder: Path, lists: list[list[StayReport]], hours: int, most: int) -> object:
    async with _house(folder) as made:
        for told in lists:
            await _read(made, CalendarRead(ACCOUNT, made.clock.now(), tuple(told)), most)
            made.clock.turn(minutes=3 + 60 * hours)
            await _read(made, CalendarRead(ACCOUNT, made.clock.now(), tuple(told)), most)
            made.clock.turn(minutes=3)
        for _ in range(3):  # what is missing by then is missing for long enough
            made.clock.turn(minutes=20)
            await _read(made, CalendarRead(ACCOUNT, made.clock.now(), (), unchanged=True), most)
        return await made.store.read(_known)


@settings(max_examples=10, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(lists=LISTS, hours=st.integers(0, 1), most=st.integers(1, 3))
def test_in_parts_it_ends_as_at_once(lists: list[list[StayReport]], hours: int, most: int) -> None:
    async def main() -> tuple[object, object]:
        with tempfile.TemporaryDirectory() as folder:
            in_parts = await _ends(Path(folder) / "parts", lists, hours, most)
            return in_parts, await _ends(Path(folder) / "whole", lists, hours, sys.maxsize)

    in_parts, at_once = asyncio.run(main())
    assert in_parts == at_once


def _told(uid: str, reference: str, day: int) -> StayReport:
    first = BEGIN + timedelta(days=day)
    kind, status = StayKind.RESERVATION, StayStatus.CONFIRMED
    return StayReport(uid, kind, status, first, first + timedelta(days=2), reference=reference, listing="1")


@pytest.mark.parametrize("most", [1, 2, sys.maxsize])
@pytest.mark.parametrize(
    ("after", "stand", "gone"),
    [
        ([_told("2", "A", 0), _told("1", "B", 3)], {"A": "2", "B": "1"}, ""),
        ([_told("1", "C", 6), _told("2", "B", 3)], {"B": "2", "C": "1"}, "A"),
        ([_told("1", "C", 6), _told("9", "A", 0), _told("2", "B", 3)], {"A": "9", "B": "2", "C": "1"}, ""),
        ([_told("9", "A", 0), _told("1", "C", 6), _told("2", "B", 3)], {"A": "9", "B": "2", "C": "1"}, ""),
        ([_told("1", "B", 3)], {"B": "1"}, "A"),
    ],
    ids=["changed places", "given to a new one", "given on before", "given on behind", "given to the one that is left"],
)
def test_a_uid_that_was_given_to_another_booking_hides_nobody(
    tmp_path: Path, after: list[StayReport], stand: dict[str, str], gone: str, most: int
) -> None:
    """Whoever lost it and is listed no more is missing; whoever got it is missed when they go."""

    async def main() -> None:
        async with _house(tmp_path / "house") as made:
            for listed in ([_told("1", "A", 0), _told("2", "B", 3)], after, after, after):
                await _read(made, CalendarRead(ACCOUNT, made.clock.now(), tuple(listed)), most)
                made.clock.turn(minutes=20)
            rows = await made.store.read(lambda tx: stays.search(tx, Wanted(limit=500)))
            standing = {row.reference for row in rows if row.status is StayStatus.CONFIRMED}
            assert (standing, {row.reference for row in rows} - standing) == (set(stand), {gone} - {""})
            named = await made.store.read(
                lambda tx: {name: source_names.named(tx, ACCOUNT, uid) for name, uid in stand.items()}
            )
            assert named == {row.reference: row.id for row in rows if row.reference in stand}
            log = await made.store.read(lambda tx: [row["what"] for row in _rows(tx, sync_log)])
            assert len(log) == 2, "what is told again is no news"

    asyncio.run(main())


@pytest.mark.parametrize("most", [1, 2, sys.maxsize])
def test_whoever_is_dealt_with_keeps_their_stay_in_the_parts_that_follow(tmp_path: Path, most: int) -> None:
    """One moves to another unit and loses its reference on the way, which another booking bears there."""

    async def main() -> list[str]:
        async with _house(tmp_path / "house") as made:
            before = [replace(_told("1", "GROUP", 0), listing="2")]
            after = [_told("1", "", 0), _told("2", "GROUP", 0)]
            for listed in (before, after):
                await _read(made, CalendarRead(ACCOUNT, made.clock.now(), tuple(listed)), most)
                made.clock.turn(minutes=20)
            return [f"{row.unit_id} {row.reference}" for row in await made.store.read(_all)]

    assert asyncio.run(main()) == ["sea GROUP", "sea GROUP"]


def _all(tx: Tx) -> list[stays.StayRow]:
    return stays.search(tx, Wanted(limit=500))


def test_what_a_list_brings_does_not_hide_that_it_lost_nearly_all_it_had(tmp_path: Path) -> None:
    """Stays of earlier parts count among those that are known, and not among those that it could lose."""

    every = [replace(each, listing="1") for each in _stays(14)]

    async def main() -> tuple[list[str], int]:
        async with _house(tmp_path / "house") as made:
            for listed in (every[:4], [], [], every[4:]):
                await _read(made, CalendarRead(ACCOUNT, made.clock.now(), tuple(listed)), 3)
                made.clock.turn(minutes=20)
            rows = await made.store.read(lambda tx: stays.search(tx, Wanted(limit=500)))
            asked = await made.store.read(lambda tx: [row["kind"] for row in _rows(tx, questions)])
            return asked, sum(row.status is StayStatus.CONFIRMED for row in rows)

    assert asyncio.run(main()) == (["gone"] * 4, 14)


def test_a_list_that_reads_shorter_after_an_upgrade_comes_to_its_end(tmp_path: Path) -> None:
    async def main() -> SoFar | None:
        async with _house(tmp_path / "house") as made:
            fact = CalendarRead(ACCOUNT, made.clock.now(), _stays(2), complete=False)
            return await made.store.write(lambda tx: made.intake.absorb_part(tx, fact, "", SoFar(place=5), 3))

    assert asyncio.run(main()) is None


# ---- in a hub that runs --------------------------------------------------------------------------------------------


class Almanac(Integration):
    """Tells whatever list a delivery names."""

    def __init__(self, **lists: tuple[StayReport, ...]) -> None:
        self.lists = lists

    async def parse(self, delivery: Delivery) -> Iterable[Fact]:
        return [CalendarRead(delivery.channel, delivery.received_at, self.lists[delivery.body.decode()])]


def _stays(count: int, guest: str = "") -> tuple[StayReport, ...]:
    return tuple(
        StayReport(
            uid=f"uid-{number}",
            kind=StayKind.RESERVATION,
            status=StayStatus.CONFIRMED,
            arrival=BEGIN + timedelta(days=2 * number),
            departure=BEGIN + timedelta(days=2 * number + 2),
            guest=guest or f"Guest {number}",
        )
        for number in range(count)
    )


async def _channel(house: Home, almanac: Almanac) -> None:
    row = ChannelRow(ALMANAC, FLAT, "memory", house_rows.sealed_settings(ALMANAC, {}, house.hub.vault), Origin.SITE)
    await house.hub.store.write(lambda tx: house_rows.keep_channel(tx, row))
    await house.later(seconds=1)  # the keeper of plugins finds no such integration
    house.hub.plugins.add_channel(ALMANAC, almanac)


async def _send(house: Home, name: str) -> None:
    now = house.hub.clock.now()
    await house.hub.inbox.accept(Delivery(ALMANAC, f"{name} {now}", name.encode(), now))


async def _guests(house: Home) -> list[str]:
    rows = await house.hub.store.read(lambda tx: stays.search(tx, Wanted(limit=500)))
    return [row.guest for row in rows if row.status is StayStatus.CONFIRMED]


@pytest.mark.usefixtures("either_database")
def test_a_hub_that_is_killed_between_two_parts_goes_on_and_loses_nobody(tmp_path: Path) -> None:
    """Before it half of the list was taken in: what the other half holds must not be taken for cancelled."""
    almanac = Almanac(first=_stays(PART + 10), second=_stays(PART + 10, "Ada Lovelace"))

    async def begin() -> None:
        async with home(tmp_path) as house:
            await _channel(house, almanac)
            await _send(house, "first")
            await house.later(seconds=1)
            await _send(house, "second")
            while "Ada Lovelace" not in await _guests(house):  # noqa: ASYNC110  # no time passes between two parts
                await asyncio.sleep(0)

    async def go_on() -> tuple[int, list[str], list[str]]:
        async with home(tmp_path, start=START + timedelta(hours=1), furnish=False) as house:
            between = (await _guests(house)).count("Ada Lovelace")
            house.hub.plugins.add_channel(ALMANAC, almanac)
            await house.later(minutes=1)
            log = await house.hub.store.read(lambda tx: [row["what"] for row in _rows(tx, sync_log)])
            return between, await _guests(house), log

    simulate(begin())
    between, guests, log = simulate(go_on())
    assert 0 < between < PART + 10
    assert guests == ["Ada Lovelace"] * (PART + 10)
    assert log == [f"{PART + 10} new", f"{PART + 10} changed"]


class Down(Almanac):
    async def parse(self, delivery: Delivery) -> Iterable[Fact]:
        raise Unavailable("not now")


async def _after_upgrade(house: Home, so_far: str) -> str:
    """What becomes of a delivery of two bookings that was read so far when the hub stopped."""
    await _channel(house, Down())
    await _send(house, "long")
    await house.later(seconds=1)
    await house.hub.store.write(lambda tx: tx.sql.execute(update(inbox).values(so_far=so_far)))
    house.hub.plugins.add_channel(ALMANAC, Almanac(long=_stays(2)))
    await house.later(minutes=2)
    return await house.hub.store.read(lambda tx: [row["state"] for row in _rows(tx, inbox)][-1])


@pytest.mark.usefixtures("either_database")
def test_a_delivery_that_tells_less_after_an_upgrade_is_dealt_with(tmp_path: Path) -> None:
    async def main() -> str:
        async with home(tmp_path) as house:
            return await _after_upgrade(house, '{"facts": 3, "reading": null}')

    assert simulate(main()) == mail.DONE


HALF: Final = {"place": 1, "known": 0, "lost_most": False, "missing": None, "news": asdict(NOTHING), "done": False}
OTHERS: Final = {
    "nothing": {},
    "a field more": {"facts": 0, "reading": HALF | {"mood": "good"}},
    "a field less": {"facts": 0, "reading": {key: value for key, value in HALF.items() if key != "lost_most"}},
    "news of another kind": {"facts": 0, "reading": HALF | {"news": {"new": 1}}},
    "a number in words": {"facts": 0, "reading": HALF | {"place": "1"}},
    "no number": {"facts": None, "reading": None},
    "another shape": [1, 2],
}


@pytest.mark.parametrize("told", OTHERS.values(), ids=OTHERS)
def test_a_place_that_another_version_wrote_is_not_believed(tmp_path: Path, told: object) -> None:
    async def main() -> tuple[str, list[str]]:
        async with home(tmp_path) as house:
            return await _after_upgrade(house, json.dumps(told)), await _guests(house)

    with capture_logs() as said:
        assert simulate(main()) == (mail.DONE, ["Guest 0", "Guest 1"]), "read from its beginning"
    again = [each for each in said if each["event"] == "a delivery is read from its beginning again"]
    assert [each["channel"] for each in again] == [ALMANAC]


def test_the_place_of_this_version_is_believed(tmp_path: Path) -> None:
    async def main() -> tuple[str, list[str]]:
        async with home(tmp_path) as house:
            return await _after_upgrade(house, json.dumps({"facts": 0, "reading": HALF})), await _guests(house)

    assert simulate(main()) == (mail.DONE, ["Guest 1"]), "the first is dealt with already"


def test_others_write_between_the_parts_of_a_long_list(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            seen = set[int]()
            await _channel(house, Almanac(long=_stays(2 * PART)))
            await _send(house, "long")
            while len(seen) < 3:
                await house.hub.store.write(lambda tx: seen.add(len(stays.search(tx, Wanted(limit=500)))))
            assert sorted(seen) == [0, PART, 2 * PART]

    simulate(main())


@pytest.mark.usefixtures("either_database")
def test_a_person_who_cancels_between_two_parts_is_not_overruled_by_the_next(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            almanac = Almanac(first=_stays(PART + 1), second=_stays(PART + 1, "Ada Lovelace"))
            await _channel(house, almanac)
            await _send(house, "first")
            await house.later(seconds=1)
            last = (await house.hub.store.read(lambda tx: stays.search(tx, Wanted(limit=500))))[-1]
            await _send(house, "second")
            while "Ada Lovelace" not in await _guests(house):  # noqa: ASYNC110  # no time passes between two parts
                await asyncio.sleep(0)
            await house.hub.store.write(lambda tx: house.hub.intake.cancel_stay(tx, last.id, "manager"))
            await house.later(seconds=1)
            assert len(await _guests(house)) == PART

    simulate(main())


@pytest.mark.usefixtures("either_database")
def test_a_calendar_that_lost_thousands_counts_each_once_per_reading(tmp_path: Path) -> None:
    """Also where counting takes several parts, and when the channel only says that nothing is new."""

    def counts(tx: Tx) -> set[int]:
        return {row["missing_count"] for row in _rows(tx, stay_sources)}

    async def main() -> None:
        async with home(tmp_path) as house:
            almanac = Almanac(full=_stays(2 * PART), empty=())
            await _channel(house, almanac)
            await _send(house, "full")
            await house.later(seconds=1)
            await _send(house, "empty")
            await house.later(seconds=1)
            assert await house.hub.store.read(counts) == {1}
            unchanged = CalendarRead(ALMANAC, house.hub.clock.now(), (), unchanged=True)
            await _read(House(house.hub.store, house.hub.intake, StoppedClock()), unchanged, PART)
            assert await house.hub.store.read(counts) == {2}
            assert len(await _guests(house)) == 2 * PART, "a person is asked first"

    simulate(main())
