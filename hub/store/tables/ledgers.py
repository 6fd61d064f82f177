"""The three ledgers that carry the main job.

`stays` (who may come when), `grants` (what was issued for which door), `slots` (what each lock should hold, what was
last written, what was last proven). Nothing is inferred from anything else.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    event,
    text,
)

from hub.store.tables.kinds import Day, Instant, flag, required, table

stays = table(
    "stays",
    Column("id", Text, primary_key=True),
    required("unit_id", Text, ForeignKey("units.id")),
    Column("channel_id", Text, ForeignKey("channels.id", ondelete="SET NULL")),  # None: made here
    required("kind", Text),
    required("status", Text),
    Column("arrival", Day),
    Column("departure", Day),
    Column("own_check_in", Instant),  # where the source itself, or a person here, named a time
    Column("own_check_out", Instant),
    Column("check_in", Instant),  # what counts: own time or house rule
    Column("check_out", Instant),
    required("guest", Text, server_default=""),
    required("reference", Text, server_default=""),
    required("phone_last4", Text, server_default=""),
    Column("contact", LargeBinary),  # sealed JSON {phone, email}
    Column("guests", Integer),
    required("note", Text, server_default=""),
    required("made_at", Instant),
    required("changed_at", Instant),
    Column("arrived_at", Instant),
    Column("left_at", Instant),
    Column("cancelled_at", Instant),
    Column("cancelled_why", Text),
    Column("fixed_pin", LargeBinary),  # sealed; typed by a person for this stay
    required("platform", Text, server_default=""),  # where it was sold, by the word of a manager of other channels
    required("source_status", Text, server_default=""),
    Column("total_minor", Integer),  # what the guest pays, in the smallest unit of the currency
    Column("currency", Text),
    Column("adults", Integer),
    Column("children", Integer),
    Column("infants", Integer),
    Column("pets", Integer),
    required("claim", Integer, server_default="0"),  # who asked for nights later has the higher number
    flag("contested"),  # another guest has some of these nights: its code opens nothing that it did not open before
    required("stage", Text, server_default="confirmed"),  # one of ten, each with one status (hub/model/workflow.py)
    Column("moved_from", Text),  # the unit that its source believes it to be in, since a person moved it
    CheckConstraint("check_out > check_in"),
    Index("stays_by_check_in", "check_in"),
    Index("stays_by_check_out", "check_out"),
    Index("stays_by_unit", "unit_id", "check_in"),
    Index("stays_by_claim", "claim"),
    Index("stays_by_stage", "stage", "check_in"),
    Index("stays_contested", "check_out", sqlite_where=text("contested = 1")),
    Index("stays_moved", "moved_from", sqlite_where=text("moved_from IS NOT NULL")),
)

stay_steps = table(
    "stay_steps",
    Column("id", Integer, primary_key=True),
    required("stay_id", Text, ForeignKey("stays.id", ondelete="CASCADE")),
    required("at", Instant),
    Column("before", Text),  # None: the stay began
    required("after", Text),
    required("by", Text),
    required("why", Text, server_default=""),
    Index("stay_steps_by_stay", "stay_id", "id"),
)

shared_nights = table(
    "shared_nights",
    Column("one", Text, ForeignKey("stays.id", ondelete="CASCADE"), primary_key=True),
    Column("other", Text, ForeignKey("stays.id", ondelete="CASCADE"), primary_key=True),
    required("one_claim", Integer),  # whoever asks for more nights later was not meant
    required("other_claim", Integer),
    required("at", Instant),
    required("by", Text),
)

stay_sources = table(
    "stay_sources",
    Column("channel_id", Text, ForeignKey("channels.id", ondelete="CASCADE"), primary_key=True),
    Column("uid", Text, primary_key=True),
    required("stay_id", Text, ForeignKey("stays.id", ondelete="CASCADE")),
    required("reported", LargeBinary),  # sealed: the last report as received
    required("digest", Text),  # of the report: the same digest changes nothing
    required("seen_at", Instant),
    Column("missing_since", Instant),
    required("missing_count", Integer, server_default="0"),
    Column("changed_at", Instant),  # by the source's own clock
    Index("stay_sources_by_stay", "stay_id"),
)

unplaced = table(
    "unplaced",
    Column("channel_id", Text, ForeignKey("channels.id", ondelete="CASCADE"), primary_key=True),
    Column("uid", Text, primary_key=True),
    required("listing", Text),
    Column("arrival", Day),
    Column("departure", Day),
    required("status", Text),
    required("note", Text, server_default=""),
    required("reported", LargeBinary),  # sealed: as received
    required("seen_at", Instant),
)

grants = table(
    "grants",
    Column("id", Text, primary_key=True),
    required("lock_id", Text, ForeignKey("locks.id")),
    Column("stay_id", Text, ForeignKey("stays.id")),
    required("purpose", Text, server_default="guest"),
    required("label", Text, server_default=""),  # whose code it is when no stay says it
    Column("pin", LargeBinary),  # sealed; forgotten once the code is proven gone
    required("tag", Text),
    required("digits", Integer),
    required("start", Instant),
    Column("end", Instant),
    required("made_at", Instant),
    Column("revoked_at", Instant),
    Column("refused", Text),  # the lock's words
    Column("told_at", Instant),  # when somebody was first shown the digits
    Column("pass_id", Text, ForeignKey("passes.id", ondelete="SET NULL")),
    Column("pulled_at", Instant),  # of a backup code: when it became its stay's
    Column("pulled_by", Text),  # `gatehouse`, by the deadline ladder, or whoever asked for it
    Index("grants_by_stay", "stay_id"),
    Index("grants_by_pass", "pass_id", sqlite_where=text("pass_id IS NOT NULL")),
    Index("grants_by_lock", "lock_id", sqlite_where=text("pin IS NOT NULL")),
    Index("grants_by_tag", "lock_id", "tag", sqlite_where=text("pin IS NOT NULL")),
    Index("grants_gone", "lock_id", "end", sqlite_where=text("pin IS NULL")),
)

slots = table(
    "slots",
    Column("lock_id", Text, ForeignKey("locks.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, CheckConstraint("number BETWEEN 1 AND 255"), primary_key=True),
    Column("holder", Text, ForeignKey("grants.id")),
    required("reading", Text),
    Column("tag", Text),
    required("enabled", Integer, server_default="1"),
    Column("claim", Text),
    required("proof", Text),
    Column("proven_at", Instant),
    required("failures", Integer, server_default="0"),
    Column("retry_at", Instant),
    # What the lock was told of the hours in which the code of this slot opens (hub/model/hours.py).
    Column("hours_start", Instant),
    Column("hours_end", Instant),
    required("hours_proof", Text, server_default="none"),
    flag("hours_refused"),
    Column("hours_before", Instant),
    required("hours_failures", Integer, server_default="0"),
    Column("hours_retry_at", Instant),
    Column("hours_late", Instant),
    Column("written_at", Instant),  # when the lock last took what we told it
    Index("slots_one_per_grant", "holder", unique=True, sqlite_where=text("holder IS NOT NULL")),
)


_ONE_PIN_PER_DOOR = """
CREATE TRIGGER grants_one_pin_per_door BEFORE INSERT ON grants
WHEN EXISTS (SELECT 1 FROM grants g WHERE g.lock_id = NEW.lock_id AND g.tag = NEW.tag AND g.pin IS NOT NULL
             AND g.revoked_at IS NULL AND (g."end" IS NULL OR NEW.start < g."end") AND (NEW."end" IS NULL OR g.start < NEW."end"))
BEGIN SELECT RAISE(ABORT, 'taken'); END
"""
"""Nobody gets a code that is somebody else's on that door at the time, whatever the code above does."""


@event.listens_for(grants, "after_create")
def _forbid_doubles(_table: Table, connection: Connection, **_: Any) -> None:
    connection.exec_driver_sql(_ONE_PIN_PER_DOOR)


_TAKEN = """
 AND (EXISTS (SELECT 1 FROM stays s WHERE s.unit_id = NEW.unit_id AND s.id <> NEW.id AND s.status IN ('confirmed', 'tentative')
              AND s.check_in < NEW.check_out AND NEW.check_in < s.check_out)
  OR EXISTS (SELECT 1 FROM holds h WHERE h.unit_id = NEW.unit_id AND h.expires_at > NEW.changed_at
             AND h.check_in < NEW.check_out AND NEW.check_in < h.check_out))
BEGIN SELECT RAISE(ABORT, 'overlap'); END
"""
_COMES = "NEW.kind IN ('reservation', 'owner') AND NEW.status IN ('confirmed', 'tentative')"

_NO_OVERLAP_NEW = f"""
CREATE TRIGGER stays_no_overlap_new BEFORE INSERT ON stays
WHEN NEW.channel_id IS NULL AND {_COMES}{_TAKEN}"""
"""Nobody can double-book from here, whatever the code above does. What channels sold twice is kept and asked about."""

_NO_OVERLAP_MOVED = f"""
CREATE TRIGGER stays_no_overlap_moved
BEFORE UPDATE OF unit_id, arrival, departure, own_check_in, own_check_out, kind, status, moved_from ON stays
WHEN (NEW.channel_id IS NULL OR NEW.moved_from IS NOT OLD.moved_from) AND {_COMES}
 AND (NEW.unit_id <> OLD.unit_id OR OLD.status NOT IN ('confirmed', 'tentative') OR OLD.kind NOT IN ('reservation', 'owner')
      OR ((NEW.arrival IS NOT OLD.arrival OR NEW.departure IS NOT OLD.departure
           OR NEW.own_check_in IS NOT OLD.own_check_in OR NEW.own_check_out IS NOT OLD.own_check_out)
          AND (NEW.check_in < OLD.check_in OR NEW.check_out > OLD.check_out OR OLD.check_in IS NULL))){_TAKEN}"""
"""A stay that was sold twice may still be changed, but for taking more than it has. House rules move stays, not people."""


@event.listens_for(stays, "after_create")
def _forbid_overlaps(_table: Table, connection: Connection, **_: Any) -> None:
    connection.exec_driver_sql(_NO_OVERLAP_NEW)
    connection.exec_driver_sql(_NO_OVERLAP_MOVED)
