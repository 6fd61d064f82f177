"""A calendar for a unit that has none is made where people keep theirs, because a person asks for it, and added as a channel.

Asked twice, or once more after an answer that was lost, it is the same one: it is named after the unit, and looked for first.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from hub import connecting
from hub.channel_kinds import Kind, kind_called, kinds
from hub.config import Problem, misconfigured
from hub.connecting import Wanted
from hub.contracts.diaries import ANY, Diary
from hub.errors import Rejected, Unavailable
from hub.hub import Hub
from hub.store import house, log
from hub.store.engine import Tx
from hub.store.house import ChannelRow, Unit
from hub.trying import WITHIN_S


async def make(hub: Hub, wanted: Wanted, actor: str) -> ChannelRow:
    """The channel of the unit's calendar, made and added; or the one of this kind that the unit has.

    Args:
        wanted: as it is to be, but for the calendar itself. Of CalDAV its address is that of the folder in which calendars stand.

    Raises:
        Misconfigured: with all that is wrong.
        Unavailable: it may have been made all the same; ask again.
        Rejected, Garbled: in the other side's words where there are any.
    """
    async with hub.making:
        return await _make(hub, wanted, actor)


async def _make(hub: Hub, wanted: Wanted, actor: str) -> ChannelRow:
    kind = kind_called(wanted.integration)
    if not kind.makes:
        able = " and ".join(each.name for each in kinds() if each.makes)
        raise Rejected(f"no calendar can be made with {kind.name}; there are: {able}")
    asked = replace(wanted, settings={kind.makes: ANY, **wanted.settings})
    known = await hub.store.read(lambda tx: _look(tx, hub, kind, asked))
    if isinstance(known, ChannelRow):
        return known
    unit, house_says = known
    id_ = wanted.id or await hub.store.read(lambda tx: connecting.name_for(tx, hub, asked))
    told = {**connecting.common(hub, kind.name), **asked.settings}
    with TemporaryDirectory(prefix="gatehouse-") as folder:
        diary = hub.plugins.on_trial(id_, kind.name, told, house_says, Path(folder))
        if not isinstance(diary, Diary):
            raise Rejected(f"{kind.title} is no calendar that people keep")
        try:
            async with asyncio.timeout(WITHIN_S):
                leads = await hub.plugins.asked(id_, diary.make(unit.name, f"{_PREFIX}{unit.id}"))
        except TimeoutError as error:
            raise Unavailable("it did not answer within a minute; ask again, it is not made twice") from error
    made = replace(wanted, id=id_, settings={**wanted.settings, kind.makes: leads})
    return await hub.store.write(lambda tx: _keep(tx, hub, kind, made, actor))


_PREFIX: Final = "gatehouse-"


def _look(tx: Tx, hub: Hub, kind: Kind, wanted: Wanted) -> ChannelRow | tuple[Unit, dict[str, str]]:
    """The one that is there; else the unit, and what the house says of it."""
    there = _there(tx, kind, wanted)
    if there is not None:
        return there
    wrong = connecting.faults(tx, hub, wanted, new=True)
    if wrong:
        raise misconfigured(wrong)
    unit, place = (
        (None, None) if wanted.unit is None else (house.unit_with(tx, wanted.unit), house.property_of(tx, wanted.unit))
    )
    if unit is None or place is None:
        raise misconfigured([Problem("unit", "is missing")])
    return unit, {"timezone": place.zone.key}


def _there(tx: Tx, kind: Kind, wanted: Wanted) -> ChannelRow | None:
    return next(
        (each for each in house.channels(tx) if (each.integration, each.unit) == (kind.name, wanted.unit)), None
    )


def _keep(tx: Tx, hub: Hub, kind: Kind, made: Wanted, actor: str) -> ChannelRow:
    """Somebody else may have asked for it meanwhile."""
    there = _there(tx, kind, made)
    if there is not None:
        return there
    row = connecting.add(tx, hub, made, actor)
    log.record(tx, hub.clock.now(), actor, "calendar made", f"channel:{row.id}", detail=f"unit {row.unit}")
    return row
