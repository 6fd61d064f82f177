"""What one database lets pass the other does, and what one refuses the other does: stays and channels, deed by deed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from hub.config import Config
from hub.model.values import ChannelId, PropertyId, StayId, StayKind, StayStatus, UnitId
from hub.store import bookings, house, removing, stays
from hub.store.engine import Store, Tx
from hub.store.house import ChannelRow, ClosedMeans, Origin, Property, Unit
from hub.store.stay_search import Wanted
from hub.store.stays import StayRow
from tests.cluster import Cluster
from tests.simulators.home import new_house, simulate

pytestmark = pytest.mark.peer

NOW = datetime(2027, 3, 1, tzinfo=UTC)
HOUSE, FLAT, LOFT = PropertyId("house"), UnitId("flat"), UnitId("loft")
FEEDS = (ChannelId("feed"), ChannelId("other"))
Deed = Callable[[Tx], None]


def _furnish(tx: Tx) -> None:
    hours, lead = (time(15), time(11)), timedelta(hours=1)
    house.keep_property(tx, Property(HOUSE, "House", ZoneInfo("UTC"), *hours, lead, 6, Origin.SITE, backups=0))
    for unit in (FLAT, LOFT):
        house.keep_unit(tx, Unit(unit, HOUSE, unit, (), ClosedMeans.ASK, Origin.SITE))
    for feed in FEEDS:
        house.keep_channel(tx, ChannelRow(feed, FLAT, "memory", b"", Origin.SITE))


def _told(number: int, first: int, nights: int, *, feed: ChannelId | None, kind: StayKind, status: StayStatus) -> Deed:
    """Of a booking, for the first time or anew."""
    arrival = date(2027, 3, 10) + timedelta(days=first)

    def tell(tx: Tx) -> None:
        known = None if feed is None else house.channel_with(tx, feed)
        fresh = StayRow(
            StayId(f"stay-{number}"), FLAT, None if known is None else feed, kind, status, arrival,
            arrival + timedelta(days=nights), None, None, None, None, "", "", "", None, None, "", NOW, NOW,
        )  # fmt: skip
        stays.keep(tx, _timed(replace(stays.stay(tx, fresh.id) or fresh, kind=kind, status=status), fresh))

    return tell


def _timed(row: StayRow, days: StayRow) -> StayRow:
    assert days.arrival is not None
    assert days.departure is not None
    begins, ends = (datetime.combine(day, time(), UTC) for day in (days.arrival, days.departure))
    come, go = begins + timedelta(hours=15), ends + timedelta(hours=11)
    return replace(row, arrival=days.arrival, departure=days.departure, check_in=come, check_out=go)


def _moved(number: int, unit: UnitId, moved_from: UnitId | None) -> Deed:
    def move(tx: Tx) -> None:
        if (row := stays.stay(tx, StayId(f"stay-{number}"))) is not None:
            stays.keep(tx, replace(row, unit_id=unit, moved_from=moved_from))

    return move


def _come_early(number: int, hours: int) -> Deed:
    """As when the rules of the house change, or somebody agrees to it."""

    def come(tx: Tx) -> None:
        row = stays.stay(tx, StayId(f"stay-{number}"))
        if row is not None and row.check_in is not None:
            stays.keep(tx, replace(row, check_in=row.check_in - timedelta(hours=hours)))

    return come


def _left(number: int, hours: int | None) -> Deed:
    """So long before its end; None: nobody left."""

    def leave(tx: Tx) -> None:
        row = stays.stay(tx, StayId(f"stay-{number}"))
        if row is not None and row.check_out is not None:
            at = None if hours is None else row.check_out - timedelta(hours=hours)
            stays.keep(tx, replace(row, left_at=at))

    return leave


def _held(first: int, nights: int) -> Deed:
    arrival = date(2027, 3, 10) + timedelta(days=first)
    departure = arrival + timedelta(days=nights)

    def hold(tx: Tx) -> None:
        begins, ends = (datetime.combine(day, time(), UTC) for day in (arrival, departure))
        come, go = begins + timedelta(hours=15), ends + timedelta(hours=11)
        bookings.keep_hold(
            tx, bookings.Hold(f"hold-{tx.new_id(NOW)}", FLAT, arrival, departure, come, go, "", NOW, "ada", go)
        )

    return hold


def _removed(feed: ChannelId) -> Deed:
    def remove(tx: Tx) -> None:
        if house.channel_with(tx, feed) is not None:
            removing.remove_channel(tx, feed)

    return remove


_NUMBER = st.integers(0, 2)
_TOLD = st.builds(
    _told,
    _NUMBER,
    st.integers(0, 2),
    st.integers(1, 3),
    feed=st.sampled_from((*FEEDS, *FEEDS, None)),
    kind=st.sampled_from((*[StayKind.RESERVATION] * 4, StayKind.OWNER, StayKind.BLOCK)),
    status=st.sampled_from((*[StayStatus.CONFIRMED] * 4, StayStatus.TENTATIVE, StayStatus.CANCELLED)),
)
_LATER = st.one_of(
    _TOLD,
    st.builds(_removed, st.sampled_from(FEEDS)),
    st.builds(_moved, _NUMBER, st.sampled_from((FLAT, LOFT)), st.sampled_from((None, FLAT, LOFT))),
    st.builds(_come_early, _NUMBER, st.sampled_from((2, 30))),
    st.builds(_left, _NUMBER, st.sampled_from((20, 44, 60, 100, None, None))),
    st.builds(_held, st.integers(0, 2), st.integers(1, 2)),
)


async def _outcome(store: Store, deed: Deed) -> tuple[str, list[StayRow]]:
    try:
        await store.write(deed)
        said = "done"
    except IntegrityError as error:
        said = "overlap" if "overlap" in str(error.orig) else str(error.orig)
    return said, await store.read(lambda tx: stays.search(tx, Wanted()))


@settings(max_examples=25)
@given(st.lists(_TOLD, min_size=2, max_size=4), st.lists(_LATER, min_size=1, max_size=8))
def test_nights_are_given_and_refused_alike(postgres: Cluster, first: list[Deed], later: list[Deed]) -> None:
    async def scene(folder: Path, url: str) -> None:
        config = Config(database=str(folder / "house.db"), state_dir=folder, key_file=folder / "key")
        new_house(config)
        with Store.open(config.database, inline=True, synchronous="OFF") as here, Store.open(url, inline=True) as there:
            for deed in (_furnish, *first, *later):
                assert await _outcome(here, deed) == await _outcome(there, deed)

    with TemporaryDirectory() as folder, postgres.lent() as url:
        simulate(scene(Path(folder), url))
