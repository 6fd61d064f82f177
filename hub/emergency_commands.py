"""`gatehouse emergency …`, answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

from pydantic import JsonValue

from hub import closed_doors, lockdowns
from hub.commandline import asks
from hub.emergency_wishes import CODE_HOURS, Act, Wish
from hub.errors import Rejected
from hub.hub import Hub
from hub.model.values import LockId, PropertyId
from hub.store import emergencies
from hub.store.emergencies import Emergency
from hub.store.engine import Tx


async def prepare(hub: Hub, actor: str, ask: asks.EmergencyPrepare) -> JsonValue:
    if not hub.running:
        raise Rejected("the hub does not run, so nothing reaches the doors; start it first")
    wish = Wish(
        Act(ask.act),
        ask.reason,
        property=None if ask.property is None else PropertyId(ask.property),
        lock=None if ask.lock is None else LockId(ask.lock),
        hours=CODE_HOURS if ask.hours is None else ask.hours,
        lockdown=ask.lockdown or "",
        tell_guest=ask.tell_guest,
    )
    seen = await hub.emergencies.prepare(wish, actor)
    return {
        "id": seen.id,
        "act": seen.act.value,
        "where": seen.where,
        "doors": [
            {"lock": door.lock, "name": door.name, "codes": door.codes, "trouble": door.trouble} for door in seen.doors
        ],
        "guests": [
            {"stay": guest.stay, "name": guest.name, "unit": guest.unit, "inside": guest.inside}
            for guest in seen.guests
        ],
        "notes": list(seen.notes),
    }


async def confirm(hub: Hub, actor: str, ask: asks.EmergencyConfirm) -> JsonValue:
    done = await hub.emergencies.carry_out(ask.id, actor)
    return {
        "act": done.act.value,
        "sentence": done.sentence,
        "pin": None if done.pin is None else done.pin.reveal(),
        "guests": [{"stay": each.stay, "how": each.how.value, "sentence": each.sentence} for each in done.guests],
        "doors": [
            {
                "lock": door.lock,
                "name": door.name,
                "outcome": door.outcome.value,
                "sentence": door.sentence,
                "pin": None if door.pin is None else door.pin.reveal(),
            }
            for door in done.doors
        ],
    }


async def listing(hub: Hub, actor: str, ask: asks.Emergencies) -> JsonValue:
    def work(tx: Tx) -> JsonValue:
        now = hub.clock.now()
        rows = [*emergencies.current(tx, now), *emergencies.past(tx, now)]
        of = lockdowns.by_emergency(tx, rows, hub.plugins, now)
        return [
            _told(
                row, [each.sentence for each in of[row.id]], [each.sentence for each in closed_doors.told_of(tx, row)]
            )
            for row in rows
        ]

    return await hub.store.read(work)


def _told(row: Emergency, doors: Sequence[str], guests: Sequence[str]) -> JsonValue:
    ends = (("since", row.since), ("until", row.until), ("released_at", row.released_at))
    times = {name: None if at is None else at.astimezone(UTC).isoformat(timespec="seconds") for name, at in ends}
    return {
        "id": row.id,
        "deed": row.deed.value,
        "property": row.property,
        "lock": row.lock,
        "reason": row.reason,
        "by": row.by,
        **times,
        "doors": list(doors),
        "guests": list(guests),
    }
