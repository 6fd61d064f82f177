"""Whether units are free, for whoever asks: no token, no more than a website shows, and not without end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession
from aiohttp.test_utils import TestServer

from hub import bookings
from hub.config import AvailabilityCheck
from hub.model.availability import OwnRules
from hub.model.values import UnitId
from tests.web.village import Village, village
from web.app import build

ASKED = {"arrival": "2026-12-20", "departure": "2026-12-22", "unit": "flat-1"}


@dataclass(frozen=True)
class Stranger:
    here: Village
    url: str
    session: ClientSession

    async def ask(self, host: str = "", **more: str) -> tuple[int, Any, ClientResponse]:
        headers = {"Host": host} if host else {}
        async with self.session.get(self.url, params=ASKED | more, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None) if answer.status == 200 else None, answer


@asynccontextmanager
async def stranger(folder: Path, check: AvailabilityCheck | None) -> AsyncIterator[Stranger]:
    async with (
        village(folder, public_url="https://stay.example.com", check=check) as here,
        TestServer(build(here.hub)) as server,
        ClientSession() as session,
    ):
        yield Stranger(here, str(server.make_url("/availability-check")), session)


@pytest.mark.parametrize("host", ["", "stay.example.com"])
async def test_whoever_asks_is_told_whether_it_is_free_and_never_what_goes_on_there(tmp_path: Path, host: str) -> None:
    async with stranger(tmp_path, AvailabilityCheck()) as asks:
        _, told, answer = await asks.ask(host)
        assert told["items"] == [{"unit": "flat-1", "free": True, "why_not": []}]
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        hub, rules = asks.here.hub, OwnRules(min_nights=3, children=False)
        await hub.store.write(
            lambda tx: bookings.set_rules(tx, hub.desk, None, UnitId("flat-1"), rules, "account:Robin")
        )
        _, told, _ = await asks.ask(host, arrival="2026-11-21", departure="2026-11-23", children="1")
        assert told["items"] == [{"unit": "flat-1", "free": False, "why_not": ["min_stay", "children", "taken"]}]
        assert (await asks.ask(host, unit="castle"))[0] == 404
        assert (await asks.ask(host, arrival="soon"))[0] == 422


async def test_an_address_may_ask_as_often_as_the_configuration_says(tmp_path: Path) -> None:
    async with stranger(tmp_path, AvailabilityCheck(per_minute=1)) as asks:
        assert (await asks.ask())[0] == 200
        status, _, answer = await asks.ask()
        assert status == 429
        assert 0 < int(answer.headers["Retry-After"]) <= 60


async def test_unless_it_is_set_up_nobody_is_told_anything(tmp_path: Path) -> None:
    async with stranger(tmp_path, None) as asks:
        assert (await asks.ask())[0] == 404
