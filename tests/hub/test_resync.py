"""Somebody has all channels, or those of one stay, read and told once more, and finds in the log what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from hub import resync
from hub.contracts import Delivery, Integration
from hub.errors import Rejected, Unavailable
from hub.model.values import ChannelId, StayId, StayKind
from hub.resync import EVERYTHING, Asked, Narrowed
from hub.store import log
from hub.store import publishing as rows
from tests.hub.test_publishing import ARRIVAL, DEPARTURE, OTHER, Taker, _channel, _taker
from tests.simulators.home import FEED, Home, home, simulate

BY = "account:Robin"


class Down(Integration):
    poll_every = timedelta(minutes=10)
    answers: tuple[Delivery, ...] = ()

    async def fetch(self, cursor: str | None) -> AsyncIterator[Delivery]:
        for each in self.answers:
            yield each
        raise Unavailable("it answers 500")


async def _lines(house: Home, channel: ChannelId = FEED) -> list[tuple[str, str, str]]:
    """The newest first."""
    found = await house.hub.store.read(lambda tx: rows.entries(tx, channel))
    return [(each.direction, each.outcome, each.what) for each in found]


def test_all_channels_are_read_and_each_log_says_what_came_of_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            hub = house.hub
            house.book("a", ARRIVAL, DEPARTURE)
            await house.later(minutes=10)
            before = len(await _lines(house))
            asked = await hub.store.write(lambda tx: resync.several(tx, hub, EVERYTHING, BY))
            assert asked == [Asked(FEED, read=True, brought=0)]
            assert (await _lines(house))[0] == ("in", "noted", "reading asked for")
            await house.later(seconds=5)
            lines = await _lines(house)
            assert (lines[0], len(lines)) == (("in", "ok", "read, nothing new"), before + 2)
            await house.later(hours=2)
            assert len(await _lines(house)) == before + 2, "once, as it was asked for once"
            house.book("b", ARRIVAL.replace(day=20), DEPARTURE.replace(day=22), "Grace Hopper")
            await hub.store.write(lambda tx: resync.several(tx, hub, EVERYTHING, BY))
            await house.later(seconds=5)
            assert (await _lines(house))[0] == ("in", "ok", "1 new")
            deeds = await hub.store.read(lambda tx: log.deeds(tx, "channels"))
            assert [(each.actor, each.action) for each in deeds] == [(BY, "sync now")] * 2

    simulate(main())


def test_a_reading_that_was_asked_for_and_fails_is_said_though_it_failed_before(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            hub = house.hub
            hub.plugins.add_channel(FEED, Down())
            hub.bus.signal("pollers")
            await house.later(hours=2)
            before = [each for each in await _lines(house) if each[1] == "failed"]
            assert len(before) == 1
            await hub.store.write(lambda tx: resync.several(tx, hub, EVERYTHING, BY))
            await house.later(seconds=5)
            assert (await _lines(house))[0][:2] == ("in", "failed")

    simulate(main())


def test_the_channels_of_one_stay_are_read_and_those_of_its_unit_are_brought_its_nights(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            hub = house.hub
            await _taker(house, taker := Taker())
            house.book("a", ARRIVAL, DEPARTURE)
            await house.later(minutes=10)
            brought = len(taker.taken)
            stay = await house.stay()
            asked = await hub.store.write(lambda tx: resync.stay(tx, hub, stay.id, BY))
            assert asked == [Asked(FEED, read=True, brought=0), Asked(OTHER, read=False, brought=1)]
            await house.later(minutes=1)
            assert (await _lines(house))[0] == ("in", "ok", "read, nothing new")
            assert len(taker.taken) == brought + 1
            with pytest.raises(Rejected, match="there is no stay “nobody”"):
                await hub.store.write(lambda tx: resync.stay(tx, hub, StayId("nobody"), BY))

    simulate(main())


def test_a_sync_may_be_narrowed_to_a_channel_a_kind_of_stays_and_nights(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            hub = house.hub
            await _taker(house, Taker())
            house.book("a", ARRIVAL, DEPARTURE)
            await house.later(minutes=10)
            read, brought = Asked(FEED, read=True, brought=0), Asked(OTHER, read=False, brought=1)
            last = DEPARTURE - timedelta(days=1)
            for about, asked in (
                (Narrowed(channel=OTHER), [brought]),
                (Narrowed(kind=StayKind.RESERVATION), [read, brought]),
                (Narrowed(kind=StayKind.BLOCK), []),
                (Narrowed(first=ARRIVAL, last=ARRIVAL), [read, brought]),
                (Narrowed(FEED, StayKind.RESERVATION, last), [read]),
                (Narrowed(first=DEPARTURE), []),
                (Narrowed(last=ARRIVAL - timedelta(days=1)), []),
            ):
                assert await hub.store.write(lambda tx, about=about: resync.several(tx, hub, about, BY)) == asked  # type: ignore[misc]
            deeds = await hub.store.read(lambda tx: log.deeds(tx, "channels"))
            assert f"{FEED}, reservation, {last} to any day" in [each.detail for each in deeds]
            for about, why in (
                (Narrowed(channel=ChannelId("nobody")), "no channel called “nobody”"),
                (Narrowed(first=DEPARTURE, last=ARRIVAL), "the last night is before the first"),
            ):
                with pytest.raises(Rejected, match=why):
                    await hub.store.write(lambda tx, about=about: resync.several(tx, hub, about, BY))  # type: ignore[misc]

    simulate(main())


def test_what_cannot_be_asked_says_why(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            hub = house.hub
            await _channel(house)
            asked = {
                each.channel: each for each in await hub.store.write(lambda tx: resync.several(tx, hub, EVERYTHING, BY))
            }
            assert asked[FEED].why == ""
            assert asked[OTHER].why.startswith("it is switched off")

    simulate(main())
