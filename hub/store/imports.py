"""Lists of past stays that were brought in, and the rows of each. What a row says is sealed; see hub/importing.py."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from enum import Enum
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from hub.model.values import CODED, StayId, UnitId
from hub.store.engine import Tx
from hub.store.prepared import Prepared, one_of
from hub.store.tables import Instant, stay_import_rows, stay_imports, stay_sources, stays


class State(Enum):
    CHECKING = "checking"
    CHECKED = "checked"
    """Every row is told; nothing is written yet."""
    IMPORTING = "importing"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"


UNDER_WAY: Final = frozenset({State.CHECKING, State.IMPORTING, State.UNDOING})


class Verdict(Enum):
    NEW = "new"
    KNOWN = "known"
    CHANGED = "changed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Import:
    id: str
    name: str
    state: State
    at: int
    """How many rows were looked at."""
    headings: str
    """JSON, as `reading`."""
    reading: str
    made_at: datetime
    made_by: str
    done_at: datetime | None = None
    done_by: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    import_id: str
    number: int
    line: int
    cells: bytes | None = field(repr=False)
    """Sealed, as `told` and `made`, for `import:ID:NUMBER`."""
    verdict: Verdict | None = None
    told: bytes | None = field(default=None, repr=False)
    same: str | None = None
    says: str | None = None
    unit_id: UnitId | None = None
    arrival: date | None = None
    departure: date | None = None
    stay_id: StayId | None = None
    made: bytes | None = field(default=None, repr=False)
    undone: str = ""

    @property
    def about(self) -> str:
        return f"import:{self.import_id}:{self.number}"


_IMPORT: Final = tuple(stay_imports.c[each.name] for each in fields(Import))
_ROW: Final = tuple(stay_import_rows.c[each.name] for each in fields(Row))


def _import(row: Mapping[Any, Any]) -> Import:
    return Import(**dict(row) | {"state": State(row["state"])})


def _row(row: Mapping[Any, Any]) -> Row:
    return Row(**dict(row) | {"verdict": Verdict(row["verdict"]) if row["verdict"] else None})


# ---- imports -------------------------------------------------------------------------------------------------------


def with_id(tx: Tx, id_: str) -> Import | None:
    found = tx.sql.execute(select(*_IMPORT).where(stay_imports.c.id == id_)).mappings().first()
    return None if found is None else _import(found)


def all_of_them(tx: Tx) -> list[Import]:
    """The latest first."""
    query = select(*_IMPORT).order_by(stay_imports.c.made_at.desc(), stay_imports.c.id.desc())
    return [_import(row) for row in tx.sql.execute(query).mappings()]


_NEXT: Final = Prepared(
    select(stay_imports.c.id)
    .where(one_of(stay_imports.c.state, sorted(state.value for state in UNDER_WAY)))
    .order_by(stay_imports.c.made_at, stay_imports.c.id)
    .limit(1),
    lambda row: str(row["id"]),
)


def under_way(tx: Tx) -> str | None:
    """The one that is to go on first."""
    return _NEXT.first(tx)


def keep(tx: Tx, row: Import) -> None:
    values = {each.name: getattr(row, each.name) for each in fields(Import)} | {"state": row.state.value}
    written = insert(stay_imports).values(**values)
    tx.sql.execute(written.on_conflict_do_update(index_elements=["id"], set_=values))
    signal(tx, row.id)


def forget(tx: Tx, id_: str) -> None:
    """With its rows; the stays remain."""
    tx.sql.execute(delete(stay_import_rows).where(stay_import_rows.c.import_id == id_))
    tx.sql.execute(delete(stay_imports).where(stay_imports.c.id == id_))
    signal(tx, id_)


def signal(tx: Tx, id_: str) -> None:
    tx.signal("imports")
    tx.signal(f"import:{id_}")


def tidy(tx: Tx, finished_before: datetime, begun_before: datetime) -> int:
    """Forget those that came to an end by then, and those that nobody went on with; how many."""
    over = (State.DONE.value, State.UNDONE.value)
    finished = stay_imports.c.state.in_(over) & (stay_imports.c.done_at < finished_before)
    left = (stay_imports.c.state == State.CHECKED.value) & (stay_imports.c.made_at < begun_before)
    found = list(tx.sql.scalars(select(stay_imports.c.id).where(or_(finished, left))))
    for id_ in found:
        forget(tx, id_)
    return len(found)


# ---- rows ----------------------------------------------------------------------------------------------------------


def add(tx: Tx, rows: Iterable[Row]) -> None:
    tx.sql.execute(
        insert(stay_import_rows),
        [{"import_id": r.import_id, "number": r.number, "line": r.line, "cells": r.cells} for r in rows],
    )


def rows_after(
    tx: Tx, id_: str, after: int, limit: int, verdicts: Collection[Verdict] = (), *, standing: bool = False
) -> list[Row]:
    """`standing`: without those that were taken back, of which nothing is left to say."""
    query = select(*_ROW).where(stay_import_rows.c.import_id == id_, stay_import_rows.c.number > after)
    if standing:
        query = query.where(stay_import_rows.c.undone != "undone")
    if verdicts:
        query = query.where(stay_import_rows.c.verdict.in_([each.value for each in verdicts]))
    return [_row(row) for row in tx.sql.execute(query.order_by(stay_import_rows.c.number).limit(limit)).mappings()]


def rows_to_undo(tx: Tx, id_: str, limit: int) -> list[Row]:
    """The last first, so that what a later row changed is what an earlier one made."""
    query = select(*_ROW).where(
        stay_import_rows.c.import_id == id_,
        stay_import_rows.c.undone == "",
        stay_import_rows.c.verdict.in_((Verdict.NEW.value, Verdict.CHANGED.value)),
    )
    last_first = query.order_by(stay_import_rows.c.number.desc()).limit(limit)
    return [_row(row) for row in tx.sql.execute(last_first).mappings()]


_KEEP: Final = Prepared(
    update(stay_import_rows)
    .where(
        stay_import_rows.c.import_id == bindparam("_import"),
        stay_import_rows.c.number == bindparam("_number"),
    )
    .values(
        {
            each.name: bindparam(each.name, type_=stay_import_rows.c[each.name].type)
            for each in fields(Row)
            if each.name not in {"import_id", "number", "line"}
        }
    ),
    lambda row: None,
)


def keep_row(tx: Tx, row: Row) -> None:
    values = {each.name: getattr(row, each.name) for each in fields(Row)}
    verdict = "" if row.verdict is None else row.verdict.value
    _KEEP.run(tx, **values | {"verdict": verdict, "_import": row.import_id, "_number": row.number})


def look_again(tx: Tx, id_: str) -> None:
    """Nothing was said of any row."""
    fresh = dict.fromkeys(("told", "same", "says", "unit_id", "arrival", "departure", "stay_id", "made"))
    tx.sql.execute(
        update(stay_import_rows).where(stay_import_rows.c.import_id == id_).values(verdict="", undone="", **fresh)
    )


def drop_cells(tx: Tx, id_: str) -> None:
    """What has become stays is kept there, and only there."""
    taken = stay_import_rows.c.verdict != Verdict.REFUSED.value
    tx.sql.execute(update(stay_import_rows).where(stay_import_rows.c.import_id == id_, taken).values(cells=None))


def count(tx: Tx, id_: str) -> int:
    return tx.sql.execute(select(func.count()).where(stay_import_rows.c.import_id == id_)).scalar_one()


def tally(tx: Tx, id_: str) -> dict[Verdict, int]:
    query = select(stay_import_rows.c.verdict, func.count()).where(stay_import_rows.c.import_id == id_)
    found = {word: number for word, number in tx.sql.execute(query.group_by(stay_import_rows.c.verdict)).all() if word}
    return {verdict: found.get(verdict.value, 0) for verdict in Verdict}


def undone(tx: Tx, id_: str) -> dict[str, int]:
    query = select(stay_import_rows.c.undone, func.count()).where(stay_import_rows.c.import_id == id_)
    return {name: number for name, number in tx.sql.execute(query.group_by(stay_import_rows.c.undone)).all() if name}


_TOLD_BEFORE: Final = Prepared(
    select(stay_import_rows.c.line, stay_import_rows.c.says)
    .where(
        stay_import_rows.c.import_id == bindparam("_import"),
        stay_import_rows.c.same == bindparam("same"),
        stay_import_rows.c.number < bindparam("number"),
    )
    .order_by(stay_import_rows.c.number)
    .limit(1),
    lambda row: (int(row["line"]), str(row["says"])),
)


def told_before(tx: Tx, row: Row) -> tuple[int, str] | None:
    """(line, what it says) of the first row of the same booking, above this one."""
    return _TOLD_BEFORE.first(tx, _import=row.import_id, same=row.same, number=row.number)


_IN_THE_WAY: Final = Prepared(
    select(stay_import_rows.c.line)
    .where(
        stay_import_rows.c.import_id == bindparam("_import"),
        stay_import_rows.c.unit_id == bindparam("unit"),
        stay_import_rows.c.arrival < bindparam("departure", type_=stay_import_rows.c.arrival.type),
        stay_import_rows.c.departure > bindparam("arrival", type_=stay_import_rows.c.arrival.type),
        stay_import_rows.c.number < bindparam("number"),
    )
    .limit(1),
    lambda row: int(row["line"]),
)


def in_the_way(tx: Tx, row: Row) -> int | None:
    """The line of a row above this one that takes some of its nights."""
    if row.arrival is None:
        return None
    told = {"unit": row.unit_id, "arrival": row.arrival, "departure": row.departure}
    return _IN_THE_WAY.first(tx, _import=row.import_id, number=row.number, **told)


_LAST_MADE: Final = Prepared(
    select(*_ROW)
    .join(stay_imports, stay_imports.c.id == stay_import_rows.c.import_id)
    .where(
        stay_import_rows.c.stay_id == bindparam("stay"),
        stay_import_rows.c.made.is_not(None),
        stay_import_rows.c.undone == "",
    )
    .order_by(stay_imports.c.made_at.desc(), stay_imports.c.id.desc(), stay_import_rows.c.number.desc())
    .limit(1),
    _row,
)


def last_made(tx: Tx, stay: StayId) -> Row | None:
    """The row that last made or changed a stay."""
    return _LAST_MADE.first(tx, stay=stay)


def rows_of(tx: Tx, stay: StayId) -> list[tuple[Row, Import]]:
    query = (
        select(*_ROW, *(column.label(f"of_{column.name}") for column in _IMPORT))
        .join(stay_imports, stay_imports.c.id == stay_import_rows.c.import_id)
        .where(stay_import_rows.c.stay_id == stay)
        .order_by(stay_imports.c.made_at, stay_import_rows.c.number)
    )
    found = tx.sql.execute(query).mappings().all()
    names = [each.name for each in fields(Row)]
    return [
        (_row({name: row[name] for name in names}), _import({each.name: row[f"of_{each.name}"] for each in _IMPORT}))
        for row in found
    ]


def refused(tx: Tx) -> list[Row]:
    """Of every import, those that still hold what was received."""
    query = select(*_ROW).where(
        stay_import_rows.c.verdict == Verdict.REFUSED.value, stay_import_rows.c.cells.is_not(None)
    )
    return [_row(row) for row in tx.sql.execute(query).mappings()]


# ---- the stays that rows may be about ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Near:
    """As much of a stay as tells whether a row is about it, or in its way."""

    id: StayId
    kind: str
    status: str
    arrival: date | None
    departure: date | None
    check_in: datetime
    check_out: datetime
    guest: str
    reference: str


_NEAR_COLUMNS: Final = tuple(stays.c[each.name] for each in fields(Near))
_NEAR: Final = Prepared(
    select(*_NEAR_COLUMNS)
    .where(stays.c.unit_id == bindparam("unit"), stays.c.check_in < bindparam("until", type_=Instant))
    .where(stays.c.check_out > bindparam("since", type_=Instant))
    .order_by(stays.c.check_in, stays.c.id),
    lambda row: Near(**row),
)
_REFERRED: Final = Prepared(
    select(*_NEAR_COLUMNS)
    .where(or_(stays.c.unit_id == bindparam("unit"), stays.c.moved_from == bindparam("unit")))
    .where(func.lower(stays.c.reference) == bindparam("reference"))
    .where(stays.c.check_in.is_not(None))
    .order_by(stays.c.check_in, stays.c.id),
    lambda row: Near(**row),
)


def near(tx: Tx, unit: UnitId, since: datetime, until: datetime) -> list[Near]:
    """Stays of a unit that have some of these hours."""
    return _NEAR.all(tx, unit=unit, since=since, until=until)


def referred(tx: Tx, unit: UnitId, reference: str) -> list[Near]:
    """Stays with that reference in a unit, or that a person moved out of it."""
    return _REFERRED.all(tx, unit=unit, reference=reference.lower())


def takes_nights(stay: Near) -> bool:
    return stay.status in ("confirmed", "tentative")


def is_guests(stay: Near) -> bool:
    return stay.kind in {kind.value for kind in CODED}


def is_told_by_a_channel(tx: Tx, stay: StayId) -> bool:
    query = select(stay_sources.c.uid).where(stay_sources.c.stay_id == stay).limit(1)
    return tx.sql.execute(query).first() is not None


def remove_stay(tx: Tx, stay: StayId) -> None:
    """One that an import made, and nobody has touched since."""
    tx.sql.execute(delete(stays).where(stays.c.id == stay))
    tx.signal(f"stay:{stay}")
    tx.signal("stays")


# ---- erasing -------------------------------------------------------------------------------------------------------


def empty(tx: Tx, rows: Collection[Row]) -> None:
    """What they say is gone; that they were there remains, and they cannot be undone."""
    for row in rows:
        keep_row(
            tx, Row(row.import_id, row.number, row.line, None, row.verdict, stay_id=row.stay_id, undone=row.undone)
        )
