"""What the command line may ask about alerts, answered; the decisions themselves are in hub/alerts.py."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import JsonValue

from hub.commandline import asks
from hub.commandline.asks import Ask
from hub.errors import Rejected
from hub.hub import Hub
from hub.model.alerts import SENT, read_quiet_hours, read_step
from hub.model.values import PersonId, PropertyId
from hub.store import alerts
from hub.store.alerts import Alert, Listed, Sent, Telling, Wishes
from hub.store.engine import Tx
from hub.store.house import Origin


def _told(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _alert(row: Alert, tellings: list[Telling]) -> JsonValue:
    return {
        "alert": row.id,
        "level": row.level.value,
        "kind": row.kind.word,
        "about": row.about,
        "sentence": row.sentence,
        "cure": row.cure,
        "since": _told(row.course.found_at),
        "acknowledged_by": row.acknowledged_by,
        "over_at": _told(row.over_at),
        "told": [f"{each.name} by {each.way.value}" for each in tellings if each.state is Sent.SENT],
    }


async def _list(hub: Hub, actor: str, ask: asks.Alerts) -> JsonValue:
    def look(tx: Tx) -> JsonValue:
        rows = alerts.over(tx) if ask.over else alerts.raised(tx)
        tellings = alerts.tellings_of(tx, [row.id for row in rows])
        return [_alert(row, tellings[row.id]) for row in rows]

    return await hub.store.read(look)


async def _do(hub: Hub, actor: str, ask: asks.AlertDo) -> JsonValue:
    deed = {"acknowledge": hub.alerts.acknowledge, "take back": hub.alerts.unacknowledge}[ask.deed]

    def work(tx: Tx) -> JsonValue:
        row = deed(tx, ask.alert, actor)
        return _alert(row, alerts.tellings_of(tx, [row.id])[row.id])

    return await hub.store.write(work)


def _listed(said: Sequence[str]) -> tuple[Listed, ...]:
    """Raises ValueError with a sentence."""
    steps = [read_step(words) for words in said if words]
    return tuple(Listed(PersonId(person), ways) for person, ways in steps)


def _steps(people: Sequence[Listed]) -> list[JsonValue]:
    return [{"person": each.person, "ways": [*sorted(way.value for way in each.ways)]} for each in people]


async def _rules(hub: Hub, actor: str, ask: asks.AlertRules) -> JsonValue:
    """What is said is changed, the rest stays."""

    def work(tx: Tx) -> JsonValue:
        id_ = PropertyId(ask.property)
        wanted = replace(alerts.wishes(tx).get(id_, Wishes(id_)), origin=Origin.PAGES)
        try:
            if ask.quiet is not None:
                wanted = replace(wanted, quiet=read_quiet_hours(ask.quiet))
            if ask.people is not None:
                wanted = replace(wanted, people=_listed(ask.people))
            if ask.bookings is not None:
                wanted = replace(wanted, readers=_listed(ask.bookings))
        except ValueError as error:
            raise Rejected(str(error)) from None
        if ask.managers_read:
            wanted = replace(wanted, readers=None)
        if ask.managers_read or any(said is not None for said in (ask.quiet, ask.people, ask.bookings)):
            hub.alerts.wish(tx, wanted, actor)
        return {
            "property": id_,
            "quiet": None if wanted.quiet is None else str(wanted.quiet),
            "people": _steps(wanted.people),
            "bookings": None if wanted.readers is None else _steps(wanted.readers),
        }

    return await hub.store.write(work)


async def _test(hub: Hub, actor: str, ask: asks.AlertTest) -> JsonValue:
    tried = await hub.store.write(lambda tx: hub.alerts.try_out(tx, PersonId(ask.person), SENT, actor))
    return {"person": ask.person, "ways": [*sorted(way.value for way in tried)]}


COMMANDS: Final[Mapping[type[Ask], Callable[[Hub, str, Any], Awaitable[JsonValue]]]] = {
    asks.Alerts: _list,
    asks.AlertDo: _do,
    asks.AlertRules: _rules,
    asks.AlertTest: _test,
}
