"""What the command line may ask about lists of past stays, answered; the work itself is in hub/importing.py."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC
from typing import Any, Final

from pydantic import JsonValue

from hub import importing
from hub.commandline import asks_imports as asks
from hub.commandline.asks import Ask
from hub.errors import Rejected, Unavailable
from hub.hub import Hub
from hub.importing import Seen
from hub.model.past_stays import Reading, What
from hub.model.spelled import Came, DateOrder
from hub.model.values import UnitId
from hub.store import imports
from hub.store.engine import Tx
from hub.store.imports import Import, State, Verdict

_LINES: Final = 200
"""Of rows that are not simply new or known."""


async def _import(hub: Hub, actor: str, ask: asks.StayImport) -> JsonValue:
    """Everything in one go: nobody is there to look at a preview in between."""
    desk, store = hub.desk, hub.store

    def bring(tx: Tx) -> Import:
        made = importing.receive(tx, desk, ask.name, ask.content, actor)
        return importing.choose(tx, desk, made.id, _chosen(made, ask))

    made = await store.write(bring)
    checked = await importing.drive(store, desk, made.id)
    if checked.state is not State.CHECKED:
        await store.write(lambda tx: importing.discard(tx, desk, made.id, actor))
        raise Unavailable(
            "nobody knows the time yet, so nobody can say what is past: start the hub, and confirm its time on its page Health"
        )
    tally = await store.read(lambda tx: imports.tally(tx, made.id))
    if ask.dry_run or not tally[Verdict.NEW] + tally[Verdict.CHANGED]:
        told = await store.read(lambda tx: _told(tx, hub, checked))
        await store.write(lambda tx: importing.discard(tx, desk, made.id, actor))
        return told
    await store.write(lambda tx: importing.begin(tx, desk, made.id, actor))
    done = await importing.drive(store, desk, made.id)
    return await store.read(lambda tx: _told(tx, hub, done))


def _chosen(made: Import, ask: asks.StayImport) -> Reading:
    """What was recognised, and what was said besides."""
    reading, headings = importing.reading_of(made), importing.headings_of(made)
    columns = dict(reading.columns)
    for name, heading in ask.column.items():
        if name not in {what.value for what in What}:
            raise Rejected(f"no column can be “{name}”; it is one of {', '.join(what.value for what in What)}")
        if heading and heading not in headings:
            raise Rejected(f"there is no column “{heading}”; there are {', '.join(headings)}")
        columns.pop(What(name), None)
        if heading:
            columns[What(name)] = headings.index(heading)
    return replace(
        reading,
        columns=columns,
        dates=reading.dates if ask.dates is None else DateOrder(ask.dates),
        unit=reading.unit if ask.unit is None else UnitId(ask.unit),
        units={name: UnitId(unit) for name, unit in ask.call.items()},
        statuses={word: Came(came) for word, came in ask.means.items()},
        currency=ask.currency,
    )


def _told(tx: Tx, hub: Hub, row: Import) -> dict[str, JsonValue]:
    shown = [Verdict.REFUSED, Verdict.CHANGED]
    return _summary(tx, row) | {"rows": [_row(each) for each in importing.seen(tx, hub.desk, row, 0, _LINES, shown)]}


def _summary(tx: Tx, row: Import) -> dict[str, JsonValue]:
    undone = imports.undone(tx, row.id)
    columns, headings = importing.reading_of(row).columns, importing.headings_of(row)
    return {
        "id": row.id,
        "file": row.name,
        "state": row.state.value,
        "made_at": row.made_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "made_by": row.made_by,
        "columns": {what.value: headings[at] for what, at in columns.items()},
        **{verdict.value: number for verdict, number in imports.tally(tx, row.id).items()},
        "undone": undone.get("undone", 0),
        "kept": undone.get("kept", 0),
    }


def _row(each: Seen) -> dict[str, JsonValue]:
    return {
        "line": each.row.line,
        "verdict": None if each.row.verdict is None else each.row.verdict.value,
        "why": "; ".join(fault.why for fault in each.faults) or ", ".join(each.changes),
        "cure": "; ".join(dict.fromkeys(fault.cure for fault in each.faults)),
    }


async def _list(hub: Hub, actor: str, ask: asks.StayImports) -> JsonValue:
    return await hub.store.read(lambda tx: [_summary(tx, row) for row in imports.all_of_them(tx)])


async def _undo(hub: Hub, actor: str, ask: asks.StayImportUndo) -> JsonValue:
    await hub.store.write(lambda tx: importing.undo(tx, hub.desk, ask.id, actor))
    done = await importing.drive(hub.store, hub.desk, ask.id)
    return await hub.store.read(lambda tx: _summary(tx, done))


COMMANDS: Final[Mapping[type[Ask], Callable[[Hub, str, Any], Awaitable[JsonValue]]]] = {
    asks.StayImport: _import,
    asks.StayImports: _list,
    asks.StayImportUndo: _undo,
}
