from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from hub.contracts import Integration, Performer
from hub.errors import Rejected, Unavailable
from hub.model.effects import Effect, TellChannel
from hub.model.values import ChannelId, StayId
from hub.store import mail
from hub.store.tables import outbox
from tests.simulators.home import Home, home, simulate


class Service(Integration):
    """Something outside that keeps promises, or not."""

    def __init__(self, *moods: Exception | float | None) -> None:
        self.moods = list(moods)
        self.kept: list[str] = []
        self.tries = 0

    @property
    def perform(self) -> Mapping[type, Performer]:
        return {TellChannel: self._tell}

    async def _tell(self, effect: Effect, key: str) -> None:
        self.tries += 1
        mood = self.moods.pop(0) if self.moods else None
        if isinstance(mood, Exception):
            raise mood
        if mood is not None:
            await asyncio.sleep(mood)
        self.kept.append(key)


async def _promise(house: Home, channel: str, key: str) -> None:
    effect = TellChannel(ChannelId(channel), StayId("s"), "HM1", "code_ready")
    now = house.hub.wall.now()
    await house.hub.store.write(lambda tx: mail.promise(tx, effect, key=key, lane=f"channel:{channel}", due=now))


def _service(house: Home, name: str, *moods: Exception | float | None) -> Service:
    service = Service(*moods)
    house.hub.plugins.add_channel(ChannelId(name), service)
    return service


@pytest.mark.usefixtures("either_database")
def test_a_promise_is_kept_once_however_often_it_is_made(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            service = _service(house, "a")
            for _ in range(3):
                await _promise(house, "a", "k")
            await house.later(minutes=5)
            assert service.kept == ["k"]

    simulate(main())


def test_a_promise_waits_for_a_service_that_is_away_at_least_as_long_as_it_asks(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            service = _service(house, "a", Unavailable("busy", wait=timedelta(minutes=10)), Unavailable("busy"))
            await _promise(house, "a", "k")
            await house.later(minutes=9)
            assert service.tries == 1
            await house.later(minutes=10)
            assert service.kept == ["k"]

    simulate(main())


def test_a_refusal_is_shown_to_a_person_who_can_have_it_tried_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            service = _service(house, "a", Rejected("the token was revoked"))
            await _promise(house, "a", "k")
            await house.later(hours=2)
            (dead,) = await house.hub.store.read(mail.dead)
            assert (service.tries, dead.box, dead.why) == (1, "outbox", "the token was revoked")
            await house.hub.store.write(lambda tx: mail.revive(tx, outbox, dead.id, house.hub.wall.now()))
            await house.later(seconds=1)
            assert service.kept == ["k"]

    simulate(main())


def test_one_slow_service_holds_up_nobody_else(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            _service(house, "slow", 3600.0)
            quick = _service(house, "quick")
            await _promise(house, "slow", "s")
            await _promise(house, "quick", "q")
            await house.later(seconds=1)
            assert quick.kept == ["q"]

    simulate(main())


def test_a_service_that_hangs_is_given_up_after_half_a_minute_and_tried_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            service = _service(house, "a", 3600.0)
            await _promise(house, "a", "k")
            await house.later(seconds=29)
            assert service.tries == 1
            await house.later(minutes=3)
            assert service.kept == ["k"]

    simulate(main())


def test_an_unexpected_failure_stops_neither_the_lane_nor_the_hub(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            service = _service(house, "a", ZeroDivisionError())
            await _promise(house, "a", "k1")
            await _promise(house, "a", "k2")
            await house.later(minutes=5)
            assert sorted(service.kept) == ["k1", "k2"]

    simulate(main())


@pytest.mark.usefixtures("either_database")
def test_a_promise_claimed_by_a_hub_that_died_is_taken_up_when_its_lease_ends(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            now = house.hub.wall.now()
            await _promise(house, "ghost", "k")
            await house.hub.store.write(lambda tx: mail.claim(tx, "channel:ghost", now, now + timedelta(minutes=2)))
            service = _service(house, "ghost")
            await house.later(minutes=1)
            assert service.kept == []
            await house.later(minutes=2)
            assert service.kept == ["k"]

    simulate(main())
