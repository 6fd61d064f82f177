"""integrations.guesty: the older list of reservations ends on a day, and what took its place tells less at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from hub.contracts import Host
from hub.contracts.accounts import Account
from hub.errors import Unavailable
from hub.model.effects import KeepBooking
from hub.model.facts import BookingKept, CalendarRead, Fact
from hub.model.money import Money
from hub.model.values import StayId, StayStatus
from integrations.guesty.reading import MOVES, flat
from tests.integrations.conftest import StoppedClock
from tests.simulators.managers.all import MANAGERS, reader
from tests.simulators.managers.guesty import GuestyDesk

GUESTY = MANAGERS["guesty"]
OLD, SEARCH, DETAILS = "/v1/reservations?", "/v1/reservations-v3/search?", "/v1/reservations-v3?"


@pytest.fixture
def desk(clock: StoppedClock) -> GuestyDesk:
    return GuestyDesk(clock.now)


def made(host: Host, desk: GuestyDesk, **settings: object) -> Account:
    return reader(GUESTY, host, through=desk.send, more=settings)


async def poll(account: Account, cursor: str | None = None) -> tuple[CalendarRead, str | None]:
    delivery, *_ = [each async for each in account.fetch(cursor)]
    (fact,) = await account.parse(delivery)
    assert isinstance(fact, CalendarRead)
    return fact, delivery.cursor or cursor


def asked(desk: GuestyDesk, path: str) -> int:
    return sum(each.path.startswith(path) for each in desk.asked)


async def test_the_search_tells_as_much_of_a_booking_as_the_older_list_did(
    host: Host, desk: GuestyDesk, clock: StoppedClock
) -> None:
    desk.book(1)
    (older,) = (await poll(made(host, desk)))[0].stays
    (found,) = (await poll(made(host, desk, reservations="v3")))[0].stays
    assert asked(desk, OLD) == asked(desk, SEARCH) == asked(desk, DETAILS) == 1
    for name in ("uid", "kind", "status", "arrival", "departure", "check_in", "check_out", "guest", "reference"):
        assert getattr(found, name) == getattr(older, name), name
    assert (found.phone, found.email, found.guests, found.listing) == (
        older.phone,
        older.email,
        older.guests,
        older.listing,
    )
    assert (found.total, found.changed_at, found.note) == (Money(45_050, "EUR"), None, "")
    assert "keyCode" not in found.raw


async def test_the_hub_moves_two_weeks_before_the_older_list_is_retired(
    host: Host, desk: GuestyDesk, clock: StoppedClock
) -> None:
    account = made(host, desk)
    clock.time = MOVES - timedelta(seconds=1)
    _, cursor = await poll(account)
    assert (asked(desk, OLD), asked(desk, SEARCH)) == (1, 0)
    clock.turn(seconds=60)
    await poll(account, cursor)
    assert (asked(desk, OLD), asked(desk, SEARCH)) == (1, 1)
    assert datetime(2027, 3, 1, tzinfo=UTC) - timedelta(days=14) == MOVES


async def test_a_clock_that_may_be_wrong_moves_nothing(host: Host, desk: GuestyDesk, clock: StoppedClock) -> None:
    clock.time, clock.trusted = MOVES + timedelta(days=365), False
    await poll(made(host, desk))
    assert (asked(desk, OLD), asked(desk, SEARCH)) == (1, 0)


@pytest.mark.parametrize("status", [404, 410])
async def test_a_list_that_is_gone_earlier_is_left_in_the_same_poll_and_for_good(
    host: Host, desk: GuestyDesk, status: int
) -> None:
    desk.book(1)
    desk.retired = status
    account = made(host, desk, reservations="v1")
    fact, cursor = await poll(account)
    assert [each.uid for each in fact.stays] == ["1"]
    await poll(account, cursor)
    assert asked(desk, OLD) == 1


async def test_what_the_search_leaves_out_is_not_taken_for_cancelled_and_what_it_says_is(
    host: Host, desk: GuestyDesk, clock: StoppedClock
) -> None:
    desk.book(1)
    desk.book(2, day=10)
    account = made(host, desk, reservations="v3")
    fact, cursor = await poll(account)
    assert len(fact.stays) == 2
    desk.hides = {2}
    desk.change(1, state="over")
    clock.turn(hours=2)
    fact, cursor = await poll(account, cursor)
    assert not fact.complete
    assert [(each.uid, each.status) for each in fact.stays] == [("1", StayStatus.CANCELLED)]
    clock.turn(minutes=1)
    fact, _ = await poll(account, cursor)
    assert fact.unchanged
    assert not fact.complete


async def test_guests_are_asked_for_once_ten_at_a_time_and_again_where_something_changed(
    host: Host, desk: GuestyDesk, clock: StoppedClock
) -> None:
    for number in range(25):
        desk.book(number + 1, day=4 * number)
    desk.change(25, state="over")
    desk.page = 100
    account = made(host, desk, reservations="v3")
    fact, cursor = await poll(account)
    assert (len(fact.stays), asked(desk, DETAILS)) == (25, 3)
    clock.turn(minutes=1)
    desk.change(3, guest="Grace Hopper", departure=date(2027, 3, 13))
    desk.change(4, guest="Edda Lindqvist")
    fact, cursor = await poll(account, cursor)
    assert asked(desk, DETAILS) == 4
    assert _guests(fact) == {"Ada Lovelace", "Grace Hopper"}
    clock.turn(hours=1)
    fact, _ = await poll(account, cursor)
    assert asked(desk, DETAILS) == 7, "once an hour of all: another name changes no row"
    assert _guests(fact) == {"Ada Lovelace", "Grace Hopper", "Edda Lindqvist"}


def _guests(fact: CalendarRead) -> set[str]:
    return {each.guest for each in fact.stays if each.status is StayStatus.CONFIRMED}


@pytest.mark.parametrize(
    ("settings", "status"),
    [({}, StayStatus.CONFIRMED), ({"push_pending_as": "inquiry"}, StayStatus.TENTATIVE)],
)
async def test_a_search_that_lags_behind_a_lost_answer_makes_no_second_booking(
    host: Host, desk: GuestyDesk, clock: StoppedClock, settings: dict[str, object], status: StayStatus
) -> None:
    """Guesty refuses a second one on nights that are taken; an inquiry takes none."""
    known: list[Fact] = []

    async def tell(fact: Fact) -> None:
        known.append(fact)

    account = made(replace(host, tell=tell), desk, push_bookings=True, push_test=False, **settings)
    booking = KeepBooking(
        stay=StayId("s"),
        key="GH-12345",
        booking="",
        listing="101",
        arrival=date(2027, 3, 1),
        departure=date(2027, 3, 4),
        status=status,
        dry=False,
        guest="Ada Lovelace",
        email="",
        phone="",
        note="",
        reference="",
        guests=2,
        adults=None,
        children=None,
        infants=None,
        pets=None,
        total=None,
    )
    push = account.perform[KeepBooking]
    desk.lags, desk.lost, waited = timedelta(seconds=100), 1, []
    for _ in range(3):
        try:
            await push(booking, "key")
            break
        except Unavailable as error:
            waited.append(error.wait)
            await clock.sleep(max(error.wait, timedelta(seconds=1)).total_seconds())
    assert len(desk.booked) == 1
    assert {fact.booking for fact in known if isinstance(fact, BookingKept)} == {"5001"}
    assert waited[-1] == timedelta(minutes=2)


@pytest.mark.parametrize(
    ("key", "settings", "status"),
    [
        ("GH-12345", {"push_pending_as": "inquiry"}, StayStatus.TENTATIVE),
        ("GH-12345", {}, StayStatus.CANCELLED),
        ("", {"push_pending_as": "inquiry"}, StayStatus.CANCELLED),
    ],
)
async def test_an_inquiry_is_a_stay_that_waits_only_where_the_house_sent_it(
    host: Host, desk: GuestyDesk, key: str, settings: dict[str, object], status: StayStatus
) -> None:
    desk.book(1, state="inquiry", key=key)
    fact, _ = await poll(made(host, desk, **settings))
    assert [each.status for each in fact.stays] == [status]


def test_a_stay_in_two_units_is_one_from_its_first_day_to_its_last() -> None:
    told = flat(
        {
            "reservationId": "r",
            "stay": [
                {"unitId": "101", "checkInDateLocalized": "2027-03-01", "checkOutDateLocalized": "2027-03-03"},
                {"unitId": "102", "checkInDateLocalized": "2027-03-03", "checkOutDateLocalized": "2027-03-05"},
            ],
            "guest": {"firstName": "Ada", "lastName": None, "emails": [], "phones": None},
        }
    )
    assert (told["_id"], told["listingId"], told["guest"]["fullName"]) == ("r", "101", "Ada")
    assert (told["checkInDateLocalized"], told["checkOutDateLocalized"]) == (
        f"{date(2027, 3, 1)}",
        f"{date(2027, 3, 5)}",
    )


@pytest.mark.parametrize("row", [None, 5, [], {"stay": 5}, {"stay": [5]}, {"guest": []}, {"guest": {"emails": [5]}}])
def test_a_row_that_is_nonsense_is_left_to_whoever_reads_it(row: object) -> None:
    assert flat(row) == row
