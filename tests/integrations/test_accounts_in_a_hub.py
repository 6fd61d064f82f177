"""Every booking manager's account in a whole running hub: from its booking to a code in the lock, and to none any more."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.contracts import Delivery
from hub.contracts.accounts import EVENTS
from hub.model.facts import Fact
from hub.model.values import StayStatus
from tests.simulators.home import FLAT, Home, home, simulate
from tests.simulators.managers.all import MANAGERS, Double
from tests.simulators.managers.desk import Desk, reply
from tests.simulators.managers.plugged import DESK, plug

INSIDE = datetime(2027, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture(params=MANAGERS.values(), ids=lambda manager: str(manager.name))
def manager(request: pytest.FixtureRequest) -> Double:
    found: Double = request.param
    return found


async def _plug(house: Home, manager: Double, tmp_path: Path) -> Desk:
    async def tell(fact: Fact) -> None:
        raise AssertionError("an account tells by parse")

    return await plug(house, tmp_path, manager, tell)


def test_a_booking_becomes_a_code_and_its_cancellation_takes_it_out(tmp_path: Path, manager: Double) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            desk = await _plug(house, manager, tmp_path)
            desk.book(1)
            await house.later(minutes=4)
            stay = await house.stay()
            assert (stay.unit_id, stay.channel_id, stay.status) == (FLAT, DESK, StayStatus.CONFIRMED)
            assert stay.contact is not None
            await house.until(INSIDE)
            assert len(house.lock("front").codes) == 1
            desk.change(1, state="over")
            await house.later(minutes=10)
            assert house.lock("front").codes == {}
            assert (await house.stay()).status is StayStatus.CANCELLED

    simulate(main())


def test_a_webhook_makes_the_poll_earlier(tmp_path: Path, manager: Double) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            desk = await _plug(house, manager, tmp_path)
            account = house.hub.plugins.integration(DESK)
            assert account is not None
            await house.later(minutes=6)
            desk.book(1)
            before = len(desk.asked)
            headers, body = desk.webhook(desk.booked[1])
            delivery = Delivery(DESK, "", body, house.hub.wall.now(), EVENTS, headers)
            assert account.authentic(delivery)
            for key in (account.key(delivery), account.key(delivery), "another"):
                await house.hub.inbox.accept(Delivery(DESK, key, body, delivery.received_at, EVENTS, headers))
            await house.later(seconds=5)
            assert len(desk.asked) > before
            assert (await house.stay()).guest == "Ada Lovelace"

    simulate(main())


def test_a_channel_that_is_told_to_wait_waits_whoever_calls(tmp_path: Path, manager: Double) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            desk = await _plug(house, manager, tmp_path)
            await house.later(minutes=6)
            desk.faults = [reply({}, 429, Retry_After="900")]
            await house.later(minutes=4)
            asked = len(desk.asked)
            for _ in range(5):
                house.hub.bus.signal(f"poll:{DESK}")
                await house.later(minutes=1)
            assert len(desk.asked) == asked, "not once in these minutes"
            desk.book(1)
            await house.later(minutes=20)
            assert (await house.stay()).status is StayStatus.CONFIRMED

    simulate(main())
