"""What the command line may ask of how well locks do, and of nights that are lost, answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

from pydantic import JsonValue

from hub.commandline import asks
from hub.commandline.asks import Ask
from hub.figures import measured
from hub.hub import Hub
from hub.lost_nights import lost_nights
from hub.model.figures import Counts, Figure, Latency
from hub.store import doors, house
from hub.store.engine import Tx


def _told(figures: Iterable[Figure]) -> dict[str, JsonValue]:
    return {
        each.what.word: {
            "good": each.good,
            "of": each.of,
            "percent": None if each.tenths is None else each.tenths / 10,
            "goal": each.what.goal / 10,
            "met": each.met,
        }
        for each in figures
    }


def _went(counts: Counts) -> dict[str, JsonValue]:
    return {**_told(counts.of_bookings), "sold_twice": counts.sold_twice, "asked_for": counts.asked_for}


def _latency(latency: Latency) -> dict[str, JsonValue]:
    return {"of": latency.of, "p50_ms": latency.half_ms, "p95_ms": latency.most_ms}


async def _figures(hub: Hub, actor: str, ask: asks.Figures) -> JsonValue:
    def look(tx: Tx) -> JsonValue:
        told = measured(tx, hub.clock.now(), ask.days)
        return {
            "days": told.days,
            "house": _told(told.house.figures),
            "bookings": [
                {"property": None, **_went(told.house)},
                *({"property": place, **_went(counts)} for place, counts in sorted(told.places.items())),
            ],
            "code_delay": {"of": told.delay.of, "p50_s": told.delay.half_s, "p95_s": told.delay.most_s},
            "latency": _latency(told.latency),
            "locks": [
                {
                    "id": door.id,
                    "name": door.name,
                    **_told(told.locks[door.id].of_a_lock),
                    "latency": _latency(told.latency_at(door.id)),
                }
                for door in doors.doors(tx)
            ],
        }

    return await hub.store.read(look)


async def _lost_nights(hub: Hub, actor: str, ask: asks.LostNights) -> JsonValue:
    def look(tx: Tx) -> JsonValue:
        now, units = hub.clock.now(), [unit.id for unit in house.units(tx)]
        found = lost_nights(tx, units, ask.first or now.date(), ask.months, now)
        return [
            {
                "unit": unit,
                "month": f"{month.first:%Y-%m}",
                "nights": month.nights,
                "booked": month.booked,
                "shut": month.shut,
                "lost": month.lost,
                "percent": None if month.share is None else month.share / 10,
            }
            for unit, months in sorted(found.items())
            for month in months
        ]

    return await hub.store.read(look)


COMMANDS: Final[Mapping[type[Ask], Callable[[Hub, str, Any], Awaitable[JsonValue]]]] = {
    asks.Figures: _figures,
    asks.LostNights: _lost_nights,
}
