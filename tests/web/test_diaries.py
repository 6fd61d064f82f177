"""The connection of a calendar that people keep is tried from the page and by the API, and what came of it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.contracts import Host
from hub.contracts.diaries import Report
from hub.errors import Rejected
from hub.io.sandbox import InlineSandbox
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
    [(MemoryDiary, "It answers."), (_Shut, "Cloud.example does not accept the user name and password.")],
)
async def test_a_connection_is_tried_in_words_with_script_and_without(
    manager: Visitor, tmp_path: Path, kind: type[MemoryDiary], words: str
) -> None:
    _plug(manager, tmp_path, kind)
    assert "Test the connection" in (await manager.get("/channels")).text
    card = await manager.post(f"/channels/{AIRBNB}/test", headers=SCRIPT)
    assert words in card.text
    page = await manager.post(f"/channels/{AIRBNB}/test")
    assert page.status == 200
    assert page.text.count(words) == 1, "it stands at its own channel only"


async def test_where_there_is_nothing_to_try_it_is_said(manager: Visitor) -> None:
    assert "Test the connection" not in (await manager.get("/channels")).text
    assert (await manager.post(f"/channels/{AIRBNB}/test")).status == 409
