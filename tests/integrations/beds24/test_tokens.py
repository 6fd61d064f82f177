"""integrations.beds24: an access token that is not taken any more, which Beds24 tells by a 200, is replaced once."""

from __future__ import annotations

from datetime import date

import pytest

from hub.contracts import Host
from hub.errors import Rejected
from hub.model.effects import Effect, MessageGuest, SetDoorCode, SetNights
from hub.model.publishing import Block
from hub.model.values import ChannelId, UnitId
from tests.integrations.conftest import StoppedClock
from tests.simulators.managers.all import MANAGERS, reader
from tests.simulators.managers.beds24 import Beds24Desk

WRITES: list[Effect] = [
    SetDoorCode("1", "407193"),
    MessageGuest("1", "Welcome to the sea.", "Hello"),
    SetNights(
        ChannelId("a"),
        UnitId("flat"),
        "101",
        1,
        (Block("stay:1", date(2027, 4, 3), date(2027, 4, 5), True),),
        (),
        b"",
    ),
]


class Beds24:
    def __init__(self, clock: StoppedClock, host: Host) -> None:
        self.desk = Beds24Desk(clock.now)
        self.desk.book(1)
        more = {"door_codes": True, "block_nights": True}
        self.account = reader(MANAGERS["beds24"], host, through=self.desk.send, more=more)

    async def poll(self) -> bytes:
        delivery, *_ = [each async for each in self.account.fetch(None)]
        return delivery.body

    async def write(self, effect: Effect) -> None:
        await self.account.perform[type(effect)](effect, "promise-1")

    @property
    def given(self) -> int:
        return sum("authentication" in asked.path for asked in self.desk.asked)


@pytest.fixture
def beds24(clock: StoppedClock, host: Host) -> Beds24:
    return Beds24(clock, host)


async def test_a_poll_gets_another(beds24: Beds24) -> None:
    assert b"Ada" in await beds24.poll()
    beds24.desk.token = "of another program"
    assert b"Ada" in await beds24.poll()
    assert b"Ada" in await beds24.poll()
    assert beds24.given == 2


@pytest.mark.parametrize("effect", WRITES, ids=lambda effect: type(effect).__name__)
async def test_what_is_written_gets_another_and_is_written_once(beds24: Beds24, effect: Effect) -> None:
    await beds24.poll()
    beds24.desk.token = "of another program"
    await beds24.write(effect)
    assert beds24.given == 2
    desk = beds24.desk
    assert desk.booked[1].code or desk.letters == [(1, "Welcome to the sea.")] or len(desk.closed) == 2


async def test_an_account_that_takes_none_waits_for_a_person(beds24: Beds24) -> None:
    beds24.desk.trusts = False
    with pytest.raises(Rejected, match="refresh token"):
        await beds24.poll()
    for effect in WRITES:
        with pytest.raises(Rejected, match="refresh token"):
            await beds24.write(effect)
    assert beds24.desk.letters == []
