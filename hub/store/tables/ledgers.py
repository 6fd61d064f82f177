"""The three ledgers that carry the main job.

`stays` (who may come when), `grants` (what was issued for which door), `slots` (what each lock should hold, what was
last written, what was last proven). Nothing is inferred from anything else.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    text,
)

from hub.store.tables.kinds import (
    CODES_OF_A_LOCK,
    FREE_AT,
    NIGHTS_OF_A_UNIT,
    Day,
    Instant,
    flag,
    postgresql_rule,
    required,
    ruled,
    sqlite_rule,
    table,
)

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
    Column("email_mark", Text),  # keyed hashes of the two; empty: it is not known
    Column("phone_mark", Text),
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
    required("price_lines", Text, server_default=""),  # JSON of kind, amount and label; what they leave is not itemised
    Column("adults", Integer),
    Column("children", Integer),
    Column("infants", Integer),
    Column("pets", Integer),
    required("special_requests", Text, server_default=""),  # what the guest asked for when booking
    required("company", Text, server_default=""),  # of the guest
    required("purpose", Text, server_default=""),  # of the journey
    required("country", Text, server_default=""),  # where the guest comes from
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
    Index("stays_by_email", "email_mark", sqlite_where=text("email_mark <> ''")),
    Index("stays_by_phone", "phone_mark", sqlite_where=text("phone_mark <> ''")),
    Index("stays_unmarked", "id", sqlite_where=text("contact IS NOT NULL AND email_mark IS NULL")),
    Index("stays_contested", "check_out", sqlite_where=text("contested = 1")),
    Index("stays_moved", "moved_from", sqlite_where=text("moved_from IS NOT NULL")),
)

guest_notes = table(
    "guest_notes",
    Column("stay_id", Text, ForeignKey("stays.id", ondelete="CASCADE"), primary_key=True),
    required("text", Text),
    required("at", Instant),
    required("by", Text),
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
    Index("stay_steps_by_time", "at"),
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
    Column("departure", Day),  # this and the two after it: as the source said them last, whatever people agreed since
    Column("own_check_in", Instant),
    Column("own_check_out", Instant),
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
    Column("theirs", Integer),  # 1: somebody else's code in that lock has these digits
    Column("told_at", Instant),  # when somebody was first shown the digits
    Column("pass_id", Text, ForeignKey("passes.id", ondelete="SET NULL")),
    Column("pulled_at", Instant),  # of a backup code: when it became its stay's
    Column("pulled_by", Text),  # `gatehouse`, by the deadline ladder, or whoever asked for it
    Column("proven_at", Instant),  # when it was first proven in the lock, if only to wait there
    Index("grants_by_stay", "stay_id"),
    Index("grants_by_start", "start"),
    Index("grants_by_pass", "pass_id", sqlite_where=text("pass_id IS NOT NULL")),
    Index("grants_by_lock", "lock_id", sqlite_where=text("pin IS NOT NULL")),
    Index("grants_by_tag", "lock_id", "tag", sqlite_where=text("pin IS NOT NULL")),
    Index("grants_refused", "lock_id", sqlite_where=text("refused IS NOT NULL")),
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
    required("unheard", Integer, server_default="0"),
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
    Index("slots_outer", "lock_id", "number", sqlite_where=text("number > 30 AND holder IS NULL AND tag IS NOT NULL")),
)


_GIVEN = """EXISTS (SELECT 1 FROM grants g WHERE g.lock_id = NEW.lock_id AND g.tag = NEW.tag AND g.pin IS NOT NULL
             AND g.revoked_at IS NULL AND (g."end" IS NULL OR NEW.start < g."end")
             AND (NEW."end" IS NULL OR g.start < NEW."end"))"""
"""Nobody gets a code that is somebody else's on that door at the time, whatever the code above does."""

sqlite_rule(
    grants,
    "grants_one_pin_per_door",
    f"BEFORE INSERT ON grants\nWHEN {_GIVEN}\nBEGIN SELECT RAISE(ABORT, 'taken'); END",
)
postgresql_rule(
    grants,
    "grants_one_pin_per_door",
    "BEFORE INSERT",
    f"""
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.lock_id, {CODES_OF_A_LOCK}));
    IF {_GIVEN} THEN
        RAISE EXCEPTION 'taken' USING ERRCODE = 'exclusion_violation';
    END IF;
    RETURN NEW;
END""",
)

_COMES = "NEW.kind IN ('reservation', 'owner') AND NEW.status IN ('confirmed', 'tentative')"
_UNTIL, _UNTIL_BEFORE = FREE_AT.format("NEW"), FREE_AT.format("OLD")
_TAKEN = f"""(EXISTS (SELECT 1 FROM stays s WHERE s.unit_id = NEW.unit_id AND s.id <> NEW.id
              AND s.status IN ('confirmed', 'tentative')
              AND s.check_in < {_UNTIL}
              AND NEW.check_in < {FREE_AT.format("s")})
  OR EXISTS (SELECT 1 FROM holds h WHERE h.unit_id = NEW.unit_id AND h.expires_at > NEW.changed_at
             AND h.check_in < {_UNTIL} AND NEW.check_in < h.check_out))"""  # noqa: S608
_MADE_HERE = f"NEW.channel_id IS NULL AND {_COMES}"
"""Nobody can double-book from here, whatever the code above does. What channels sold twice is kept and asked about."""
_MOVED = "BEFORE UPDATE OF unit_id, arrival, departure, own_check_in, own_check_out, left_at, kind, status, moved_from"
_TAKES_MORE = f"""(NEW.channel_id IS NULL OR NEW.moved_from IS NOT OLD.moved_from) AND {_COMES}
 AND (NEW.unit_id <> OLD.unit_id OR OLD.status NOT IN ('confirmed', 'tentative') OR OLD.kind NOT IN ('reservation', 'owner')
      OR ((NEW.arrival IS NOT OLD.arrival OR NEW.departure IS NOT OLD.departure
           OR NEW.own_check_in IS NOT OLD.own_check_in OR NEW.own_check_out IS NOT OLD.own_check_out
           OR NEW.left_at IS NOT OLD.left_at)
          AND (NEW.check_in < OLD.check_in OR OLD.check_in IS NULL
               OR {_UNTIL} > {_UNTIL_BEFORE})))"""
"""A stay that was sold twice may still be changed, but for taking more than it has. House rules move stays, not people."""

for _name, _when, _asks in (
    ("stays_no_overlap_new", "BEFORE INSERT ON stays", _MADE_HERE),
    ("stays_no_overlap_moved", f"{_MOVED} ON stays", _TAKES_MORE),
):
    sqlite_rule(stays, _name, f"{_when}\nWHEN {_asks}\n AND {_TAKEN}\nBEGIN SELECT RAISE(ABORT, 'overlap'); END")

# PostgreSQL has two lines. The rule looks, and holds the unit's advisory lock from then on until the commit: whoever asks
# at the same time waits, and looks afterwards. The constraint stands whatever else writes at whatever isolation; it is on a
# table of its own, as nights that channels sold twice are kept in `stays`. Without the lock, those who wait for each other
# at the constraint alone come to deadlocks by the dozen.
_TAKES_MORE_HERE = _TAKES_MORE.replace("IS NOT OLD.", "IS DISTINCT FROM OLD.")

for _name, _when, _asks in (
    ("stays_no_overlap_new", "BEFORE INSERT", _MADE_HERE),
    ("stays_no_overlap_moved", _MOVED, _TAKES_MORE_HERE),
):
    postgresql_rule(
        stays,
        _name,
        _when,
        f"""
BEGIN
    IF {_asks} THEN
        PERFORM pg_advisory_xact_lock(hashtextextended(NEW.unit_id, {NIGHTS_OF_A_UNIT}));
        IF {_TAKEN} THEN
            RAISE EXCEPTION 'overlap' USING ERRCODE = 'exclusion_violation';
        END IF;
    END IF;
    RETURN NEW;
END""",
    )

_LAST_SLEPT = "to_char(to_timestamp({0}.left_at / 1000) AT TIME ZONE 'UTC' - interval '1 day', 'YYYYMMDD')::int"
_NIGHTS = f"""int4range(replace({{0}}.arrival, '-', '')::int,
        CASE WHEN {{0}}.left_at BETWEEN {{0}}.check_in AND {{0}}.check_out
        THEN greatest(replace({{0}}.arrival, '-', '')::int, least(replace({{0}}.departure, '-', '')::int, {_LAST_SLEPT}))
        ELSE replace({{0}}.departure, '-', '')::int END)"""
"""Of who left early, those that are over in whatever zone: of the last one or two the rule alone knows whose they are."""

ruled(
    stays,
    "CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public",
    """
CREATE TABLE kept_nights (
    stay_id TEXT PRIMARY KEY REFERENCES stays (id) ON DELETE CASCADE,
    unit_id TEXT NOT NULL,
    nights INT4RANGE NOT NULL,
    CONSTRAINT kept_nights_no_overlap EXCLUDE USING gist (unit_id WITH =, nights WITH &&)
)""",
    database="postgresql",
)
postgresql_rule(
    stays,
    "stays_keep_nights",
    "AFTER INSERT OR UPDATE OF unit_id, channel_id, arrival, departure, left_at, kind, status",
    f"""
BEGIN
    IF NOT ({_MADE_HERE}) OR NEW.arrival IS NULL OR NEW.departure IS NULL THEN
        DELETE FROM kept_nights WHERE stay_id = NEW.id;
        RETURN NULL;
    END IF;
    UPDATE kept_nights SET unit_id = NEW.unit_id, nights = {_NIGHTS.format("NEW")} WHERE stay_id = NEW.id;
    IF FOUND THEN
        RETURN NULL;
    END IF;
    -- Plpgsql has no OLD in an insert, and tells so only where it is read.
    IF TG_OP = 'UPDATE' THEN
        IF NOT ({_TAKES_MORE_HERE}) THEN
            RETURN NULL;
        END IF;
    END IF;
    INSERT INTO kept_nights VALUES (NEW.id, NEW.unit_id, {_NIGHTS.format("NEW")});
    RETURN NULL;
END""",  # noqa: S608
)
KEEP_ALL_NIGHTS = f"""
INSERT INTO kept_nights SELECT id, unit_id, {_NIGHTS.format("NEW")} FROM stays AS NEW
WHERE {_MADE_HERE} AND arrival IS NOT NULL AND departure IS NOT NULL ORDER BY claim ON CONFLICT DO NOTHING"""  # noqa: S608
"""After rows were put in while nobody looked: of those that meet, the first keeps them."""
