"""How a command reaches the hub: one JSON line each way over a Unix socket that only its owner may open.

Request `{"command": …, "arguments": {…}}`, answer `{"ok": true, "result": …}` or `{"ok": false, "error": …, "kind": …}`.
Without a running hub the same commands work on the database, which is claimed for as long as that takes.
"""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import JsonValue

from hub.config import Config
from hub.errors import Disappointment, Garbled, Misconfigured, Rejected, Unavailable

if TYPE_CHECKING:
    from hub.commandline.asks import Ask
    from hub.hub import Hub

LONGEST_LINE: Final = 4 * 1024 * 1024
REQUEST_WITHIN: Final = timedelta(seconds=10)
"""From the connection to its request; real time."""

_KINDS: Final[dict[str, type[Disappointment]]] = {
    "rejected": Rejected,
    "unavailable": Unavailable,
    "garbled": Garbled,
    "misconfigured": Misconfigured,
}


class NotRunning(Unavailable):
    """Nobody listens at the socket."""


# ---- the hub's end -------------------------------------------------------------------------------------------------


async def serve(hub: Hub, *, ready: Callable[[], None] = lambda: None) -> None:
    """Answer commands until cancelled; `ready` is called once it can be asked."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(_line(await _answer(hub, reader, _actor(writer.get_extra_info("socket")))))
            await writer.drain()
        except (ConnectionError, TimeoutError):
            pass  # the asker went away or never asked
        finally:
            writer.close()

    with _listening(hub.config.socket) as ear:
        server = await asyncio.start_unix_server(converse, sock=ear, limit=LONGEST_LINE)
        async with server:
            ready()
            await server.serve_forever()


async def _answer(hub: Hub, reader: asyncio.StreamReader, actor: str) -> dict[str, JsonValue]:
    from hub.commands import answer

    try:
        command, arguments = _request(await _read(reader))
        return {"ok": True, "result": await answer(hub, actor, command, arguments)}
    except Disappointment as error:
        return {"ok": False, "error": str(error), "kind": _kind(error)}


async def _read(reader: asyncio.StreamReader) -> bytes:
    try:
        async with asyncio.timeout(REQUEST_WITHIN.total_seconds()):
            return await reader.readline()
    except ValueError as error:
        raise Garbled("the request is too long") from error


def _request(line: bytes) -> tuple[str, dict[str, Any]]:
    try:
        told = json.loads(line)
    except ValueError as error:
        raise Garbled("the request is not JSON") from error
    match told:
        case {"command": str(command), "arguments": dict(arguments)}:
            return command, arguments
        case _:
            raise Garbled('a request is {"command": "…", "arguments": {…}}')


def _kind(error: Disappointment) -> str:
    return next(word for word, kind in _KINDS.items() if isinstance(error, kind))


def _actor(connection: socket.socket) -> str:
    # Source: unix(7), SO_PEERCRED: struct ucred {pid, uid, gid}.
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", credentials)
    return console(uid)


def console(uid: int) -> str:
    """Somebody at this machine, as the audit trail names them."""
    try:
        return f"console:{pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"console:{uid}"


@contextmanager
def _listening(path: Path) -> Iterator[socket.socket]:
    """Bound under another name first: nobody else can connect before the mode is right, and a stale one gives way."""
    unborn = path.with_name(path.name + ".new")
    unborn.unlink(missing_ok=True)
    ear = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        with _short(unborn) as address:
            ear.bind(address)
        unborn.chmod(0o600)
        ear.listen()
        unborn.rename(path)
        yield ear
    finally:
        ear.close()
        path.unlink(missing_ok=True)


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """The same place in few letters. Source: unix(7), "Address format": sun_path holds 108 bytes."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _line(message: dict[str, JsonValue]) -> bytes:
    return json.dumps(message).encode() + b"\n"


# ---- the asker's end -----------------------------------------------------------------------------------------------


async def ask(config: Config, question: Ask) -> JsonValue:
    """The running hub's answer, or without one the answer that its database gives.

    Raises:
        Unavailable: the hub does not answer, or another process holds its database.
        Disappointment: the hub's own no.
    """
    with suppress(NotRunning):
        return await ask_running(config, question)
    return await ask_resting(config, question)


async def ask_running(config: Config, question: Ask) -> JsonValue:
    """
    Raises:
        NotRunning: no hub listens.
        Unavailable: it gave no answer in time; what was asked may have been done.
    """
    reader, writer = await _connected(config.socket)
    try:
        async with asyncio.timeout(question.patience.total_seconds()):
            arguments = question.model_dump(mode="json")
            writer.write(_line({"command": question.command, "arguments": arguments}))
            await writer.drain()
            line = await reader.readline()
    except (ConnectionError, TimeoutError) as error:
        raise Unavailable("the hub gave no answer; what was asked may have been done") from error
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
    if not line:
        raise Unavailable("the hub gave no answer; its log may say why, and what was asked may have been done")
    told = json.loads(line)
    if told["ok"]:
        result: JsonValue = told["result"]
        return result
    raise _disappointment(told["kind"], told["error"])


def _disappointment(kind: str, why: str) -> Disappointment:
    if kind == "misconfigured":
        key, _, cure = why.partition(": ")
        return Misconfigured(key, cure)
    return _KINDS[kind](why)


async def _connected(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        with _short(path) as address:
            return await asyncio.open_unix_connection(address, limit=LONGEST_LINE)
    except (FileNotFoundError, ConnectionRefusedError) as error:
        raise NotRunning("the hub does not run") from error
    except PermissionError as error:
        raise Unavailable(f"only the hub's own user and root may ask it (the socket is {path})") from error


async def ask_resting(config: Config, question: Ask) -> JsonValue:
    """The answer from the database of a hub that does not run, as the user whose files they are."""
    from hub.commandline.asks import Apply
    from hub.commands import answer, foresee
    from hub.running import made

    actor = console(os.getuid())
    become_owner(config)  # whom PostgreSQL may know by the name of the process's user
    if not config.has_house:
        if not question.makes_a_house:
            raise Unavailable(f"there is no database yet at {config.place}; start the hub first")
        if isinstance(question, Apply) and question.dry_run:
            return foresee(config, question)
    async with made(config, running=False) as hub:
        return await answer(hub, actor, question.command, question.model_dump(mode="json"))


def become_owner(config: Config) -> None:
    """Root must not leave files behind that the hub's own user cannot open."""
    files = (config.database_file, config.state_dir) if config.is_a_file else (config.state_dir,)
    there = next((path for path in files if path.exists()), None)
    if there is None or os.geteuid() != 0 or there.stat().st_uid == 0:
        return
    owner = pwd.getpwuid(there.stat().st_uid)
    os.initgroups(owner.pw_name, owner.pw_gid)
    os.setgid(owner.pw_gid)
    os.setuid(owner.pw_uid)
