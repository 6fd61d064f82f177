"""`gatehouse run` and `gatehouse demo`: the hub with its pages and its command socket, until it is told to stop."""

from __future__ import annotations

import asyncio
import errno
import gc
import signal
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import typer

from hub import wire
from hub.config import Config, check_tls_files
from hub.errors import Misconfigured, Unavailable
from hub.hub import Hub
from hub.io.clock import SystemClock, Trust
from hub.rehearsal import refuse_real_doors
from hub.running import Serve, Turned, World, made, run
from hub.store import house, people
from hub.store.engine import Tx

Pages = Callable[[Hub, Callable[[], None]], Awaitable[None]]
"""The pages: like any front, and they say when they can be asked."""


def run_until_stopped(work: Coroutine[None, None, None]) -> None:
    """SIGTERM and Ctrl-C end it in good order."""
    asyncio.run(_until_stopped(work))


async def _until_stopped(work: Coroutine[None, None, None]) -> None:
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work, name="hub")
        for told in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(told, task.cancel)


async def running(config: Config, pages: Pages, turned: Turned | None) -> None:
    """
    Raises:
        Misconfigured, Unavailable: with what to do about it; also inside an exception group.
    """
    check_tls_files(config)
    async with made(config, World(turned=turned)) as hub:
        if turned is not None:
            refuse_real_doors(config, await hub.store.read(lambda tx: _channels(tx, hub)))
        await _invite(hub)
        await run(hub, (wire.serve, _listening(pages, spare_what_stays)))


def spare_what_stays() -> None:
    """What a start has made is there for good: going through it for garbage again and again took a seventh of each answer."""
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)


def _channels(tx: Tx, hub: Hub) -> dict[str, dict[str, Any]]:
    return {row.id: house.opened_settings(row, hub.vault) for row in house.channels(tx)}


async def _invite(hub: Hub) -> None:
    """The first account is made by whoever can read this console."""
    if await hub.store.read(people.any_account):
        return
    scheme = "http" if hub.config.web.tls is None else "https"
    code = await hub.signin.new_setup_code()
    typer.echo(f"There is no account yet. Open {scheme}://{hub.config.web.listen}/ and enter this set-up code: {code}")
    typer.echo("It is good for half an hour; `gatehouse setup-code` shows a new one.")


def _listening(pages: Pages, ready: Callable[[], None] = lambda: None) -> Serve:
    async def serve(hub: Hub) -> None:
        try:
            await pages(hub, ready)
        except OSError as error:
            listen = hub.config.web.listen
            match error.errno:
                case errno.EADDRINUSE:
                    raise Unavailable(f"another program listens on {listen} already") from error
                case errno.EACCES | errno.EADDRNOTAVAIL:
                    raise Misconfigured("web.listen", f"{listen} cannot be used here: {error.strerror}") from error
                case _:
                    raise

    return serve


async def demonstrating(port: int, speed: float, pages: Pages) -> None:
    from hub.demo import demonstrate

    today = SystemClock(Trust(last_committed=None)).now().date()
    await demonstrate(port, speed, (wire.serve, _listening(pages)), typer.echo, today)
