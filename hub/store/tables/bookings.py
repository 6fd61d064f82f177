"""What keeps nights free or takes them, beside stays: rules, closures and holds."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Text

from hub.store.tables.kinds import (
    FREE_AT,
    NIGHTS_OF_A_UNIT,
    Day,
    Instant,
    postgresql_rule,
    required,
    sqlite_rule,
    table,
)

booking_rules = table(
    "booking_rules",
    Column("about", Text, primary_key=True),  # property:ID | unit:ID
    Column("property_id", Text, ForeignKey("properties.id", ondelete="CASCADE")),  # one of these two
    Column("unit_id", Text, ForeignKey("units.id", ondelete="CASCADE")),
    required("rules", Text),  # JSON, only what is said
    required("origin", Text),
)

closures = table(
    "closures",
    Column("id", Text, primary_key=True),
    required("unit_id", Text, ForeignKey("units.id", ondelete="CASCADE")),
    required("kind", Text),  # blackout | maintenance | no_arrival | no_departure
    required("first", Day),
    required("until", Day),  # the first day that is open again
    required("note", Text, server_default=""),
    required("made_at", Instant),
    required("made_by", Text),
    Index("closures_by_unit", "unit_id", "until"),
)

holds = table(
    "holds",
    Column("id", Text, primary_key=True),
    required("unit_id", Text, ForeignKey("units.id", ondelete="CASCADE")),
    required("arrival", Day),
    required("departure", Day),
    required("check_in", Instant),
    required("check_out", Instant),
    required("label", Text, server_default=""),
    required("made_at", Instant),
    required("made_by", Text),
    required("expires_at", Instant),
    CheckConstraint("check_out > check_in"),
    Index("holds_by_unit", "unit_id", "check_in"),
)

_TAKEN = f"""EXISTS (SELECT 1 FROM stays s WHERE s.unit_id = NEW.unit_id AND s.status IN ('confirmed', 'tentative')
             AND s.check_in < NEW.check_out AND NEW.check_in < {FREE_AT.format("s")})
 OR EXISTS (SELECT 1 FROM holds h WHERE h.unit_id = NEW.unit_id AND h.expires_at > NEW.made_at
            AND h.check_in < NEW.check_out AND NEW.check_in < h.check_out)"""  # noqa: S608
"""Nobody can hold what is taken. A hold that is over counts for nothing, whether or not it was swept away yet."""

sqlite_rule(
    holds, "holds_no_overlap", f"BEFORE INSERT ON holds\nWHEN {_TAKEN}\nBEGIN SELECT RAISE(ABORT, 'overlap'); END"
)
postgresql_rule(
    holds,
    "holds_no_overlap",
    "BEFORE INSERT",
    f"""
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.unit_id, {NIGHTS_OF_A_UNIT}));
    IF {_TAKEN} THEN
        RAISE EXCEPTION 'overlap' USING ERRCODE = 'exclusion_violation';
    END IF;
    RETURN NEW;
END""",
)
