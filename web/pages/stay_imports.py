"""Past stays from a file: brought in, looked at row by row, imported, and taken back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web
from aiohttp.web_request import FileField

from hub import importing
from hub.errors import Disappointment
from hub.hub import Hub
from hub.importing import AT_ONCE, Open, Seen
from hub.model.past_stays import Reading, What
from hub.model.spelled import Came, DateOrder
from hub.model.spreadsheets import LARGEST_FILE
from hub.model.values import UnitId
from hub.store import imports
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.imports import Import, State, Verdict
from web.ground import Ground
from web.site import GUARD, SITE, go, page, part, wakes
from web.words import Moment

PER_PAGE: Final = 50
HERE: Final = "/stays/import"
NAMES: Final[Mapping[What, str]] = {
    What.UNIT: "Unit",
    What.ARRIVAL: "Arrives on",
    What.DEPARTURE: "Leaves on",
    What.NIGHTS: "Nights",
    What.GUEST: "Guest's name",
    What.REFERENCE: "Reference of the booking",
    What.STATUS: "Status",
    What.TOTAL: "What the guest pays",
    What.CURRENCY: "Currency",
    What.PHONE: "Telephone",
    What.EMAIL: "E-mail",
    What.FIRST_NAME: "First name",
    What.LAST_NAME: "Last name",
    What.GUESTS: "How many came",
    What.ADULTS: "Adults",
    What.CHILDREN: "Children",
    What.INFANTS: "Infants",
    What.PETS: "Pets",
    What.RENT: "Price of the nights",
    What.CLEANING: "Cleaning fee",
    What.SERVICE: "Fees and extras",
    What.TAX: "Taxes",
    What.DISCOUNT: "Discount",
    What.PLATFORM: "Where it was sold",
    What.NOTE: "Note",
    What.SPECIAL_REQUESTS: "Special requests",
    What.COMPANY: "Company",
    What.PURPOSE: "Purpose of the journey",
    What.COUNTRY: "Guest's country",
}
_FIRST: Final = 9
"""Of these are shown; the others on request."""
_FIELDS: Final = {
    "phone_last4": "telephone",
    "contact": "telephone or e-mail",
    "total": "price",
    "price_lines": "what the price is made of",
    "days": "days",
    "kind": "whose nights they were",
}
"""As people call what a row changes, where it is not the field's own name."""


# ---- all of them ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Brought:
    id: str
    name: str
    state: str
    made: Moment
    by: str
    counts: Mapping[Verdict, int]


def _brought(tx: Tx, ground: Ground, row: Import) -> Brought:
    return Brought(
        row.id, row.name, row.state.value, ground.local().moment(row.made_at), row.made_by, imports.tally(tx, row.id)
    )


def _look_at_all(tx: Tx, hub: Hub) -> list[Brought]:
    ground = Ground.read(tx, hub.clock.now())
    return [_brought(tx, ground, row) for row in imports.all_of_them(tx)]


async def listing(request: web.Request) -> web.Response:
    return await _listing(request, "")


async def _listing(request: web.Request, refused: str) -> web.Response:
    hub = request.app[SITE].hub
    found = await hub.store.read(lambda tx: _look_at_all(tx, hub))
    told = {"found": found, "refused": refused, "wakes": wakes("imports")}
    return await page(request, "stay_imports/list.html", "stays", status=422 if refused else 200, **told)


async def bring(request: web.Request) -> web.Response:
    hub, actor, chosen = request.app[SITE].hub, request[GUARD].actor, (await request.post()).get("file")
    if not isinstance(chosen, FileField) or not chosen.filename:
        return await _listing(request, "Choose the file first.")
    with chosen.file:
        name, data = chosen.filename, chosen.file.read(LARGEST_FILE + 1)
    try:
        made = await hub.store.write(lambda tx: importing.receive(tx, hub.desk, name, data, actor))
    except Disappointment as error:
        return await _listing(request, f"{str(error)[:1].upper()}{str(error)[1:]}.")
    await importing.drive(hub.store, hub.desk, made.id, parts=AT_ONCE)
    return go(request, f"{HERE}/{made.id}")


# ---- one of them ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the file as the page shows it."""

    number: int
    verdict: str
    guest: str
    unit: str
    days: str
    price: str
    stay: str
    came: str
    why: tuple[tuple[str, str], ...]
    note: str
    undone: str


@dataclass(frozen=True, slots=True)
class ImportView:
    told: Brought
    rows: int
    looked_at: int
    undone: int
    kept: int
    done: Moment | None
    lines: list[Line]
    tabs: list[tuple[str, str, bool]]
    more: str
    open: Open
    reading: Reading
    headings: tuple[str, ...]
    units: tuple[tuple[str, str], ...]
    here: str
    wakes: str

    @property
    def to_do(self) -> int:
        return self.told.counts[Verdict.NEW] + self.told.counts[Verdict.CHANGED]


@dataclass(frozen=True, slots=True)
class _Asked:
    id: str
    show: str
    after: int

    def at(self, **more: str) -> str:
        told = {"show": self.show, "after": str(self.after or "")} | more
        query = urlencode({name: value for name, value in told.items() if value})
        return f"{HERE}/{self.id}" + (f"?{query}" if query else "")


def _asked(request: web.Request) -> _Asked:
    show, after = request.query.get("show", ""), request.query.get("after", "")
    known = show if show in {verdict.value for verdict in Verdict} else ""
    return _Asked(request.match_info["id"], known, int(after) if after.isdecimal() and len(after) < 9 else 0)


def _known(tx: Tx, id_: str) -> Import:
    row = imports.with_id(tx, id_)
    if row is None:
        raise web.HTTPNotFound(
            text="There is no such list. Lists are forgotten after 30 days; stays that came of one remain."
        )
    return row


def look(tx: Tx, hub: Hub, asked: _Asked) -> ImportView:
    row, ground = _known(tx, asked.id), Ground.read(tx, hub.clock.now())
    told, undone = _brought(tx, ground, row), imports.undone(tx, row.id)
    wanted = [Verdict(asked.show)] if asked.show else []
    found = importing.seen(tx, hub.desk, row, asked.after, PER_PAGE + 1, wanted, standing=True)
    shown, reading = found[:PER_PAGE], importing.reading_of(row)
    local = ground.local()
    return ImportView(
        told=told,
        rows=imports.count(tx, row.id),
        looked_at=row.at,
        undone=undone.get("undone", 0),
        kept=undone.get("kept", 0),
        done=local.maybe(row.done_at),
        lines=[_line(tx, ground, each, reading) for each in shown],
        tabs=_tabs(asked, told),
        more=asked.at(after=str(shown[-1].row.number)) if len(found) > PER_PAGE else "",
        open=importing.left_open(tx, hub.desk, row) if row.state is State.CHECKED else Open(),
        reading=reading,
        headings=importing.headings_of(row),
        units=tuple((unit.id, ground.unit_name(unit.id)) for unit in ground.units.values()),
        here=asked.at(part="live"),
        wakes=wakes(f"import:{row.id}"),
    )


_TABS: Final = (
    (Verdict.REFUSED, "Refused"),
    (Verdict.NEW, "New"),
    (Verdict.CHANGED, "Changed"),
    (Verdict.KNOWN, "Known"),
)


def _tabs(asked: _Asked, told: Brought) -> list[tuple[str, str, bool]]:
    every = [("All", asked.at(show="", after=""), asked.show == "")]
    return every + [
        (f"{word} {told.counts[verdict]}", asked.at(show=verdict.value, after=""), asked.show == verdict.value)
        for verdict, word in _TABS
    ]


def _line(tx: Tx, ground: Ground, each: Seen, reading: Reading) -> Line:
    row, read = each.row, each.read
    stay = None if row.stay_id is None or read is not None else ledger.stay(tx, row.stay_id)
    if stay is not None:
        known = ground.line(stay)
        shown = (
            known.guest,
            known.unit,
            _days(stay.arrival, stay.departure),
            "" if stay.total is None else str(stay.total),
        )
    elif read is not None:
        price = "" if read.total is None else str(read.total)
        shown = (read.guest or read.reference, ground.unit_name(read.unit), _days(read.arrival, read.departure), price)
    else:
        told = [
            _cell(each, reading, what) for what in (What.GUEST, What.UNIT, What.ARRIVAL, What.DEPARTURE, What.TOTAL)
        ]
        shown = (told[0], told[1], " to ".join(day for day in told[2:4] if day), told[4])
    return Line(
        row.line,
        "" if row.verdict is None else row.verdict.value,
        *shown,
        stay=row.stay_id or "",
        came="" if read is None or read.came is Came.STAYED else read.came.value,
        why=tuple((fault.why, fault.cure) for fault in each.faults),
        note=" ".join(_notes(each)),
        undone=row.undone,
    )


def _cell(each: Seen, reading: Reading, what: What) -> str:
    at = reading.columns.get(what)
    return each.cells[at][:80] if at is not None and at < len(each.cells) else ""


def _days(arrival: date | None, departure: date | None) -> str:
    if arrival is None or departure is None:
        return ""
    year = "" if arrival.year == departure.year else f" {arrival.year}"
    return f"{arrival.day} {arrival:%b}{year} to {departure.day} {departure:%b} {departure.year}"


def _notes(each: Seen) -> Iterator[str]:
    if each.note:
        yield f"{each.note[:1].upper()}{each.note[1:]}."
    if each.changes:
        yield f"Adds or changes: {_in_words(each.changes)}."
    if each.left:
        yield f"Says otherwise, and what is known here stays: {_in_words(each.left)}."


def _in_words(names: tuple[str, ...]) -> str:
    return ", ".join(dict.fromkeys(_FIELDS.get(name, name) for name in names))


async def one(request: web.Request) -> web.Response:
    hub, asked = request.app[SITE].hub, _asked(request)
    view = await hub.store.read(lambda tx: look(tx, hub, asked))
    if request.query.get("part") == "live":
        return part(request, "stay_imports/one.html", "live", **_shown(view))
    return await page(request, "stay_imports/one.html", "stays", **_shown(view))


def _shown(view: ImportView) -> dict[str, Any]:
    columns = [(what.value, name, view.reading.columns.get(what, -1)) for what, name in NAMES.items()]
    meanings = (("", "Say what it means"), ("stayed", "Somebody stayed"), ("cancelled", "It was cancelled"),
                ("no_show", "Nobody came"), ("none", "It was no stay"))  # fmt: skip
    return {"view": view, "first": columns[:_FIRST], "others": columns[_FIRST:], "meanings": meanings}


# ---- what people say -----------------------------------------------------------------------------------------------


async def read_anew(request: web.Request) -> web.Response:
    hub, id_, posted = request.app[SITE].hub, request.match_info["id"], await request.post()

    def work(tx: Tx) -> Import:
        row = _known(tx, id_)
        said = {name: value for name, value in posted.items() if isinstance(value, str)}
        return importing.choose(tx, hub.desk, id_, _said(said, importing.reading_of(row)))

    await hub.store.write(work)
    await importing.drive(hub.store, hub.desk, id_, parts=AT_ONCE)
    return go(request, f"{HERE}/{id_}", said="stays_read_anew")


def _said(posted: Mapping[str, str], before: Reading) -> Reading:
    """What was said of words before is kept until it is said otherwise."""
    columns = {what: int(posted[f"c-{what.value}"]) for what in What if posted.get(f"c-{what.value}", "").isdecimal()}
    order, units, statuses = posted.get("dates", ""), dict(before.units), dict(before.statuses)
    for name, value in posted.items():
        if name.startswith("u-") and value:
            units[name.removeprefix("u-")] = UnitId(value)
        if name.startswith("s-") and value in {came.value for came in Came}:
            statuses[name.removeprefix("s-")] = Came(value)
    return Reading(
        columns,
        DateOrder(order) if order in {each.value for each in DateOrder} else None,
        UnitId(posted["unit"]) if posted.get("unit") else None,
        units,
        statuses,
        posted.get("currency", ""),
    )


async def apply(request: web.Request) -> web.Response:
    hub, id_, actor = request.app[SITE].hub, request.match_info["id"], request[GUARD].actor
    await hub.store.write(lambda tx: importing.begin(tx, hub.desk, _known(tx, id_).id, actor))
    await importing.drive(hub.store, hub.desk, id_, parts=AT_ONCE)
    return go(request, f"{HERE}/{id_}")


async def undo(request: web.Request) -> web.Response:
    hub, id_, actor = request.app[SITE].hub, request.match_info["id"], request[GUARD].actor
    await hub.store.write(lambda tx: importing.undo(tx, hub.desk, _known(tx, id_).id, actor))
    await importing.drive(hub.store, hub.desk, id_, parts=AT_ONCE)
    return go(request, f"{HERE}/{id_}")


async def discard(request: web.Request) -> web.Response:
    hub, id_, actor = request.app[SITE].hub, request.match_info["id"], request[GUARD].actor
    await hub.store.write(lambda tx: importing.discard(tx, hub.desk, _known(tx, id_).id, actor))
    return go(request, HERE, said="list_forgotten")


ROUTES = [
    web.get(HERE, listing),
    web.post(HERE, bring),
    web.get(f"{HERE}/{{id}}", one),
    web.post(f"{HERE}/{{id}}/reading", read_anew),
    web.post(f"{HERE}/{{id}}/apply", apply),
    web.post(f"{HERE}/{{id}}/undo", undo),
    web.post(f"{HERE}/{{id}}/discard", discard),
]
