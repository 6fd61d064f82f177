from __future__ import annotations

import asyncio
import json
import os
import pwd
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hub import wire
from hub.commandline.asks import Apply, Codes, SetupCode, Status, Stays
from hub.config import Config, parse
from hub.errors import Garbled, Misconfigured, Rejected, Unavailable
from hub.hub import Hub
from hub.running import World, made
from hub.store import log
from hub.store.engine import Store

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ME = f"console:{pwd.getpwuid(os.getuid()).pw_name}"


class Clock:
    trusted = True

    def now(self) -> datetime:
        return NOW

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody sleeps here")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return parse({"database": "g.db", "state_dir": "state", "key_file": "key"}, tmp_path)


@asynccontextmanager
async def listening(config: Config) -> AsyncIterator[Hub]:
    """A hub of which only the socket runs, from the moment in which it can be asked."""
    async with made(config, World(clock=Clock(), inline=True)) as hub, asyncio.TaskGroup() as group:
        ready = asyncio.Event()
        server = group.create_task(wire.serve(hub, ready=ready.set))
        await ready.wait()
        yield hub
        server.cancel()


async def say(config: Config, line: bytes) -> dict[str, Any]:
    reader, writer = await asyncio.open_unix_connection(str(config.socket), limit=wire.LONGEST_LINE)
    writer.write(line)
    writer.write_eof()
    told: dict[str, Any] = json.loads(await reader.readline())
    writer.close()
    await writer.wait_closed()
    return told


async def test_a_running_hub_answers_over_its_socket(config: Config) -> None:
    async with listening(config):
        told = await wire.ask(config, Status())

    assert isinstance(told, dict)
    assert told["running"] is True


async def test_only_the_hubs_own_user_can_open_the_socket_and_it_goes_with_the_hub(config: Config) -> None:
    async with listening(config):
        assert stat.S_IMODE(config.socket.stat().st_mode) == 0o600
    assert not config.socket.exists()


async def test_a_socket_that_a_killed_hub_left_behind_gives_way(config: Config) -> None:
    config.state_dir.mkdir()
    with wire._listening(config.socket):
        kept = config.socket.rename(config.socket.with_name("kept"))
    kept.rename(config.socket)

    with pytest.raises(wire.NotRunning):
        await wire.ask_running(config, Status())
    async with listening(config):
        assert await wire.ask_running(config, Stays()) == []


async def test_a_place_with_a_very_long_name_will_do(tmp_path: Path) -> None:
    deep = tmp_path / ("long" * 20) / ("name" * 20)
    deep.mkdir(parents=True)
    config = parse({"database": "g.db", "state_dir": "state", "key_file": "key"}, deep)

    async with listening(config):
        assert await wire.ask_running(config, Stays()) == []


async def test_what_was_asked_is_in_the_audit_trail_under_the_askers_name(config: Config) -> None:
    async with listening(config) as hub:
        text = '[[property]]\nid = "home"\nname = "Seaside"\ntimezone = "Europe/Berlin"\n'
        await wire.ask(config, Apply(text=text, name="site.toml"))
        (deed,) = await hub.store.read(lambda tx: log.deeds(tx, "site"))

    assert deed.actor == ME


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"\n", "the request is not JSON"),
        (b"hello\n", "the request is not JSON"),
        (b"\xff\xfe\n", "the request is not JSON"),
        (b"[]\n", "a request is"),
        (b'{"command": 3, "arguments": {}}\n', "a request is"),
        (b'{"command": "codes"}\n', "a request is"),
        (b'{"command": "codes", "arguments": [1]}\n', "a request is"),
        (b'{"command": "open sesame", "arguments": {}}\n', "“open sesame” is not known"),
        (b'{"command": "codes", "arguments": {"unit": 1}}\n', "unit: is not known"),
        (b'{"command": "codes", "arguments": {', "the request is not JSON"),
        (b"", "the request is not JSON"),
        (b"x" * (wire.LONGEST_LINE + 10), "the request is too long"),
    ],
)
async def test_nonsense_is_answered_and_the_hub_goes_on(config: Config, line: bytes, error: str) -> None:
    async with listening(config):
        told = await say(config, line)
        assert await wire.ask(config, Stays()) == []

    assert told["ok"] is False
    assert error in told["error"]


async def test_an_asker_that_goes_away_disturbs_nobody(config: Config) -> None:
    async with listening(config):
        _, writer = await asyncio.open_unix_connection(str(config.socket))
        writer.transport.abort()
        assert await wire.ask(config, Stays()) == []


async def test_the_hubs_no_is_the_same_no_at_the_askers_end(config: Config) -> None:
    async with listening(config):
        with pytest.raises(Rejected, match="there is no lock called “back”"):
            await wire.ask(config, Codes(lock="back"))


@pytest.mark.parametrize(
    "error", [Rejected("a: b"), Unavailable("c"), Garbled("d"), Misconfigured("key_file", "is away")]
)
def test_every_kind_of_no_crosses_the_wire(error: Rejected | Unavailable | Garbled | Misconfigured) -> None:
    again = wire._disappointment(wire._kind(error), str(error))

    assert (type(again), str(again)) == (type(error), str(error))


async def test_a_hub_that_falls_silent_leaves_the_outcome_unknown(config: Config) -> None:
    config.state_dir.mkdir()

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.close()

    async with await asyncio.start_unix_server(hang_up, str(config.socket)):
        with pytest.raises(Unavailable, match="what was asked may have been done"):
            await wire.ask(config, Status())


async def test_without_a_hub_the_same_command_works_on_the_database(config: Config) -> None:
    async with made(config, World(clock=Clock(), inline=True)):
        pass
    told = await wire.ask(config, Status())

    assert isinstance(told, dict)
    assert told["running"] is False
    assert isinstance(await wire.ask(config, SetupCode()), dict)


async def test_without_a_database_there_is_nothing_to_ask_and_none_is_made(config: Config) -> None:
    with pytest.raises(Unavailable, match="there is no database yet"):
        await wire.ask(config, Status())

    assert not config.database_file.exists()
    assert not config.key_file.exists()


async def test_a_dry_run_before_the_first_start_makes_nothing_either(config: Config) -> None:
    text = '[[property]]\nid = "home"\nname = "Seaside"\ntimezone = "Europe/Berlin"\n'
    told = await wire.ask(config, Apply(text=text, name="site.toml", dry_run=True))

    assert isinstance(told, dict)
    assert len(told["changes"]) == 1  # type: ignore[arg-type]  # JSON
    assert not config.database_file.exists()


async def test_a_database_that_somebody_else_holds_is_not_touched(config: Config) -> None:
    async with made(config, World(clock=Clock(), inline=True)):
        pass
    with Store.open(config.database), pytest.raises(Unavailable, match="in use by another Gatehouse process"):
        await wire.ask(config, Status())
