"""Calendars brought to another server: what is asked there, what is never overwritten, and what each fault becomes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import SecretStr

from hub.errors import Rejected, Unavailable
from hub.model.effects import SetNights
from hub.model.publishing import Block, Said, calendar
from hub.model.values import ChannelId, UnitId
from integrations.webdav import Config
from integrations.webdav.putting import Folder
from tests.integrations.servers import Site
from tests.integrations.webdav.files import Files, files

PATH = "/house/flat%201.ics"
BLOCK = Block("stay:01A", date(2027, 3, 1), date(2027, 3, 4), True)


def nights(*blocks: Block) -> SetNights:
    said = [Said(block, 3, datetime(2027, 2, 1, tzinfo=UTC)) for block in blocks]
    return SetNights(ChannelId("c"), UnitId("flat"), "flat 1", 3, blocks, (), calendar(said))


def _folder(server: Site | Files, password: str = "secret word") -> Folder:  # noqa: S107  # of a server in this process
    return Folder(Config(url=server.url("/house/"), username="robin", password=SecretStr(password)))


async def _put(folder: Folder, *blocks: Block) -> None:
    await folder.perform[SetNights](nights(*blocks), "k")


async def test_a_calendar_is_put_there_replaced_and_emptied() -> None:
    async with files({"robin": "secret word"}, folders=["/house"]) as server:
        for blocks in ((BLOCK,), (BLOCK, Block("hold:02", date(2027, 4, 1), date(2027, 4, 2), False)), ()):
            await _put(_folder(server), *blocks)
            assert server.stored[PATH] == nights(*blocks).calendar
        assert server.conditions == ["*", server.tags[0], server.tags[1]]


async def test_what_another_program_wrote_there_is_left_alone() -> None:
    async with files({"robin": "secret word"}, folders=["/house"]) as server:
        theirs = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:somebody@else\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        for body in (theirs, b"<html>"):
            server.stored[PATH] = body
            with pytest.raises(Rejected, match="not ours"):
                await _put(_folder(server), BLOCK)
            assert server.stored[PATH] == body


async def test_a_file_that_changes_under_our_hands_is_not_overwritten() -> None:
    async with files({"robin": "secret word"}, folders=["/house"]) as server:
        await _put(_folder(server), BLOCK)
        server.meddle = True
        with pytest.raises(Unavailable, match="somebody else"):
            await _put(_folder(server))


async def test_a_wrong_password_and_a_missing_folder_are_for_a_person() -> None:
    async with files({"robin": "secret word"}, folders=[]) as server:
        with pytest.raises(Rejected, match="let us in"):
            await _put(_folder(server, "wrong"), BLOCK)
        with pytest.raises(Rejected, match="no such folder"):
            await _put(_folder(server), BLOCK)


async def test_a_host_that_may_be_written_and_not_read_is_believed() -> None:
    async with files({"robin": "secret word"}, folders=["/house"]) as server:
        server.blind = True
        await _put(_folder(server), BLOCK)
        assert PATH in server.stored


async def test_a_host_that_gives_something_else_back_has_not_taken_it() -> None:
    async with files({"robin": "secret word"}, folders=["/house"]) as server:
        server.forgets = True
        with pytest.raises(Unavailable, match="something else"):
            await _put(_folder(server), BLOCK)


async def test_a_server_that_is_busy_says_how_long(server: Site) -> None:
    server.answer(PATH, 429, Retry_After="120")
    with pytest.raises(Unavailable) as caught:
        await _put(_folder(server), BLOCK)
    assert caught.value.wait == timedelta(seconds=120)


async def test_trouble_silence_and_nonsense_are_tried_again(server: Site) -> None:
    server.answer(PATH, 503)
    for _ in range(2):
        with pytest.raises(Unavailable) as caught:
            await _put(_folder(server), BLOCK)
        assert "secret" not in str(caught.value)
        server.raw(PATH, b"what?\r\n\r\n")


def test_a_password_is_never_sent_in_the_clear_over_the_internet() -> None:
    with pytest.raises(ValueError, match="https"):
        Config(url="http://files.example.com/house", username="robin", password=SecretStr("x"))
    assert "hush" not in repr(Config(url="https://files.example.com/house", password=SecretStr("hush")))
