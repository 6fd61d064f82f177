"""Debian's Chromium at the pages of a lived-in house."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page

from tests.browser.window import PATIENCE_MS
from tests.web.conftest import Visitor, visiting
from tests.web.village import village
from web.app import follow


@dataclass(slots=True)
class Window:
    """One browser window, and everything it complained about."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    async def open(self, path: str) -> None:
        await self.page.goto(self.url + path, wait_until="load")


@dataclass(slots=True)
class Desk:
    """A browser beside a house; `visitor` is somebody already signed in, `here` is for arranging."""

    browser: Browser
    visitor: Visitor

    @asynccontextmanager
    async def window(self, *, signed_in: bool = True, **options: Any) -> AsyncIterator[Window]:
        async with await self.browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options) as context:
            if signed_in:
                await self._hand_over(context)
            page = await context.new_page()
            page.set_default_timeout(PATIENCE_MS)
            window = Window(page, self.visitor.url)
            page.on("console", lambda said: _note(window, said.type, said.text))
            page.on("pageerror", lambda error: window.complaints.append(str(error)))
            yield window

    async def _hand_over(self, context: BrowserContext) -> None:
        if not self.visitor.csrf:
            await self.visitor.sign_in()
        [cookie] = [each for each in self.visitor.session.cookie_jar if each.key == "gatehouse"]
        await context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": self.visitor.url}])


def _note(window: Window, kind: str, text: str) -> None:
    if kind in ("error", "warning"):
        window.complaints.append(text)


@asynccontextmanager
async def _desk(browser: Browser, folder: Path, *, furnished: bool) -> AsyncIterator[Desk]:
    async with village(folder, furnished=furnished) as here, visiting(here) as visitor, asyncio.TaskGroup() as group:
        following = group.create_task(follow(visitor.app))
        try:
            yield Desk(browser, visitor)
        finally:
            following.cancel()


@pytest_asyncio.fixture(loop_scope="session")
async def desk(browser: Browser, tmp_path: Path) -> AsyncIterator[Desk]:
    async with _desk(browser, tmp_path, furnished=True) as desk:
        yield desk


@pytest_asyncio.fixture(loop_scope="session")
async def new_desk(browser: Browser, tmp_path: Path) -> AsyncIterator[Desk]:
    """A house that nobody has set up."""
    async with _desk(browser, tmp_path, furnished=False) as desk:
        yield desk
