"""Batteries: what locks tell of them is weighed, kept and looked ahead with; what will not last a stay is said in time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from hub.contracts import Clock
from hub.errors import Disappointment
from hub.findings import Look
from hub.model.alerts import Finding, Kind
from hub.model.battery import CURVE, EMPTY_AT, Reading, Weighed, Weight, curve, forecast, missed_by, weigh
from hub.model.facts import BatteryRead, Trouble
from hub.model.values import How
from hub.plugins import Plugins
from hub.store import batteries, doors, figures, house, log
from hub.store.doors import Door
from hub.store.engine import Store, Tx
from hub.store.log import Entry

logger = structlog.get_logger("batteries")

STALE: Final = timedelta(days=3)
"""A lock that has told nothing of its battery for so long is asked; most tell of their own accord."""
PATIENCE_S: Final = 20.0
SAME_AGAIN: Final = timedelta(hours=12)
"""The same figure again within this time adds nothing to a curve."""
LOOK_AHEAD: Final = timedelta(days=14)
"""A stay that begins within it may not run into empty batteries without anybody being told."""
MARGIN: Final = timedelta(days=2)
"""The forecast may be wrong by this much."""


def absorb(tx: Tx, door: Door, fact: BatteryRead) -> None:
    """What a lock told, weighed beside what it told before."""
    _note(tx, door, Reading(fact.at, fact.percent, fact.low))


def warned(tx: Tx, door: Door, trouble: Trouble, at: datetime) -> None:
    """The lock itself says that its batteries are low, or nearly empty: that is believed, and so is an odd figure just before."""
    before = batteries.readings(tx, door.id, at - timedelta(days=1))
    if before and before[-1].weight is Weight.DOUBTED and before[-1].reading.percent:
        batteries.believe_last(tx, door.id, Weight.GOOD)
        doors.learn(tx, door.id, battery=before[-1].reading.percent, battery_at=before[-1].reading.at)
        door = replace(door, battery=before[-1].reading.percent)
    # With the figure that was known then: from it the next lock of the model is known to be low.
    figure = door.battery if trouble is Trouble.BATTERY_LOW else None
    batteries.keep(tx, door.id, _model(door), Weighed(Reading(at, figure, low=True), Weight.GOOD))
    doors.learn(tx, door.id, battery_low=1, battery_at=at)
    _look_ahead(tx, door, at)


def _note(tx: Tx, door: Door, reading: Reading) -> None:
    before = batteries.readings(tx, door.id, reading.at - CURVE)
    if before and _adds_nothing(before[-1], reading):
        doors.learn(tx, door.id, battery_at=reading.at)
        return
    weight = weigh(before, reading)
    batteries.keep(tx, door.id, _model(door), Weighed(reading, weight))
    if weight is Weight.DOUBTED:
        tx.signal(f"lock:{door.id}")
        return
    if reading.percent is None:
        doors.learn(tx, door.id, battery_low=1, battery_at=reading.at)
    else:
        low = reading.low or reading.percent <= batteries.low_at_of(tx, _model(door))
        doors.learn(tx, door.id, battery=reading.percent, battery_low=int(low), battery_at=reading.at)
    if weight is Weight.REPLACED:
        log.note(tx, Entry(reading.at, door.id, door.property, log.BATTERY_REPLACED, How.UNKNOWN.value, ""))
    _look_ahead(tx, door, reading.at)
    tx.signal("health")


def _adds_nothing(last: Weighed, reading: Reading) -> bool:
    same = (last.reading.percent, last.reading.low) == (reading.percent, reading.low)
    return same and last.weight is not Weight.DOUBTED and reading.at - last.reading.at < SAME_AGAIN


def _model(door: Door) -> str:
    return "" if door.abilities is None else door.abilities.model


def _look_ahead(tx: Tx, door: Door, at: datetime) -> None:
    """Worked out once for each reading: pages and findings only read it."""
    points = curve(batteries.readings(tx, door.id, at - 8 * CURVE))
    seen, missed = forecast(points), missed_by(points)
    if missed is not None and points[-1].at == at:
        figures.was_foretold(tx, door.id, at, missed)
    doors.learn(tx, door.id, battery_empty_at=None if seen is None else seen.empty_at)


# ---- asking those that say nothing ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Batteries:
    store: Store
    plugins: Plugins
    clock: Clock

    async def ask_silent_ones(self) -> None:
        """Once a day: whoever has told nothing of its battery for days is asked, one after the other."""
        for lock in await self.store.read(lambda tx: batteries.unread(tx, self.clock.now() - STALE)):
            door = await self.store.read(lambda tx, lock=lock: doors.door(tx, lock))  # type: ignore[misc]
            met = None if door is None else self.plugins.lock(door.driver, door.address)
            if door is None or met is None or met.battery is None or door.silent_since is not None:
                continue
            try:
                async with asyncio.timeout(PATIENCE_S):
                    charge = await met.battery.read()
            except (Disappointment, TimeoutError) as error:
                logger.debug("a lock did not say how full its batteries are", lock=lock, why=str(error))
                continue
            reading = Reading(self.clock.now(), charge.percent, charge.low)
            await self.store.write(lambda tx, door=door, reading=reading: _note(tx, door, reading))  # type: ignore[misc]


# ---- what is told --------------------------------------------------------------------------------------------------


def found(look: Look) -> Iterator[Finding]:
    """Batteries that are empty, low, or will not last the next stay."""
    soon = [door for door in look.doors if _may_not_last(door, look.now)]
    needed = batteries.coming(look.tx, [door.id for door in soon], look.now, look.now + LOOK_AHEAD) if soon else {}
    for door in look.doors:
        about = f"lock:{door.id}"
        if _nearly_empty(door):
            said = f"The batteries of {door.name} are nearly empty{_figure(door)}."
            yield Finding(
                Kind.BATTERY_EMPTY, about, said, "Replace them now: it may not open any more.", door.battery_at
            )
        elif door.battery_low:
            said = f"The battery of {door.name} is low{_figure(door)}."
            yield Finding(Kind.BATTERY_LOW, about, said, "Replace it before the next arrival.", door.battery_at)
        elif (
            (stay := needed.get(door.id)) and door.battery_empty_at and door.battery_empty_at < stay.check_out + MARGIN
        ):
            place = house.property_with(look.tx, door.property)
            zone = UTC if place is None else place.zone
            day, arrival = (f"{at.astimezone(zone):%-d %B}" for at in (door.battery_empty_at, stay.check_in))
            said = (
                f"The batteries of {door.name} will be empty about {day}, in or near the stay that begins on {arrival}."
            )
            yield Finding(
                Kind.BATTERY_BEFORE_STAY, about, said, "Replace them before that stay begins.", door.battery_at
            )


def _may_not_last(door: Door, now: datetime) -> bool:
    return door.battery_empty_at is not None and door.battery_empty_at < now + LOOK_AHEAD * 4


def _nearly_empty(door: Door) -> bool:
    """By its figure, or because the lock warned without one or with its last warning."""
    return (door.battery is not None and door.battery <= EMPTY_AT) or (
        door.battery_low and door.trouble == Trouble.BATTERY_CRITICAL.value
    )


def _figure(door: Door) -> str:
    return "" if door.battery is None else f" ({door.battery} %)"
