"""Handlers that do nothing but run the same SQL and render the same template, with views made beforehand.

`python -m tests.bench.bare_pages PORT FOLDER`, where FOLDER holds a house of which nobody else has the database open.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from hub.config import load
from hub.hub import Hub
from hub.running import made
from hub.store import stays
from hub.store.engine import Tx
from hub.store.sqlite import connect_reader, core
from tests.bench.pages import PER_PAGE
from web.assets import Assets
from web.pages import log, today
from web.site import Shell
from web.templating import Templates

SHELL = Shell(theme="", csrf="0" * 64, since="00000000-1")


@dataclass(frozen=True, slots=True)
class Bare:
    """One page: its statements, and what to make of them."""

    statements: list[str]
    template: str
    view: dict[str, Any]


class Pages:
    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._raw = connect_reader(hub.store.file)
        self._templates = Templates(Assets().url)
        self._known: dict[str, Bare] = {}

    def _made(self, template: str, shown: Callable[[Tx], dict[str, Any]]) -> Bare:
        """Record what SQL a page of ours runs, its questions in the margin included, and what it shows."""
        watched, said = connect_reader(self._hub.store.file), list[str]()
        tx = Tx(core(watched))
        watched.set_trace_callback(said.append)
        view = shown(tx)
        stays.open_questions(tx)
        tx.sql.close()
        return Bare(said, template, {"shell": SHELL, **view})

    def _answer(self, page: Bare) -> web.Response:
        for statement in page.statements:
            self._raw.execute(statement).fetchall()
        return web.Response(text=self._templates.page(page.template, page.view), content_type="text/html")

    async def today(self, request: web.Request) -> web.Response:
        known = self._known.get("/")
        if known is None:
            known = self._made("today/page.html", lambda tx: {"view": today.look(tx, self._hub)})
            self._known["/"] = known
        return self._answer(known)

    async def log(self, request: web.Request) -> web.Response:
        known = self._known.get(request.path_qs)
        if known is None:
            asked = log.Asked.of(request)
            known = self._made("log/page.html", lambda tx: {"view": log.look(tx, self._hub, asked), "kinds": log.WHAT})
            self._known[request.path_qs] = known
        return self._answer(known)

    async def events(self, request: web.Request) -> web.Response:
        where, values = _where(request.path_qs)
        sql = f"SELECT {', '.join(COLUMNS)} FROM access_log {where} ORDER BY at DESC, id DESC LIMIT {PER_PAGE + 1}"  # noqa: S608
        rows = self._raw.execute(sql, values).fetchall()
        items = [dict(zip(COLUMNS, row, strict=True)) for row in rows[:PER_PAGE]]
        for item in items:
            item["at"] = datetime.fromtimestamp(item["at"] / 1000, UTC).isoformat()
        return web.Response(text=json.dumps({"items": items}), content_type="application/json")


COLUMNS = ("id", "at", "lock_id", "property_id", "what", "how", "who", "slot", "stay_id")


def _where(path_qs: str) -> tuple[str, list[object]]:
    clauses, values = list[str](), list[object]()
    asked = dict(parse_qsl(urlsplit(path_qs).query))
    if "lock" in asked:
        clauses.append("lock_id = ?")
        values.append(asked["lock"])
    if "what" in asked:
        clauses.append("what = ?")
        values.append(asked["what"])
    if "cursor" in asked:
        at, _, id_ = asked["cursor"].partition("-")
        clauses.append("(at, id) < (?, ?)")
        values += [int(at, 16), int(id_)]
    return ("WHERE " + " AND ".join(clauses) if clauses else ""), values


async def healthz(request: web.Request) -> web.Response:
    return web.Response(text="ok\n")


async def serve(port: int, folder: Path) -> None:
    async with made(load(folder / "gatehouse.toml"), running=False) as hub:
        pages = Pages(hub)
        app = web.Application()
        app.router.add_get("/", pages.today)
        app.router.add_get("/log", pages.log)
        app.router.add_get("/api/v1/access-events", pages.events)
        app.router.add_get("/healthz", healthz)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
