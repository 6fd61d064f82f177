"""Live updates: names only, each once, nothing missed by a page that was away for a moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientResponse

from hub.bus import EVERYTHING, Bus
from tests.web.conftest import Visitor
from web.live import MOST_NAMES, REMEMBERED, RESYNC, Listener, Live
from web.site import SITE


async def test_a_name_heard_twice_is_told_once() -> None:
    listener = Listener()
    listener.hear(["lock:front", "stays"])
    listener.hear(["lock:front"])
    assert await listener.next(1) == ["lock:front", "stays"]


async def test_a_page_that_cannot_keep_up_is_told_to_look_at_everything() -> None:
    listener = Listener()
    listener.hear(f"lock:{number}" for number in range(MOST_NAMES + 1))
    assert await listener.next(1) == [RESYNC]


async def test_silence_ends_the_waiting_with_nothing() -> None:
    assert await Listener().next(0.01) == []


def test_a_page_that_comes_back_is_told_what_it_missed() -> None:
    live = Live("boot")
    live.hear({"stays"})
    since = live.since
    live.hear({"lock:front"})
    live.hear({"log", "lock:flat"})
    assert live.missed(since) == ["lock:front", "lock:flat", "log"]
    assert live.missed(live.since) == []


@pytest.mark.parametrize("since", ["", "boot", "boot-9", "boot--1", "other-0", "boot-x"])
def test_a_page_from_another_time_looks_at_everything(since: str) -> None:
    live = Live("boot")
    live.hear({"stays"})
    assert live.missed(since) == [RESYNC]


def test_a_page_that_was_away_too_long_looks_at_everything() -> None:
    live = Live("boot")
    since = live.since
    for _ in range(REMEMBERED + 1):
        live.hear({"stays"})
    assert live.missed(since) == [RESYNC]


def test_everything_at_once_is_a_resync() -> None:
    live = Live("boot")
    since = live.since
    live.hear({EVERYTHING})
    assert live.missed(since) == [RESYNC]


async def test_the_bus_is_passed_on_but_for_what_no_page_shows() -> None:
    bus, live = Bus(), Live("boot")
    page = live.open(live.since)
    async with asyncio.TaskGroup() as group:
        following = group.create_task(live.follow(bus))
        await asyncio.sleep(0)
        bus.signal_all(["inbox", "lock:front", "outbox", "poll:airbnb"])
        assert await page.next(5) == ["lock:front"]
        bus.signal("proof:flat")
        assert await page.next(5) == ["lock:flat"], "it shows since when its codes are proven"
        following.cancel()


# ---- over HTTP ------------------------------------------------------------------------------------------------------


async def _events(answer: ClientResponse) -> AsyncIterator[dict[str, str]]:
    event: dict[str, str] = {}
    async for line in answer.content:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name:
            event[name] = value
        elif "event" in event:
            yield event
            event = {}


async def test_an_open_page_hears_a_name_with_an_id_to_go_on_from(manager: Visitor) -> None:
    live = manager.app[SITE].live
    async with manager.session.get(f"{manager.url}/live?since={live.since}") as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        await answer.content.readline()
        live.hear({"lock:front"})
        event = await anext(_events(answer))
    assert event["event"] == "lock:front"
    assert event["id"] == live.since
    assert event["data"], "an event without data is never delivered (HTML, server-sent events)"


async def test_a_page_that_reconnects_is_told_what_was_said_meanwhile(manager: Visitor) -> None:
    live = manager.app[SITE].live
    before = live.since
    live.hear({"stays"})
    async with manager.session.get(f"{manager.url}/live", headers={"Last-Event-ID": before}) as answer:
        assert (await anext(_events(answer)))["event"] == "stays"


async def test_closing_the_hub_ends_every_stream(manager: Visitor) -> None:
    async with manager.session.get(f"{manager.url}/live?since={manager.app[SITE].live.since}") as answer:
        await answer.content.readline()
        manager.app[SITE].live.close()
        await asyncio.wait_for(answer.read(), 5)


async def test_nobody_listens_without_being_signed_in(stranger: Visitor) -> None:
    assert (await stranger.get("/live")).status == 401


def test_a_name_with_a_line_break_cannot_forge_an_event() -> None:
    live = Live("boot")
    since = live.since
    live.hear({"lock:x\nevent: forged"})
    assert live.missed(since) == []
