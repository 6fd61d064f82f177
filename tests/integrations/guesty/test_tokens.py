"""integrations.guesty: five tokens a day are enough, whatever happens to the hub or to a token."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from hub.contracts import Delivery, Host
from hub.errors import Disappointment, Rejected, Unavailable
from hub.io.tickets import Ticket, Tickets
from tests.integrations.conftest import StoppedClock, rested
from tests.simulators.managers.all import MANAGERS, reader
from tests.simulators.managers.desk import front, reply
from tests.simulators.managers.guesty import GuestyDesk

GUESTY = MANAGERS["guesty"]


@pytest.fixture
def desk(clock: StoppedClock) -> GuestyDesk:
    return GuestyDesk(clock.now)


@pytest.fixture
async def address(desk: GuestyDesk) -> AsyncIterator[str]:
    async with front(desk) as made:
        yield made


async def poll(host: Host, address: str) -> None:
    """By an integration that was started anew, as after a restart."""

    async def polled() -> list[Delivery]:
        return [each async for each in reader(GUESTY, host, address).fetch(None)]

    assert await rested(polled())


async def trouble(host: Host, address: str) -> Disappointment:
    with pytest.raises(Disappointment) as caught:
        await poll(host, address)
    return caught.value


async def test_a_hundred_restarts_cost_one_token(desk: GuestyDesk, address: str, host: Host) -> None:
    for _ in range(100):
        await poll(host, address)
    assert len(desk.tokens) == 1


async def test_a_token_is_renewed_before_it_ends(
    desk: GuestyDesk, address: str, host: Host, clock: StoppedClock
) -> None:
    await poll(host, address)
    clock.turn(hours=23)
    await poll(host, address)
    assert len(desk.tokens) == 1
    clock.turn(minutes=56)
    await poll(host, address)
    assert len(desk.tokens) == 2


async def test_a_token_that_is_taken_back_is_replaced_at_once(desk: GuestyDesk, address: str, host: Host) -> None:
    await poll(host, address)
    desk.tokens.append("somebody else's")
    await poll(host, address)
    assert len(desk.tokens) == 3


async def test_when_all_of_the_day_are_used_nobody_asks_for_more(
    desk: GuestyDesk, address: str, host: Host, clock: StoppedClock
) -> None:
    for _ in range(5):
        await poll(host, address)
        desk.tokens[-1] = "taken back"
    asked = len(desk.asked)
    error = await trouble(host, address)
    assert isinstance(error, Unavailable)
    assert timedelta(hours=23) < error.wait <= timedelta(hours=24)
    assert all(each.path != "/oauth2/token" for each in desk.asked[asked:])
    clock.turn(hours=24)
    desk.tokens.clear()
    await poll(host, address)


async def test_a_refused_secret_is_said_and_counts_as_asked(desk: GuestyDesk, address: str, host: Host) -> None:
    refusal = reply({"error": "invalid_client", "error_description": "geheim"}, 401)
    for _ in range(5):
        desk.faults = [refusal]
        error = await trouble(host, address)
        assert isinstance(error, Rejected)
        assert "geheim" not in str(error)
    assert isinstance(await trouble(host, address), Unavailable), "the sixth is not asked for"


async def test_a_hub_that_is_killed_while_it_asks_has_used_one(host: Host) -> None:
    for _ in range(5):
        with pytest.raises(KeyboardInterrupt):
            await tickets(host).current(_killed)
    with pytest.raises(Unavailable, match="all access tokens of the day"):
        await tickets(host).current(_killed)


def tickets(host: Host) -> Tickets:
    return Tickets(host.state_dir / "token", "me", now=host.clock.now, seal=host.seal, unseal=host.open, per_day=5)


async def _killed() -> Ticket:
    raise KeyboardInterrupt


async def test_what_lies_on_disk_is_sealed_and_of_this_account_only(desk: GuestyDesk, address: str, host: Host) -> None:
    sealed = replace(host, seal=lambda data: data[::-1], open=lambda data: data[::-1])
    await poll(sealed, address)
    kept = (host.state_dir / "token").read_bytes()
    assert desk.tokens[0].encode() not in kept
    (host.state_dir / "token").write_bytes(b"torn")
    await poll(sealed, address)
    assert len(desk.tokens) == 2


async def test_an_answer_without_a_token_is_no_token(desk: GuestyDesk, address: str, host: Host) -> None:
    nonsense: tuple[object, ...] = (
        {},
        {"access_token": ""},
        {"access_token": "x"},
        {"access_token": "x", "expires_in": -1},
        [],
    )
    for told in nonsense:
        desk.faults = [reply(told)]
        await trouble(host, address)
    await poll(host, address)
