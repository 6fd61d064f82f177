"""Today: who comes, who goes, whether every code is proven in its lock, and what waits for a person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from aiohttp import web

from hub import health, ladder
from hub.hub import Hub
from hub.model.alerts import Finding, Level
from hub.model.stays import local_instant
from hub.model.values import CODED, LockId, PropertyId, StayId, StayStatus
from hub.store import alerts, questions
from hub.store import stays as ledger
from hub.store.doors import Door
from hub.store.engine import Tx
from hub.store.stay_search import Wanted
from hub.store.stays import StayRow
from web.ground import Ask, Ground, StayLine, battery_low
from web.ladder_view import LadderView, ladder_view
from web.pages import alerts as alert_pages
from web.site import GUARD, SITE, go, page, part, wakes

_MIDNIGHT = datetime.min.time()


@dataclass(frozen=True, slots=True)
class LockLine:
    id: LockId
    name: str
    position: str
    worry: str


@dataclass(frozen=True, slots=True)
class View:
    day: date
    questions: list[Ask]
    urgent: list[alert_pages.Line]
    """Alerts that nobody looks after yet."""
    findings: list[Finding]
    arriving: list[StayLine]
    tomorrow: list[StayLine]
    leaving: list[StayLine]
    staying: list[StayLine]
    locks: list[LockLine]
    next_arrival: str
    wakes: str
    ladders: dict[StayId, LadderView]
    """Of those who arrive."""

    @property
    def doors_by_state(self) -> dict[str, int]:
        """Of today's arrivals: on how many doors the code stands how."""
        found: dict[str, int] = defaultdict(int)
        for stay in self.arriving:
            for door in stay.doors:
                found[door.state.value] += 1
        return found


def look(tx: Tx, hub: Hub) -> View:
    ground = Ground.read(tx, hub.clock.now())
    days = _Days(tx, ground)
    asked = questions.open_questions(tx)
    urgent = [row for row in alerts.raised(tx) if row.open and row.level is Level.URGENT]
    told = {(row.kind, row.about) for row in urgent}
    rows = days.arriving(2)
    expected = ground.with_doors(tx, rows)
    placed = ladder.standing(tx, rows, ground.now)
    ladders = {id_: ladder_view(ground, where) for id_, where in placed.items()}
    arriving = [line for line in expected if line.arrives_today]
    return View(
        day=ground.local().today,
        questions=[ground.ask(question, ledger.stay(tx, StayId(question.subject))) for question in asked],
        urgent=[alert_pages.line(ground, row) for row in urgent],
        findings=[
            found
            for found in health.findings(tx, hub, ground.doors.values())
            if _worth_saying(found, ladders) and (found.kind, found.about) not in told
        ],
        arriving=arriving,
        tomorrow=[line for line in expected if not line.arrives_today],
        leaving=[ground.line(row) for row in days.leaving()],
        staying=[ground.line(row) for row in days.staying()],
        locks=[_lock_line(door) for door in ground.doors.values()],
        next_arrival="" if arriving else days.next_arrival(),
        wakes=wakes(
            "stays",
            "questions",
            "health",
            "alerts",
            "alerts:list",
            "house",
            "clock",
            *(f"lock:{lock}" for lock in ground.doors),
        ),
        ladders=ladders,
    )


def _worth_saying(finding: Finding, shown: Mapping[StayId, LadderView]) -> bool:
    """What a stay's own card says is not said twice."""
    return finding.level is not Level.NOTICE and finding.about.removeprefix("stay:") not in shown


def _lock_line(door: Door) -> LockLine:
    worry = ""
    if door.silent_since is not None:
        worry = "does not answer"
    elif battery_low(door):
        worry = "battery low" if door.battery is None else f"battery {door.battery} %"
    return LockLine(door.id, door.name, door.position.value, worry)


class _Days:
    """Stays by the calendar days of their own property: zones differ, so today does."""

    def __init__(self, tx: Tx, ground: Ground) -> None:
        self._tx = tx
        self._ground = ground
        self._zones: dict[ZoneInfo, set[PropertyId]] = defaultdict(set)
        for place in ground.places.values():
            self._zones[place.zone].add(place.id)

    def arriving(self, days: int) -> list[StayRow]:
        """Today and on the days that follow, so many in all."""
        return [
            row
            for zone in self._zones
            for row in ledger.arriving(self._tx, *self._span(zone, days))
            if self._in(row, zone)
        ]

    def leaving(self) -> list[StayRow]:
        return [
            row for zone in self._zones for row in ledger.departing(self._tx, *self._span(zone)) if self._in(row, zone)
        ]

    def staying(self) -> list[StayRow]:
        """Came before today and leave after it."""
        return [row for zone in self._zones for row in ledger.over(self._tx, *self._span(zone)) if self._in(row, zone)]

    def next_arrival(self) -> str:
        now = self._ground.now
        ahead = ledger.search(self._tx, Wanted(since=now, status=StayStatus.CONFIRMED))
        row = next((row for row in ahead if row.check_in and row.check_in > now and row.kind in CODED), None)
        if row is None or row.arrival is None:
            return ""
        return self._ground.local_of(row.unit_id).day(row.arrival)

    def _span(self, zone: ZoneInfo, days: int = 1) -> tuple[datetime, datetime]:
        """From the beginning of today to the end of the last of so many days."""
        today = self._ground.now.astimezone(zone).date()
        edges = (today, today + timedelta(days=days))
        begins, ends = (local_instant(each, _MIDNIGHT, zone, latest=False) for each in edges)
        return begins, ends

    def _in(self, row: StayRow, zone: ZoneInfo) -> bool:
        return self._ground.units[row.unit_id].property in self._zones[zone]


async def today(request: web.Request) -> web.Response:
    hub = request.app[SITE].hub
    view = await hub.store.read(lambda tx: look(tx, hub))
    if request.query.get("part") == "main":
        return part(request, "today/page.html", "main", view=view)
    return await page(request, "today/page.html", "today", view=view)


async def count(request: web.Request) -> web.Response:
    """How many questions wait, for the mark beside Today."""
    number = await request.app[SITE].hub.store.read(lambda tx: len(questions.open_questions(tx)))
    return part(request, "count.html", "count", number=number)


async def answer(request: web.Request) -> web.Response:
    hub = request.app[SITE].hub
    actor = request[GUARD].actor
    value = str((await request.post()).get("answer", ""))
    await hub.store.write(lambda tx: hub.intake.answer(tx, request.match_info["id"], value, actor))
    return go(request, "/", said="answered")


ROUTES = [web.get("/", today), web.get("/questions/count", count), web.post("/questions/{id}", answer)]
