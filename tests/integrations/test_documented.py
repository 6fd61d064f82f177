"""Doubles of booking managers say nothing but what is documented, and our readers need nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from importlib import import_module
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from hub.contracts import Host
from hub.contracts.accounts import Account
from hub.contracts.fields import Fields
from hub.errors import Disappointment, Unavailable
from hub.io.http import Answer, Request, Rules
from hub.model.effects import KeepBooking, SetDoorCode
from hub.model.facts import BookingKept, CalendarRead, Fact
from hub.model.money import Money
from hub.model.price_lines import LineKind, PriceLine
from hub.model.values import StayId, StayStatus
from integrations.guesty.reading import flat
from tests.integrations.conftest import StoppedClock
from tests.integrations.documented import Message, beyond, names, plain
from tests.integrations.test_accounts_writing import CODE, TAKEN, allowed, write, writes
from tests.simulators.home import simulate
from tests.simulators.managers.all import MANAGERS, Double, reader
from tests.simulators.managers.desk import Desk
from tests.simulators.managers.guesty import GuestyDesk

WRONG: Final = {"hostaway": "secret", "guesty": "client_secret", "beds24": "refresh_token"}
"""Where a key stands, of services whose key is not a `token` or an `api_key`."""
PUSHED: Final = KeepBooking(
    StayId("7"),
    "GH-stay-7",
    "",
    "102",
    date(2027, 6, 1),
    date(2027, 6, 4),
    StayStatus.CONFIRMED,
    False,
    "Edda Lindqvist",
    "edda@example.com",
    "+46 498 123456",
    "Brings a dog",
    "R-7",
    2,
    2,
    0,
    0,
    0,
    Money(50_000, "EUR"),
    lines=(PriceLine(LineKind.ACCOMMODATION, 45_000, "3 nights"), PriceLine(LineKind.SERVICE, 5_000, "Dog")),
)


@pytest.fixture(params=MANAGERS.values(), ids=lambda manager: str(manager.name))
def manager(request: pytest.FixtureRequest) -> Double:
    found: Double = request.param
    return found


def _documents(manager: Double) -> Any:
    return import_module(f"tests.integrations.documented.{manager.name}")


def _call(method: str, path: str) -> str:
    """Whatever has a digit in it is an id."""
    kept = ("v1", "v2", "oauth2", "reservations-v3")
    parts = (each if each in kept or not re.search(r"\d", each) else "#" for each in urlsplit(path).path.split("/"))
    return f"{method} {'/'.join(parts)}"


# ---- the doubles ----


def test_a_double_says_what_is_documented_and_nothing_else(manager: Double, host: Host, clock: StoppedClock) -> None:
    """And what we send it is as documented. Errors whose words nobody wrote down have none here, either."""
    desk = manager.desk(clock.now)
    simulate(_everything(manager, desk, host, clock))
    messages = _documents(manager).MESSAGES
    odd, heard = list[str](), set[str]()
    for asked, (status, _, body) in desk.said:
        call = _call(asked.method, asked.path)
        odd += _unlike(messages, call, status, json.loads(body))
        if status < 300:
            odd += _sent_unlike(messages, call, asked.body)
        heard.add(call)
    for booking in desk.booked.values():
        odd += _unlike(messages, "webhook", 200, json.loads(desk.webhook(booking)[1]))
    if isinstance(desk, GuestyDesk):
        odd += _unlike(messages, "webhook of a calendar", 200, json.loads(desk.calendar_webhook("101")[1]))
    assert list(dict.fromkeys(odd)) == []
    asked_for = {each.call for each in messages if " /" in each.call}
    assert asked_for - heard == set(), "each has been said"


def _unlike(messages: tuple[Message, ...], call: str, status: int, told: Any) -> list[str]:
    known = [each for each in messages if (each.call, each.status) == (call, status)]
    known = known or [each for each in messages if (each.call, each.status) == ("any", status)]
    if not known:
        return [] if status >= 400 and told == {} else [f"{call} {status}: nobody shows {told}"]
    return [f"{call} {status} {each}" for each in beyond(told, tuple(each.told for each in known))]


def _sent_unlike(messages: tuple[Message, ...], call: str, sent: bytes) -> list[str]:
    try:
        said = json.loads(sent)
    except ValueError:  # nothing, or a form
        return []
    return [
        f"{call} is sent {each}" for each in beyond(said, tuple(each.sent for each in messages if each.call == call))
    ]


async def _everything(manager: Double, desk: Desk, host: Host, clock: StoppedClock) -> None:
    """All that the hub asks of such an account, on a good day and on bad ones."""
    for number, state in enumerate(sorted(manager.states, key=lambda state: state != "taken")):
        desk.book(number + 1, day=5 * number, state=state)
    desk.shut_by_hand("102", 0, 2)
    push = {"push_bookings": True, "push_test": False, "currency": "EUR"} if manager.name == "guesty" else {}
    account = reader(manager, host, through=desk.send, more={**allowed(manager), **push})
    await _read(account, desk, clock)
    if manager.name == "guesty":
        await _read(reader(manager, host, through=desk.send, more={"reservations": "v3"}), desk, clock)
        await _push(account)
    for effect in writes(manager):
        await write(account, effect)
    if manager.nights:
        freed = ((date(2027, 4, 3), date(2027, 4, 11)),)
        await write(account, replace(TAKEN, version=2, taken=(), freed=freed))
    if manager.codes:
        await write(account, CODE)
        with suppress(Disappointment):
            await write(account, SetDoorCode("999", "407193"))
    key = WRONG.get(manager.name) or ("token" if "token" in manager.settings else "api_key")
    with suppress(Disappointment):
        await reader(manager, host, through=desk.send, more={key: "pt_other"}).listings()
    for _ in range(min((count for count, _ in desk.LIMITS), default=0) + 1):
        with suppress(Unavailable):
            await desk.send(Request("https://service.example/v2/bookings"), Rules())


async def _read(account: Account, desk: Desk, clock: StoppedClock) -> None:
    cursor = None
    for name in ("Grace Hopper", "Edda Lindqvist"):
        async for delivery in account.fetch(cursor):
            cursor = delivery.cursor or cursor
        clock.turn(minutes=11)  # no calendar is read oftener
        desk.change(1, guest=name)


async def _push(account: Account) -> None:
    """A booking of the house is made there, changed in every way, and cancelled."""
    kept = list[str]()

    async def tell(fact: Fact) -> None:
        assert isinstance(fact, BookingKept)
        kept.append(fact.booking)

    account.host = replace(account.host, tell=tell)
    await write(account, PUSHED)
    for change in (
        {"arrival": date(2027, 7, 1), "departure": date(2027, 7, 4)},
        {"listing": "101", "guests": 3, "adults": 3, "guest": "Grace Hopper"},
        {"status": StayStatus.CANCELLED},
    ):
        await write(account, replace(PUSHED, booking=kept[0], **change))


# ---- the readers ----


class _Noted(dict[str, Any]):
    """Writes down which of its fields somebody looks for."""

    def __init__(self, inside: Mapping[str, Any], seen: set[str], at: str = "") -> None:
        super().__init__({name: _noted(value, seen, f"{at}.{name}".lstrip(".")) for name, value in inside.items()})
        self.seen, self.at = seen, at

    def get(self, name: str, default: Any = None) -> Any:
        self.seen.add(f"{self.at}.{name}".lstrip("."))
        return super().get(name, default)


def _noted(value: Any, seen: set[str], at: str) -> Any:
    match value:
        case dict():
            return _Noted(value, seen, at)
        case list():
            return [_noted(each, seen, at) for each in value]
    return value


def test_a_reader_looks_for_nothing_that_no_source_shows(manager: Double, host: Host) -> None:
    account, seen, bookings = reader(manager, host), set[str](), _documents(manager).BOOKINGS
    for booking in bookings:
        noted = _Noted(plain(booking), seen)
        account.report(Fields(flat(noted) if manager.name == "guesty" else noted))
    assert len(seen) > 5
    assert seen - names(bookings) == set()


def test_a_reader_understands_the_documents_own_messages(manager: Double, host: Host) -> None:
    """Listings, bookings and calendars, when nothing else is ever told."""
    messages, told = _documents(manager).MESSAGES, set[str]()

    async def send(request: Request, rules: Rules) -> Answer:
        call = _call(request.method, request.url)
        said = plain(next(each.told for each in messages if each.call == call and each.status < 300))
        if call in told and "token" not in call:  # the pages come to an end
            said = {name: [] if isinstance(each, list) else each for name, each in said.items()}
        told.add(call)
        return Answer(200, {}, json.dumps(said).encode(), "service.example")

    async def main() -> list[Fact]:
        account = reader(manager, host, through=send)
        return [fact async for delivery in account.fetch(None) for fact in await account.parse(delivery)]

    read, *_ = simulate(main())
    assert isinstance(read, CalendarRead)
    assert read.listings
    assert read.stays
    assert [stay.note for stay in read.stays if "not known here" in stay.note or "left out" in stay.note] == []
    assert all(stay.status is not StayStatus.UNUSABLE for stay in read.stays)
