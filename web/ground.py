"""The house as one page sees it: rows turned into what is said of stays, doors and codes. Read in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final
from zoneinfo import ZoneInfo

from hub.model.battery import EMPTY_AT
from hub.model.codes import CodeState, Grant, Limits, state_of
from hub.model.values import LockId, Proof, PropertyId, Purpose, StayId, StayKind, UnitId
from hub.store import code_list, doors, house, settings
from hub.store.code_list import Code
from hub.store.doors import Door
from hub.store.engine import Tx
from hub.store.house import Property, Unit
from hub.store.proofs import Tally
from hub.store.questions import Question
from hub.store.restoring import FOREIGN
from hub.store.stays import StayRow
from web.words import Local, Moment

UTC_ZONE: Final = ZoneInfo("UTC")


class OnDoor(Enum):
    """How a stay's code stands at one door, worst first."""

    PROBLEM = "problem"
    SENT = "sent"
    WORKING = "working"
    LATER = "later"
    READY = "ready"
    LEAVING = "leaving"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class DoorCode:
    lock: LockId
    name: str
    state: OnDoor
    at: Moment | None = None
    proof: Proof = Proof.NONE
    why: str = ""
    opens: Moment | None = None
    """When a code that waits in the lock begins to work."""
    backup: bool = False
    """A backup code has taken the place of the stay's own."""


@dataclass(frozen=True, slots=True)
class StayLine:
    """A stay as it stands in lists."""

    id: StayId
    guest: str
    unit: str
    source: str
    kind: str
    status: str
    presence: str
    """`expected` | `due` (the stay has begun, nobody was seen) | `inside` | `gone`"""
    nights: int
    check_in: Moment | None
    check_out: Moment | None
    arrived: Moment | None
    left: Moment | None
    note: str
    doors: tuple[DoorCode, ...] = ()
    codes: str = ""
    """The worst of `doors` as a word; empty: no codes."""

    @property
    def initial(self) -> str:
        return self.guest[:1].upper()

    @property
    def arrives_today(self) -> bool:
        return self.check_in is not None and self.check_in.local.date() == self.check_in.today

    @property
    def leaves_today(self) -> bool:
        return self.check_out is not None and self.check_out.local.date() == self.check_out.today


@dataclass(frozen=True, slots=True)
class Ask:
    """A question that waits for a person."""

    id: str
    sentence: str
    options: Sequence[tuple[str, str]]
    asked: Moment
    urgent: bool
    about: str
    """The page of what it is about; empty: there is none."""


@dataclass(frozen=True, slots=True)
class Ground:
    now: datetime
    places: dict[PropertyId, Property]
    units: dict[UnitId, Unit]
    doors: dict[LockId, Door]
    safe_mode: bool = False
    """Nothing is put into locks or taken out until a person has looked."""

    @classmethod
    def read(cls, tx: Tx, now: datetime) -> Ground:
        return cls(
            now,
            {place.id: place for place in house.properties(tx)},
            {unit.id: unit for unit in house.units(tx)},
            {door.id: door for door in doors.doors(tx)},
            settings.safe_mode(tx),
        )

    # ---- where and when ----

    def local(self, place: PropertyId | None = None) -> Local:
        """The day of a property; of the first one where a page speaks of the whole house."""
        known = self.places.get(place) if place is not None else next(iter(self.places.values()), None)
        return Local(UTC_ZONE if known is None else known.zone, self.now)

    def local_of(self, unit: UnitId) -> Local:
        return self.local(self.units[unit].property)

    def unit_name(self, id_: UnitId) -> str:
        """With its property where there are several."""
        unit = self.units[id_]
        return unit.name if len(self.places) < 2 else f"{unit.name}, {self.places[unit.property].name}"

    def door_name(self, id_: LockId) -> str:
        door = self.doors.get(id_)
        return id_ if door is None else door.name

    # ---- stays ----

    def line(self, row: StayRow, *, on_doors: tuple[DoorCode, ...] = (), codes_word: str = "") -> StayLine:
        local = self.local_of(row.unit_id)
        return StayLine(
            id=row.id,
            guest=_guest(row),
            unit=self.unit_name(row.unit_id),
            source=row.channel_id or "",
            kind=row.kind.value,
            status=row.status.value,
            presence=_presence(row, self.now),
            nights=(row.departure - row.arrival).days if row.arrival and row.departure else 0,
            check_in=local.maybe(row.check_in),
            check_out=local.maybe(row.check_out),
            arrived=local.maybe(row.arrived_at),
            left=local.maybe(row.left_at),
            note=row.note,
            doors=on_doors,
            codes=codes_word or worst(on_doors),
        )

    def with_doors(self, tx: Tx, rows: Sequence[StayRow]) -> list[StayLine]:
        listed = code_list.of_stays(tx, [row.id for row in rows])
        return [self.line(row, on_doors=self.on_doors(row, listed[row.id])) for row in rows]

    def on_doors(self, row: StayRow, listed: Iterable[Code]) -> tuple[DoorCode, ...]:
        """One entry for each door: where a code is being replaced, the one that is to stay. None once all are gone."""
        local = self.local_of(row.unit_id)
        found: dict[LockId, DoorCode] = {}
        for code in sorted(listed, key=_standing):
            known = found.get(code.lock)
            if known is None or known.state is not OnDoor.READY:
                found[code.lock] = self._on_door(code, local)
        if all(door.state is OnDoor.GONE for door in found.values()):
            return ()
        return tuple(sorted(found.values(), key=lambda door: door.name))

    def _on_door(self, code: Code, local: Local) -> DoorCode:
        name, door = self.door_name(code.lock), self.doors.get(code.lock)
        assert code.issued is not None  # listing by stay lists grants
        grant, slot = code.issued.grant, code.slot
        match state_of(grant, slot, self.now):
            case CodeState.SET | CodeState.HELD if slot is not None:
                sure = slot.proof in (Proof.READ_BACK, Proof.CONFIRMED)
                state = OnDoor.READY if sure else OnDoor.SENT
                opens = local.moment(grant.window.start) if self.now < grant.window.start else None
                backup = code.issued.purpose is Purpose.BACKUP
                return DoorCode(
                    code.lock, name, state, local.maybe(slot.proven_at), slot.proof, opens=opens, backup=backup
                )
            case CodeState.REFUSED:
                return DoorCode(code.lock, name, OnDoor.PROBLEM, why=f"the lock refuses it: {code.issued.refused}")
            case CodeState.CLEARING:
                why = "not before safe mode is left" if self.safe_mode and not code.issued.grant.suspended else ""
                return DoorCode(code.lock, name, OnDoor.LEAVING, why=why)
            case CodeState.WANTED if self.now < grant.window.start and self.now < (goes_in := _goes_in(grant, door)):
                return DoorCode(code.lock, name, OnDoor.LATER, local.moment(goes_in))
            case None:
                return DoorCode(code.lock, name, OnDoor.GONE)
        if why := _hindrance(door):
            return DoorCode(code.lock, name, OnDoor.PROBLEM, why=why)
        return DoorCode(code.lock, name, OnDoor.WORKING)

    def tallied(self, row: StayRow, tally: Tally | None) -> StayLine:
        """With its codes in one word, for long lists."""
        return self.line(row, codes_word="" if tally is None else self._tally_word(row, tally))

    def _tally_word(self, row: StayRow, tally: Tally) -> str:
        if tally.refused:
            return OnDoor.PROBLEM.value
        if tally.proven == tally.doors:
            return OnDoor.READY.value
        begins = row.check_in
        lead = self.places[self.units[row.unit_id].property].code_lead
        if begins is None or self.now < begins - lead:
            return OnDoor.LATER.value
        return OnDoor.WORKING.value if self.now < begins else OnDoor.PROBLEM.value

    def ask(self, question: Question, stay: StayRow | None) -> Ask:
        """`stay`: what it is about, where it is about one."""
        local = self.local() if stay is None else self.local_of(stay.unit_id)
        urgent = question.urgent_at is not None and question.urgent_at <= self.now
        asked = local.moment(question.asked_at)
        about = (
            f"/locks/{question.subject}" if question.kind == FOREIGN else "" if stay is None else f"/stays/{stay.id}"
        )
        return Ask(question.id, question.sentence, question.options, asked, urgent, about)


def _standing(code: Code) -> tuple[bool, bool]:
    """What has ended first, and a backup code last, unless the stay's own is proven."""
    issued = code.issued
    return issued is not None and not issued.grant.revoked, issued is not None and issued.purpose is Purpose.BACKUP


def battery_low(door: Door) -> bool:
    """As the lock says, or by the percentage from which its model's batteries are low."""
    return door.battery_low or (door.battery is not None and door.battery <= EMPTY_AT)


def worst(on_doors: Iterable[DoorCode]) -> str:
    states = {door.state for door in on_doors}
    return next((state.value for state in OnDoor if state in states), "")


def _guest(row: StayRow) -> str:
    if row.kind is StayKind.BLOCK:
        return "Blocked"
    if row.kind is StayKind.UNKNOWN:
        return "Closed"
    if row.kind is StayKind.OWNER:
        return row.guest or "The owner"
    return row.guest or row.reference or "A guest without a name"


def _presence(row: StayRow, now: datetime) -> str:
    if row.inside(now):
        return "inside"
    if row.left_at is not None or (row.check_out is not None and row.check_out <= now):
        return "gone"
    if row.check_in is not None and row.check_in <= now:
        return "due"
    return "expected"


def _goes_in(grant: Grant, door: Door | None) -> datetime:
    """When its code is put into the lock."""
    waits = door is not None and door.abilities is not None and Limits.of(door.abilities).keeps_waiting
    return grant.window.start - door.ahead if waits and door is not None else grant.window.start


def _hindrance(door: Door | None) -> str:
    """What keeps a code out of a lock, as far as is known; empty: only time."""
    if door is not None and doors.has_no_device(door):
        return "the lock has no device any more"
    if door is None or door.abilities is None:
        return "the lock was never met by its driver"
    if door.quarantined:
        return "the lock was set aside"
    if door.silent_since is not None:
        return "the lock does not answer"
    return ""
