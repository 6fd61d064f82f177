"""The access log: who, how and when, newest first, in pages that stay quick however long it grows; and as CSV."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from itertools import groupby
from urllib.parse import urlencode

from aiohttp import web

from hub.hub import Hub
from hub.model.access import HOW, when
from hub.model.facts import Trouble
from hub.model.stays import local_instant
from hub.model.values import How, LockId
from hub.store import log
from hub.store.engine import Tx
from hub.store.log import Entry, Filter
from web.ground import Ground
from web.pages.record import Chain
from web.site import SITE, page, part, wakes
from web.words import Moment

_TROUBLES = frozenset(trouble.value for trouble in Trouble)
"""For these the log keeps the lock's own words where else a name stands."""
PER_PAGE = 50
PER_CSV_READ = 500

WHAT = (
    ("unlocked", "Unlocked"),
    ("locked", "Locked"),
    ("code_set", "Code set"),
    ("code_cleared", "Code removed"),
    ("code_refused", "Code refused"),
    ("wrong_codes", "Wrong codes"),
    ("jammed", "Jammed"),
    ("tamper", "Tampered with"),
)


@dataclass(frozen=True, slots=True)
class Line:
    at: Moment
    what: str
    who: str
    how: str
    door: str
    stay_id: str


@dataclass(frozen=True, slots=True)
class View:
    days: list[tuple[str, list[Line]]]
    doors: list[tuple[str, str]]
    lock: str
    what: str
    until: str
    filtered: bool
    csv: str
    here: str
    older: str
    newest: str
    wakes: str
    chain: Chain


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of the page asks for."""

    lock: str = ""
    what: str = ""
    until: str = ""
    before: str = ""

    @classmethod
    def of(cls, request: web.Request) -> Asked:
        asked = request.query
        return cls(*(asked.get(name, "")[:100] for name in ("lock", "what", "until", "before")))

    @property
    def filtered(self) -> bool:
        return bool(self.lock or self.what or self.until)

    def address(self, path: str, **more: str) -> str:
        told = {"lock": self.lock, "what": self.what, "until": self.until} | more
        kept = {name: value for name, value in told.items() if value}
        return f"{path}?{urlencode(kept)}" if kept else path

    def wanted(self, ground: Ground) -> Filter:
        return Filter(lock=LockId(self.lock) if self.lock else None, what=self.what or None, until=self._until(ground))

    def _until(self, ground: Ground) -> datetime | None:
        """The end of that day, as the house counts days."""
        try:
            day = date.fromisoformat(self.until)
        except ValueError:
            return None
        return local_instant(day + timedelta(days=1), datetime.min.time(), ground.local().zone, latest=False)

    @property
    def cursor(self) -> tuple[datetime, int] | None:
        at, _, number = self.before.partition("_")
        try:
            instant = datetime.fromisoformat(at)
            return (instant, int(number)) if instant.tzinfo is not None else None
        except ValueError:
            return None


def _cursor(entry: Entry) -> str:
    return f"{entry.at.isoformat()}_{entry.id}"


def look(tx: Tx, hub: Hub, asked: Asked) -> View:
    ground = Ground.read(tx, hub.clock.now())
    found = log.entries(tx, asked.wanted(ground), before=asked.cursor, limit=PER_PAGE + 1)
    shown = found[:PER_PAGE]
    more = len(found) > PER_PAGE
    lines = [_line(ground, entry) for entry in shown]
    first_page = not asked.before
    return View(
        days=[(day, list(group)) for day, group in groupby(lines, key=lambda line: line.at.day)],
        doors=[(door.id, door.name) for door in ground.doors.values()],
        lock=asked.lock,
        what=asked.what,
        until=asked.until,
        filtered=asked.filtered,
        csv=asked.address("/log.csv"),
        here=asked.address("/log", part="rows"),
        older=asked.address("/log", before=_cursor(shown[-1])) if more else "",
        newest="" if first_page else asked.address("/log"),
        wakes=wakes("log") if first_page else "",
        chain=Chain.read(tx, ground),
    )


def _line(ground: Ground, entry: Entry) -> Line:
    local = ground.local(entry.property)
    moved = entry.what in (log.LOCKED, log.UNLOCKED)
    trouble = entry.what in _TROUBLES
    return Line(
        at=local.moment(entry.at),
        what=entry.what,
        who="" if trouble else entry.who,
        how=HOW[How(entry.how)] if moved else entry.who if trouble else "",
        door=ground.door_name(entry.lock),
        stay_id=entry.stay or "",
    )


async def listing(request: web.Request) -> web.Response:
    hub = request.app[SITE].hub
    asked = Asked.of(request)
    view = await hub.store.read(lambda tx: look(tx, hub, asked))
    if request.query.get("part") == "rows":
        return part(request, "log/page.html", "rows", view=view)
    return await page(request, "log/page.html", "log", view=view, kinds=WHAT)


# ---- CSV ------------------------------------------------------------------------------------------------------------

_HEADER = ("when", "when_utc", "who", "what", "how", "door", "lock", "slot", "stay")


async def as_csv(request: web.Request) -> web.StreamResponse:
    """All that matches, read in pieces, so that a long log holds nobody up."""
    hub = request.app[SITE].hub
    asked = Asked.of(request)
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": 'attachment; filename="access-log.csv"',
        }
    )
    await response.prepare(request)
    piece: _Piece | None = _Piece([_HEADER], None)
    while piece is not None:
        await response.write(_rows(piece.rows))
        piece = await hub.store.read(partial(_next, hub=hub, asked=asked, after=piece))
    return response


@dataclass(frozen=True, slots=True)
class _Piece:
    rows: list[tuple[str, ...]]
    last: tuple[datetime, int] | None


def _next(tx: Tx, *, hub: Hub, asked: Asked, after: _Piece) -> _Piece | None:
    ground = Ground.read(tx, hub.clock.now())
    found = log.entries(tx, asked.wanted(ground), before=after.last, limit=PER_CSV_READ)
    return _Piece([_row(ground, entry) for entry in found], (found[-1].at, found[-1].id)) if found else None


def _row(ground: Ground, entry: Entry) -> tuple[str, ...]:
    zone = ground.local(entry.property).zone
    return (
        when(entry.at, zone),
        entry.at.isoformat(timespec="seconds"),
        entry.who,
        entry.what,
        entry.how,
        ground.door_name(entry.lock),
        entry.lock,
        "" if entry.slot is None else str(entry.slot),
        entry.stay or "",
    )


def _rows(rows: list[tuple[str, ...]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _harmless(cell: str) -> str:
    """A guest may be called `=HYPERLINK(…)`; a spreadsheet must not obey the name. Source: OWASP, "CSV Injection"."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


ROUTES = [web.get("/log", listing), web.get("/log.csv", as_csv)]
