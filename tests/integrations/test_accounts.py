"""What holds for the account of every booking manager: paging, limits, keys, faults, webhooks, and one meaning of a stay."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from hub.contracts import Delivery, Host
from hub.contracts.accounts import EVENTS, MOST_PAGES, Account, follow
from hub.errors import Disappointment, Garbled, Rejected, Unavailable
from hub.io.api import Api
from hub.io.http import Answer, Request, Rules
from hub.model.facts import CalendarRead, NewsAnnounced, StayReport
from hub.model.money import Money
from hub.model.price_lines import LineKind
from hub.model.values import StayKind, StayStatus
from tests.integrations.conftest import StoppedClock, rested
from tests.simulators.managers.all import MANAGERS, SECRETS, Double, reader
from tests.simulators.managers.desk import Desk, front, reply

MEANT = {
    "taken": (StayKind.RESERVATION, StayStatus.CONFIRMED),
    "asked": (StayKind.RESERVATION, StayStatus.TENTATIVE),
    "over": (StayKind.RESERVATION, StayStatus.CANCELLED),
    "block": (StayKind.BLOCK, StayStatus.CONFIRMED),
    "owner": (StayKind.OWNER, StayStatus.CONFIRMED),
    "strange": (StayKind.UNKNOWN, StayStatus.CONFIRMED),
}


@pytest.fixture(params=MANAGERS.values(), ids=lambda manager: str(manager.name))
def manager(request: pytest.FixtureRequest) -> Double:
    found: Double = request.param
    return found


@pytest.fixture
def desk(manager: Double, clock: StoppedClock) -> Desk:
    return manager.desk(clock.now)


@pytest.fixture
async def account(manager: Double, desk: Desk, host: Host) -> AsyncIterator[Account]:
    """Over a real socket."""
    async with front(desk) as address:
        yield reader(manager, host, address)


async def poll(account: Account, cursor: str | None = None) -> tuple[CalendarRead, str | None]:
    """One poll as the inbox does it: what was understood, and the cursor that is committed with it."""

    async def polled() -> tuple[CalendarRead, str | None]:
        delivery, *_ = [each async for each in account.fetch(cursor)]
        (fact,) = await account.parse(delivery)
        assert isinstance(fact, CalendarRead)
        return fact, delivery.cursor or cursor

    return await rested(polled())


async def trouble(account: Account, cursor: str | None = None) -> Disappointment:
    with pytest.raises(Disappointment) as caught:
        await poll(account, cursor)
    assert not any(secret in str(caught.value) for secret in SECRETS), "no error repeats a key"
    return caught.value


def by_uid(fact: CalendarRead) -> dict[str, StayReport]:
    found = {stay.uid: stay for stay in fact.stays}
    assert len(found) == len(fact.stays), "each booking once"
    return found


# ---- what a booking means ----


async def test_a_booking_is_read_with_everything_that_is_told_of_it(
    manager: Double, desk: Desk, account: Account
) -> None:
    desk.book(1)
    fact, _ = await poll(account)
    (stay,) = fact.stays
    assert (stay.uid, stay.listing, stay.guest) == ("1", "101", "Ada Lovelace")
    assert (stay.arrival, stay.departure) == (date(2027, 3, 1), date(2027, 3, 4))
    assert (stay.email, stay.phone_last4) == ("ada@example.com", "0018")
    party = {"adults": 2, "children": 1, "guests": 3, "total": Money(45_050, "EUR")}
    made_of = [(LineKind.ACCOMMODATION, 40_050, "2 nights"), (LineKind.CLEANING, 5_000, "Final cleaning")]
    if manager.name == "lodgify":  # it tells sums, by its own words
        made_of = [(LineKind.ACCOMMODATION, 40_050, "stay"), (LineKind.SERVICE, 5_000, "fees")]
    assert [(line.kind, line.minor, line.label) for line in stay.lines] == made_of
    expected = {name: None if name in manager.untold else value for name, value in party.items()}
    assert {name: getattr(stay, name) for name in party} == expected
    assert stay.source_status
    assert json.loads(stay.raw), "what was told is kept"
    assert stay.note == "", "nothing was left out"
    assert fact.complete


async def test_every_state_of_a_booking_means_one_thing(manager: Double, desk: Desk, account: Account) -> None:
    for number, state in enumerate(sorted(manager.states)):
        desk.book(number + 1, day=5 * number, state=state)
    found = by_uid((await poll(account))[0])
    meant = {state: (found[str(number + 1)].kind, found[str(number + 1)].status)
             for number, state in enumerate(sorted(manager.states))}  # fmt: skip
    assert meant == {state: MEANT[state] for state in manager.states}


async def test_a_status_that_nobody_knows_is_said(manager: Double, desk: Desk, account: Account) -> None:
    assert "strange" in manager.states
    desk.book(1, state="strange")
    (stay,) = (await poll(account))[0].stays
    assert stay.source_status in stay.note


async def test_the_account_s_listings_are_told_with_their_names(desk: Desk, account: Account) -> None:
    fact, _ = await poll(account)
    assert {(each.id, each.name) for each in fact.listings} == {("101", "Sea view"), ("102", "Garden")}


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        ({"departure": date(2027, 3, 1)}, "departure"),
        ({"departure": date(1027, 3, 4)}, "departure"),
    ],
)
async def test_a_booking_that_cannot_be_used_is_kept_with_the_reason(
    desk: Desk, account: Account, spoil: dict[str, Any], why: str
) -> None:
    desk.book(1)
    desk.book(2, day=10)
    desk.change(1, **spoil)
    found = by_uid((await poll(account))[0])
    if "1" not in found:
        return  # a service that is asked by the day of departure does not tell of it
    assert found["1"].status is StayStatus.UNUSABLE
    assert why in found["1"].note
    assert found["2"].status is StayStatus.CONFIRMED


# ---- reading on ----


async def test_all_pages_are_read(desk: Desk, account: Account) -> None:
    for number in range(7):
        desk.book(number + 1, day=4 * number)
    assert set(by_uid((await poll(account))[0])) == {str(number + 1) for number in range(7)}


async def test_from_then_on_what_changed_is_asked_for(
    manager: Double, desk: Desk, account: Account, clock: StoppedClock
) -> None:
    desk.book(1)
    desk.book(2, day=10)
    clock.turn(minutes=30)
    _, cursor = await poll(account)
    clock.turn(minutes=30)
    desk.change(2, state="over")
    fact, cursor = await poll(account, cursor)
    if account.by_change:
        assert not fact.complete
        assert set(by_uid(fact)) == ({"1", "2"} if manager.by_the_day else {"2"})
    assert by_uid(fact)["2"].status is StayStatus.CANCELLED
    clock.turn(minutes=1)
    fact, after = await poll(account, cursor)
    assert fact.unchanged
    assert after == cursor, "nothing was told, so nothing moves"


async def test_a_change_that_was_missed_is_found_when_everything_is_read(
    desk: Desk, account: Account, clock: StoppedClock
) -> None:
    desk.book(1)
    _, cursor = await poll(account)
    clock.turn(minutes=1)
    desk.booked[1].departure += timedelta(days=1)  # and its time of change stays what it was
    clock.turn(seconds=account.whole_every.total_seconds())
    fact, _ = await poll(account, cursor)
    assert fact.complete
    assert by_uid(fact)["1"].departure == date(2027, 3, 5)


async def test_pages_that_shift_while_they_are_read_tell_each_booking_once(desk: Desk, account: Account) -> None:
    for number in range(4):
        desk.book(number + 1, day=4 * number)
    desk.shuffle = lambda rows: [*rows[:3], *rows[1:]]  # the second and third stand on two pages
    assert set(by_uid((await poll(account))[0])) == {"1", "2", "3", "4"}


async def test_a_cursor_that_nobody_wrote_reads_everything(desk: Desk, account: Account, clock: StoppedClock) -> None:
    desk.book(1)
    for cursor in ("", "nonsense", "[]", '{"since": "x"}', '{"since": 1e99, "whole": 1e99}'):
        fact, _ = await poll(account, cursor)
        assert fact.complete
        assert fact.stays


# ---- faults ----


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("smoobu", {"page_count": 10**9, "bookings": [], "apartments": []}),
        ("hospitable", {"meta": {"last_page": 10**9}, "data": []}),
    ],
)
async def test_pages_that_are_empty_are_the_last_whatever_number_is_told(
    name: str, page: dict[str, object], host: Host
) -> None:
    asked: list[str] = []

    async def empty(request: Request, _: Rules) -> Answer:
        asked.append(request.url)
        assert len(asked) < 10, "it would ask for ever"
        return Answer(200, {}, json.dumps(page).encode(), name)

    await poll(reader(MANAGERS[name], host, through=empty))


async def test_pages_that_lead_on_and_on_are_given_up() -> None:
    api, seen = Api("https://api.example.com/v2", ()), 0

    async def ask(link: str) -> tuple[list[Any], str]:
        nonlocal seen
        seen += 1
        assert seen <= MOST_PAGES
        return [], f"/v2/bookings?page={seen}"

    with pytest.raises(Garbled, match="without an end"):
        assert [page async for page in follow(api, "/bookings", ask)] == []


async def test_a_key_that_is_refused_waits_for_a_person(desk: Desk, account: Account) -> None:
    desk.faults = [reply({"error": "no"}, 401)] * 4
    assert isinstance(await trouble(account), Rejected)


async def test_a_limit_is_obeyed_for_as_long_as_it_says(desk: Desk, account: Account) -> None:
    desk.faults = [reply({}, 429, Retry_After="60")]
    error = await trouble(account)
    assert isinstance(error, Unavailable)
    assert error.wait == timedelta(seconds=60)
    before = len(desk.asked)
    again = await trouble(account)
    assert isinstance(again, Unavailable)
    assert timedelta(seconds=50) < again.wait <= timedelta(seconds=60)
    assert len(desk.asked) == before, "not asked again meanwhile"


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_trouble_of_theirs_passes(desk: Desk, account: Account, status: int) -> None:
    desk.book(1)
    desk.faults = [reply({}, status)]
    assert isinstance(await trouble(account), Unavailable)
    assert (await poll(account))[0].stays


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"{", b"[1, 2", b"\xff\xfe", b"[" * 100_000, b'{"a": NaN}', b"null", b"5"]
)
async def test_garbage_is_no_answer_and_no_cancellation(desk: Desk, account: Account, body: bytes) -> None:
    desk.faults = [(200, {}, body)]
    await trouble(account)


async def test_nobody_there_is_no_answer(manager: Double, host: Host) -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        assert isinstance(await trouble(reader(manager, host, f"http://127.0.0.1:{port}")), Unavailable)
    finally:
        server.close()
        await server.wait_closed()


async def test_a_poll_that_breaks_in_the_middle_moves_nothing(
    desk: Desk, account: Account, clock: StoppedClock
) -> None:
    for number in range(5):
        desk.book(number + 1, day=4 * number)
    _, cursor = await poll(account)
    clock.turn(minutes=20)
    for number in range(5):
        desk.change(number + 1, guest="Grace Hopper")
    desk.faults = [reply({}, 503)]
    await trouble(account, cursor)
    fact, _ = await poll(account, cursor)
    assert {stay.guest for stay in fact.stays} == {"Grace Hopper"}


# ---- webhooks ----


def call(account: Account, desk: Desk, clock: StoppedClock) -> Delivery:
    headers, body = desk.webhook(desk.booked[1])
    return Delivery(account.host.name, "", body, clock.now(), EVENTS, headers)  # type: ignore[arg-type]  # a channel's id


async def test_a_webhook_is_known_by_its_secret_and_only_wakes_the_poll(
    desk: Desk, account: Account, clock: StoppedClock
) -> None:
    desk.book(1)
    delivery = call(account, desk, clock)
    assert account.authentic(delivery)
    assert account.key(delivery) == account.key(delivery)
    (fact,) = await account.parse(delivery)
    assert isinstance(fact, NewsAnnounced)


async def test_a_webhook_of_a_stranger_is_not_known(desk: Desk, account: Account, clock: StoppedClock) -> None:
    desk.book(1)
    delivery = call(account, desk, clock)
    assert not account.authentic(replace(delivery, headers={}))
    assert not account.authentic(replace(delivery, headers=None))
    for topic in ("whole", "changed", "unchanged", ""):
        assert not account.authentic(replace(delivery, topic=topic)), "nobody outside speaks as our own poll"
    wrong = {name: value[:-2] + "xx" for name, value in (delivery.headers or {}).items()}
    assert not account.authentic(replace(delivery, headers=wrong))


async def test_a_webhook_is_known_by_the_secret_before_for_as_long_as_that_is_kept(
    manager: Double, desk: Desk, host: Host, clock: StoppedClock
) -> None:
    desk.book(1)
    word = "webhook_password" if "webhook_password" in manager.settings else "webhook_secret"
    new = {word: "whsec_bmV3bmV3bmV3bmV3bmV3bmV3bmV3"}
    before = {f"previous_{word}": manager.settings[word]}
    delivery = call(account := reader(manager, host, more={**new, **before}), desk, clock)
    assert account.authentic(delivery)
    assert reader(manager, host, more=before).authentic(delivery)
    assert not reader(manager, host, more=new).authentic(delivery)


def test_an_account_shows_no_key(manager: Double, host: Host) -> None:
    account = reader(manager, host)
    shown = repr(account) + repr(vars(account))
    assert not any(secret in shown for secret in SECRETS)
