"""What holds for whatever is written to the account of any booking manager: what it does, and what its faults mean."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from hub.contracts import Host
from hub.contracts.accounts import Account
from hub.contracts.fields import with_code, without_codes
from hub.errors import Disappointment, Garbled, Rejected, Unavailable
from hub.io.http import Answer, Request, Rules
from hub.model.effects import Effect, MessageGuest, SetDoorCode, SetNights
from hub.model.publishing import Block
from hub.model.values import ChannelId, UnitId
from tests.integrations.conftest import StoppedClock
from tests.simulators.managers.all import MANAGERS, SECRETS, Double, reader
from tests.simulators.managers.desk import Desk, front, reply

PIN = "407193"
CODE, NO_CODE, LETTER = SetDoorCode("1", PIN), SetDoorCode("1", ""), MessageGuest("1", "Welcome to the sea.", "Hello")


def nights(*spans: tuple[int, int], freed: tuple[tuple[date, date], ...] = ()) -> SetNights:
    """Taken from the first to the day after the last, of April."""
    blocks = tuple(Block(f"stay:{first}", date(2027, 4, first), date(2027, 4, until), True) for first, until in spans)
    return SetNights(ChannelId("a"), UnitId("flat"), "101", 1, blocks, freed, b"")


TAKEN = nights((3, 5), (5, 7), (10, 11))


def closed(desk: Desk) -> list[int]:
    assert all(unit == "101" for unit, _ in desk.closed)
    return sorted(day.day for _, day in desk.closed)


def changes(desk: Desk) -> int:
    """Requests that change something."""
    return sum(asked.method != "GET" for asked in desk.asked)


@pytest.fixture(params=MANAGERS.values(), ids=lambda manager: str(manager.name))
def manager(request: pytest.FixtureRequest) -> Double:
    found: Double = request.param
    return found


@pytest.fixture
def desk(manager: Double, clock: StoppedClock) -> Desk:
    made = manager.desk(clock.now)
    made.book(1)
    return made


@pytest.fixture
async def account(manager: Double, desk: Desk, host: Host) -> AsyncIterator[Account]:
    """Over a real socket."""
    async with front(desk) as address:
        yield reader(manager, host, address, more=allowed(manager))


def allowed(manager: Double) -> dict[str, object]:
    return {**({"door_codes": True} if manager.codes else {}), **({"block_nights": True} if manager.nights else {})}


def writes(manager: Double) -> list[Effect]:
    codes, messages = [CODE] if manager.codes else [], [LETTER] if manager.messages else []
    return [*codes, *messages, *([TAKEN] if manager.nights else [])]


async def write(account: Account, effect: Effect) -> None:
    await account.perform[type(effect)](effect, "promise-1")


async def trouble(account: Account, effect: Effect) -> Disappointment:
    with pytest.raises(Disappointment) as caught:
        await write(account, effect)
    said = str(caught.value)
    assert not any(secret in said for secret in (*SECRETS, PIN, "Welcome")), "no error repeats what was written"
    return caught.value


def shown(desk: Desk) -> str:
    """The door code that people see at the manager's."""
    row = desk.booked[1]
    return row.code or row.note


# ---- door codes ----


async def test_a_door_code_is_shown_replaced_and_taken_out(manager: Double, desk: Desk, account: Account) -> None:
    if not manager.codes:
        assert SetDoorCode not in account.perform
        return
    desk.booked[1].note = "Brings a dog"
    await write(account, CODE)
    assert PIN in shown(desk)
    await write(account, CODE)
    await write(account, SetDoorCode("1", "250816"))
    assert "250816" in shown(desk)
    assert PIN not in shown(desk)
    await write(account, NO_CODE)
    assert "250816" not in shown(desk)
    assert desk.booked[1].note == "Brings a dog", "what the house wrote down stays"


async def test_nobody_s_code_is_shown_unless_somebody_wants_it(manager: Double, host: Host) -> None:
    assert SetDoorCode not in reader(manager, host).perform


async def test_a_code_that_stands_there_is_not_read_back(manager: Double, desk: Desk, account: Account) -> None:
    if manager.codes:
        await write(account, CODE)
    delivery, *_ = [each async for each in account.fetch(None)]
    assert PIN.encode() not in delivery.body
    (fact,) = await account.parse(delivery)
    assert PIN not in repr(fact)


def test_a_line_for_the_code_leaves_the_rest_of_a_note_alone() -> None:
    note = with_code("One\nTwo", PIN)
    assert note.startswith("One\nTwo\n")
    assert with_code(note, "250816") == note.replace(PIN, "250816")
    assert with_code(note, "") == "One\nTwo"
    assert with_code(with_code("", PIN), "") == ""
    told = {"notes": [note], "key_code": PIN, "rooms": [{"key_code": PIN, "id": 1}]}
    assert without_codes(told, {"key_code"}) == {"notes": ["One\nTwo"], "rooms": [{"id": 1}]}


# ---- messages ----


async def test_a_guest_is_written_to(manager: Double, desk: Desk, account: Account) -> None:
    if not manager.messages:
        assert MessageGuest not in account.perform
        return
    await write(account, LETTER)
    assert desk.letters == [(1, "Welcome to the sea.")]


# ---- nights ----


async def test_nights_are_closed_and_opened_again(manager: Double, desk: Desk, account: Account) -> None:
    if not manager.nights:
        assert SetNights not in account.perform
        return
    await write(account, TAKEN)
    assert closed(desk) == [3, 4, 5, 6, 10]
    before = changes(desk)
    await write(account, TAKEN)
    assert closed(desk) == [3, 4, 5, 6, 10]
    assert changes(desk) - before <= 1, "what it has is not sent again run by run"
    await write(
        account, nights((3, 5), freed=((date(2027, 4, 5), date(2027, 4, 7)), (date(2027, 4, 10), date(2027, 4, 11))))
    )
    assert closed(desk) == [3, 4]


async def test_nights_are_not_closed_unless_somebody_wants_it(manager: Double, host: Host) -> None:
    assert SetNights not in reader(manager, host).perform


async def test_a_try_that_broke_off_goes_on_where_it_did(manager: Double, desk: Desk, account: Account) -> None:
    if not manager.nights:
        return
    desk.lost = 1
    assert isinstance(await trouble(account, TAKEN), Unavailable)
    await write(account, TAKEN)
    assert closed(desk) == [3, 4, 5, 6, 10]


async def test_nights_that_somebody_opened_there_are_closed_when_a_person_has_them_sent_anew(
    manager: Double, desk: Desk, account: Account
) -> None:
    if not manager.nights:
        return
    await write(account, TAKEN)
    desk.open_by_hand("101", date(2027, 4, 5))
    await write(account, replace(TAKEN, anew="first"))
    assert closed(desk) == [3, 4, 5, 6, 10]
    before = changes(desk)
    await write(account, replace(TAKEN, anew="first"))
    assert changes(desk) - before <= 1, "the same word once more is a try that goes on"
    desk.open_by_hand("101", date(2027, 4, 10))
    await write(account, replace(TAKEN, anew="second"))
    assert closed(desk) == [3, 4, 5, 6, 10]


async def test_what_is_sent_anew_and_breaks_off_goes_on_where_it_did(
    manager: Double, desk: Desk, account: Account
) -> None:
    if not manager.nights:
        return
    await write(account, TAKEN)
    for day in (3, 5, 10):
        desk.open_by_hand("101", date(2027, 4, day))
    desk.lost = 1
    assert isinstance(await trouble(account, replace(TAKEN, anew="first")), Unavailable)
    await write(account, replace(TAKEN, anew="first"))
    assert closed(desk) == [3, 4, 5, 6, 10]


# ---- faults ----


async def test_a_booking_that_the_account_does_not_know_is_a_person_s_business(
    manager: Double, desk: Desk, account: Account
) -> None:
    desk.delete(1)
    for effect in writes(manager):
        if not isinstance(effect, SetNights):
            assert isinstance(await trouble(account, effect), Rejected)


async def test_a_key_that_is_refused_waits_for_a_person(manager: Double, desk: Desk, account: Account) -> None:
    for effect in writes(manager):
        desk.faults = [reply({"error": "no"}, 401)] * 4
        assert isinstance(await trouble(account, effect), Rejected)


async def test_a_limit_is_obeyed_for_as_long_as_it_says(manager: Double, desk: Desk, account: Account) -> None:
    for effect in writes(manager)[:1]:
        desk.faults = [reply({}, 429, Retry_After="60")]
        error = await trouble(account, effect)
        assert isinstance(error, Unavailable)
        assert error.wait == timedelta(seconds=60)
        before = len(desk.asked)
        assert isinstance(await trouble(account, effect), Unavailable)
        assert len(desk.asked) == before, "not asked again meanwhile"


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_trouble_of_theirs_passes(manager: Double, desk: Desk, account: Account, status: int) -> None:
    for effect in writes(manager):
        desk.faults = [reply({}, status)]
        assert isinstance(await trouble(account, effect), Unavailable)
        await write(account, effect)
    assert not manager.codes or PIN in shown(desk)
    assert len(desk.letters) == (1 if manager.messages else 0)


async def test_an_answer_that_got_lost_leaves_the_code_as_it_should_be(
    manager: Double, desk: Desk, account: Account
) -> None:
    if not manager.codes:
        return
    desk.lost = 1
    assert isinstance(await trouble(account, CODE), Unavailable)
    await write(account, CODE)
    assert shown(desk).count(PIN) == 1


async def test_nothing_answers(manager: Double, host: Host) -> None:
    async def silent(request: Request, _: Rules) -> Answer:
        raise Unavailable("it did not answer in time")

    account = reader(manager, host, through=silent, more=allowed(manager))
    for effect in writes(manager):
        assert isinstance(await trouble(account, effect), Unavailable)


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"\xff\xfe", b"[" * 100_000, b"null", b"5"])
async def test_garbage_is_no_crash(manager: Double, host: Host, clock: StoppedClock, body: bytes) -> None:
    desk = manager.desk(clock.now)

    async def garbled(request: Request, rules: Rules) -> Answer:
        if "oken" in request.url:
            return await desk.send(request, rules)
        return Answer(200, {}, body, manager.name)

    account = reader(manager, host, through=garbled, more=allowed(manager))
    for effect in writes(manager):
        # Or it is taken for done: a service that says 200 need not say more. Unavailable: nothing was written yet.
        with suppress(Garbled, Rejected, Unavailable):
            await write(account, effect)


def test_what_is_written_shows_in_no_text() -> None:
    said: list[Any] = [CODE, LETTER]
    assert PIN not in repr(said)
    assert "Welcome" not in repr(said)
