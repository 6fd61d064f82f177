from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from prometheus_client.parser import text_string_to_metric_families

from hub.errors import Unavailable
from hub.model.people import Scope
from hub.store.engine import Store, Tx
from tests.web.api.conftest import NOW, Api
from web.api.probes import add_probes

T = TypeVar("T")


async def fetch(api: Api, path: str, **headers: str) -> tuple[int, str]:
    async with ClientSession() as session, session.get(f"{api.url}{path}", headers=headers) as answer:
        return answer.status, await answer.text()


async def test_healthz_says_only_that_somebody_is_at_home(api: Api) -> None:
    assert await fetch(api, "/healthz") == (200, "ok\n")


async def test_healthz_says_when_the_store_does_not_answer(api: Api) -> None:
    class Away(Store):
        def __init__(self) -> None:
            """Nothing to open."""

        async def read(self, work: Callable[[Tx], T]) -> T:
            raise Unavailable("another program holds the file")

    app = web.Application()
    add_probes(app, replace(api.hub, store=Away()))
    async with TestServer(app) as server, api.session.get(server.make_url("/healthz")) as answer:
        assert answer.status == 503


async def test_metrics_tell_how_the_house_is(api: Api) -> None:
    api.clock.at = NOW + timedelta(hours=3)
    status, text = await fetch(api, "/metrics")
    told = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert status == 200
    assert told["gatehouse_clock_trusted",] == 1
    assert told["gatehouse_findings", "urgent"] == 1
    assert told["gatehouse_codes", "set"] == 1
    assert told["gatehouse_codes", "foreign"] == 1
    assert told["gatehouse_lock_battery_percent", "front"] == 80
    assert told["gatehouse_lock_silent", "flat"] == 0
    assert told["gatehouse_dead_letters", "inbox"] == 0
    assert told["gatehouse_database_bytes",] > 10_000
    assert told["process_resident_memory_bytes",] > 0
    assert "Lovelace" not in text


async def test_what_a_proxy_hands_on_needs_a_token_that_may_read(api: Api) -> None:
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        assert (await fetch(api, "/metrics", **{header: "192.0.2.1"}))[0] == 401
    reader, unlocker = await api.token_with(Scope.READ), await api.token_with(Scope.UNLOCK)
    forwarded = {"X-Forwarded-For": "192.0.2.1"}
    assert (await fetch(api, "/metrics", Authorization=f"Bearer {reader}", **forwarded))[0] == 200
    assert (await fetch(api, "/metrics", Authorization=f"Bearer {unlocker}", **forwarded))[0] == 401
