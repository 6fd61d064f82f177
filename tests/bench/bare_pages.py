"""Handlers that do nothing but run the same SQL, shape the rows as the page does and render the same template.

No session, no middleware, no SQLAlchemy: the statements are run as text and their rows are thrown away; what the page is
shaped from are the same rows, decoded beforehand.

`python -m tests.bench.bare_pages PORT FOLDER`, where FOLDER holds a house of which nobody else has the database open.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web
from sqlalchemy import Connection, Dialect

from hub.commandline.running import spare_what_stays
from hub.config import load
from hub.hub import Hub
from hub.running import made
from hub.store import questions
from hub.store.engine import Tx
from hub.store.sqlite import connect_reader, core
from tests.bench.pages import PER_PAGE
from web.assets import Assets
from web.pages import log, today
from web.site import Shell
from web.templating import Templates

_SHELL = Shell(theme="", csrf="0" * 64, since="00000000-1")


@dataclass(frozen=True, slots=True)
class Told:
    """What a statement once answered, as often as it is asked for; the part of SQLAlchemy's result that pages use."""

    rows: Sequence[Any]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    def all(self) -> Sequence[Any]:
        return self.rows

    def first(self) -> Any:
        return self.rows[0] if self.rows else None

    def scalar(self) -> Any:
        return self.rows[0][0] if self.rows else None

    def mappings(self) -> Told:
        return Told([row._mapping for row in self.rows])


@dataclass(frozen=True, slots=True)
class Rows:
    """The part of a driver's cursor that prepared statements use."""

    rows: list[Any]

    def fetchall(self) -> list[Any]:
        return self.rows

    def fetchone(self) -> Any:
        return self.rows[0] if self.rows else None


@dataclass(slots=True)
class Recorder:
    """Stands where a page expects its connection, and writes down what it is told."""

    source: Connection
    answers: list[Told | Rows] = field(default_factory=list)

    @property
    def dialect(self) -> Dialect:
        return self.source.dialect

    @property
    def connection(self) -> Below:
        return Below(self._driven)

    def execute(self, statement: Any, values: Any = None) -> Told:
        told = Told(self.source.execute(statement, values).all())
        self.answers.append(told)
        return told

    def _driven(self, text: str, values: Any) -> Rows:
        driver: Any = self.source.connection.dbapi_connection
        rows = Rows(driver.execute(text, values).fetchall())
        self.answers.append(rows)
        return rows


@dataclass(slots=True)
class Player:
    """Gives the same answers again, in the same order."""

    answers: Iterator[Told | Rows]
    dialect: Dialect

    @property
    def connection(self) -> Below:
        return Below(lambda _text, _values: next(self.answers))

    def execute(self, statement: Any, values: Any = None) -> Told | Rows:
        return next(self.answers)


@dataclass(frozen=True, slots=True)
class Below:
    """Where prepared statements go past SQLAlchemy: the driver's own connection."""

    execute: Callable[[str, Any], Told | Rows]

    @property
    def dbapi_connection(self) -> Below:
        return self


Shown = Callable[[Tx], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Bare:
    """One page: its statements as text, what they answered, and how it is made of that."""

    statements: list[str]
    answers: list[Told | Rows]
    dialect: Dialect
    template: str
    shown: Shown


class Pages:
    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._raw = connect_reader(hub.store.file)
        self._templates = Templates(Assets().url)
        self._known: dict[str, Bare] = {}

    def _recorded(self, template: str, shown: Shown) -> Bare:
        watched, said = connect_reader(self._hub.store.file), list[str]()
        recorder = Recorder(core(watched))
        watched.set_trace_callback(said.append)
        _shown_by(recorder, shown)
        recorder.source.close()
        return Bare(said, recorder.answers, recorder.dialect, template, shown)

    def _answer(self, page: Bare) -> web.Response:
        for statement in page.statements:
            self._raw.execute(statement).fetchall()
        view = _shown_by(Player(iter(page.answers), page.dialect), page.shown)
        return web.Response(text=self._templates.page(page.template, view), content_type="text/html")

    async def today(self, request: web.Request) -> web.Response:
        if "/" not in self._known:
            self._known["/"] = self._recorded("today/page.html", lambda tx: {"view": today.look(tx, self._hub)})
        return self._answer(self._known["/"])

    async def log(self, request: web.Request) -> web.Response:
        if request.path_qs not in self._known:
            self._known[request.path_qs] = self._recorded(
                "log/page.html",
                lambda tx: {"view": log.look(tx, self._hub, log.Asked.of(request)), "kinds": log.WHAT},
            )
        return self._answer(self._known[request.path_qs])

    async def events(self, request: web.Request) -> web.Response:
        where, values = _where(request.path_qs)
        sql = f"SELECT {', '.join(COLUMNS)} FROM access_log {where} ORDER BY at DESC, id DESC LIMIT {PER_PAGE + 1}"  # noqa: S608
        rows = self._raw.execute(sql, values).fetchall()
        items = [dict(zip(COLUMNS, row, strict=True)) for row in rows[:PER_PAGE]]
        for item in items:
            item["at"] = datetime.fromtimestamp(item["at"] / 1000, UTC).isoformat()
        return web.Response(text=json.dumps({"items": items}), content_type="application/json")


def _shown_by(connection: Recorder | Player, shown: Shown) -> dict[str, Any]:
    """With the number of open questions, which stands in the margin of every page."""
    tx = Tx(cast(Connection, connection))  # as much of one as pages use
    view = shown(tx)
    return {"shell": replace(_SHELL, questions=len(questions.open_questions(tx))), **view}


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
        spare_what_stays()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
