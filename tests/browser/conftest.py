"""A running house for every test of this folder, and a browser for each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.browser.house import House, harbour
from tests.browser.window import Window, window


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Shared: each test brings its own guests and leaves the doors as it found them."""
    with harbour(tmp_path_factory.mktemp("harbour")) as house:
        yield house


@pytest_asyncio.fixture(loop_scope="session")
async def manager(browser: Browser, house: House) -> AsyncIterator[Window]:
    """A window in which Robin is signed in."""
    async with window(browser, house) as opened:
        yield opened
