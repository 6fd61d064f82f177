"""Lists of past stays from files: brought in, looked at, imported and taken back."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Annotated, Final

from pydantic import Field

from hub import importing
from hub.importing import AT_ONCE, Seen
from hub.model.past_stays import PastStay, Reading, What
from hub.model.spelled import Came, DateOrder
from hub.model.spreadsheets import LARGEST_FILE
from hub.model.values import UnitId
from hub.store import imports
from hub.store.engine import Tx
from hub.store.imports import Import, State, Verdict
from web.api.paging import ByNumber, Page
from web.api.problems import missing
from web.api.routes import Call
from web.api.stays import PriceLineOut
from web.api.wire import In, Nothing, Out, Told, Whole

LARGEST_LIST: Final = LARGEST_FILE * 4 // 3 + 4096
"""Base64 of the largest file, and its name."""
_BASE64: Final = "([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"


class ListIn(In):
    name: Annotated[str, Field(min_length=1, max_length=120, description="of the file")]
    content: Annotated[
        str, Field(min_length=4, pattern=f"^{_BASE64}$", repr=False, description="a CSV file as it is, base64")
    ]


class ColumnSaid(In):
    what: What
    column: Annotated[int, Field(ge=0, le=1000, description="its place among the headings, from 0"), Whole]


class NameSaid(In):
    name: Annotated[str, Field(min_length=1, max_length=200, description="as it stands in the file")]
    unit: Annotated[str, Field(max_length=100)]


class WordSaid(In):
    word: Annotated[str, Field(min_length=1, max_length=200, description="as it stands in the column of statuses")]
    means: Came


class ReadingIn(In):
    """How the file is to be read: all of it is said anew each time."""

    columns: Annotated[list[ColumnSaid], Field(max_length=40, description="which column says what")]
    dates: Annotated[DateOrder | None, Field(description="null: as the file itself shows, if it does")] = None
    unit: Annotated[str, Field(max_length=100, description="of rows in which none stands")] | None = None
    units: Annotated[list[NameSaid], Field(max_length=200)] = Field(default_factory=list)
    statuses: Annotated[list[WordSaid], Field(max_length=200)] = Field(default_factory=list)
    currency: Annotated[str, Field(pattern="^([A-Za-z]{3})?$", description="of amounts beside which none stands")] = ""

    def reading(self) -> Reading:
        return Reading(
            {each.what: each.column for each in self.columns},
            self.dates,
            None if self.unit is None else UnitId(self.unit),
            {each.name: UnitId(each.unit) for each in self.units},
            {each.word: each.means for each in self.statuses},
            self.currency,
        )


class ColumnOut(Out):
    what: What
    column: int
    heading: str


class OpenOut(Out):
    """What the file leaves open, and can be said for all its rows."""

    columns: list[What]
    dates: bool = Field(description="whether the day or the month comes first")
    units: list[str] = Field(description="names that are no unit here")
    statuses: list[str] = Field(description="words that nobody here knows")
    currency: bool


class ImportOut(Out):
    id: str
    name: str
    state: State = Field(
        description="`checked`: nothing is written yet; `checking`, `importing`, `undoing` go on by themselves"
    )
    rows: int
    looked_at: int
    new: int
    known: int
    changed: int
    refused: int
    headings: list[str]
    columns: list[ColumnOut]
    dates: DateOrder | None
    open: OpenOut
    made_at: Told
    made_by: str
    done_at: Told | None
    done_by: str
    undone: int
    kept: int = Field(description="not taken back, as somebody changed them since")


class ImportsOut(Out):
    items: list[ImportOut] = Field(description="the latest first")


class FaultOut(Out):
    what: What | None = Field(description="null: the row as a whole")
    why: str
    cure: str


class StaySaid(Out):
    """What a row says."""

    unit: str
    arrival: str
    departure: str
    came: Came
    guest: str
    reference: str
    guests: int | None
    total_minor: int | None = Field(description="in the smallest unit of the currency")
    currency: str | None
    lines: list[PriceLineOut] = Field(description="what the price is made of")


class RowOut(Out):
    line: int = Field(description="of the file")
    verdict: Verdict | None = Field(description="null: it was not looked at yet")
    stay: str | None
    says: StaySaid | None = Field(description="null: it is refused, or has become the stay")
    cells: list[str] = Field(description="as received; of a refused row for 30 days, of others until they are imported")
    faults: list[FaultOut]
    changes: list[str] = Field(description="what it fills or changes in a stay that is known")
    left: list[str] = Field(description="where it differs, and what is known here stays")
    note: str
    undone: str = Field(description="`undone`, or `kept` as somebody changed it since; empty: neither")


class RowPage(Page[RowOut]):
    pass


class RowQuery(ByNumber):
    verdict: Verdict | None = None


def _out(tx: Tx, call: Call, row: Import) -> ImportOut:
    tally, undone = imports.tally(tx, row.id), imports.undone(tx, row.id)
    reading, headings = importing.reading_of(row), importing.headings_of(row)
    left = importing.left_open(tx, call.hub.desk, row)
    return ImportOut(
        id=row.id,
        name=row.name,
        state=row.state,
        rows=imports.count(tx, row.id),
        looked_at=row.at,
        new=tally[Verdict.NEW],
        known=tally[Verdict.KNOWN],
        changed=tally[Verdict.CHANGED],
        refused=tally[Verdict.REFUSED],
        headings=list(headings),
        columns=[ColumnOut(what=what, column=at, heading=headings[at]) for what, at in reading.columns.items()],
        dates=reading.dates,
        open=OpenOut(
            columns=list(left.columns),
            dates=left.dates,
            units=list(left.units),
            statuses=list(left.statuses),
            currency=left.currency,
        ),
        made_at=row.made_at,
        made_by=row.made_by,
        done_at=row.done_at,
        done_by=row.done_by,
        undone=undone.get("undone", 0),
        kept=undone.get("kept", 0),
    )


def _known(tx: Tx, id_: str) -> Import:
    row = imports.with_id(tx, id_)
    if row is None:
        raise missing("import", id_)
    return row


async def list_stay_imports(call: Call, query: Nothing, body: Nothing) -> ImportsOut:
    found = await call.hub.store.read(lambda tx: [_out(tx, call, row) for row in imports.all_of_them(tx)])
    return ImportsOut(items=found)


async def get_stay_import(call: Call, query: Nothing, body: Nothing) -> ImportOut:
    return await call.hub.store.read(lambda tx: _out(tx, call, _known(tx, call.path["import"])))


async def bring_stays(call: Call, query: Nothing, body: ListIn) -> ImportOut:
    """A short list is checked when this answers; a long one goes on by itself."""
    data, hub = base64.b64decode(body.content), call.hub
    made = await hub.store.write(lambda tx: importing.receive(tx, hub.desk, body.name, data, call.actor))
    return await _go_on(call, made)


async def read_stays_anew(call: Call, query: Nothing, body: ReadingIn) -> ImportOut:
    hub = call.hub
    return await _do(call, lambda tx, id_: importing.choose(tx, hub.desk, id_, body.reading()))


async def import_stays(call: Call, query: Nothing, body: Nothing) -> ImportOut:
    return await _do(call, lambda tx, id_: importing.begin(tx, call.hub.desk, id_, call.actor))


async def undo_stay_import(call: Call, query: Nothing, body: Nothing) -> ImportOut:
    return await _do(call, lambda tx, id_: importing.undo(tx, call.hub.desk, id_, call.actor))


async def _do(call: Call, deed: Callable[[Tx, str], Import]) -> ImportOut:
    id_ = call.path["import"]

    def work(tx: Tx) -> Import:
        _known(tx, id_)
        return deed(tx, id_)

    return await _go_on(call, await call.hub.store.write(work))


async def _go_on(call: Call, row: Import) -> ImportOut:
    now = await importing.drive(call.hub.store, call.hub.desk, row.id, parts=AT_ONCE)
    return await call.hub.store.read(lambda tx: _out(tx, call, now))


async def forget_stay_import(call: Call, query: Nothing, body: Nothing) -> ImportOut:
    """The stays remain, and can no longer be taken back."""
    hub, id_ = call.hub, call.path["import"]

    def work(tx: Tx) -> ImportOut:
        told = _out(tx, call, _known(tx, id_))
        importing.discard(tx, hub.desk, id_, call.actor)
        return told

    return await hub.store.write(work)


async def list_stay_import_rows(call: Call, query: RowQuery, body: Nothing) -> RowPage:
    hub, verdicts = call.hub, [] if query.verdict is None else [query.verdict]

    def look(tx: Tx) -> list[Seen]:
        row = _known(tx, call.path["import"])
        return importing.seen(tx, hub.desk, row, query.after, query.limit + 1, verdicts)

    found = await hub.store.read(look)
    page = found[: query.limit]
    return RowPage(
        items=[_row(each) for each in page], next=str(page[-1].row.number) if len(found) > query.limit else None
    )


def _row(each: Seen) -> RowOut:
    return RowOut(
        line=each.row.line,
        verdict=each.row.verdict,
        stay=each.row.stay_id,
        says=None if each.read is None else _said(each.read),
        cells=list(each.cells),
        faults=[FaultOut(what=fault.what, why=fault.why, cure=fault.cure) for fault in each.faults],
        changes=list(each.changes),
        left=list(each.left),
        note=each.note,
        undone=each.row.undone,
    )


def _said(read: PastStay) -> StaySaid:
    return StaySaid(
        unit=read.unit,
        arrival=read.arrival.isoformat(),
        departure=read.departure.isoformat(),
        came=read.came,
        guest=read.guest,
        reference=read.reference,
        guests=read.guests,
        total_minor=None if read.total is None else read.total.minor,
        currency=None if read.total is None else read.total.currency,
        lines=[PriceLineOut(kind=each.kind, label=each.label, minor=each.minor) for each in read.lines],
    )
