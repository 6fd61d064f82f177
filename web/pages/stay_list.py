"""The list of stays: found by guest, reference, unit, state, source and dates, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from aiohttp import web

from hub import asking
from hub.hub import Hub
from hub.model.values import StayId, StayKind, StayStatus, UnitId, clean
from hub.store import bookings as booked
from hub.store import conflicts, house, proofs, questions
from hub.store import stays as ledger
from hub.store.bookings import Hold
from hub.store.engine import Tx
from hub.store.stay_search import HERE, HOLD, Wanted
from hub.store.stays import StayRow
from web.ground import Ground, StayLine
from web.site import SITE, page, part, wakes
from web.words import Moment

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class ListView:
    stays: list[StayLine]
    held: list[HeldLine]
    """Nights that are held, among what is still to come."""
    tabs: list[tuple[str, str, bool]]
    asked: Asked
    units: tuple[tuple[str, str], ...]
    sources: tuple[tuple[str, str], ...]
    kinds: tuple[tuple[str, str], ...]
    here: str
    older: str
    wakes: str
    sold_twice: bool


_SHOWN = (("current", "Now and next"), ("past", "Past"), ("cancelled", "Cancelled"), ("unclear", "Not usable"))
_KINDS = (
    ("", "Every kind"),
    (StayKind.RESERVATION.value, "Guests"),
    (StayKind.OWNER.value, "Owners"),
    (StayKind.BLOCK.value, "Blocked"),
    (StayKind.UNKNOWN.value, "Not clear"),
    (HOLD, "Held"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list is asked for, as it stands in its address."""

    show: str = "current"
    q: str = ""
    unit: str = ""
    source: str = ""
    kind: str = ""
    first: str = ""
    last: str = ""
    after: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Asked:
        return cls(**{each.name: clean(query[each.name], limit=100) for each in fields(cls) if each.name in query})

    @property
    def narrowed(self) -> bool:
        return any((self.unit, self.source, self.kind, self.first, self.last))

    def at(self, **more: str) -> str:
        told = {each.name: getattr(self, each.name) for each in fields(self)} | more
        return "/stays?" + urlencode({name: value for name, value in told.items() if value or name in ("show", "q")})


@dataclass(frozen=True, slots=True)
class HeldLine:
    id: str
    label: str
    unit: str
    arrives: Moment
    leaves: Moment
    until: Moment


def _held(tx: Tx, ground: Ground, asked: Asked) -> list[HeldLine]:
    if asked.show != "current" or asked.after or asked.kind not in ("", HOLD):
        return []
    rows = booked.held(tx, _wanted(ground, replace(asked, kind="")), ground.now)
    return [_held_line(ground, row) for row in rows]


def _held_line(ground: Ground, row: Hold) -> HeldLine:
    local = ground.local_of(row.unit)
    hours = (local.moment(at) for at in (row.check_in, row.check_out, row.expires_at))
    return HeldLine(row.id, row.label, ground.unit_name(row.unit), *hours)


def _wanted(ground: Ground, asked: Asked) -> Wanted:
    zone = ground.local().zone
    first, last = _day(asked.first), _day(asked.last)
    return Wanted(
        unit=UnitId(asked.unit) if asked.unit else None,
        source=asked.source,
        text=asked.q,
        since=None if first is None else datetime.combine(first, time(), zone),
        until=None if last is None else datetime.combine(last + timedelta(days=1), time(), zone),
        after=_cursor(asked.after),
        kind=next((each for each in StayKind if each.value == asked.kind), None),
        limit=PER_PAGE + 1,
    )


def _listed(tx: Tx, ground: Ground, asked: Asked) -> list[StayRow]:
    if asked.kind == HOLD:
        return []
    now, wanted = ground.now, _wanted(ground, asked)
    match asked.show:
        case "past":
            return ledger.search(tx, replace(wanted, over_by=now, live=True, latest_first=True))
        case "cancelled":
            return ledger.search(tx, replace(wanted, status=StayStatus.CANCELLED, latest_first=True))
        case "unclear":
            return ledger.unusable(tx)
    return ledger.search(tx, replace(wanted, since=max(now, wanted.since or now), live=True))


def _day(text: str) -> date | None:
    """Days at the ends of the calendar have no next one."""
    try:
        return min(max(date.fromisoformat(text), date(1970, 1, 2)), date(9000, 1, 1))
    except ValueError:
        return None


def _cursor(text: str) -> tuple[datetime, StayId] | None:
    at, _, id_ = text.partition("_")
    try:
        instant = datetime.fromisoformat(at)
    except ValueError:
        return None
    return (instant, StayId(id_)) if instant.tzinfo is not None and id_ else None


def look(tx: Tx, hub: Hub, asked: Asked) -> ListView:
    ground = Ground.read(tx, hub.clock.now())
    rows = _listed(tx, ground, asked)
    shown, more = rows[:PER_PAGE], len(rows) > PER_PAGE
    tallies = proofs.tallies(tx, [row.id for row in shown], ground.now)
    last = shown[-1] if shown else None
    older = ""
    if more and last is not None and last.check_in is not None:
        older = asked.at(after=f"{last.check_in.isoformat()}_{last.id}")
    return ListView(
        stays=[ground.tallied(row, tallies.get(row.id)) for row in shown],
        held=_held(tx, ground, asked),
        tabs=[(words, asked.at(show=name, after=""), name == asked.show) for name, words in _SHOWN],
        asked=asked,
        units=(("", "Every unit"), *((unit.id, ground.unit_name(unit.id)) for unit in ground.units.values())),
        sources=(("", "Every source"), (HERE, "Added here"), *((row.id, row.id) for row in house.channels(tx))),
        kinds=_KINDS,
        here=asked.at(part="rows"),
        older=older,
        wakes=wakes("stays", "house", *(f"lock:{lock}" for lock in ground.doors)),
        sold_twice=any(conflicts.pairs(tx, ground.now)) or questions.any_open(tx, asking.SOLD),
    )


async def listing(request: web.Request) -> web.Response:
    hub, asked = request.app[SITE].hub, Asked.of(request.query)
    view = await hub.store.read(lambda tx: look(tx, hub, asked))
    if request.query.get("part") == "rows":
        return part(request, "stays/list.html", "rows", view=view)
    return await page(request, "stays/list.html", "stays", view=view)
