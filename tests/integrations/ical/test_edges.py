"""Days that Airbnb closes by itself: too near, or too far ahead."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hub import bookings
from hub.model.availability import Reason, Wish
from hub.model.facts import StayReport
from hub.model.values import StayKind, StayStatus
from hub.store import stays
from hub.store.stays import StayRow
from integrations.ical.calendar import reports
from integrations.ical.channels import Source
from integrations.ical.edges import FAR, NEAR, Edges
from tests.integrations.ical.reading import NOW, calendar, event
from tests.simulators.home import FLAT, home, simulate

TODAY = NOW.date()
PRODUCT = "-//Airbnb Inc//Hosting Calendar 1.0//EN"
END = TODAY + timedelta(days=365)


def closed(first: date, until: date, uid: str, summary: str = "Airbnb (Not available)") -> str:
    days = (f"DTSTART;VALUE=DATE:{first:%Y%m%d}", f"DTEND;VALUE=DATE:{until:%Y%m%d}")
    return event(*days, f"SUMMARY:{summary}", uid=f"{uid}@airbnb.com")


def read(*events: str, edges: Edges = Edges.SHOWN, product: str = PRODUCT, days: int = 0) -> list[StayReport]:
    feed = calendar(*events, product=product)
    return reports(feed, ZoneInfo("Europe/Berlin"), Source.AUTO, NOW + timedelta(days=days), edges)


def ahead(days: int) -> date:
    return TODAY + timedelta(days=days)


NOTICE = closed(TODAY, ahead(2), "near")
WINDOW = closed(ahead(180), END, "far")
GUEST = closed(ahead(10), ahead(12), "guest", "Reserved")


def test_they_count_as_taken_unless_the_house_says_otherwise() -> None:
    found = read(NOTICE, GUEST, WINDOW, edges=Edges.CLOSED)
    assert {each.status for each in found} == {StayStatus.CONFIRMED}
    assert [each.kind for each in found] == [StayKind.BLOCK, StayKind.RESERVATION, StayKind.BLOCK]


def test_both_edges_are_shown_with_the_reason_and_do_not_count() -> None:
    near, guest, far = read(NOTICE, GUEST, WINDOW)
    assert (near.uid, near.status, near.departure) == (NEAR, StayStatus.UNUSABLE, ahead(2))
    assert "too near; they do not count as taken, as the channel's settings say" in near.note
    assert (far.uid, far.status, far.arrival) == (FAR, StayStatus.UNUSABLE, ahead(180))
    assert "beyond its booking window" in far.note
    assert guest.status is StayStatus.CONFIRMED


def test_they_keep_their_names_while_they_move_day_by_day() -> None:
    tomorrow = (closed(ahead(1), ahead(3), "other"), GUEST, closed(ahead(181), END + timedelta(days=1), "new"))
    assert [each.uid for each in read(*tomorrow, days=1)] == [each.uid for each in read(NOTICE, GUEST, WINDOW)]


@pytest.mark.parametrize(
    "own",
    [
        closed(ahead(3), ahead(6), "soon"),
        closed(TODAY, ahead(20), "long"),
        closed(ahead(60), ahead(70), "spring"),
        closed(ahead(20), ahead(40), "last"),
    ],
)
def test_what_the_host_closed_counts(own: str) -> None:
    (found,) = read(own)
    assert (found.kind, found.status) == (StayKind.BLOCK, StayStatus.CONFIRMED)


def test_only_the_last_entry_is_beyond_the_window() -> None:
    own, guest = read(closed(ahead(180), ahead(320), "own"), closed(ahead(330), ahead(333), "guest", "Reserved"))
    assert {own.status, guest.status} == {StayStatus.CONFIRMED}


def test_other_calendars_have_no_such_edges() -> None:
    days = (f"DTSTART;VALUE=DATE:{TODAY:%Y%m%d}", f"DTEND;VALUE=DATE:{ahead(1):%Y%m%d}")
    (found,) = read(event(*days, "SUMMARY:Blocked", uid="a@vrbo.com"), product="-//vrbo//EN")
    assert found.status is StayStatus.CONFIRMED


def test_nights_at_an_edge_are_free_and_the_edge_is_one_entry_that_moves(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            hub, march = house.hub, date(2027, 3, 1)

            async def listed(first: date) -> list[StayRow]:
                note = "Airbnb closes these days as they are too near"
                until = first + timedelta(days=1)
                edge = StayReport(NEAR, StayKind.BLOCK, StayStatus.UNUSABLE, first, until, note=note)
                house.calendar.stays = (edge,)
                await house.later(minutes=10)
                return await hub.store.read(stays.unusable)

            (row,) = await listed(march)
            assert row.note == "Airbnb closes these days as they are too near"
            wish = Wish(march, march + timedelta(days=1))
            against = await hub.store.read(lambda tx: bookings.look(tx, [FLAT], wish, hub.clock.now()))
            assert Reason.BLOCKED not in {each.reason for each in against[FLAT]}
            await house.later(days=1)
            (moved,) = await listed(march + timedelta(days=1))
            assert (moved.id, moved.arrival) == (row.id, march + timedelta(days=1))

    simulate(main())
