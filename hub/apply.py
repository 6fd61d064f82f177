"""A site file carried out: what differs from the house, said in sentences, and done in the same transaction.

The file owns the rows that it made and that nobody changed by page since (`Origin.SITE`); all others it leaves alone and
says so. Nothing is removed without `--prune`, and nothing that a guest depends on unless `--prune` is said twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, IntEnum
from typing import Any, assert_never

from hub import site_people, site_words
from hub.config import Problem, misconfigured, nearest
from hub.errors import Rejected
from hub.io.vault import Vault
from hub.model.passes import Turnover
from hub.model.values import Address, ChannelId, LockId, StayStatus, UnitId
from hub.sightings import forget_slots
from hub.site import Channel, PassSaid, PersonSaid, Site
from hub.site_advice import advice
from hub.site_telling import TELL_HOURS, WISHED
from hub.site_words import R, Row
from hub.store import alerts, bookings, codes, house, log, passes, persons, removing, staying, stays
from hub.store.alerts import Wishes
from hub.store.bookings import RulesRow
from hub.store.engine import Tx
from hub.store.house import ChannelRow, LockRow, Origin, Property, Unit
from hub.store.ladder import pool
from hub.store.listings import joined


class Prune(IntEnum):
    """How often the operator said `--prune`."""

    NOTHING = 0
    UNUSED = 1
    EVEN_IN_USE = 2


class What(Enum):
    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Change:
    what: What
    row: Row = field(repr=False)
    """As it is to be; as it was, for what is removed."""
    detail: str
    """In words; never a channel's settings."""
    moved: bool = False
    """A lock at another address, or a channel for another unit or of another integration."""

    @property
    def kind(self) -> str:
        """`property` | `lock` | `unit` | `channel` | `person` | `pass` | `alerts` | `booking rules`"""
        return site_words.KINDS[type(self.row)]

    def sentence(self, *, done: bool) -> str:
        verb = self.what.value.capitalize() if done else f"Would be {self.what.value}:"
        return f"{verb} {site_words.called(self.row)}{': ' if self.detail else ''}{self.detail}."


@dataclass(frozen=True, slots=True)
class Plan:
    changes: tuple[Change, ...]
    notes: tuple[str, ...]
    """What the operator should know and nothing is done about."""
    touched_units: frozenset[UnitId]
    """The doors and windows of their stays must be worked out anew."""
    touched_locks: frozenset[LockId]
    """New, or at another address: what their driver knows of them must be told again."""
    touched_channels: frozenset[ChannelId]
    """Their integrations must be plugged in anew, or unplugged."""


@dataclass(frozen=True, slots=True)
class House:
    """Everything as it is, by id."""

    properties: Mapping[str, Property] = field(default_factory=dict)
    locks: Mapping[str, LockRow] = field(default_factory=dict)
    units: Mapping[str, Unit] = field(default_factory=dict)
    channels: Mapping[str, Channel] = field(default_factory=dict)
    people: Mapping[str, PersonSaid] = field(default_factory=dict)
    passes: Mapping[str, PassSaid] = field(default_factory=dict)
    wishes: Mapping[str, Wishes] = field(default_factory=dict)
    rules: Mapping[str, RulesRow] = field(default_factory=dict)
    left: frozenset[str] = frozenset()
    """People who are not there any more."""


def apply(tx: Tx, site: Site, vault: Vault, *, prune: Prune, now: datetime, actor: str) -> Plan:
    """Make the house as the file says and return what was done.

    Raises:
        Misconfigured: something that the file names does not exist.
        Rejected: a guest depends on what would be removed or moved. In both cases nothing was changed.
    """
    wanted = plan(tx, site, vault, prune=prune, now=now)
    carry_out(tx, wanted, vault, now=now, actor=actor)
    return wanted


def plan(tx: Tx, site: Site, vault: Vault, *, prune: Prune, now: datetime) -> Plan:
    """What `apply` would do; raises as it does."""
    wanted = compare(site, look(tx, vault), prune)
    refusals = [why for change in wanted.changes if (why := _in_use(tx, change, prune, now)) is not None]
    if refusals:
        raise Rejected("\n".join([*refusals, "nothing was changed"]))
    return wanted


def look(tx: Tx, vault: Vault) -> House:
    said = joined(tx, Origin.SITE.value)
    return House(
        properties={row.id: row for row in house.properties(tx)},
        locks={row.id: row for row in house.locks(tx)},
        units={row.id: row for row in house.units(tx)},
        channels={row.id: _opened(row, vault, said.get(row.id, {})) for row in house.channels(tx)},
        people={row.id: site_people.person_said(row, vault) for row in persons.persons(tx)},
        passes={row.id: site_people.pass_said(row) for row in passes.all_passes(tx)},
        wishes={row.id: row for row in alerts.wishes(tx).values()},
        rules=bookings.all_rules(tx),
        left=frozenset(row.id for row in persons.persons(tx) if row.ended_at is not None),
    )


def _opened(row: ChannelRow, vault: Vault, units: Mapping[str, UnitId]) -> Channel:
    return Channel(row.id, row.unit, row.integration, house.opened_settings(row, vault), row.origin, units)


# ---- comparing -----------------------------------------------------------------------------------------------------


def compare(site: Site, known: House, prune: Prune) -> Plan:
    """Raises Misconfigured or Rejected where something would be left that refers to nothing."""
    said = _Said([], [])
    then = House(
        properties=_compared(tuple(_told_as_before(site, known)), known.properties, prune, said),
        locks=_compared(site.locks, known.locks, prune, said),
        units=_compared(site.units, known.units, prune, said),
        channels=_compared(site.channels, known.channels, prune, said),
        people=_compared(site.people, known.people, prune, said),
        passes=_compared(site.passes, known.passes, prune, said),
        wishes=_compared(_with_the_unsaid(site, known, prune, said), known.wishes, prune, said),
        rules=_compared(site.rules, known.rules, prune, said),
        left=known.left & {listed.person for wishes in site.wishes for listed in wishes.told},
    )
    wrong = [*_loose_ends(then), *_shared_addresses(then)]
    if wrong:
        raise misconfigured(wrong)
    return Plan(
        changes=tuple(said.changes),
        notes=(*said.notes, *advice(site)),
        touched_units=frozenset(unit for change in said.changes for unit in _touched_units(change, known, then)),
        touched_locks=frozenset(
            change.row.id
            for change in said.changes
            if isinstance(change.row, LockRow) and (change.what is What.ADDED or change.moved)
        ),
        touched_channels=frozenset(change.row.id for change in said.changes if isinstance(change.row, Channel)),
    )


@dataclass(frozen=True, slots=True)
class _Said:
    changes: list[Change]
    notes: list[str]


def _compared(wanted: Iterable[R], known: Mapping[str, R], prune: Prune, said: _Said) -> dict[str, R]:
    """The rows as they are to be; what that takes is added to `said`."""
    then = dict(known)
    for row in wanted:
        was = known.get(row.id)
        if was is None:
            said.changes.append(Change(What.ADDED, row, ", ".join(site_words.introduction(row))))
        elif replace(was, origin=Origin.SITE) == row:
            continue
        elif was.origin is Origin.PAGES:
            said.notes.append(
                f"{site_words.called(row)} was made or changed in the web pages; it stays as it is there."
            )
            continue
        else:
            said.changes.append(Change(What.CHANGED, row, site_words.difference(was, row), moved=_moved(was, row)))
        then[row.id] = row
    for row in _unnamed(wanted, known):
        if prune is Prune.NOTHING:
            said.notes.append(
                f"{site_words.called(row)} is no longer in the site file; it stays unless you say --prune."
            )
        else:
            said.changes.append(Change(What.REMOVED, row, site_words.farewell(row)))
            del then[row.id]
    return then


def _told_as_before(site: Site, known: House) -> Iterator[Property]:
    """A house that is there goes on telling its guests as it does until its file says otherwise."""
    for row in site.properties:
        was = known.properties.get(row.id) if TELL_HOURS in site.unsaid.get(row.id, ()) else None
        yield row if was is None else replace(row, tell_hours=was.tell_hours)


def _with_the_unsaid(site: Site, known: House, prune: Prune, said: _Said) -> list[Wishes]:
    """What an earlier file said of who is told, and this one leaves out, is no longer in the file: that takes --prune."""
    rows = []
    for row in site.wishes:
        was = known.wishes.get(row.id)
        unsaid = site.unsaid.get(row.id, frozenset()) - {TELL_HOURS}
        kept: dict[str, Any] = {name: getattr(was or row, name) for name in unsaid}
        full = replace(row, **kept)
        if full != row and was is not None and was.origin is Origin.SITE and prune is Prune.NOTHING:
            lost = ", ".join(
                key for key, name in WISHED.items() if kept.get(name) != getattr(row, name) and name in kept
            )
            named = site_words.called(row)
            said.notes.append(f"{lost} of {named} is no longer in the site file; it stays unless you say --prune.")
            row = full  # noqa: PLW2901
        rows.append(row)
    return rows


def _unnamed(wanted: Iterable[R], known: Mapping[str, R]) -> Iterator[R]:
    """What an earlier site file made and this one does not name."""
    for id_ in sorted(known.keys() - {row.id for row in wanted}):
        if known[id_].origin is Origin.SITE:
            yield known[id_]


def _moved(was: Row, row: Row) -> bool:
    match was, row:
        case LockRow(), LockRow():
            return (was.driver, was.address) != (row.driver, row.address)
        case Channel(), Channel():
            return (was.unit, was.integration) != (row.unit, row.integration)
    return False


def _loose_ends(then: House) -> Iterator[Problem]:
    for lock in then.locks.values():
        yield from _missing(lock, "property", [lock.property], then.properties)
    for unit in then.units.values():
        yield from _missing(unit, "property", [unit.property], then.properties)
        yield from _missing(unit, "locks", unit.locks, then.locks)
    for channel in then.channels.values():
        yield from _missing(channel, "unit", [channel.unit] if channel.unit else [], then.units)
        yield from _missing(channel, "units", channel.units.values(), then.units)
    for person in then.people.values():
        yield from _missing(person, "property", [person.property] if person.property else [], then.properties)
    for each in then.passes.values():
        yield from _missing(each, "person", [each.person], then.people)
        if each.origin is Origin.SITE:  # one that was made in the pages goes on with the doors that are left
            yield from _missing(each, "locks", each.locks, then.locks)
            between = [each.when.unit] if isinstance(each.when, Turnover) and each.when.unit else []
            yield from _missing(each, "unit", between, then.units)
    for wishes in then.wishes.values():
        yield from site_people.untold(wishes, then.people, then.left)


def _missing(row: Row, field_: str, named_: Iterable[str], there: Mapping[str, Row]) -> Iterator[Problem]:
    for id_ in named_:
        if id_ in there:
            continue
        near = nearest(id_, there)
        kind = field_.removesuffix("s")
        cure = f"add a [[{kind}]] with this id" if near is None else f'did you mean "{near}"?'
        if row.origin is Origin.PAGES:
            cure = "it was made in the web pages: change it there first"
        yield Problem(f"{site_words.called(row)}.{field_}", f'there is no {kind} "{id_}"; {cure}')


def _shared_addresses(then: House) -> Iterator[Problem]:
    first: dict[tuple[str, str], LockRow] = {}
    for lock in sorted(then.locks.values(), key=lambda lock: lock.origin is Origin.SITE):
        other = first.setdefault((lock.driver, lock.address), lock)
        if other is not lock:
            yield Problem(
                f"{site_words.called(lock)}.address",
                f"{lock.driver} {lock.address} is {site_words.called(other)} already; remove that one, or keep its id",
            )


def _touched_units(change: Change, known: House, then: House) -> Iterator[UnitId]:
    match change.row:
        case Property() as row if change.what is What.CHANGED:
            if known.properties[row.id].house_rules != row.house_rules:
                yield from (unit.id for unit in then.units.values() if unit.property == row.id)
        case LockRow() as row if change.moved or _other_codes(row, known.locks.get(row.id)):
            yield from (unit.id for unit in then.units.values() if row.id in unit.locks)
        case Unit() as row if change.what is What.ADDED:
            yield row.id
        case Unit() as row if change.what is What.CHANGED:
            if replace(known.units[row.id], name=row.name, instructions=row.instructions) != row:
                yield row.id
        case Channel() as row if change.moved:
            yield from (unit for unit in (row.unit, known.channels[row.id].unit) if unit is not None)


def _other_codes(row: LockRow, was: LockRow | None) -> bool:
    return was is not None and was.codes != row.codes


# ---- doing ---------------------------------------------------------------------------------------------------------


def _in_use(tx: Tx, change: Change, prune: Prune, now: datetime) -> str | None:
    """Why a guest depends on what would be removed or moved."""
    removed = change.what is What.REMOVED and prune is not Prune.EVEN_IN_USE
    match change.row:
        case Unit() as row if removed:
            live = len(staying.live_in(tx, row.id, now))
            why = f"has stays that are not over ({live}); cancel them first, or say --prune twice"
            return f"{site_words.called(row)} {why}" if live else None
        case LockRow() as row if removed:
            return _lock_in_use(tx, row, now)
        case Channel() as row if change.moved:
            live = _live_from(tx, row.id, now)
            why = f"told of stays that are not over ({live}); give the new channel an id of its own"
            return f"{site_words.called(row)} {why}" if live else None
        case _:
            return None


def _lock_in_use(tx: Tx, row: LockRow, now: datetime) -> str | None:
    held = len(codes.open_grants(tx, row.id)) - len(pool(tx, [row.id]).get(row.id, []))  # nobody knows backup codes
    if held:
        cure = "wait until they are cleared, or say --prune twice and clear them at the lock"
        return f"{site_words.called(row)} holds or awaits codes of ours ({held}); {cure}"
    passing = [unit.id for unit in house.units_of(tx, row.id) if staying.live_in(tx, unit.id, now)]
    cure = "take it from the unit first, or say --prune twice"
    return (
        f"{site_words.called(row)} is a door of {', '.join(passing)}, with stays that are not over; {cure}"
        if passing
        else None
    )


def _live_from(tx: Tx, channel: ChannelId, now: datetime) -> int:
    live = {StayStatus.CONFIRMED, StayStatus.TENTATIVE}
    told = {stay.id: stay for _, stay in stays.sources_of(tx, channel, since=now)}
    return sum(stay.status in live for stay in told.values())


def carry_out(tx: Tx, plan: Plan, vault: Vault, *, now: datetime, actor: str) -> None:
    """In the transaction in which the plan was made. Properties come before and go after all that is in them."""
    going = [change.row for change in plan.changes if change.what is What.REMOVED]
    coming = [change.row for change in plan.changes if change.what is not What.REMOVED]
    for row in reversed(going):
        if not isinstance(row, Property):
            _remove(tx, row, now)
    for row in coming:
        if isinstance(row, Property):
            _keep(tx, row, vault, now)
    _move_locks(tx, plan, now)
    for row in coming:
        if not isinstance(row, Property):
            _keep(tx, row, vault, now)
    for row in going:
        if isinstance(row, Property):
            _remove(tx, row, now)
    if plan.changes:
        told = " ".join(change.sentence(done=True) for change in plan.changes)
        log.record(tx, now, actor, "apply", "site", detail=told)


def _remove(tx: Tx, row: Row, now: datetime) -> None:
    match row:
        case Property():
            removing.remove_property(tx, row.id)
        case LockRow():
            removing.remove_lock(tx, row.id)
        case Unit():
            removing.remove_unit(tx, row.id, now)
        case Channel():
            removing.remove_channel(tx, row.id)
        case PersonSaid() | PassSaid():
            site_people.remove(tx, row, now)
        case Wishes():
            alerts.forget_wishes(tx, row.id)
        case RulesRow():
            bookings.forget_rules(tx, row.id)
        case _:
            assert_never(row)


def _move_locks(tx: Tx, plan: Plan, now: datetime) -> None:
    """Two locks may trade addresses: first each goes where no lock can be."""
    for change in plan.changes:
        if change.moved and isinstance(change.row, LockRow):
            house.keep_lock(tx, replace(change.row, address=Address(f"moving {change.row.id}")))
            house.forget_hardware(tx, change.row.id)
            forget_slots(tx, change.row.id, now)


def _keep(tx: Tx, row: Row, vault: Vault, now: datetime) -> None:
    match row:
        case Property():
            house.keep_property(tx, row)
        case LockRow():
            house.keep_lock(tx, row)
        case Unit():
            house.keep_unit(tx, row)
        case Channel():
            sealed = house.sealed_settings(row.id, row.settings, vault)
            house.keep_channel(tx, ChannelRow(row.id, row.unit, row.integration, sealed, row.origin, row.units))
        case PersonSaid():
            site_people.keep_person(tx, row, vault, now)
        case PassSaid():
            pass  # once the doors are there, and whoever can draw digits (hub/site_people.py)
        case Wishes():
            alerts.keep_wishes(tx, row)
        case RulesRow():
            bookings.keep_rules(tx, row)
        case _:
            assert_never(row)
