"""How well locks do: shares, the goal of each beside it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from hub.figures import measured
from hub.model.figures import Counts, Delay, Figure, Latency
from hub.store import doors
from hub.store.engine import Tx
from web.api.routes import Call
from web.api.wire import In, Nothing, Out, Told


class FigureOut(Out):
    what: str = Field(
        description="`answered`, `prompt`, `codes`, `connected`, `batteries`, `welcomed`, `stages` or `syncs`"
    )
    name: str
    meaning: str = Field(description="what counts as an attempt, and what as its success")
    good: int
    of: int = Field(description="commands, presses, codes, seconds, points or stays; 0: there was nothing to measure")
    percent: float | None = Field(description="rounded down to a tenth; null: there was nothing to measure")
    goal: float = Field(description="per cent, to be exceeded; 100: every one")
    met: bool | None


class DelayOut(Out):
    """From the moment at which a code was wanted at once until it was proven in its lock."""

    of: int
    p50_s: int | None = Field(description="half took no longer; null: there was none")
    p95_s: int | None


class LatencyOut(Out):
    """From a command that the hub sends to a keypad by itself until the lock has confirmed it."""

    of: int
    p50_ms: int | None = Field(description="half took no longer; null: there was none")
    p95_ms: int | None


class BookingsOut(Out):
    figures: list[FigureOut] = Field(description="`stages` and `syncs`: the shares that took no person")
    sold_twice: int = Field(description="stays that were found to stand back behind another; the goal is none")
    asked_for: int = Field(description="times that a person had to see to a channel; the goal is 5 in 30 days at most")


class OfLock(Out):
    lock: str
    property: str
    figures: list[FigureOut]
    latency: LatencyOut


class OfProperty(Out):
    property: str
    figures: list[FigureOut]
    code_delay: DelayOut
    bookings: BookingsOut


class FiguresOut(Out):
    days: int
    since: Told = Field(description="the beginning of the first of these days, of UTC")
    figures: list[FigureOut] = Field(description="of all locks together")
    code_delay: DelayOut
    latency: LatencyOut
    bookings: BookingsOut = Field(description="accounts that have several units count here, and in no property")
    properties: list[OfProperty]
    locks: list[OfLock]


class FiguresQuery(In):
    days: Literal["7", "30"] = "30"


def _figure(figure: Figure) -> FigureOut:
    tenths = figure.tenths
    return FigureOut(
        what=figure.what.word,
        name=figure.what.title,
        meaning=figure.what.sentence,
        good=figure.good,
        of=figure.of,
        percent=None if tenths is None else tenths / 10,
        goal=figure.what.goal / 10,
        met=figure.met,
    )


def _figures(figures: Iterable[Figure]) -> list[FigureOut]:
    return [_figure(each) for each in figures]


def _delay(delay: Delay) -> DelayOut:
    return DelayOut(of=delay.of, p50_s=delay.half_s, p95_s=delay.most_s)


def _latency(latency: Latency) -> LatencyOut:
    return LatencyOut(of=latency.of, p50_ms=latency.half_ms, p95_ms=latency.most_ms)


def _bookings(counts: Counts) -> BookingsOut:
    shares = _figures(counts.of_bookings)
    return BookingsOut(figures=shares, sold_twice=counts.sold_twice, asked_for=counts.asked_for)


async def get_figures(call: Call, query: FiguresQuery, body: Nothing) -> FiguresOut:
    def look(tx: Tx) -> FiguresOut:
        told = measured(tx, call.hub.clock.now(), int(query.days))
        return FiguresOut(
            days=told.days,
            since=told.since,
            figures=_figures(told.house.figures),
            code_delay=_delay(told.delay),
            latency=_latency(told.latency),
            bookings=_bookings(told.house),
            properties=[
                OfProperty(
                    property=place,
                    figures=_figures(counts.figures),
                    code_delay=_delay(told.delay_in(place)),
                    bookings=_bookings(counts),
                )
                for place, counts in sorted(told.places.items())
            ],
            locks=[
                OfLock(
                    lock=door.id,
                    property=door.property,
                    figures=_figures(told.locks[door.id].of_a_lock),
                    latency=_latency(told.latency_at(door.id)),
                )
                for door in doors.doors(tx)
            ],
        )

    return await call.hub.store.read(look)
