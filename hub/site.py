"""The site file: properties, locks, units, channels, people and their passes as the operator describes them.

    [[property]]  id, name, timezone, check_in = "15:00", check_out = "11:00", code_lead = "60m", digits = 6,
                  backups = 2, log_days = 30, guest_days = 730, tell_hours = 24,
                  code_kind = "random", code_distance = 2, early_check_in = "0m", late_check_out = "0m", code_ahead = "72h"
                  guest_phone = "", instructions = "", privacy = "", quiet_hours = "never", booking_news = the managers,
                  booking = {}, escalation = []
    [[lock]]      id, property, name, driver, address, shared = false, remote_unlock_over_s0 = false, unencrypted = false,
                  and where it is different there: code_lead, digits, code_kind, code_distance, early_check_in,
                  late_check_out, code_ahead, backups
    [[unit]]      id, property, name, locks, closed_means = "ask", instructions = "", booking = {}
    [[channel]]   id, unit or (for an account) units, integration, and that integration's own settings
    [[person]]    id, name, kind, property = every one, phone = "", email = "", told_by = "email"
    [[pass]]      id, person, locks, hours or between_stays (with longest = "8h") or neither, until = open, uses = any, name = "",
                  note = ""

Here it is only understood; hub/apply.py compares it with the house and carries it out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StrictBool,
    ValidationError,
    ValidationInfo,
)

from hub.config import Problem, Section, misconfigured, nearest, problems, read_toml, unknown
from hub.errors import Misconfigured
from hub.manifests import discover, integration_called
from hub.model.guest_page import instructions, telephone
from hub.model.guest_told import MOST_TELL_HOURS, TELL_HOURS
from hub.model.keeping import GUEST_DAYS, LOG_DAYS, MOST_GUEST_DAYS, MOST_LOG_DAYS
from hub.model.passes import ALWAYS, LONGEST_TURNOVER, EveryWeek, Span, Turnover, When, read_hours
from hub.model.people import PersonKind, ToldBy
from hub.model.policy import CodeKind, Override
from hub.model.values import Address, ChannelId, LockId, PassId, PersonId, PropertyId, UnitId, clean
from hub.site_bookings import Booking, read_span
from hub.site_telling import WISHED, CodesBy, Quiet, Step, left_out, wishes
from hub.store.alerts import Wishes
from hub.store.bookings import RulesRow
from hub.store.house import ClosedMeans, LockRow, Origin, Property, Unit

MOST_BACKUPS: Final = 5
LONGEST_LEAD: Final = timedelta(hours=24)
"""A code that works days early is a key given to a stranger."""
LONGEST_AHEAD: Final = timedelta(days=14)
"""Places in a keypad are few."""


@dataclass(frozen=True, slots=True)
class Channel:
    id: ChannelId
    unit: UnitId | None
    integration: str
    settings: Mapping[str, JsonValue] = field(repr=False)
    origin: Origin
    units: Mapping[str, UnitId] = field(default_factory=dict)
    """Of an account, by its own words for them."""


@dataclass(frozen=True, slots=True)
class PersonSaid:
    """A person as a site file describes them."""

    id: PersonId
    name: str
    kind: PersonKind
    property: PropertyId | None
    """None: of every one."""
    phone: str = field(repr=False)
    email: str = field(repr=False)
    origin: Origin
    told_by: ToldBy = ToldBy.EMAIL


@dataclass(frozen=True, slots=True)
class PassSaid:
    id: PassId
    person: PersonId
    locks: tuple[LockId, ...]
    when: When
    until: datetime | None
    uses: int | None
    name: str
    origin: Origin
    note: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    properties: tuple[Property, ...]
    locks: tuple[LockRow, ...]
    units: tuple[Unit, ...]
    channels: tuple[Channel, ...]
    people: tuple[PersonSaid, ...] = ()
    passes: tuple[PassSaid, ...] = ()
    wishes: tuple[Wishes, ...] = ()
    """How those properties want their people told that say so."""
    unsaid: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Of each of these, the fields of which the file says nothing."""
    rules: tuple[RulesRow, ...] = ()
    """What those properties and units say of bookings that say something."""


CheckChannel = Callable[[str, Mapping[str, Any], str], object]
"""Whether an integration can work with these settings: (its name, settings, key for complaints); raises Misconfigured."""


def load(path: Path, *, drivers: Collection[str], check_channel: CheckChannel) -> Site:
    """Raises Misconfigured with everything that is wrong, each with the entry, the field and the cure."""
    return parse(read_toml(path), drivers=drivers, check_channel=check_channel)


def parse(told: Mapping[str, Any], *, drivers: Collection[str], check_channel: CheckChannel) -> Site:
    """`drivers` are those of gatehouse.toml."""
    wrong: list[Problem] = [Problem(key, unknown(key, KINDS)) for key in told if key not in KINDS]
    entries = {kind: _entries(kind, model, told.get(kind, []), wrong) for kind, model in KINDS.items()}
    for kind, found in entries.items():
        wrong += _doubles(kind, found)
    wrong += [_no_driver(lock, drivers) for lock in entries["lock"] if lock.driver not in drivers]
    wrong += _shared_addresses(entries["lock"])
    for channel in entries["channel"]:
        wrong += channel.whose()
        try:
            check_channel(channel.integration, channel.settings, named("channel", channel.id))
        except Misconfigured as error:
            wrong.append(Problem(error.key, error.why))
    if wrong:
        raise misconfigured(wrong)
    wishes = tuple(row for entry in entries["property"] if (row := entry.wishes()) is not None)
    rows = {field: tuple(entry.row() for entry in entries[kind]) for kind, field in _PLURALS.items()}
    rules = tuple(row for kind in ("property", "unit") for each in entries[kind] if (row := each.rules()) is not None)
    unsaid = {row.id: left_out(row.model_fields_set) for row in entries["property"]}
    return Site(**rows, wishes=wishes, unsaid=unsaid, rules=rules)


def named(kind: str, id_: str) -> str:
    return f"{kind} “{id_}”"


# ---- one entry -----------------------------------------------------------------------------------------------------

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def checked_id(value: str) -> str:
    """Raises ValueError."""
    if not _ID.fullmatch(value):
        raise ValueError("must begin with a letter or digit and hold only letters, digits and . _ - (64 at most)")
    return value


def _name(value: str) -> str:
    cleaned = clean(value, limit=100)
    if not cleaned:
        raise ValueError("must not be empty")
    return cleaned


def _zone(value: object) -> ZoneInfo:
    zones = available_timezones()
    if isinstance(value, str) and value in zones:
        return ZoneInfo(value)
    near = nearest(value, zones) if isinstance(value, str) else None
    cure = 'write it like "Europe/Berlin"' if near is None else f'did you mean "{near}"?'
    raise ValueError(f"is not a time zone; {cure}")


def _time(value: object) -> time:
    """Text, or TOML's own local time."""
    if isinstance(value, str) and re.fullmatch(r"\d\d:\d\d", value):
        try:
            return time.fromisoformat(value)
        except ValueError:
            pass
    elif isinstance(value, time) and value.replace(second=0, microsecond=0) == value:
        return value
    raise ValueError('must be a time of day, e.g. "15:00"')


def _lead(value: object) -> timedelta:
    lead = read_span(value)
    if lead > LONGEST_LEAD:
        raise ValueError("must not be more than 24h: a code works only about its guest's own stay")
    return lead


def _ahead(value: object) -> timedelta:
    ahead = read_span(value)
    if ahead > LONGEST_AHEAD:
        raise ValueError("must not be more than 336h, two weeks: places in a keypad are few")
    return ahead


Id = Annotated[str, AfterValidator(checked_id)]
Name = Annotated[str, AfterValidator(_name)]
TimeOfDay = Annotated[time, BeforeValidator(_time)]
Lead = Annotated[timedelta, BeforeValidator(_lead)]
Ahead = Annotated[timedelta, BeforeValidator(_ahead)]
Digits = Annotated[int, Field(strict=True, ge=4, le=8)]
Distance = Annotated[int, Field(strict=True, ge=1, le=3)]
Backups = Annotated[int, Field(strict=True, ge=0, le=MOST_BACKUPS)]
Instructions = Annotated[str, AfterValidator(instructions)]


class _Property(Section):
    model_config = ConfigDict(arbitrary_types_allowed=True)

    id: Id
    name: Name
    timezone: Annotated[ZoneInfo, BeforeValidator(_zone)]
    check_in: TimeOfDay = time(15)
    check_out: TimeOfDay = time(11)
    code_lead: Lead = timedelta(minutes=60)
    digits: Digits = 6
    backups: Backups = 2
    code_kind: CodeKind = CodeKind.RANDOM
    code_distance: Distance = 2
    early_check_in: Lead = timedelta(0)
    late_check_out: Lead = timedelta(0)
    code_ahead: Ahead = timedelta(hours=72)
    log_days: Annotated[int, Field(strict=True, ge=1, le=MOST_LOG_DAYS)] = LOG_DAYS
    guest_days: Annotated[int, Field(strict=True, ge=0, le=MOST_GUEST_DAYS)] = GUEST_DAYS
    quiet_hours: Quiet = None
    escalation: tuple[Step, ...] = ()
    booking_news: tuple[Step, ...] | None = None
    tell_hours: Annotated[int, Field(strict=True, ge=0, le=MOST_TELL_HOURS)] = TELL_HOURS
    guest_phone: Annotated[str, AfterValidator(telephone)] = ""
    instructions: Instructions = ""
    privacy: Instructions = ""
    booking: Booking | None = None

    def rules(self) -> RulesRow | None:
        """None where the file says nothing of it: it is left to the pages."""
        of = PropertyId(self.id)
        return None if self.booking is None else RulesRow(of, None, self.booking.own(), Origin.SITE)

    def wishes(self) -> Wishes | None:
        """None where the file says nothing of it: it is left to the pages."""
        if not self.model_fields_set & WISHED.keys():
            return None
        return wishes(self.id, self.quiet_hours, self.escalation, self.booking_news)

    def row(self) -> Property:
        return Property(
            id=PropertyId(self.id),
            name=self.name,
            zone=self.timezone,
            check_in=self.check_in,
            check_out=self.check_out,
            code_lead=self.code_lead,
            digits=self.digits,
            origin=Origin.SITE,
            backups=self.backups,
            code_kind=self.code_kind,
            code_distance=self.code_distance,
            early_in=self.early_check_in,
            late_out=self.late_check_out,
            code_ahead=self.code_ahead,
            log_days=self.log_days,
            guest_days=self.guest_days,
            tell_hours=self.tell_hours,
            guest_phone=self.guest_phone,
            instructions=self.instructions,
            privacy=self.privacy,
        )


class _Lock(Section):
    id: Id
    property: Id
    name: Name
    driver: str
    address: Annotated[str, Field(min_length=1, max_length=200)]
    shared: StrictBool = False
    remote_unlock_over_s0: StrictBool = False
    unencrypted: StrictBool = False
    code_lead: Lead | None = None
    digits: Digits | None = None
    code_kind: CodeKind | None = None
    code_distance: Distance | None = None
    early_check_in: Lead | None = None
    late_check_out: Lead | None = None
    code_ahead: Ahead | None = None
    backups: Backups | None = None

    def row(self) -> LockRow:
        return LockRow(
            id=LockId(self.id),
            property=PropertyId(self.property),
            name=self.name,
            driver=self.driver,
            address=Address(self.address),
            shared=self.shared,
            origin=Origin.SITE,
            remote_unlock_over_s0=self.remote_unlock_over_s0,
            unencrypted=self.unencrypted,
            codes=Override(
                self.code_kind,
                self.digits,
                self.code_distance,
                self.code_lead,
                self.early_check_in,
                self.late_check_out,
                self.code_ahead,
            ),
            backups=self.backups,
        )


class _Unit(Section):
    id: Id
    property: Id
    name: Name
    locks: tuple[Id, ...]
    closed_means: ClosedMeans = ClosedMeans.ASK
    instructions: Instructions = ""
    booking: Booking | None = None

    def rules(self) -> RulesRow | None:
        unit = UnitId(self.id)
        return None if self.booking is None else RulesRow(None, unit, self.booking.own(), Origin.SITE)

    def row(self) -> Unit:
        return Unit(
            id=UnitId(self.id),
            property=PropertyId(self.property),
            name=self.name,
            locks=tuple(sorted({LockId(lock) for lock in self.locks})),
            closed_means=self.closed_means,
            origin=Origin.SITE,
            instructions=self.instructions,
        )


class _Channel(Section):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, JsonValue]

    id: Id
    unit: Id | None = None
    units: dict[Annotated[str, Field(min_length=1, max_length=200)], Id] = Field(default_factory=dict)
    integration: Annotated[str, AfterValidator(integration_called)]

    @property
    def settings(self) -> dict[str, JsonValue]:
        return self.__pydantic_extra__

    def row(self) -> Channel:
        unit = None if self.unit is None else UnitId(self.unit)
        units = {listing: UnitId(each) for listing, each in self.units.items()}
        return Channel(ChannelId(self.id), unit, self.integration, self.settings, Origin.SITE, units)

    def whose(self) -> Iterator[Problem]:
        """A channel is one unit's, an account lets several."""
        where, manifest = named("channel", self.id), discover().get(f"integration/{self.integration}")
        if manifest is not None and manifest.account:
            if self.unit is not None:
                cure = "an account lets several units; write units with its own word for each, or leave it out"
                yield Problem(f"{where}.unit", cure)
        elif self.unit is None and not (manifest is not None and manifest.several and self.units):
            yield Problem(f"{where}.unit", "is missing")
        elif self.unit is not None and self.units:
            yield Problem(f"{where}.units", f"{self.integration} is asked for one unit; write unit")


class _Person(Section):
    id: Id
    name: Annotated[Name, Field(max_length=60)]
    kind: PersonKind
    property: Id | None = None
    phone: Annotated[str, Field(max_length=40)] = ""
    email: Annotated[str, Field(max_length=200)] = ""
    told_by: CodesBy = ToldBy.EMAIL

    def row(self) -> PersonSaid:
        place = None if self.property is None else PropertyId(self.property)
        told = clean(self.phone, limit=40), clean(self.email, limit=200), Origin.SITE, self.told_by
        return PersonSaid(PersonId(self.id), self.name, self.kind, place, *told)


def _hours(value: object) -> tuple[Span, ...]:
    if isinstance(value, str):
        return read_hours(value)
    raise ValueError("must be hours of the week, e.g. “Mon-Fri 08:00-17:00”")


def _longest(value: object) -> timedelta:
    longest = read_span(value)
    if not timedelta(minutes=15) <= longest <= timedelta(days=7):
        raise ValueError("must be 15m at least, and 168h at most")
    return longest


def _not_both(value: str, info: ValidationInfo) -> str:
    if info.data.get("hours") is not None:
        raise ValueError("stands beside hours; a pass has one of them")
    return value


class _Pass(Section):
    id: Id
    person: Id
    locks: Annotated[tuple[Id, ...], Field(min_length=1)]
    hours: Annotated[tuple[Span, ...] | None, BeforeValidator(_hours)] = None
    between_stays: Annotated[Id, AfterValidator(_not_both)] | None = None
    longest: Annotated[timedelta, BeforeValidator(_longest)] = LONGEST_TURNOVER
    until: AwareDatetime | None = None
    uses: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = None
    name: Annotated[str, Field(max_length=60)] = ""
    note: Annotated[str, Field(max_length=200)] = ""

    def row(self) -> PassSaid:
        locks = tuple(sorted({LockId(lock) for lock in self.locks}))
        until = None if self.until is None else self.until.astimezone(UTC)
        said = clean(self.name, limit=60), Origin.SITE, clean(self.note, limit=200)
        return PassSaid(PassId(self.id), PersonId(self.person), locks, self._when(), until, self.uses, *said)

    def _when(self) -> When:
        if self.between_stays is not None:
            return Turnover(UnitId(self.between_stays), self.longest)
        return ALWAYS if self.hours is None else EveryWeek(self.hours)


KINDS: Final[Mapping[str, type[Section]]] = {
    "property": _Property,
    "lock": _Lock,
    "unit": _Unit,
    "channel": _Channel,
    "person": _Person,
    "pass": _Pass,
}
_PLURALS: Final = {
    "property": "properties",
    "lock": "locks",
    "unit": "units",
    "channel": "channels",
    "person": "people",
    "pass": "passes",
}


# ---- all of them ---------------------------------------------------------------------------------------------------


def _entries(kind: str, model: type[Section], told: object, wrong: list[Problem]) -> list[Any]:
    if not isinstance(told, list) or not all(isinstance(entry, dict) for entry in told):
        wrong.append(Problem(kind, f"must be written with two brackets, [[{kind}]], once for each {kind}"))
        return []
    found: list[Any] = []
    for number, entry in enumerate(told, start=1):
        try:
            found.append(model.model_validate(entry))
        except ValidationError as error:
            known = isinstance(entry.get("id"), str)
            prefix = named(kind, entry["id"]) if known else f"{kind} no. {number}"
            wrong += [problem.under(prefix) for problem in problems(error, model)]
    return found


def _doubles(kind: str, entries: Sequence[Any]) -> Iterable[Problem]:
    ids = [entry.id for entry in entries]
    for double in sorted({id_ for id_ in ids if ids.count(id_) > 1}):
        yield Problem(f"{named(kind, double)}.id", f"is used {ids.count(double)} times; give each {kind} its own")


def _no_driver(lock: _Lock, drivers: Collection[str]) -> Problem:
    key = f"{named('lock', lock.id)}.driver"
    near = nearest(lock.driver, drivers)
    if near is not None:
        return Problem(key, f'"{lock.driver}" is not in gatehouse.toml; did you mean "{near}"?')
    return Problem(key, f'"{lock.driver}" is not in gatehouse.toml; add a section [drivers.{lock.driver}] there')


def _shared_addresses(locks: Sequence[_Lock]) -> Iterable[Problem]:
    first: dict[tuple[str, str], str] = {}
    for lock in locks:
        other = first.setdefault((lock.driver, lock.address), lock.id)
        if other != lock.id:
            key = f"{named('lock', lock.id)}.address"
            yield Problem(
                key, f"{lock.driver} {lock.address} is {named('lock', other)} already; each lock has its own address"
            )
