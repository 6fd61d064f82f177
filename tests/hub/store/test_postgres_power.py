"""The power fails where a house is kept: PostgreSQL is killed while bookings are accepted, and starts on the same data."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import count

import pytest

from hub.errors import Unavailable
from hub.model.values import StayId, StayKind, StayStatus, UnitId
from hub.store import stays
from hub.store.engine import Store, Tx
from hub.store.postgres import Lost
from hub.store.stay_search import Wanted
from hub.store.stays import StayRow
from tests.cluster import Cluster, cluster
from tests.hub.store.test_postgres import furnished

pytestmark = pytest.mark.peer

FIRST = date(2027, 3, 1)
CALLERS, KILLS, AT_LEAST = 4, 3, 15


def _booked(number: int) -> StayRow:
    """A night of its own."""
    arrival = FIRST + timedelta(days=number)
    come, go = (datetime.combine(day, time(12), UTC) for day in (arrival, arrival + timedelta(days=1)))
    return StayRow(
        StayId(f"stay-{number}"), UnitId("flat"), None, StayKind.RESERVATION, StayStatus.CONFIRMED, arrival, go.date(),
        None, None, come, go, f"Guest {number}", "", "", None, None, "", come, come,
    )  # fmt: skip


async def _book_until_the_power_fails(url: str, server: Cluster, numbers: Iterator[int]) -> set[str]:
    """The bookings of which somebody was told that they are accepted."""
    accepted: set[str] = set()

    async def go_on(store: Store) -> None:
        with suppress(Unavailable, Lost):
            while True:
                row = _booked(next(numbers))
                await store.write(partial(stays.keep, row=row))
                accepted.add(row.id)
                if len(accepted) == AT_LEAST:
                    server.kill()  # what others ask for at this moment is on its way

    with Store.open(url) as store:
        await asyncio.wait_for(asyncio.gather(*(go_on(store) for _ in range(CALLERS))), 120)
    return accepted


def _there(tx: Tx) -> set[str]:
    return {row.id for row in stays.search(tx, Wanted(limit=10_000))}


def _taken(tx: Tx) -> set[str]:
    """What the constraint knows."""
    return set(tx.sql.exec_driver_sql("SELECT stay_id FROM kept_nights").scalars())


def test_what_was_accepted_is_there_after_the_power_failed() -> None:
    accepted, numbers = set[str](), count()
    with cluster(fsync="on") as server, server.database() as url:
        furnished(url)
        for _ in range(KILLS):
            accepted |= asyncio.run(_book_until_the_power_fails(url, server, numbers))
            server.server.start()
            with Store.open(url, inline=True) as store:
                there = asyncio.run(store.read(_there))
                assert accepted <= there
                taken = asyncio.run(store.read(_taken))
            assert taken == there, "nobody else gets those nights"
            numbers = count(1 + max(int(each.removeprefix("stay-")) for each in there))
    assert len(accepted) >= KILLS * AT_LEAST
