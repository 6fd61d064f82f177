"""What people did in an emergency."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Text, text

from hub.store.tables.kinds import Instant, flag, required, table

emergencies = table(
    "emergencies",
    Column("id", Text, primary_key=True),
    required("deed", Text),  # lock_down | code | unlock
    required("property_id", Text, ForeignKey("properties.id")),
    Column("lock_id", Text, ForeignKey("locks.id", ondelete="CASCADE")),  # None: every lock of the property
    required("reason", Text),
    required("since", Instant),
    required("by", Text),
    Column("until", Instant),  # when it is over by itself
    Column("released_at", Instant),
    Column("released_by", Text),
    Column("release_reason", Text),
    flag("guests_untold"),  # somebody asked not to tell the guests whom it concerns
    Index("lockdowns_open", "property_id", sqlite_where=text("deed = 'lock_down' AND released_at IS NULL")),
)

emergency_doors = table(  # of a lock-down and of an open door: what became of each bolt
    "emergency_doors",
    Column("emergency_id", Text, ForeignKey("emergencies.id", ondelete="CASCADE"), primary_key=True),
    Column("lock_id", Text, ForeignKey("locks.id", ondelete="CASCADE"), primary_key=True),
    required("at", Instant),
    Column("outcome", Text),  # done | refused | unknown; None: not tried, or under way
    required("tries", Integer),
    required("sentence", Text),
)

closed_doors = table(  # what guests were told of doors that a lock-down closes to their codes, until it is over
    "closed_doors",
    Column("stay_id", Text, ForeignKey("stays.id", ondelete="CASCADE"), primary_key=True),
    Column("lock_id", Text, ForeignKey("locks.id", ondelete="CASCADE"), primary_key=True),
    required("at", Instant),
    required("how", Text),  # message | page | nobody
    required("message", Text),  # id of the one that says so; empty: none
)
