"""Lists of past stays from files: received, checked, imported and taken back, in parts that hold nobody up.

What is to become of a list is its state, and whoever finds one that is under way goes on with it. So a hub that is killed in
the middle ends where one ends that was not, and a part that was committed is never done twice.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

import structlog

from hub.bus import Bus
from hub.errors import Rejected, Unavailable
from hub.import_rows import Ground, Judged, carry_out, judge, not_opened, take_back
from hub.io.vault import NOT_OPENED
from hub.issuing import Desk
from hub.model.past_stays import Fault, PastStay, Reading, What, days_in, guessed, is_known, read_row
from hub.model.spelled import Came, DateOrder, folded, order_of
from hub.model.spreadsheets import read_sheet
from hub.model.values import UnitId, clean
from hub.store import house, imports, log
from hub.store.engine import Store, Tx
from hub.store.imports import UNDER_WAY, Import, Row, State, Verdict

logger = structlog.get_logger("imports")

PART: Final = 25
"""Rows that one transaction deals with."""
AT_ONCE: Final = 5
"""Parts that are dealt with before whoever asked is answered."""
KEPT: Final = timedelta(days=30)
"""For so long an import can be undone, and refused rows are shown; then both are forgotten."""
UNTOUCHED: Final = timedelta(days=1)
"""For so long a list waits for somebody to import it."""
MOST_IMPORTS: Final = 50
STORE_WAIT_S: Final = 10.0
"""Real time. Until the next try when the disk is full."""
_LOOKED_AT: Final = 1000
_MOST_WORDS: Final = 50


# ---- coming in -----------------------------------------------------------------------------------------------------


def receive(tx: Tx, desk: Desk, name: str, data: bytes, actor: str) -> Import:
    """Keep a list to be checked. Of stays nothing is written yet. Raises Rejected, with the cure."""
    sheet = read_sheet(data, is_known)
    if len(imports.all_of_them(tx)) >= MOST_IMPORTS:
        raise Rejected(f"there are {MOST_IMPORTS} lists already: discard those that are not needed any more")
    now, units = desk.now(), house.units(tx)
    reading = guessed(sheet.headings, [line.cells for line in sheet.lines])
    if What.UNIT not in reading.columns and len(units) == 1:
        reading = replace(reading, unit=units[0].id)
    made = Import(
        tx.new_id(now), clean(name, limit=120) or "stays.csv", State.CHECKING, 0, json.dumps(sheet.headings),
        written(reading), now, actor,
    )  # fmt: skip
    imports.keep(tx, made)
    rows = (Row(made.id, number, line.number, None) for number, line in enumerate(sheet.lines, 1))
    imports.add(
        tx,
        [
            replace(row, cells=desk.vault.seal(json.dumps(line.cells, ensure_ascii=False).encode(), about=row.about))
            for row, line in zip(rows, sheet.lines, strict=True)
        ],
    )
    return made


def written(reading: Reading) -> str:
    return json.dumps(
        {
            "columns": {what.value: at for what, at in reading.columns.items()},
            "dates": None if reading.dates is None else reading.dates.value,
            "unit": reading.unit,
            "units": dict(reading.units),
            "statuses": {word: came.value for word, came in reading.statuses.items()},
            "currency": reading.currency,
        }
    )


def reading_of(row: Import) -> Reading:
    told: dict[str, Any] = json.loads(row.reading)
    return Reading(
        {What(name): at for name, at in told["columns"].items()},
        None if told["dates"] is None else DateOrder(told["dates"]),
        told["unit"],
        {name: UnitId(unit) for name, unit in told["units"].items()},
        {word: Came(came) for word, came in told["statuses"].items()},
        told["currency"],
    )


def headings_of(row: Import) -> tuple[str, ...]:
    return tuple(json.loads(row.headings))


def found(tx: Tx, id_: str) -> Import:
    row = imports.with_id(tx, id_)
    if row is None:
        raise Rejected("there is no such import; those that are over are forgotten after 30 days")
    return row


def choose(tx: Tx, desk: Desk, id_: str, chosen: Reading) -> Import:
    """How the file is to be read from now on; every row is checked anew. Raises Rejected."""
    row = found(tx, id_)
    if row.state not in (State.CHECKED, State.CHECKING):
        raise Rejected("it is imported already: undo that first, and bring the file again")
    headings, units = headings_of(row), {unit.id for unit in house.units(tx)}
    if any(not 0 <= at < len(headings) for at in chosen.columns.values()):
        raise Rejected("there is no such column")
    if (set(chosen.units.values()) | ({chosen.unit} - {None})) - units:
        raise Rejected("there is no such unit")
    words = {folded(name)[:200]: unit for name, unit in chosen.units.items()}
    came = {folded(word)[:200]: each for word, each in chosen.statuses.items()}
    if chosen.dates is None:
        cells = [_cells(desk, each) or [] for each in imports.rows_after(tx, id_, 0, imports.count(tx, id_))]
        chosen = replace(chosen, dates=order_of(list(days_in(chosen.columns, cells))))
    chosen = replace(chosen, units=words, statuses=came, currency=clean(chosen.currency, limit=3).upper())
    again = replace(row, state=State.CHECKING, at=0, reading=written(chosen))
    imports.look_again(tx, id_)
    imports.keep(tx, again)
    return again


# ---- a person's word -----------------------------------------------------------------------------------------------


def begin(tx: Tx, desk: Desk, id_: str, actor: str) -> Import:
    """Import what was checked. Raises Rejected."""
    row = found(tx, id_)
    if row.state is not State.CHECKED:
        wait = "wait until every row is checked" if row.state is State.CHECKING else "it is imported already"
        raise Rejected(wait)
    tally = imports.tally(tx, id_)
    if not tally[Verdict.NEW] + tally[Verdict.CHANGED]:
        raise Rejected("there is nothing to import: no row is new, and none changes anything")
    imports.look_again(tx, id_)
    begun = replace(row, state=State.IMPORTING, at=0, done_by=actor)
    imports.keep(tx, begun)
    log.record(tx, desk.now(), actor, "import of stays begun", f"import:{id_}", detail=_in_words(tally))
    return begun


def undo(tx: Tx, desk: Desk, id_: str, actor: str) -> Import:
    """Take back what it made and changed, but for what somebody changed since. Raises Rejected."""
    row = found(tx, id_)
    if row.state is not State.DONE:
        raise Rejected("it is not imported, so there is nothing to undo")
    begun = replace(row, state=State.UNDOING, done_by=actor)
    imports.keep(tx, begun)
    log.record(tx, desk.now(), actor, "import of stays taken back", f"import:{id_}")
    return begun


def discard(tx: Tx, desk: Desk, id_: str, actor: str) -> Import:
    """Forget a list: one that is not imported, or that nobody wants to undo. The stays remain. Raises Rejected."""
    row = found(tx, id_)
    if row.state in (State.IMPORTING, State.UNDOING):
        raise Rejected("it is under way: wait until it has come to an end")
    imports.forget(tx, id_)
    if row.state in (State.DONE, State.UNDONE):
        log.record(tx, desk.now(), actor, "import of stays forgotten", f"import:{id_}")
    return row


def _in_words(tally: Mapping[Verdict, int]) -> str:
    return ", ".join(f"{number} {verdict.value}" for verdict, number in tally.items())


# ---- going on ------------------------------------------------------------------------------------------------------


def advance(tx: Tx, desk: Desk, id_: str) -> bool:
    """Deal with the next part; False where nothing is left to do, or nobody knows the time."""
    row = imports.with_id(tx, id_)
    if row is None or row.state not in UNDER_WAY or not desk.trusted():
        return False
    if row.state is State.UNDOING:
        return _undo_part(tx, desk, row)
    part = imports.rows_after(tx, id_, row.at, PART)
    ground = Ground.read(tx, desk)
    read = _Reader(desk, headings_of(row), reading_of(row), ground)
    for each in part:
        judged = _dealt_with(tx, desk, row, ground, each, read(each))
        imports.keep_row(tx, _told(desk, judged, written=row.state is State.IMPORTING))
    if len(part) == PART:
        imports.keep(tx, replace(row, at=part[-1].number))
        return True
    at = part[-1].number if part else row.at
    if row.state is State.CHECKING:
        imports.keep(tx, replace(row, state=State.CHECKED, at=at))
        return False
    imports.drop_cells(tx, id_)
    imports.keep(tx, replace(row, state=State.DONE, at=at, done_at=desk.now()))
    log.record(tx, desk.now(), row.done_by, "stays imported", f"import:{id_}", detail=_in_words(imports.tally(tx, id_)))
    return False


def _dealt_with(tx: Tx, desk: Desk, of: Import, ground: Ground, row: Row, read: PastStay | list[Fault]) -> Judged:
    """One row that nobody can open holds up no other one."""
    try:
        judged = judge(tx, desk, ground, row, read)
        return carry_out(tx, desk, judged, of.done_by) if of.state is State.IMPORTING else judged
    except NOT_OPENED:
        return not_opened(row)


def _undo_part(tx: Tx, desk: Desk, row: Import) -> bool:
    part = imports.rows_to_undo(tx, row.id, PART)
    for each in part:
        imports.keep_row(tx, take_back(tx, desk, each, row.done_by))
    if len(part) == PART:
        imports.signal(tx, row.id)
        return True
    imports.keep(tx, replace(row, state=State.UNDONE, done_at=desk.now()))
    done = imports.undone(tx, row.id)
    words = f"{done.get('undone', 0)} taken back, {done.get('kept', 0)} changed since and kept"
    log.record(tx, desk.now(), row.done_by, "import of stays undone", f"import:{row.id}", detail=words)
    return False


def _told(desk: Desk, judged: Judged, *, written: bool) -> Row:
    row = judged.row
    if not written and row.verdict is Verdict.NEW:
        row = replace(row, stay_id=None)  # there is none yet
    return replace(row, told=desk.vault.seal(json.dumps(judged.told).encode(), about=row.about))


@dataclass(frozen=True, slots=True)
class _Reader:
    desk: Desk
    headings: tuple[str, ...]
    reading: Reading
    ground: Ground

    def __call__(self, row: Row) -> PastStay | list[Fault]:
        cells = _cells(self.desk, row)
        return [_LOST] if cells is None else read_row(cells, self.headings, self.reading, self.ground.units)


_LOST: Final = Fault(None, "what was kept of the row was damaged, or its key is lost", "bring the file again")


def _cells(desk: Desk, row: Row) -> list[str] | None:
    """None: nobody can open them."""
    opened: list[str] | None = [] if row.cells is None else _opened(desk, row, row.cells)
    return opened


def _opened(desk: Desk, row: Row, box: bytes) -> Any:
    try:
        return json.loads(desk.vault.open(box, about=row.about))
    except NOT_OPENED:
        return None


async def drive(store: Store, desk: Desk, id_: str, *, parts: int | None = None) -> Import:
    """Go on with one list, to its end or for so many parts. Others may go on with it at the same time.

    Raises Unavailable where the hub stops meanwhile.
    """
    done, more = 0, True
    while more and (parts is None or done < parts):
        if store.closed:
            raise Unavailable("the hub has stopped; it goes on with the list as soon as it runs again")
        more = await store.write(lambda tx: advance(tx, desk, id_))
        done += 1
    return await store.read(lambda tx: found(tx, id_))


@dataclass(frozen=True, slots=True)
class Importer:
    """Goes on with whatever is under way, after a restart as well."""

    store: Store
    desk: Desk
    bus: Bus

    async def run(self) -> None:
        """Until cancelled."""
        cramped = False
        async with self.bus.listen("imports", "clock") as nudges:
            while True:
                try:
                    while await self._step():
                        pass
                except Unavailable as error:
                    told = logger.debug if cramped else logger.warning
                    told("an import could not go on, it is tried again", why=str(error))
                    cramped = True
                    await asyncio.sleep(STORE_WAIT_S)
                    continue
                if cramped:
                    logger.info("an import goes on")
                    cramped = False
                await anext(nudges)

    async def _step(self) -> bool:
        id_ = await self.store.read(imports.under_way)
        if id_ is None or not self.desk.trusted():
            return False
        await self.store.write(lambda tx: advance(tx, self.desk, id_))
        return True


# ---- looking -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seen:
    """One row as people see it."""

    row: Row
    read: PastStay | None
    """None: it was refused, or is a stay by now."""
    cells: Sequence[str]
    faults: tuple[Fault, ...] = ()
    changes: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    note: str = ""


def seen(
    tx: Tx,
    desk: Desk,
    row: Import,
    after: int,
    limit: int,
    verdicts: Sequence[Verdict] = (),
    *,
    standing: bool = False,
) -> list[Seen]:
    """`standing`: without those that were taken back."""
    ground = Ground.read(tx, desk)
    read = _Reader(desk, headings_of(row), reading_of(row), ground)
    found = imports.rows_after(tx, row.id, after, limit, verdicts, standing=standing)
    return [_seen(desk, each, read) for each in found]


def _seen(desk: Desk, row: Row, read: _Reader) -> Seen:
    said = read(row) if row.cells is not None else None
    told = (
        {}
        if row.told is None
        else _opened(desk, row, row.told) or {"note": "what became of it cannot be read any more"}
    )
    return Seen(
        row,
        said if isinstance(said, PastStay) else None,
        _cells(desk, row) or [],
        tuple(Fault(None if what is None else What(what), why, cure) for what, why, cure in told.get("faults", ())),
        tuple(told.get("changes", ())),
        tuple(told.get("left", ())),
        told.get("note", ""),
    )


@dataclass(frozen=True, slots=True)
class Open:
    """What a file leaves open, and somebody can say for all its rows."""

    columns: tuple[What, ...] = ()
    dates: bool = False
    units: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    currency: bool = False

    def __bool__(self) -> bool:
        return bool(self.columns or self.dates or self.units or self.statuses or self.currency)


def left_open(tx: Tx, desk: Desk, row: Import) -> Open:
    """By the first refused rows."""
    reading, headings = reading_of(row), headings_of(row)
    missing = [what for what in (What.ARRIVAL, What.DEPARTURE) if what not in reading.columns]
    if What.NIGHTS in reading.columns and What.DEPARTURE in missing:
        missing.remove(What.DEPARTURE)
    read = _Reader(desk, headings, reading, Ground.read(tx, desk))
    refused = [_seen(desk, each, read) for each in imports.rows_after(tx, row.id, 0, _LOOKED_AT, [Verdict.REFUSED])]
    told = list(_told_by(refused, reading))
    return Open(
        tuple(missing),
        any(what is What.ARRIVAL and not name for what, name in told),
        tuple(dict.fromkeys(name for what, name in told if what is What.UNIT and name))[:_MOST_WORDS],
        tuple(dict.fromkeys(name for what, name in told if what is What.STATUS))[:_MOST_WORDS],
        any(what is What.TOTAL for what, _ in told),
    )


def _told_by(refused: Sequence[Seen], reading: Reading) -> Iterator[tuple[What, str]]:
    """(what is not clear, the word for it)."""
    for each in refused:
        for fault in each.faults:
            match fault.what:
                case What.UNIT | What.STATUS as what if fault.cure.startswith("say"):
                    at = reading.columns.get(what)
                    yield what, "" if at is None or at >= len(each.cells) else clean(each.cells[at], limit=200)
                case What.ARRIVAL | What.DEPARTURE if fault.cure.startswith("say whether"):
                    yield What.ARRIVAL, ""
                case What.TOTAL if fault.cure.startswith("say"):
                    yield What.TOTAL, ""
