"""How well locks do: three shares, the goal of each beside it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hub.figures import measured
from hub.model.figures import Counts, Figure
from hub.store import doors
from hub.store.engine import Tx
from web.api.routes import Call
from web.api.wire import In, Nothing, Out, Told


class FigureOut(Out):
    what: str = Field(description="`answered`, `codes` or `connected`")
    name: str
    meaning: str = Field(description="what counts as an attempt, and what as its success")
    good: int
    of: int = Field(description="commands, codes, or seconds; 0: there was nothing to measure")
    percent: float | None = Field(description="rounded down to a tenth; null: there was nothing to measure")
    goal: float = Field(description="per cent, to be exceeded")
    met: bool | None


class OfLock(Out):
    lock: str
    property: str
    figures: list[FigureOut]


class OfProperty(Out):
    property: str
    figures: list[FigureOut]


class FiguresOut(Out):
    days: int
    since: Told = Field(description="the beginning of the first of these days, of UTC")
    figures: list[FigureOut] = Field(description="of all locks together")
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


def _figures(counts: Counts) -> list[FigureOut]:
    return [_figure(each) for each in counts.figures]


async def get_figures(call: Call, query: FiguresQuery, body: Nothing) -> FiguresOut:
    def look(tx: Tx) -> FiguresOut:
        told = measured(tx, call.hub.clock.now(), int(query.days))
        return FiguresOut(
            days=told.days,
            since=told.since,
            figures=_figures(told.house),
            properties=[
                OfProperty(property=place, figures=_figures(counts)) for place, counts in sorted(told.places.items())
            ],
            locks=[
                OfLock(lock=door.id, property=door.property, figures=_figures(told.locks[door.id]))
                for door in doors.doors(tx)
            ],
        )

    return await call.hub.store.read(look)
