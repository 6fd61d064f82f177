"""The same against a real server: Radicale, which takes a whole calendar for a collection and writes it in its own words."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pydantic import SecretStr

from hub.errors import Rejected
from hub.model.effects import SetNights
from hub.model.publishing import Block
from integrations.webdav import Config
from integrations.webdav.putting import Folder
from tests.integrations.caldav.radicale import PASSWORD, USER, radicale
from tests.integrations.webdav.test_putting import BLOCK, nights


def _folder(url: str, password: str = PASSWORD) -> Folder:
    return Folder(Config(url=url, username=USER, password=SecretStr(password)))


async def test_radicale_takes_what_is_taken_replaces_it_and_gives_it_back(tmp_path: Path) -> None:
    more = Block("closure:02", date(2027, 4, 1), date(2027, 4, 2), False)
    async with radicale(tmp_path) as server:
        url = server.url.removesuffix("flat/")
        put = _folder(url).perform[SetNights]
        for blocks in ((BLOCK,), (BLOCK, more), (more,), ()):
            await put(nights(*blocks), "k")
            server.url = f"{url}flat%201.ics"
            told = await server.everything()
            for block in (BLOCK, more):
                begins = f"DTSTART;VALUE=DATE:{block.first:%Y%m%d}"
                assert (begins in told) is (block in blocks)


async def test_radicale_lets_nobody_in_with_a_wrong_password_and_keeps_what_people_wrote(tmp_path: Path) -> None:
    async with radicale(tmp_path) as server:
        url = server.url.removesuffix("flat/")
        with pytest.raises(Rejected, match="let us in"):
            await _folder(url, "wrong").perform[SetNights](nights(BLOCK), "k")
        await _folder(url).perform[SetNights](nights(BLOCK), "k")
        server.url = f"{url}flat%201.ics/"
        await server.write("party", "SUMMARY:Party", "DTSTART;VALUE=DATE:20270301")
        with pytest.raises(Rejected, match="not ours"):
            await _folder(url).perform[SetNights](nights(), "k")
        assert "SUMMARY:Party" in await server.everything()
