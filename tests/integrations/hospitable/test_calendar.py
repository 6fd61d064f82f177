"""Nights in Hospitable's calendar: so many days in one request, and a refusal where a channel forbids it."""

from __future__ import annotations

import json
from datetime import date

import pytest

from hub.contracts import Host
from hub.errors import Rejected
from hub.model.effects import SetNights
from hub.model.publishing import Block
from hub.model.values import ChannelId, UnitId
from tests.integrations.conftest import StoppedClock
from tests.simulators.managers.all import MANAGERS, reader
from tests.simulators.managers.desk import reply
from tests.simulators.managers.hospitable import HospitableDesk

SUMMER = SetNights(
    ChannelId("a"),
    UnitId("flat"),
    "101",
    1,
    (Block("closure:1", date(2027, 5, 1), date(2027, 8, 1), False),),
    ((date(2027, 4, 1), date(2027, 4, 3)),),
    b"",
)


async def test_a_long_closure_goes_in_as_few_requests_as_may_be(clock: StoppedClock, host: Host) -> None:
    desk = HospitableDesk(clock.now)
    account = reader(MANAGERS["hospitable"], host, through=desk.send, more={"block_nights": True})
    await account.perform[SetNights](SUMMER, "promise-1")
    assert [len(json.loads(asked.body)["dates"]) for asked in desk.asked] == [60, 34]
    assert desk.closed == {("101", date(2027, month, day)) for month, days in ((5, 31), (6, 30), (7, 31))
                           for day in range(1, days + 1)}  # fmt: skip


async def test_a_calendar_that_a_channel_forbids_to_change_is_a_person_s_business(
    clock: StoppedClock, host: Host
) -> None:
    desk = HospitableDesk(clock.now)
    account = reader(MANAGERS["hospitable"], host, through=desk.send, more={"block_nights": True})
    desk.faults = [reply({"status_code": "422", "reason_phrase": "a channel that is calendar restricted"}, 422)]
    with pytest.raises(Rejected):
        await account.perform[SetNights](SUMMER, "promise-1")
