"""The ledger of stays, and where each was reported."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Final

from sqlalchemy import Column, Select, bindparam, desc, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from hub.io.vault import Vault
from hub.model import stays as stays_model
from hub.model.money import Money
from hub.model.price_lines import Price, unpacked
from hub.model.values import CODED, ChannelId, Pin, StayId, StayKind, StayStatus, UnitId, Window
from hub.model.workflow import Stage
from hub.store import steps
from hub.store.claims import claim_of, free_at
from hub.store.engine import Tx
from hub.store.prepared import Prepared, one_of, upsert
from hub.store.source_names import CLOSED_THERE, stand_in
from hub.store.stay_search import Wanted, conditions
from hub.store.tables import Instant, channel_state, pushes, stay_sources, stays


@dataclass(frozen=True, slots=True)
class StayRow:
    id: StayId
    unit_id: UnitId
    channel_id: ChannelId | None
    kind: StayKind
    status: StayStatus
    arrival: date | None
    departure: date | None
    own_check_in: datetime | None
    own_check_out: datetime | None
    check_in: datetime | None
    check_out: datetime | None
    guest: str
    reference: str
    phone_last4: str
    contact: bytes | None
    guests: int | None
    note: str
    made_at: datetime
    changed_at: datetime
    arrived_at: datetime | None = None
    left_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancelled_why: str | None = None
    platform: str = ""
    """Where it was sold, by the word of a manager of other channels."""
    source_status: str = ""
    total_minor: int | None = None
    currency: str | None = None
    price_lines: str = ""
    """What it is made of (hub/model/price_lines.py)."""
    adults: int | None = None
    children: int | None = None
    infants: int | None = None
    pets: int | None = None
    special_requests: str = ""
    """What the guest asked for when booking."""
    company: str = ""
    purpose: str = ""
    """Of the journey."""
    country: str = ""
    """Where the guest comes from."""
    moved_from: UnitId | None = None
    """The unit that its source believes it to be in, since a person moved it to another."""
    email_mark: str | None = None
    phone_mark: str | None = None
    """By which other stays of the guest are known (hub/contacts.py)."""

    @property
    def total(self) -> Money | None:
        return None if self.total_minor is None or self.currency is None else Money(self.total_minor, self.currency)

    @property
    def price(self) -> Price:
        return Price(self.total, unpacked(self.price_lines))

    @property
    def takes(self) -> Window | None:
        """The hours in which nobody else may stay there; None: it has no dates, or the guest left as it began."""
        if self.check_in is None or self.check_out is None:
            return None
        end = stays_model.free_at(self.check_in, self.check_out, self.left_at)
        return Window(self.check_in, end) if self.check_in < end else None

    def inside(self, now: datetime) -> bool:
        """The guest has come in and neither left nor reached the end of the stay."""
        return self.arrived_at is not None and self.left_at is None and (self.check_out is None or now < self.check_out)


_NAMES = tuple(field.name for field in fields(StayRow))
_COLUMNS = tuple(stays.c[name] for name in _NAMES)
_KIND = _NAMES.index("kind")
"""`status` follows it."""


def _row(values: tuple[object, ...]) -> StayRow:
    # The columns above are the fields, in order.
    return StayRow(*values[:_KIND], StayKind(values[_KIND]), StayStatus(values[_KIND + 1]), *values[_KIND + 2 :])  # type: ignore[arg-type, call-arg]


def _fetch(tx: Tx, query: Select[tuple[object, ...]], **values: object) -> list[StayRow]:
    return [_row(tuple(row)) for row in tx.sql.execute(query, values).all()]


_STAY: Final = Prepared(
    select(*_COLUMNS).where(stays.c.id == bindparam("stay")), lambda row: _row(tuple(row.values())), remember=["id"]
)


def stay(tx: Tx, id_: StayId) -> StayRow | None:
    return _STAY.first(tx, stay=id_)


def sent_to(tx: Tx, channel: ChannelId) -> dict[StayId, StayRow]:
    """Those that were to be known to an account as bookings of ours, whether or not they are."""
    query = select(*_COLUMNS).where(stays.c.id.in_(select(pushes.c.stay_id).where(pushes.c.channel_id == channel)))
    return {row.id: row for row in _fetch(tx, query)}


# Made once, as hundreds are kept at a time: making a statement of forty columns takes longer than running it.
_WRITTEN: Final = (*_NAMES, "claim")
_KNOWN: Final = (
    update(stays)
    .where(stays.c.id == bindparam("_id"))
    .values({name: bindparam(name, type_=stays.c[name].type) for name in _WRITTEN if name != "id"})
)
_NEW: Final = insert(stays).values({name: bindparam(name, type_=stays.c[name].type) for name in _WRITTEN})


def keep(tx: Tx, row: StayRow, *, by: str = steps.BY_ITSELF, why: str = "", stage: Stage | None = None) -> None:
    """Insert or update. `by` and `why` are written down where its stage changes.

    Args:
        stage: where it stands from here on, by somebody's word.

    Raises:
        sqlalchemy.exc.IntegrityError: `overlap`, for a stay made here on dates that are taken.
    """
    values = {name: getattr(row, name) for name in _NAMES} | {"kind": row.kind.value, "status": row.status.value}
    values["claim"] = claim_of(tx, row.id, values)
    new = tx.sql.execute(_KNOWN, values | {"_id": row.id}).rowcount == 0
    if new:
        tx.sql.execute(_NEW, values)
    why = why or row.cancelled_why or ""
    if stage is None:
        steps.follow(tx, row.id, row.status, new=new, at=row.changed_at, by=by, why=why)
    else:
        steps.put(tx, row.id, stage, new=new, at=row.changed_at, by=by, why=why)
    tx.signal(f"stay:{row.id}")
    tx.signal("stays")


_TYPED: Final[Prepared[bytes | None]] = Prepared(
    select(stays.c.fixed_pin).where(stays.c.id == bindparam("stay")), lambda row: row["fixed_pin"]
)


def typed_pin(tx: Tx, id_: StayId, vault: Vault) -> Pin | None:
    """The code that a person typed for it."""
    sealed = _TYPED.first(tx, stay=id_)
    return None if sealed is None else vault.open_pin(sealed, about=f"code of stay:{id_}")


def keep_typed_pin(tx: Tx, id_: StayId, pin: Pin | None, vault: Vault) -> None:
    sealed = None if pin is None else vault.seal_pin(pin, about=f"code of stay:{id_}")
    tx.sql.execute(update(stays).where(stays.c.id == id_).values(fixed_pin=sealed))
    tx.signal(f"stay:{id_}")


def arrived(tx: Tx, id_: StayId, at: datetime) -> bool:
    """First entry counts; False when the guest had arrived before."""
    first = update(stays).where(stays.c.id == id_, stays.c.arrived_at.is_(None)).values(arrived_at=at)
    tx.signal("stays")
    return tx.sql.execute(first).rowcount == 1


def left(tx: Tx, id_: StayId, at: datetime) -> None:
    tx.sql.execute(update(stays).where(stays.c.id == id_, stays.c.left_at.is_(None)).values(left_at=at))
    tx.signal("stays")


def search(tx: Tx, wanted: Wanted) -> list[StayRow]:
    """By check-in, soonest first; stays without dates (unusable reports) are found by `unusable`."""
    order = (desc(stays.c.check_in), desc(stays.c.id)) if wanted.latest_first else (stays.c.check_in, stays.c.id)
    query = select(*_COLUMNS).where(stays.c.check_in.is_not(None), *conditions(wanted))
    return _fetch(tx, query.order_by(*order).limit(wanted.limit))


def unusable(tx: Tx) -> list[StayRow]:
    return _fetch(tx, select(*_COLUMNS).where(stays.c.status == StayStatus.UNUSABLE.value).order_by(stays.c.id))


_SOMEBODY = stays.c.kind.in_([kind.value for kind in CODED])


def _between(column: Column[datetime]) -> Select[tuple[object, ...]]:
    live = or_(stays.c.status == StayStatus.CONFIRMED.value, stays.c.status == StayStatus.TENTATIVE.value)
    within = (column >= bindparam("since"), column < bindparam("until"))
    query = select(*_COLUMNS).where(*within, live, stays.c.kind != StayKind.BLOCK.value)
    return query.order_by(column, stays.c.id)


# Made once, as page Today reads them: making a statement takes longer than running it.
_ARRIVING, _DEPARTING = _between(stays.c.check_in), _between(stays.c.check_out)
_OVER = (
    select(*_COLUMNS)
    .where(stays.c.check_in < bindparam("begins"), stays.c.check_out >= bindparam("ends"))
    .where(stays.c.status == StayStatus.CONFIRMED.value, _SOMEBODY)
    .order_by(stays.c.check_in, stays.c.id)
)


def arriving(tx: Tx, since: datetime, until: datetime) -> list[StayRow]:
    return _fetch(tx, _ARRIVING, since=since, until=until)


def departing(tx: Tx, since: datetime, until: datetime) -> list[StayRow]:
    return _fetch(tx, _DEPARTING, since=since, until=until)


def over(tx: Tx, begins: datetime, ends: datetime) -> list[StayRow]:
    """Confirmed reservations that begin before and do not end within."""
    return _fetch(tx, _OVER, begins=begins, ends=ends)


def guests_between(tx: Tx, unit: UnitId, hours: Window) -> list[StayRow]:
    """The stays of a unit that are somebody's, in the way of another one in these hours."""
    return _GUESTS.all(tx, unit=unit, start=hours.start, end=hours.end)


_GUESTS: Final = Prepared(
    select(*_COLUMNS)
    .where(stays.c.unit_id == bindparam("unit"), one_of(stays.c.kind, sorted(kind.value for kind in CODED)))
    .where(one_of(stays.c.status, (StayStatus.CONFIRMED.value, StayStatus.TENTATIVE.value)))
    .where(stays.c.check_in < bindparam("end", type_=Instant), free_at(stays) > bindparam("start", type_=Instant)),
    lambda row: _row(tuple(row.values())),
)


def closed_between(tx: Tx, unit: UnitId, hours: Window) -> list[StayRow]:
    """The closures of a unit that meet these hours: blocks, and what nobody explained."""
    return _CLOSED.all(tx, unit=unit, start=hours.start, end=hours.end)


_CLOSED: Final = Prepared(
    select(*_COLUMNS)
    .where(stays.c.unit_id == bindparam("unit"), one_of(stays.c.kind, (StayKind.BLOCK.value, StayKind.UNKNOWN.value)))
    .where(one_of(stays.c.status, (StayStatus.CONFIRMED.value, StayStatus.TENTATIVE.value)))
    .where(stays.c.check_in < bindparam("end", type_=Instant), stays.c.check_out > bindparam("start", type_=Instant)),
    lambda row: _row(tuple(row.values())),
)


def live_in(tx: Tx, unit: UnitId, now: datetime) -> list[StayRow]:
    """Stays of a unit that still matter: not cancelled and not over."""
    live = stays.c.status.in_((StayStatus.CONFIRMED.value, StayStatus.TENTATIVE.value))
    query = select(*_COLUMNS).where(stays.c.unit_id == unit, live, stays.c.check_out > now).order_by(stays.c.check_in)
    return _fetch(tx, query)


def occupied(tx: Tx, unit: UnitId, since: datetime) -> list[Window]:
    """When somebody stays there, from check-in to check-out or to leaving early, for stays that end after `since`."""
    confirmed = (stays.c.status == StayStatus.CONFIRMED.value, _SOMEBODY)
    query = select(stays.c.check_in, stays.c.check_out, stays.c.left_at).where(
        stays.c.unit_id == unit, *confirmed, stays.c.check_out > since
    )
    return [
        Window(start, left if left is not None and start < left < end else end)
        for start, end, left in tx.sql.execute(query.order_by(stays.c.check_in, stays.c.id))
    ]


# ---- what sources said ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Source:
    """One source's last word on one stay."""

    channel_id: ChannelId
    uid: str
    stay_id: StayId
    reported: bytes
    digest: str
    seen_at: datetime
    missing_since: datetime | None = None
    missing_count: int = 0
    changed_at: datetime | None = None
    """By the source's own clock."""
    departure: date | None = None
    """This and the two after it as the source said them last, whatever a person agreed with the guest since."""
    own_check_in: datetime | None = None
    own_check_out: datetime | None = None


_SOURCE = tuple(stay_sources.c[field.name] for field in fields(Source))


def _word(values: tuple[object, ...]) -> tuple[Source, StayRow]:
    return Source(*values[: len(_SOURCE)]), _row(values[len(_SOURCE) :])  # type: ignore[arg-type]


# Each part of a long calendar looks at all that is known of its unit: what is as the part before saw it is not made again.
_KNOWN_IN: Final[Prepared[tuple[Source | None, StayRow]]] = Prepared(
    select(*(column.label(f"source_{column.name}") for column in _SOURCE), *_COLUMNS)
    .select_from(stays)
    .outerjoin(stay_sources, stays.c.id == stay_sources.c.stay_id)
    .where(or_(stays.c.unit_id == bindparam("unit"), stays.c.moved_from == bindparam("unit")))
    .where(or_(stays.c.check_out > bindparam("since", type_=Instant), stays.c.check_out.is_(None)))
    .order_by(stays.c.check_in, stays.c.id, stay_sources.c.uid),
    lambda row: (
        _word(tuple(row.values())) if row["source_stay_id"] else (None, _row(tuple(row.values())[len(_SOURCE) :]))
    ),
    remember=["id", "source_channel_id", "source_uid"],
)


def known_in(tx: Tx, unit: UnitId, *, since: datetime) -> list[tuple[Source | None, StayRow]]:
    """The stays of a unit that end after `since` (or have no dates), once for each source's word; None: made here.

    Those that a person has moved away are among them: their source goes on telling of them here.
    """
    return _KNOWN_IN.all(tx, unit=unit, since=since)


def sources_of(tx: Tx, channel: ChannelId, *, since: datetime) -> list[tuple[Source, StayRow]]:
    """What a channel told, with the stay it became, for stays that end after `since` (or have no dates)."""
    query = (
        select(*_SOURCE, *_COLUMNS)
        .join(stays, stays.c.id == stay_sources.c.stay_id)
        .where(stay_sources.c.channel_id == channel, or_(stays.c.check_out > since, stays.c.check_out.is_(None)))
        .order_by(stays.c.check_in, stay_sources.c.uid)
    )
    return [_word(tuple(row)) for row in tx.sql.execute(query)]


def listed_elsewhere(tx: Tx, id_: StayId) -> bool:
    """Whether some source still lists the stay."""
    listed = select(stay_sources.c.uid).where(stay_sources.c.stay_id == id_, stay_sources.c.missing_since.is_(None))
    return tx.sql.execute(listed.limit(1)).first() is not None


def source(tx: Tx, channel: ChannelId, uid: str) -> tuple[Source, StayRow] | None:
    query = (
        select(*_SOURCE, *_COLUMNS)
        .join(stays, stays.c.id == stay_sources.c.stay_id)
        .where(stay_sources.c.channel_id == channel, stay_sources.c.uid == uid)
    )
    row = tx.sql.execute(query).first()
    return None if row is None else _word(tuple(row))


def keep_source(tx: Tx, entry: Source, *, was: str | None = None) -> None:
    """`was`: the uid under which the same stay was known before."""
    if was is not None and was != entry.uid:
        # Only while it is its own: the source may have given the old name to another stay.
        old = stay_sources.c.uid.in_({was, stand_in(entry.stay_id)} - {entry.uid})
        here = (stay_sources.c.channel_id == entry.channel_id, stay_sources.c.stay_id == entry.stay_id)
        tx.sql.execute(stay_sources.delete().where(*here, old))
    _SAID.run(tx, **{field.name: getattr(entry, field.name) for field in fields(Source)})


_SAID: Final = upsert(stay_sources, [field.name for field in fields(Source)])


_MISSING: Final = Prepared(
    select(stay_sources.c.uid)
    .join(stays, stays.c.id == stay_sources.c.stay_id)
    .where(
        stay_sources.c.channel_id == bindparam("channel"),
        stay_sources.c.missing_since.is_not(None),
        stay_sources.c.uid.not_like(f"{CLOSED_THERE}%"),  # no reading of bookings lists these
        one_of(stays.c.status, (StayStatus.CONFIRMED.value, StayStatus.TENTATIVE.value)),
        stays.c.check_out > bindparam("now", type_=Instant),
    ),
    lambda row: str(row["uid"]),
)


def any_missing(tx: Tx, channel: ChannelId, now: datetime) -> bool:
    """Whether a stay of this channel that is still to end has been left out of its last readings."""
    return _MISSING.first(tx, channel=channel, now=now) is not None


@dataclass(frozen=True, slots=True)
class ChannelState:
    channel: ChannelId
    good_at: datetime | None = None
    failing_since: datetime | None = None
    failing_why: str | None = None
    reports: int = 0
    emptied_at: datetime | None = None


_STATE: Final = select(
    *(
        channel_state.c[name]
        for name in ("channel_id", "good_at", "failing_since", "failing_why", "reports", "emptied_at")
    )
)
_STATES: Final = Prepared(_STATE, lambda row: ChannelState(*row.values()))
_STATE_OF: Final = Prepared(
    _STATE.where(channel_state.c.channel_id == bindparam("channel")), lambda row: ChannelState(*row.values())
)


def channel_states(tx: Tx) -> dict[ChannelId, ChannelState]:
    return {state.channel: state for state in _STATES.all(tx)}


def channel_state_of(tx: Tx, channel: ChannelId) -> ChannelState | None:
    return _STATE_OF.first(tx, channel=channel)


_GOOD: Final = ("good_at", "failing_since", "failing_why")
_GOOD_AS_BEFORE: Final = upsert(channel_state, _GOOD)
_GOOD_AND_COUNTED: Final = upsert(channel_state, (*_GOOD, "reports"))


def channel_good(tx: Tx, channel: ChannelId, at: datetime, *, reports: int | None = None) -> None:
    """`reports` None: unchanged since the last time."""
    if reports is None:
        _GOOD_AS_BEFORE.run(tx, channel_id=channel, good_at=at, failing_since=None, failing_why=None)
    else:
        _GOOD_AND_COUNTED.run(tx, channel_id=channel, good_at=at, failing_since=None, failing_why=None, reports=reports)
    tx.signal("channels")


def channel_failed(tx: Tx, channel: ChannelId, at: datetime, why: str) -> None:
    row = insert(channel_state).values(channel_id=channel, failing_since=at, failing_why=why)
    since = func.coalesce(channel_state.c.failing_since, row.excluded.failing_since)
    tx.sql.execute(
        row.on_conflict_do_update(index_elements=["channel_id"], set_={"failing_since": since, "failing_why": why})
    )
    tx.signal("channels")
    tx.signal("health")
