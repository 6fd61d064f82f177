from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.store.engine import Store


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "hub.db"


@pytest.fixture(params=["crew", "inline"])
def store(file: Path, request: pytest.FixtureRequest) -> Iterator[Store]:
    """The store in both of its ways of working; what is true of one must be true of the other."""
    with Store.open(str(file), inline=request.param == "inline") as store:
        yield store
