"""The connection of a calendar that people keep is tried from the page and by the API, and what came of it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.contracts import Host
from hub.contracts.diaries import Report
from hub.errors import Rejected
from hub.io.sandbox import InlineSandbox
from hub.model.values import UnitId
from hub.store import publishing as rows
from tests.simulators.diary import MemoryDiary
from tests.web.conftest import Visitor
from tests.web.test_house import SCRIPT
from tests.web.village import AIRBNB


class _Shut(MemoryDiary):
    async def test(self) -> Report:
        raise Rejected("cloud.example does not accept the user name and password")


def _plug(manager: Visitor, folder: Path, kind: type[MemoryDiary]) -> None:
    async def tell(fact: object) -> None:
        raise AssertionError("nothing is told here")

    hub = manager.here.hub
    host = Host(AIRBNB, tell, hub.clock, folder, lambda data: data, lambda data: data, InlineSandbox())
    hub.plugins.add_channel(AIRBNB, kind(host))


@pytest.mark.parametrize(
    ("kind", "words"),
    [(MemoryDiary, "It answers."), (_Shut, "cloud.example does not accept the user name and password.")],
)
async def test_a_connection_is_tried_in_words_with_script_and_without(
    manager: Visitor, tmp_path: Path, kind: type[MemoryDiary], words: str
) -> None:
    _plug(manager, tmp_path, kind)
    assert "Test the connection" in (await manager.get("/channels")).text
    card = await manager.post(f"/channels/{AIRBNB}/test", headers=SCRIPT)
    assert words in card.text
    assert (await manager.post(f"/channels/{AIRBNB}/test")).status == 303
    page = await manager.get("/channels")
    assert page.text.count(words) == 1, "it stands at its own channel only, until it is tried again"


async def test_the_card_of_a_channel_that_is_told_something_can_be_fetched_alone(manager: Visitor) -> None:
    hub = manager.here.hub
    await hub.store.write(lambda tx: rows.open_outlet(tx, AIRBNB, UnitId("flat-1"), rows.PUSH, hub.clock.now()))
    assert "It is told of nights taken" in (await manager.get(f"/channels/{AIRBNB}")).text


async def test_where_there_is_nothing_to_try_it_is_said(manager: Visitor) -> None:
    assert "Test the connection" not in (await manager.get("/channels")).text
    assert (await manager.post(f"/channels/{AIRBNB}/test")).status == 409
