"""Nights that people close in an account's own calendar: read as each service tells them, and told to all others."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub import bookings, syncing
from hub.contracts import Delivery, Host, nights
from hub.contracts.accounts import EVENTS, Account
from hub.contracts.nights import AT_A_TIME, AT_ONCE, TOLD, Calendars, Days
from hub.errors import Garbled, Unavailable
from hub.guest_messages import Way
from hub.hub import Hub
from hub.model.availability import Wish
from hub.model.facts import CalendarRead, Fact, NightsTold, NightsUntold
from hub.model.values import ChannelId, StayKind, StayStatus
from hub.store import door_codes, listings
from tests.integrations.conftest import StoppedClock
from tests.simulators.home import FLAT, simulate
from tests.simulators.managers.all import MANAGERS, Double, reader
from tests.simulators.managers.desk import Desk, reply
from tests.simulators.managers.guesty import LETTERS, GuestyDesk
from tests.simulators.managers.plugged import DESK, plugged
from tests.simulators.managers.street import AIRBNB, ARRIVAL, CHANNELS, DEPARTURE, NIGHTS, Street, street

READING = [each for each in MANAGERS.values() if each.closed]
GUESTY = ChannelId("guesty")
NONE: frozenset[object] = frozenset()


@pytest.fixture(params=READING, ids=lambda manager: str(manager.name))
def manager(request: pytest.FixtureRequest) -> Double:
    found: Double = request.param
    return found


@pytest.fixture
def desk(manager: Double, clock: StoppedClock) -> Desk:
    return manager.desk(clock.now)


@pytest.fixture
def account(manager: Double, desk: Desk, host: Host) -> Account:
    return reader(manager, host, through=desk.send)


async def facts(account: Account, cursor: str | None = None) -> list[Fact]:
    return [fact async for each in account.fetch(cursor) for fact in await account.parse(each)]


def told(found: list[Fact], listing: str = "101") -> NightsTold:
    (fact,) = [each for each in found if isinstance(each, NightsTold) and each.listing == listing]
    return fact


def march(*days: int) -> frozenset[date]:
    return frozenset(ARRIVAL + timedelta(days=day) for day in days)


# ---- what a service tells ------------------------------------------------------------------------------------------------


def test_a_night_that_somebody_closed_is_told_and_one_that_is_booked_is_not(
    manager: Double, desk: Desk, account: Account, clock: StoppedClock
) -> None:
    async def main() -> None:
        desk.book(1, day=10)
        desk.shut_by_hand("101", 3, 2)
        desk.shut_by_hand("102", 300, 1)
        desk.shut_by_hand("101", 20, 2, "owner")
        found = await facts(account)
        fact = told(found)
        assert (fact.blocked, fact.owners) == (march(3, 4), march(20, 21) if "owner" in manager.closed else NONE)
        assert fact.first < clock.now().date()
        assert fact.until - fact.first == timedelta(days=365)
        assert told(found, "102").blocked == march(300), "in as many questions as it takes"

    simulate(main())


def test_a_calendar_that_cannot_be_read_costs_no_booking(desk: Desk, account: Account) -> None:
    async def main() -> None:
        desk.book(1)
        for status in (500, 403, 404):
            desk.shut = status
            found = await facts(account)
            (read,) = [each for each in found if isinstance(each, CalendarRead)]
            assert [stay.guest for stay in read.stays] == ["Ada Lovelace"]
            assert any(isinstance(each, NightsUntold) and str(status) in each.why for each in found)
            assert not any(isinstance(each, NightsTold) for each in found)

    simulate(main())


def test_an_answer_without_its_days_opens_nothing(desk: Desk, account: Account, clock: StoppedClock) -> None:
    async def main() -> None:
        await facts(account)  # the token is fetched
        today = clock.now().date()
        bodies: list[object] = [
            {},
            [],
            {"data": {"days": []}},
            {"data": None},
            {"result": []},
            {"result": [{"date": "soon"}]},
        ]
        for body in bodies:
            desk.faults = [reply(body)]
            assert account.days is not None
            with pytest.raises(Garbled):
                await account.days("101", today, today)

    simulate(main())


def test_a_calendar_is_read_every_ten_minutes_and_told_when_it_is_another(
    desk: Desk, account: Account, clock: StoppedClock
) -> None:
    async def main() -> None:
        cursor = next(iter([each.cursor async for each in account.fetch(None)]))
        clock.turn(minutes=2)
        desk.shut_by_hand("101", 3, 2)
        assert not any(isinstance(each, NightsTold) for each in await facts(account, cursor)), "not its turn"
        clock.turn(minutes=9)
        assert told(await facts(account, cursor)).blocked == march(3, 4)
        clock.turn(minutes=11)
        assert not any(isinstance(each, NightsTold) for each in await facts(account, cursor)), "as it was"
        clock.turn(minutes=70)
        assert told(await facts(account, cursor)).blocked == march(3, 4), "again after an hour"

    simulate(main())


def test_few_calendars_are_read_with_one_poll_and_all_in_their_turn(
    manager: Double, desk: Desk, host: Host, clock: StoppedClock
) -> None:
    async def main() -> None:
        desk.units = {str(101 + number): f"Flat {number}" for number in range(2 * AT_ONCE + 1)}
        account = reader(manager, host, through=desk.send)
        cursor, seen = None, list[str]()
        for _ in range(3):
            told_ = [each async for each in account.fetch(cursor)]
            cursor = next((each.cursor for each in told_ if each.cursor), cursor)
            found = [fact for each in told_ for fact in await account.parse(each)]
            new = [each.listing for each in found if isinstance(each, NightsTold)]
            assert len(new) <= AT_ONCE
            seen += new
            clock.turn(minutes=2)
        assert len(seen) == len(set(seen)) == len(desk.units)

    simulate(main())


def test_a_calendar_that_always_fails_keeps_no_other_one_waiting(clock: StoppedClock) -> None:
    async def main() -> None:
        asked = list[str]()

        async def read(listing: str, first: date, last: date) -> Days:
            asked.append(listing)
            if listing == "101":
                raise Unavailable("it has trouble of its own (500)")
            return Days(first, last + timedelta(days=1), {})

        calendars, read_well = Calendars(read), 0
        calendars.lets([str(101 + number) for number in range(AT_ONCE)], clock.now(), anew=True)
        for _ in range(5):
            before = len(asked)
            read_well += len([topic async for topic, _ in calendars.news(clock.now()) if topic == TOLD])
            assert asked[before:].count("101") == 1, "with every poll"
            assert asked[-1] == "101", "after it nobody is asked"
            clock.turn(minutes=2)
        assert read_well == AT_ONCE - 1

    simulate(main())


def test_a_calendar_that_tells_less_than_a_year_is_read_as_far_as_it_goes(clock: StoppedClock) -> None:
    async def main() -> None:
        asked = list[date]()

        async def read(listing: str, first: date, last: date) -> Days:
            asked.append(first)
            known = {asked[0] + timedelta(days=day): StayKind.BLOCK for day in range(AT_A_TIME)}
            return nights.found({day: kind for day, kind in known.items() if first <= day <= last}, "it", first)

        calendars = Calendars(read)
        calendars.lets(["101"], clock.now(), anew=True)
        ((topic, body),) = [each async for each in calendars.news(clock.now())]
        assert (topic, len(asked)) == (TOLD, 2)
        fact = nights.told(GUESTY, clock.now(), body)
        assert (fact.until - fact.first, len(fact.blocked)) == (timedelta(days=AT_A_TIME), AT_A_TIME)

    simulate(main())


def test_an_account_that_lets_nothing_is_not_asked_with_every_poll(host: Host, clock: StoppedClock) -> None:
    async def main() -> None:
        desk = GuestyDesk(clock.now)
        desk.units = {}
        account = reader(MANAGERS["guesty"], host, through=desk.send)
        cursor = next(iter([each.cursor async for each in account.fetch(None)]))
        before = len(desk.asked)
        for _ in range(3):
            clock.turn(minutes=2)
            await facts(account, cursor)
        assert not any("/listings" in each.path for each in desk.asked[before:])
        assert account.days is not None
        calendars = Calendars(account.days)
        calendars.lets([], clock.now(), anew=True)
        assert calendars.known(clock.now())
        assert not calendars.known(clock.now() + timedelta(hours=1))

    simulate(main())


def test_a_webhook_about_a_calendar_has_it_read_at_once(host: Host, clock: StoppedClock) -> None:
    async def main() -> None:
        desk = GuestyDesk(clock.now)
        account = reader(MANAGERS["guesty"], host, through=desk.send)
        cursor = next(iter([each.cursor async for each in account.fetch(None)]))
        clock.turn(minutes=2)
        desk.shut_by_hand("101", 3, 2)
        headers, body = desk.calendar_webhook("101")
        delivery = Delivery(GUESTY, "", body, clock.now(), EVENTS, headers)
        assert account.authentic(delivery)
        await account.parse(delivery)
        assert told(await facts(account, cursor)).blocked == march(3, 4)
        await account.parse(delivery)
        before = len(desk.asked)
        await facts(account, cursor)
        assert not any("/calendar/" in each.path for each in desk.asked[before:]), "not again within the minute"
        for body in (b"no JSON", b"[]", b'{"dateRange": 1}', b'{"calendar": [{"listingId": "999"}]}'):
            await account.parse(Delivery(GUESTY, "", body, clock.now(), EVENTS, headers))

    simulate(main())


def test_guesty_s_letters(host: Host, clock: StoppedClock) -> None:
    """Of the sample guesty_calendar_day, with each of guesty_calendar_block_types: what people closed, and what its rules did."""

    async def main() -> None:
        account = reader(MANAGERS["guesty"], host, through=(desk := GuestyDesk(clock.now)).send)
        await facts(account)
        meant = {}
        for letter in LETTERS:
            day = {
                "date": "2024-03-29",
                "listingId": "101",
                "status": "unavailable",
                "blocks": {letter: True},
                "cta": False,
            }
            desk.faults = [reply({"status": 200, "data": {"days": [day]}})]
            assert account.days is not None
            found: Days = await account.days("101", date(2024, 3, 29), date(2024, 3, 29))
            meant[letter] = found.closed.get(date(2024, 3, 29))
        assert {letter: kind for letter, kind in meant.items() if kind is not None} == {
            "m": StayKind.BLOCK,
            "o": StayKind.OWNER,
            "ic": StayKind.BLOCK,
        }

    simulate(main())


def test_hostaway_s_sample_is_a_booked_night(host: Host, clock: StoppedClock) -> None:
    """Of the samples hostaway_calendar_day and hostaway_calendar_day_statuses."""

    async def main() -> None:
        manager = MANAGERS["hostaway"]
        account = reader(manager, host, through=(desk := manager.desk(clock.now)).send)
        await facts(account)
        words = ("available", "blocked", "mblocked", "hardBlock", "conflicted", "reserved", "pending", "mreserved")
        closed = set()
        for word in words:
            day: dict[str, Any] = {
                "id": 46253,
                "date": "2017-07-15",
                "isAvailable": 0,
                "status": word,
                "reservations": [{}],
            }
            desk.faults = [reply({"status": "success", "result": [day]})]
            assert account.days is not None
            if (await account.days("101", date(2017, 7, 15), date(2017, 7, 15))).closed:
                closed.add(word)
        assert closed == {"blocked"}

    simulate(main())


# ---- in a whole hub --------------------------------------------------------------------------------------------------------


def in_march() -> Wish:
    return Wish(ARRIVAL, ARRIVAL + timedelta(days=3))


@pytest.mark.parametrize("source", [GUESTY, ChannelId("hospitable")])
def test_nights_closed_by_hand_are_taken_here_and_told_to_all_others_until_they_are_open(
    tmp_path: Path, source: ChannelId
) -> None:
    async def main() -> None:
        async with street(tmp_path) as here:
            desk = here.desks[source]
            desk.shut_by_hand("101", 0, 3)
            await here.house.later(minutes=14)
            stay = await here.stay()
            assert (stay.kind, stay.status, stay.channel_id) == (StayKind.BLOCK, StayStatus.CONFIRMED, source)
            assert await _free(here) is False
            await _others_know(here, source, NIGHTS)
            desk.shut_by_hand("101", 0, 3, "open")
            await here.house.later(minutes=14)
            assert (await here.stay()).status is StayStatus.CANCELLED
            assert await _free(here) is True
            await _others_know(here, source, NONE)

    simulate(main())


def test_our_own_closures_do_not_come_back_and_theirs_are_not_opened(tmp_path: Path) -> None:
    async def main() -> None:
        async with street(tmp_path) as here:
            here.desks[GUESTY].shut_by_hand("101", 2, 2)
            await here.house.later(minutes=14)
            here.desks[ChannelId("ownerrez")].book(1)
            await here.house.later(minutes=24)
            stays = [each for each in await here.house.stays() if each.kind is StayKind.BLOCK]
            assert [(each.channel_id, each.arrival) for each in stays] == [(GUESTY, ARRIVAL + timedelta(days=2))]
            assert here.closed(GUESTY) == NIGHTS
            here.desks[ChannelId("ownerrez")].change(1, state="over")
            await here.house.later(minutes=75)
            stays = [each for each in await here.house.stays() if each.kind is StayKind.BLOCK]
            assert [(each.arrival, each.departure, each.status) for each in stays] == [
                (ARRIVAL + timedelta(days=2), ARRIVAL + timedelta(days=4), StayStatus.CONFIRMED)
            ]
            days = [day for unit, day in here.desks[GUESTY].by_hand if unit == "101"]
            assert days == sorted(march(2, 3)), "nobody opened what people closed there"

    simulate(main())


@pytest.mark.parametrize("waits", [False, True])
def test_sync_now_closes_again_what_somebody_opened_there(tmp_path: Path, waits: bool) -> None:
    """`waits`: the account was to be told something else just then, and did not answer."""

    async def main() -> None:
        async with street(tmp_path) as here:
            here.platforms[AIRBNB].booked["april0000001"] = (ARRIVAL, DEPARTURE)
            await here.house.later(minutes=14)
            hub, told = here.house.hub, [channel for channel in here.desks if MANAGERS[channel].nights]
            for channel in told:
                assert here.closed(channel) == NIGHTS
                here.desks[channel].open_by_hand("101", ARRIVAL)
                here.desks[channel].refuses = 503 if waits else 0
            if waits:
                here.platforms[AIRBNB].booked["april0000002"] = (DEPARTURE, DEPARTURE + timedelta(days=1))
                await here.house.later(minutes=5)
            for channel in told:
                here.desks[channel].refuses = 0
                await _sync(hub, channel)
            await here.house.later(minutes=2)
            for channel in told:
                assert here.closed(channel) == (NIGHTS | {DEPARTURE} if waits else NIGHTS), channel

    simulate(main())


def test_a_calendar_that_fails_is_said_and_what_is_known_stands(tmp_path: Path) -> None:
    async def main() -> None:
        async with street(tmp_path) as here:
            desk, hub = here.desks[GUESTY], here.house.hub
            desk.shut_by_hand("101", 0, 3)
            await here.house.later(minutes=14)
            desk.shut = 500
            await here.house.later(minutes=24)
            assert (await here.stay()).status is StayStatus.CONFIRMED
            (state, *_) = await hub.store.read(listings.nights_failing)
            assert (state.channel_id, "500" in (state.nights_why or "")) == (GUESTY, True)
            desk.shut = 0
            await here.house.later(minutes=14)
            assert await hub.store.read(listings.nights_failing) == []

    simulate(main())


def test_an_owner_s_nights_are_no_booking_there_so_they_get_no_door_code_and_no_message(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, MANAGERS["guesty"], door_codes=True) as (house, desk):
            desk.shut_by_hand("101", 1, 3, "owner")
            await house.later(days=1, hours=8)
            (stay,) = await house.stays()
            assert (stay.kind, stay.status, stay.channel_id) == (StayKind.OWNER, StayStatus.CONFIRMED, DESK)
            assert await house.digits(""), "the owner comes in"
            assert [each.path for each in desk.asked if each.method == "PUT"] == []
            hub = house.hub
            assert await hub.store.read(lambda tx: door_codes.of_stay(tx, stay.id)) == []
            assert (await hub.store.read(lambda tx: hub.messages.ways(tx, stay))).way is Way.NOBODY

    simulate(main())


async def _sync(hub: Hub, channel: ChannelId) -> None:
    await hub.store.write(lambda tx: syncing.sync_now(tx, hub.publisher, channel, "tester"))


async def _free(here: Street) -> bool:
    now = here.house.hub.clock.now()
    against = await here.house.hub.store.read(lambda tx: bookings.look(tx, [FLAT], in_march(), now)[FLAT])
    return not any(each.reason not in bookings.OF_TIME for each in against)


async def _others_know(here: Street, source: ChannelId, nights: frozenset[object]) -> None:
    for channel in CHANNELS:
        assert await here.told(channel) == (NONE if channel == source else nights), channel
    for channel in here.desks:
        if MANAGERS[channel].nights:
            assert here.closed(channel) == (NONE if channel == source else nights), channel
