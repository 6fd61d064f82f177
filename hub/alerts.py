"""Alerts: what is found wrong (hub/health.py) compared with what was found before, and people told in time.

Every look works from fresh findings and rows. What is to be done next with an alert is decided in hub/model/alerts.py; here it
is done, in one transaction with the promises to tell, whose keys make sure that nobody is told twice. A restart looks again and
goes on where the rows are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from hub import health
from hub.bus import Bus
from hub.contracts import Clock
from hub.errors import Rejected, Unavailable
from hub.io.vault import Vault
from hub.model.alerts import Circumstances, Course, Finding, Kind, Move, Rest, Way, next_move, seen, ways_in_words
from hub.model.values import PersonId, PropertyId, StayId, UnitId
from hub.plugins import Plugins
from hub.schedule import pause
from hub.store import alerts, doors, emergencies, house, log, persons
from hub.store import stays as ledger
from hub.store.alerts import Alert, Listed, Sent, Wishes
from hub.store.engine import Store, Tx
from hub.telling import ADDRESS, ASIDE, CONCERNED, INFORMED, Quiet, Recipient, chain, concerned, informed, promise

logger = structlog.get_logger("alerts")

LOOK_EVERY: Final = timedelta(hours=1)
SETTLE: Final = timedelta(seconds=2)
AT_LEAST: Final = timedelta(seconds=1)
_MOST: Final = 4
"""Findings about one thing that are said in one alert; the Health page has them all."""


def place_of(tx: Tx, about: str) -> PropertyId | None:
    """The property that something concerns; None: the whole house, or nothing that is there any more."""
    what, _, id_ = about.partition(":")
    match what:
        case "property":
            return PropertyId(id_)
        case "lock":
            return next((door.property for door in doors.doors(tx) if door.id == id_), None)
        case "unit":
            return _of_unit(tx, UnitId(id_))
        case "stay":
            stay = ledger.stay(tx, StayId(id_))
            return None if stay is None else _of_unit(tx, stay.unit_id)
        case "channel":
            unit = next(
                (row.unit for row in house.channels(tx) if row.id == id_), None
            )  # None: an account's is the house
            return None if unit is None else _of_unit(tx, unit)
        case _:
            return None


def _of_unit(tx: Tx, unit: UnitId) -> PropertyId | None:
    place = house.property_of(tx, unit)
    return None if place is None else place.id


@dataclass(frozen=True, slots=True)
class Alerts:
    """Looks after every alert of the house."""

    store: Store
    bus: Bus
    clock: Clock
    wall: Clock
    plugins: Plugins
    vault: Vault
    every: timedelta = LOOK_EVERY
    """At least so often it looks; when time alone may change something, it does so then (`Look.edges`)."""
    settle: timedelta = SETTLE
    """What changes together is looked at once."""

    async def run(self) -> None:
        cramped = False
        async with self.bus.listen("health", "alerts", "clock", "house", "people") as nudges:
            while True:
                try:
                    again = await self._again()
                    cramped = False
                except Unavailable as error:
                    (logger.debug if cramped else logger.warning)("alerts wait for the store", why=str(error))
                    cramped, again = True, self.clock.now() + self.every
                await pause(self.clock, max(again, self.clock.now() + AT_LEAST), nudges)
                await self.clock.sleep(self.settle.total_seconds())

    async def _again(self) -> datetime:
        """Do what is to be done, and say when to look again at the latest."""
        idle = await self.store.read(self._at_rest)
        return idle if idle is not None else await self.store.write(self.look)

    def _at_rest(self, tx: Tx) -> datetime | None:
        """None: there is something to write down."""
        round_ = _Round(tx, self)
        return round_.rest() if not round_.changed else None

    def look(self, tx: Tx) -> datetime:
        """Do everything that is to be done now, and say when to look again at the latest."""
        return _Round(tx, self).settle()

    # ---- what people do ----

    def acknowledge(self, tx: Tx, id_: str, actor: str) -> Alert:
        """Somebody looks after it: nobody else is told. Raises Rejected."""
        row = _open(tx, id_)
        if row.acknowledged_at is not None:
            raise Rejected(f"{row.acknowledged_by} has acknowledged it already")
        now = self.clock.now()
        log.record(tx, now, actor, "acknowledge", f"alert:{id_}", detail=f"{row.kind.word} {row.about}")
        tx.signal("alerts")
        return alerts.acknowledge(tx, row, actor, now)

    def unacknowledge(self, tx: Tx, id_: str, actor: str) -> Alert:
        """It was a slip: the next person is told in time. Raises Rejected."""
        row = _open(tx, id_)
        if row.acknowledged_at is None:
            raise Rejected("nobody has acknowledged it")
        now = self.clock.now()
        log.record(tx, now, actor, "take acknowledgement back", f"alert:{id_}", detail=f"{row.kind.word} {row.about}")
        tx.signal("alerts")
        return alerts.unacknowledge(tx, row, now)

    def wish(self, tx: Tx, wanted: Wishes, actor: str) -> None:
        """How a property wants its people told. Raises Rejected."""
        place = house.property_with(tx, wanted.id)
        if place is None:
            raise Rejected(f"there is no property “{wanted.id}”")
        for people in (wanted.people, wanted.readers or ()):
            _can_be_told(tx, wanted.id, people)
        if wanted.quiet is not None and wanted.quiet.start == wanted.quiet.end:
            raise Rejected("quiet hours end at another time than they begin")
        names = ", ".join(listed.person for listed in wanted.people)
        readers = wanted.readers
        told = "managers" if readers is None else ", ".join(each.person for each in readers) or "nobody"
        detail = f"quiet {wanted.quiet or 'never'}; {names or 'managers'}; of bookings {told}"
        log.record(tx, self.clock.now(), actor, "say who is told of alerts", f"property:{wanted.id}", detail=detail)
        alerts.keep_wishes(tx, wanted)

    def try_out(self, tx: Tx, id_: PersonId, ways: Iterable[Way], actor: str) -> frozenset[Way]:
        """Send somebody a test message by those ways that reach them, and say which. Raises Rejected."""
        person = persons.person(tx, id_)
        if person is None or person.ended_at is not None:
            raise Rejected(f"there is nobody “{id_}” to be told")
        usable = persons.opened_contact(person, self.vault)
        known = frozenset(way for way in ways if usable.get(ADDRESS[way]))
        if not known:
            raise Rejected(f"{person.name} has neither an e-mail address nor a telephone number for that")
        now = self.clock.now()
        log.record(tx, now, actor, "send test message", f"person:{id_}")
        promise(tx, Recipient(person, known), "", "test", key=f"test:{tx.new_id(now)}", at=now, due=self.wall.now())
        tx.signal("alerts")
        return known


def _can_be_told(tx: Tx, place: PropertyId, people: Sequence[Listed]) -> None:
    """Raises Rejected."""
    for number, listed in enumerate(people):
        person = persons.person(tx, listed.person)
        if person is None or person.ended_at is not None:
            raise Rejected(f"there is nobody “{listed.person}” to be told")
        if person.property not in (None, place):
            raise Rejected(f"{person.name} works at another property")
        if any(listed.person == other.person for other in people[:number]):
            raise Rejected(f"{person.name} stands in the list twice")
        if not listed.ways & {Way.EMAIL, Way.SMS}:
            raise Rejected(f"choose e-mail or SMS for {person.name}; the page tells everybody")


def _open(tx: Tx, id_: str) -> Alert:
    row = alerts.alert(tx, id_)
    if row is None:
        raise Rejected("there is no such alert")
    if row.over_at is not None:
        raise Rejected("it is over already")
    return row


# ---- one look -------------------------------------------------------------------------------------------------------


class _Round:
    """One look at everything, within one transaction."""

    def __init__(self, tx: Tx, hub: Alerts) -> None:
        self._tx = tx
        self._vault = hub.vault
        self._plugins = hub.plugins
        self._due = hub.wall.now()
        self._every = hub.every
        self.now = hub.clock.now()
        self._quiet = Quiet(tx, hub.clock)
        self._chains: dict[tuple[PropertyId | None, Kind], list[Recipient]] = {}
        around = health.look_around(tx, hub)
        self._found = _grouped(health.found(around))
        self._edges = around.edges
        self._known = alerts.live(tx)

    @property
    def changed(self) -> bool:
        """Whether `settle` would write anything."""
        if self._found.keys() - {(row.kind, row.about) for row in self._known}:
            return True
        return any(self._after(row) != row or isinstance(self._next(row), Move) for row in self._known)

    def rest(self) -> datetime:
        nexts = (self._next(row) for row in self._known)
        edges = [move.until for move in nexts if isinstance(move, Rest) and move.until is not None]
        return min([*edges, *self._edges, self.now + self._every])

    def settle(self) -> datetime:
        """Everything that is to be done now."""
        known = {(row.kind, row.about) for row in self._known}
        for kind, about in [each for each in self._found if each not in known]:
            said = self._found[kind, about]
            place = place_of(self._tx, about)
            self._known.append(Alert(self._tx.new_id(self.now), kind, about, place, *said, Course(found_at=self.now)))
        self._known = [row for each in self._known if (row := self._carried(self._after(each))) is not None]
        self._tx.signal("alerts:list")  # for pages; this look is done
        return self.rest()

    def _after(self, row: Alert) -> Alert:
        """As it is after this look."""
        said = self._found.get((row.kind, row.about))
        course = seen(row.course, row.kind.rule, found=said is not None, now=self.now)
        sentence, cure = (row.sentence, row.cure) if said is None else said
        return replace(row, course=course, sentence=sentence, cure=cure)

    def _carried(self, row: Alert) -> Alert | None:
        """As it is when nothing more is to be done with it now; None: it is over or forgotten."""
        for _ in range(len(Move) + 1):  # a person can be told at once because nobody before was reached
            move = self._next(row)
            if isinstance(move, Rest):
                break
            if move is Move.FORGET:
                alerts.forget(self._tx, [row.id])
                return None
            row = self._moved(row, move)
            if row.over_at is not None:
                return None
        alerts.keep(self._tx, row)
        return row

    def _moved(self, row: Alert, move: Move) -> Alert:
        course, people = row.course, self._chain(row)
        match move:
            case Move.RAISE:
                row = replace(row, course=replace(course, raised_at=self.now))
                self._tell_concerned(row)
            case Move.TELL:
                alerts.keep(self._tx, row)  # a telling refers to it
                what = "raised" if course.told == 0 else "escalated"
                self._promise([people[course.told]], row, what, f"{course.told}")
                row = replace(row, course=replace(course, told=course.told + 1, told_at=self.now))
            case Move.REMIND:
                self._promise(people[: course.told], row, "reminder", f"again{course.reminded}")
                row = replace(row, course=replace(course, reminded=course.reminded + 1, told_at=self.now))
            case Move.END:
                row = replace(row, over_at=self.now)
                alerts.keep(self._tx, row)
                self._tell_the_end(row)
        return row

    def _tell_concerned(self, row: Alert) -> None:
        """Besides whoever is told as of any alert. Of those who only work there the trail says who was told."""
        listed = [recipient.person.id for recipient in self._chain(row)]
        aside = concerned(self._tx, self._vault, self._plugins, row)
        others = [each for each in aside if each.person.id not in listed]
        for people, what in ((others, CONCERNED), (informed(self._tx, self._vault, row), INFORMED)):
            if people:
                alerts.keep(self._tx, row)  # a telling refers to it
                self._promise(people, row, what, what)
        done = emergencies.emergency(self._tx, row.about.removeprefix("emergency:")) if others else None
        if done is not None:
            told = ", ".join(f"{each.person.id} by {ways_in_words(each.ways)}" for each in others)
            where = f"property:{done.property}"
            log.record(self._tx, self.now, "gatehouse", "tell who works there", where, detail=told)

    def _tell_the_end(self, row: Alert) -> None:
        """Whoever was reached learns that it is over; what still waits to be sent is no longer needed."""
        reached: dict[PersonId, set[Way]] = defaultdict(set)
        for telling in alerts.tellings_of(self._tx, [row.id])[row.id]:
            if telling.state is Sent.SENT:
                reached[telling.person].add(telling.way)
            elif telling.state is Sent.WAITING:
                alerts.told(self._tx, telling.key, Sent.MOOT, self.now, "it was over before")
        for id_, ways in reached.items():
            person = persons.person(self._tx, id_)
            if person is not None and person.ended_at is None:
                self._promise([Recipient(person, frozenset(ways))], row, "over", "over")

    def _promise(self, people: Iterable[Recipient], row: Alert, what: str, step: str) -> None:
        for recipient in people:
            promise(self._tx, recipient, row.id, what, key=f"alert:{row.id}:{step}", at=self.now, due=self._due)

    # ---- what decides ----

    def _next(self, row: Alert) -> Move | Rest:
        after = self._after(row)
        wanted = after.course.raised_at is not None and not after.course.acknowledged
        people = len(self._chain(row)) if wanted else 0
        around = Circumstances(
            found=(row.kind, row.about) in self._found,
            people=people,
            quiet_until=self._quiet.until(row.place),
            unreached=people > 0 and 0 < after.course.told < people and self._unreached(row),
        )
        return next_move(row.kind.rule, after.course, around, self.now)

    def _chain(self, row: Alert) -> list[Recipient]:
        key = (row.place, row.kind)
        if key not in self._chains:
            self._chains[key] = chain(self._tx, self._vault, *key)
        return self._chains[key]

    def _unreached(self, row: Alert) -> bool:
        told = [each for each in alerts.tellings_of(self._tx, [row.id])[row.id] if each.what not in ASIDE]
        return bool(told) and all(telling.state is Sent.REFUSED for telling in told)


def _grouped(findings: Iterable[Finding]) -> dict[tuple[Kind, str], tuple[str, str]]:
    """By what is the same trouble, its sentences and its cures, each said once."""
    found: dict[tuple[Kind, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        found[finding.kind, finding.about].append(finding)
    return {
        key: (_joined(each.sentence for each in same), _joined(each.cure for each in same))
        for key, same in found.items()
    }


def _joined(parts: Iterable[str]) -> str:
    return " ".join(list(dict.fromkeys(parts))[:_MOST])
