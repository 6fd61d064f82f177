"""Every table of the house. Times are integer milliseconds UTC; days are ISO text; enums are their words.

Three ledgers carry the main job: `stays` (who may come when), `grants` (what was issued for which door), `slots`
(what each lock should hold, what was last written, what was last proven). Nothing is inferred from anything else.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    event,
    text,
)

metadata = MetaData()

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware datetime kept as whole milliseconds since 1970, UTC; cut, so that nothing is ever kept as later than it was."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        return None if value is None else (value - _EPOCH) // _MILLISECOND

    def result_processor(self, dialect: Any, coltype: object) -> Callable[[Any], datetime | None]:
        """Not `process_result_value`, which costs a second call for each value, and an access log has many."""
        return _read_instant


def _read_instant(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)


class Day(TypeDecorator[date]):
    """A local calendar day kept as `2026-11-21`."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Any) -> str | None:
        return None if value is None else value.isoformat()

    def process_result_value(self, value: Any, dialect: Any) -> date | None:
        return None if value is None else date.fromisoformat(value)


def _table(name: str, *parts: Any) -> Table:
    return Table(name, metadata, *parts, sqlite_strict=True)


def _required(name: str, kind: Any, *parts: Any, **more: Any) -> Column[Any]:
    return Column(name, kind, *parts, nullable=False, **more)


def _flag(name: str) -> Column[Any]:
    return Column(name, Integer, CheckConstraint(f"{name} IN (0, 1)"), nullable=False, server_default="0")


# ---- the house as the operator described it -------------------------------------------------------------------------

meta = _table("meta", Column("key", Text, primary_key=True), _required("value", Text))

properties = _table(
    "properties",
    Column("id", Text, primary_key=True),
    _required("name", Text),
    _required("timezone", Text),
    _required("check_in", Text),
    _required("check_out", Text),
    _required("code_lead_s", Integer, server_default="3600"),
    _required("digits", Integer, server_default="6"),
    _required("origin", Text),
)

units = _table(
    "units",
    Column("id", Text, primary_key=True),
    _required("property_id", Text, ForeignKey("properties.id")),
    _required("name", Text),
    _required("closed_means", Text, server_default="ask"),
    _required("origin", Text),
)

locks = _table(
    "locks",
    Column("id", Text, primary_key=True),
    _required("property_id", Text, ForeignKey("properties.id")),
    _required("name", Text),
    _required("driver", Text),
    _required("address", Text),
    _flag("shared"),
    _required("origin", Text),
    _flag("remote_unlock_over_s0"),  # somebody accepts what S0 does not protect from
    _flag("unencrypted"),  # somebody chose that this lock may go without encryption
    UniqueConstraint("driver", "address"),
)

unit_locks = _table(
    "unit_locks",
    Column("unit_id", Text, ForeignKey("units.id", ondelete="CASCADE"), primary_key=True),
    Column("lock_id", Text, ForeignKey("locks.id", ondelete="CASCADE"), primary_key=True),
)

channels = _table(
    "channels",
    Column("id", Text, primary_key=True),
    _required("unit_id", Text, ForeignKey("units.id")),
    _required("integration", Text),
    _required("settings", LargeBinary),  # sealed JSON: a feed's address is itself a key
    _required("origin", Text),
)

# ---- what the outside world told us ---------------------------------------------------------------------------------

lock_state = _table(
    "lock_state",
    Column("lock_id", Text, ForeignKey("locks.id", ondelete="CASCADE"), primary_key=True),
    Column("model", Text),
    Column("firmware", Text),
    Column("slots", Integer),
    Column("min_digits", Integer),
    Column("max_digits", Integer),
    Column("reads_codes", Integer),
    Column("secure", Text),
    Column("position", Text),
    Column("position_how", Text),
    Column("position_at", Instant),
    Column("battery", Integer, CheckConstraint("battery BETWEEN 0 AND 100")),
    _flag("battery_low"),
    Column("battery_at", Instant),
    Column("heard_at", Instant),
    Column("silent_since", Instant),
    Column("silent_why", Text),
    Column("trouble", Text),
    Column("trouble_at", Instant),
    Column("quarantined", Text),  # why this lock's worker gave up; the other doors go on
    Column("schedules", Integer),  # the lock itself can confine a code to a window
)

alarms = _table(
    "alarms",
    Column("id", Integer, primary_key=True),
    _required("driver", Text),
    _required("alarm", Text),
    _required("device", Text),  # an address, or what its label says; empty: the whole network
    _required("note", Text),
    _required("since", Instant),
    _required("told_at", Instant),
    Column("dismissed_at", Instant),
    Column("dismissed_by", Text),
    UniqueConstraint("driver", "alarm", "device"),
)

channel_state = _table(
    "channel_state",
    Column("channel_id", Text, ForeignKey("channels.id", ondelete="CASCADE"), primary_key=True),
    Column("cursor", Text),
    Column("good_at", Instant),
    Column("failing_since", Instant),
    Column("failing_why", Text),
    _required("reports", Integer, server_default="0"),  # how many the last good read listed
    Column("emptied_at", Instant),
)

inbox = _table(
    "inbox",
    Column("id", Integer, primary_key=True),
    _required("channel_id", Text),
    _required("key", Text),
    _required("topic", Text),
    _required("body", LargeBinary),  # sealed
    _required("received_at", Instant),
    _required("state", Text),  # waiting -> done | dead; dead -> waiting by a person
    _required("attempts", Integer, server_default="0"),
    _required("due", Instant),
    Column("why", Text),
    UniqueConstraint("channel_id", "key"),
    Index("inbox_due", "due", sqlite_where=text("state = 'waiting'")),
)

# ---- the three ledgers ----------------------------------------------------------------------------------------------

stays = _table(
    "stays",
    Column("id", Text, primary_key=True),
    _required("unit_id", Text, ForeignKey("units.id")),
    Column("channel_id", Text, ForeignKey("channels.id", ondelete="SET NULL")),  # None: made here
    _required("kind", Text),
    _required("status", Text),
    Column("arrival", Day),
    Column("departure", Day),
    Column("own_check_in", Instant),  # where the source itself, or a person here, named a time
    Column("own_check_out", Instant),
    Column("check_in", Instant),  # what counts: own time or house rule
    Column("check_out", Instant),
    _required("guest", Text, server_default=""),
    _required("reference", Text, server_default=""),
    _required("phone_last4", Text, server_default=""),
    Column("contact", LargeBinary),  # sealed JSON {phone, email}
    Column("guests", Integer),
    _required("note", Text, server_default=""),
    _required("made_at", Instant),
    _required("changed_at", Instant),
    Column("arrived_at", Instant),
    Column("left_at", Instant),
    Column("cancelled_at", Instant),
    Column("cancelled_why", Text),
    CheckConstraint("check_out > check_in"),
    Index("stays_by_check_in", "check_in"),
    Index("stays_by_check_out", "check_out"),
    Index("stays_by_unit", "unit_id", "check_in"),
)

stay_sources = _table(
    "stay_sources",
    Column("channel_id", Text, ForeignKey("channels.id", ondelete="CASCADE"), primary_key=True),
    Column("uid", Text, primary_key=True),
    _required("stay_id", Text, ForeignKey("stays.id", ondelete="CASCADE")),
    _required("reported", LargeBinary),  # sealed: the last report as received
    _required("digest", Text),  # of the report: the same digest changes nothing
    _required("seen_at", Instant),
    Column("missing_since", Instant),
    _required("missing_count", Integer, server_default="0"),
    Index("stay_sources_by_stay", "stay_id"),
)

published = _table(
    "published",
    Column("channel_id", Text, ForeignKey("channels.id", ondelete="CASCADE"), primary_key=True),
    Column("night", Day, primary_key=True),
)

grants = _table(
    "grants",
    Column("id", Text, primary_key=True),
    _required("lock_id", Text, ForeignKey("locks.id")),
    Column("stay_id", Text, ForeignKey("stays.id")),
    _required("label", Text, server_default=""),  # whose code it is when no stay says it
    Column("pin", LargeBinary),  # sealed; forgotten once the code is proven gone
    _required("tag", Text),
    _required("digits", Integer),
    _required("start", Instant),
    Column("end", Instant),
    _required("made_at", Instant),
    Column("revoked_at", Instant),
    Column("refused", Text),  # the lock's words
    Column("told_at", Instant),  # when somebody was first shown the digits
    Index("grants_by_stay", "stay_id"),
    Index("grants_by_lock", "lock_id", sqlite_where=text("pin IS NOT NULL")),
    Index("grants_one_pin_per_door", "lock_id", "tag", unique=True, sqlite_where=text("pin IS NOT NULL")),
)

slots = _table(
    "slots",
    Column("lock_id", Text, ForeignKey("locks.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, CheckConstraint("number BETWEEN 1 AND 255"), primary_key=True),
    Column("holder", Text, ForeignKey("grants.id")),
    _required("reading", Text),
    Column("tag", Text),
    _required("enabled", Integer, server_default="1"),
    Column("claim", Text),
    _required("proof", Text),
    Column("proven_at", Instant),
    _required("failures", Integer, server_default="0"),
    Column("retry_at", Instant),
    # What the lock was told of the hours in which the code of this slot opens (hub/model/hours.py).
    Column("hours_start", Instant),
    Column("hours_end", Instant),
    _required("hours_proof", Text, server_default="none"),
    _flag("hours_refused"),
    Column("hours_before", Instant),
    _required("hours_failures", Integer, server_default="0"),
    Column("hours_retry_at", Instant),
    Index("slots_one_per_grant", "holder", unique=True, sqlite_where=text("holder IS NOT NULL")),
)

# ---- what happened, and what we promised ----------------------------------------------------------------------------

access_log = _table(
    "access_log",
    Column("id", Integer, primary_key=True),
    _required("at", Instant),
    _required("lock_id", Text),
    _required("property_id", Text),
    _required("what", Text),
    _required("how", Text),
    Column("slot", Integer),
    Column("grant_id", Text),
    Column("stay_id", Text),
    _required("who", Text),
    Index("access_log_by_lock", "lock_id", text("at DESC"), text("id DESC")),
    Index("access_log_by_property", "property_id", text("at DESC"), text("id DESC")),
    Index("access_log_by_time", text("at DESC"), text("id DESC")),
)

audit = _table(
    "audit",
    Column("id", Integer, primary_key=True),
    _required("at", Instant),
    _required("actor", Text),
    _required("action", Text),
    _required("subject", Text),
    _required("outcome", Text, server_default="done"),  # asked -> done | refused | unknown
    _required("detail", Text, server_default=""),
    Index("audit_by_subject", "subject", "id"),
)

outbox = _table(
    "outbox",
    Column("id", Integer, primary_key=True),
    _required("key", Text, unique=True),
    _required("lane", Text),
    _required("kind", Text),
    _required("payload", Text),
    _required("made_at", Instant),
    _required("due", Instant),
    _required("state", Text),  # waiting -> leased -> done | waiting | dead; dead -> waiting by a person
    Column("leased_until", Instant),
    _required("attempts", Integer, server_default="0"),
    Column("why", Text),
    Column("done_at", Instant),
    Index("outbox_due", "lane", "due", sqlite_where=text("state IN ('waiting', 'leased')")),
)

questions = _table(
    "questions",
    Column("id", Text, primary_key=True),
    _required("kind", Text),
    _required("subject", Text),
    _required("sentence", Text),
    _required("options", Text),  # JSON list of [value, words]
    Column("urgent_at", Instant),  # from here on it stands at the top of the day's list
    _required("asked_at", Instant),
    Column("answer", Text),
    Column("answered_at", Instant),
    Column("answered_by", Text),
    Index("questions_open", "kind", "subject", unique=True, sqlite_where=text("answer IS NULL")),
)

# ---- people ---------------------------------------------------------------------------------------------------------

accounts = _table(
    "accounts",
    Column("id", Text, primary_key=True),
    _required("name", Text, unique=True),
    _required("password", Text),
    _required("role", Text),
    _required("made_at", Instant),
)

sessions = _table(
    "sessions",
    Column("digest", Text, primary_key=True),
    _required("account_id", Text, ForeignKey("accounts.id", ondelete="CASCADE")),
    _required("made_at", Instant),
    _required("seen_at", Instant),
    _required("agent", Text, server_default=""),
)

attempts = _table(
    "attempts",
    Column("key", Text, primary_key=True),
    _required("failures", Integer),
    _required("last_at", Instant),
)

tokens = _table(
    "tokens",
    Column("id", Text, primary_key=True),
    _required("digest", Text, unique=True),
    _required("name", Text),
    _required("scopes", Text),
    _required("made_at", Instant),
    _required("expires_at", Instant),
    Column("used_at", Instant),
    Column("revoked_at", Instant),
)

replies = _table(
    "replies",
    Column("key", Text, primary_key=True),  # token id and Idempotency-Key
    _required("request", Text),
    _required("status", Integer),
    _required("body", Text),
    _required("made_at", Instant),
)

_NO_OVERLAP = """
CREATE TRIGGER {name} BEFORE {moment} ON stays
WHEN NEW.channel_id IS NULL AND NEW.kind = 'reservation' AND NEW.status = 'confirmed'
 AND EXISTS (SELECT 1 FROM stays s WHERE s.unit_id = NEW.unit_id AND s.id <> NEW.id AND s.status IN ('confirmed', 'tentative')
             AND s.check_in < NEW.check_out AND NEW.check_in < s.check_out)
BEGIN SELECT RAISE(ABORT, 'overlap'); END
"""
"""Nobody can double-book from here, whatever the code above does. What channels sold twice is kept and asked about."""

_MOVED = "UPDATE OF unit_id, check_in, check_out, kind, status"


@event.listens_for(stays, "after_create")
def _forbid_overlaps(_table: Table, connection: Connection, **_: Any) -> None:
    for name, moment in (("stays_no_overlap_new", "INSERT"), ("stays_no_overlap_moved", _MOVED)):
        connection.exec_driver_sql(_NO_OVERLAP.format(name=name, moment=moment))
