"""The pages of a lived-in house on a loopback port, and somebody who is signed in."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, CookieJar, web
from aiohttp.test_utils import TestServer

from tests.web.village import Village, village
from web.app import build
from web.site import SITE

PASSWORD = "a lamp over the door"


@dataclass(frozen=True, slots=True)
class Seen:
    status: int
    headers: Mapping[str, str]
    html: str

    @property
    def text(self) -> str:
        """What a person reads, tags and spacing apart."""
        bare = re.sub(r"<(script|style|head)\b.*?</\1>", " ", self.html, flags=re.DOTALL)
        words = " ".join(unescape(re.sub(r"<[^>]+>", " ", bare)).split())
        return re.sub(r" (?=[,.])", "", words)

    @property
    def csrf(self) -> str:
        found = re.search(r'name="csrf" value="([0-9a-f]{64})"', self.html)
        assert found is not None, "the page has no form"
        return found[1]


@dataclass(slots=True)
class Visitor:
    """A browser without script. `here` is the house that it looks at."""

    here: Village
    app: web.Application
    url: str
    session: ClientSession
    csrf: str = ""

    async def get(self, path: str, **headers: str) -> Seen:
        return await self.ask("GET", path, headers=headers)

    async def post(self, path: str, *, headers: Any = None, **fields: str | list[str]) -> Seen:
        """Send a form from one of our own pages; `headers` are sent besides."""
        data = [(name, value) for name, told in fields.items() for value in ([told] if isinstance(told, str) else told)]
        known = {"Origin": self.url, "Sec-Fetch-Site": "same-origin"} | dict(headers or {})
        return await self.ask("POST", path, headers=known, data=[("csrf", self.csrf), *data])

    async def ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        data: list[tuple[str, str]] | None = None,
    ) -> Seen:
        async with self.session.request(
            method, self.url + path, headers=headers, data=data, allow_redirects=False
        ) as answer:
            body = await answer.read()
            return Seen(answer.status, answer.headers, body.decode())

    async def sign_in(self) -> None:
        code = await self.here.hub.signin.new_setup_code()
        answer = await self.post("/setup", code=code, name="Robin", password=PASSWORD, again=PASSWORD)
        assert answer.status == 303, answer.text
        self.csrf = (await self.get("/")).csrf


@asynccontextmanager
async def visiting(here: Village) -> AsyncIterator[Visitor]:
    app = build(here.hub)
    async with TestServer(app) as server, ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        yield Visitor(here, app, str(server.make_url("")).rstrip("/"), session)
        app[SITE].live.close()


@pytest.fixture
async def stranger(tmp_path: Path) -> AsyncIterator[Visitor]:
    """Somebody before the door of a house that nobody has set up."""
    async with village(tmp_path, furnished=False) as here, visiting(here) as visitor:
        yield visitor


@pytest.fixture
async def manager(tmp_path: Path) -> AsyncIterator[Visitor]:
    """Robin, signed in, on a Friday with everything going on."""
    async with village(tmp_path) as here, visiting(here) as visitor:
        await visitor.sign_in()
        yield visitor
