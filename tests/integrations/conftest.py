"""A hub as an integration sees it, with a clock that stands still until it is turned."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from hub.contracts import Host
from hub.io.sandbox import InlineSandbox
from hub.model.facts import Fact
from tests.integrations.servers import Site, site

T = TypeVar("T")


async def rested(asked: Coroutine[Any, Any, T]) -> T:
    """In a loop of its own, as after a restart: what was asked before does not count against the pace of a service."""
    return await asyncio.to_thread(asyncio.run, asked)


@dataclass(slots=True)
class StoppedClock:
    time: datetime = datetime(2027, 2, 1, 12, 0, tzinfo=UTC)
    trusted: bool = True

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def turn(self, **by: float) -> None:
        self.time += timedelta(**by)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def host(clock: StoppedClock, tmp_path: Path) -> Host:
    async def tell(fact: Fact) -> None:
        raise AssertionError("an integration tells by parse")

    return Host(
        name="flat-1-feed",
        tell=tell,
        clock=clock,
        state_dir=tmp_path,
        seal=lambda data: data,
        open=lambda data: data,
        sandbox=InlineSandbox(),
    )


@pytest.fixture
async def server() -> AsyncIterator[Site]:
    async with site() as made:
        yield made
