"""A partner's messages of one booking in whatever order they come, some of them twice: the last change counts."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any, Final

import pytest

from hub.contracts import Delivery
from hub.model.values import StayStatus
from tests.integrations.partner.test_several_units import AGENCY, agency
from tests.simulators.home import Home, simulate

Message = tuple[int, str, str, int]
"""In which minute it was changed, the topic, the guest, how many nights."""
GONE: Final[list[Message]] = [
    (1, "booking-created", "Ada", 2),
    (2, "booking-updated", "Grace", 3),
    (3, "booking-cancelled", "Grace", 3),
]
BACK: Final[list[Message]] = [
    (1, "booking-created", "Ada", 2),
    (2, "booking-cancelled", "Ada", 2),
    (3, "booking-updated", "Grace", 3),
]


def delivery(uid: str, number: int, message: Message, now: datetime) -> Delivery:
    minute, topic, guest, nights = message
    arrival = date(2027, 3, 10) + timedelta(days=5 * int(uid))
    booking: dict[str, Any] = {"id": uid, "unit": "sea", "guest": {"name": guest}}
    booking |= {"arrival": f"{arrival}", "departure": f"{arrival + timedelta(days=nights)}"}
    booking["changed_at"] = (now + timedelta(minutes=minute - 4)).isoformat()
    body = json.dumps({"id": f"{uid}-{number}", "booking": booking}).encode()
    return Delivery(AGENCY, f"{topic}:{uid}-{number}", body, now, topic)


async def hear(house: Home, uid: str, messages: list[Message]) -> None:
    now = house.hub.clock.now()
    for number, message in enumerate(messages):
        await house.hub.inbox.accept(delivery(uid, number, message, now))
    await house.later(seconds=1)


@pytest.mark.parametrize(("story", "end"), [(GONE, StayStatus.CANCELLED), (BACK, StayStatus.CONFIRMED)])
def test_any_order_ends_in_the_same(tmp_path: Path, story: list[Message], end: StayStatus) -> None:
    async def main() -> None:
        async with agency(tmp_path) as house:
            for number, order in enumerate(permutations(story)):
                again = (order[0], story[0], story[1])  # late, and under new ids
                await hear(house, f"{number}", [*order, *again])
            stays = await house.stays()
            assert [(each.status, each.guest) for each in stays] == [(end, "Grace")] * 6
            assert {(each.departure - each.arrival).days for each in stays if each.departure and each.arrival} == {3}

    simulate(main())


def test_a_time_that_is_not_yet_shuts_out_nothing_that_follows(tmp_path: Path) -> None:
    async def main() -> None:
        async with agency(tmp_path) as house:
            await hear(house, "1", [(60 * 24 * 365, "booking-created", "Ada", 2)])
            await hear(house, "1", [(3, "booking-cancelled", "Ada", 2)])
            (stay,) = await house.stays()
            assert stay.status is StayStatus.CANCELLED

    simulate(main())
