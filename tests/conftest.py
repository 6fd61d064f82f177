"""How Hypothesis draws its examples: the same ones in every run, so that no change turns red for what another one broke.

`GATEHOUSE_EXAMPLES=fresh`, as `make soak` says, draws others each time and keeps what it finds; give it a named test.
`GATEHOUSE_DATABASE=postgresql` keeps the houses of all tests there that do not say where they are kept.
"""

from __future__ import annotations

import gc
import os
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from playwright.async_api import Browser

    from tests.cluster import Cluster

# Time is no measure on a machine that others share: neither of one example nor of drawing them.
_UNHURRIED = [HealthCheck.too_slow]
settings.register_profile("same", derandomize=True, deadline=None, suppress_health_check=_UNHURRIED)
settings.register_profile(
    "fresh", derandomize=False, deadline=None, suppress_health_check=_UNHURRIED, max_examples=1000, print_blob=True
)
settings.load_profile(os.environ.get("GATEHOUSE_EXAMPLES", "same"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A server of this process's tests; it takes seconds to make, and none where nobody asks."""
    from tests.cluster import cluster

    with cluster() as made:
        yield made


@pytest.fixture(params=["file", pytest.param("postgresql", marks=pytest.mark.peer)])
def either_database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where houses of this test are kept (tests/simulators/home.py): what is true of one must be true of the other."""
    if request.param == "file":
        yield request.param
        return
    request.getfixturevalue("in_postgresql")
    yield request.param


@pytest.fixture(autouse=True)
def kept_where_the_run_says(request: pytest.FixtureRequest) -> None:
    if os.environ.get("GATEHOUSE_DATABASE") == "postgresql" and "in_a_file" not in request.fixturenames:
        request.getfixturevalue("in_postgresql")


@pytest.fixture
def in_a_file() -> None:
    """This test is about the file itself, e.g. one that another program holds, wherever the run keeps houses."""


@pytest.fixture
def in_postgresql(postgres: Cluster) -> Iterator[None]:
    """Houses of this test are kept there; the test bears the mark `peer`."""
    from tests.simulators.home import DATABASE, TENANT

    with postgres.lent() as url:
        before = DATABASE.set(url)
        yield
        DATABASE.reset(before)
        TENANT.clear()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One loop for all that drives a browser, so that it is shared: it takes longer to start than most tests.

    What takes minutes comes first, else one worker has it last and the others wait for it.
    """
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


def pytest_collection_finish() -> None:
    """All tests and all that they import stay to the end: looking through them for what may go is a tenth of a run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    from tests.browser.window import chromium

    async with chromium() as browser:
        yield browser
