"""Messages to Hospitable's guests: as many as it takes, each when its turn comes, and reading goes on meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest

from hub.contracts import Host
from hub.contracts.accounts import Account
from hub.errors import Unavailable
from hub.model.effects import MessageGuest
from tests.integrations.conftest import StoppedClock
from tests.simulators.home import simulate
from tests.simulators.managers.all import MANAGERS, reader
from tests.simulators.managers.desk import reply
from tests.simulators.managers.hospitable import HospitableDesk

Test = Callable[[HospitableDesk, Account], Coroutine[Any, Any, None]]


def with_account(clock: StoppedClock, host: Host, test: Test) -> None:
    desk = HospitableDesk(clock.now)
    for id_ in range(1, 61):
        desk.book(id_)
    simulate(test(desk, reader(MANAGERS["hospitable"], host, through=desk.send)))


async def write(account: Account, guest: int, text: str = "Welcome") -> None:
    await account.perform[MessageGuest](MessageGuest(f"{guest}", text, "Hello"), text)


async def insist(account: Account, guest: int, text: str = "Welcome") -> float:
    """As the outbox does: again, when it may be. How long that took."""
    begun = asyncio.get_running_loop().time()
    while True:
        try:
            await write(account, guest, text)
        except Unavailable as error:
            if not error.untouched:
                raise
            await asyncio.sleep(error.wait.total_seconds())
        else:
            return asyncio.get_running_loop().time() - begun


async def read(account: Account) -> int:
    (delivery, *_) = [each async for each in account.fetch(None)]
    return len(list(await account.parse(delivery)))


def test_a_third_message_to_one_guest_within_a_minute_waits_and_nobody_else_does(
    clock: StoppedClock, host: Host
) -> None:
    async def test(desk: HospitableDesk, account: Account) -> None:
        assert [await insist(account, 1, text) for text in ("One", "Two")] == [0, 0]
        with pytest.raises(Unavailable) as caught:
            await write(account, 1, "Three")
        assert (caught.value.wait, caught.value.untouched) == (timedelta(minutes=1), True)
        assert await insist(account, 2, "Hello") == 0, "another guest"
        assert await insist(account, 1, "Three") == pytest.approx(60)
        assert [text for _, text in desk.letters] == ["One", "Two", "Hello", "Three"]
        assert desk.too_many == 0

    with_account(clock, host, test)


def test_a_word_to_everybody_goes_as_fast_as_it_may(clock: StoppedClock, host: Host) -> None:
    async def test(desk: HospitableDesk, account: Account) -> None:
        async with asyncio.TaskGroup() as group:
            for guest in range(1, 61):
                group.create_task(insist(account, guest))
        assert sorted(guest for guest, _ in desk.letters) == list(range(1, 61))
        assert desk.too_many == 0
        assert asyncio.get_running_loop().time() < 300 * 60 / 50 + 120

    with_account(clock, host, test)


def test_a_pause_of_messages_stops_no_reading(clock: StoppedClock, host: Host) -> None:
    async def test(desk: HospitableDesk, account: Account) -> None:
        desk.faults = [reply({}, 429, Retry_After="300")]
        with pytest.raises(Unavailable):
            await write(account, 1)
        assert await read(account)
        assert asyncio.get_running_loop().time() < 300
        await insist(account, 1)
        assert asyncio.get_running_loop().time() == pytest.approx(300)

    with_account(clock, host, test)
