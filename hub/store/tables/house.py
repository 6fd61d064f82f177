"""The house as the operator described it."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, Text, UniqueConstraint

from hub.store.tables.kinds import Instant, flag, required, table

meta = table("meta", Column("key", Text, primary_key=True), required("value", Text))

properties = table(
    "properties",
    Column("id", Text, primary_key=True),
    required("name", Text),
    required("timezone", Text),
    required("check_in", Text),
    required("check_out", Text),
    required("code_lead_s", Integer, server_default="3600"),
    required("digits", Integer, server_default="6"),
    required("origin", Text),
    required("code_kind", Text, server_default="random"),  # random | phone | fixed
    required("code_distance", Integer, server_default="2"),
    required("early_in_s", Integer, server_default="0"),
    required("late_out_s", Integer, server_default="0"),
    required("code_ahead_s", Integer, server_default="259200"),
    required("backups", Integer, server_default="2"),  # how many backup codes each lock keeps
    required("log_days", Integer, server_default="30"),
    required("guest_days", Integer, server_default="730"),  # after departure; 0: for ever
    required("tell_hours", Integer, server_default="0"),  # before check-in guests are told their codes; 0: by hand
    required("guest_phone", Text, server_default=""),  # whom guests call
    required("instructions", Text, server_default=""),  # for guests of every unit
    required("privacy", Text, server_default=""),  # what guests read of what is kept; empty: the usual
)

units = table(
    "units",
    Column("id", Text, primary_key=True),
    required("property_id", Text, ForeignKey("properties.id")),
    required("name", Text),
    required("closed_means", Text, server_default="ask"),
    required("origin", Text),
    Column("fixed_pin", LargeBinary),  # sealed; typed by a person for every guest of it
    required("instructions", Text, server_default=""),  # for its guests, besides the property's
)

locks = table(
    "locks",
    Column("id", Text, primary_key=True),
    required("property_id", Text, ForeignKey("properties.id")),
    required("name", Text),
    required("driver", Text),
    required("address", Text),
    flag("shared"),
    required("origin", Text),
    flag("remote_unlock_over_s0"),  # somebody accepts what S0 does not protect from
    flag("unencrypted"),  # somebody chose that this lock may go without encryption
    # What is different from the property's other locks; NULL: nothing.
    Column("code_kind", Text),
    Column("digits", Integer),
    Column("code_distance", Integer),
    Column("code_lead_s", Integer),
    Column("early_in_s", Integer),
    Column("late_out_s", Integer),
    Column("code_ahead_s", Integer),
    Column("backups", Integer),
    UniqueConstraint("driver", "address"),
)

unit_locks = table(
    "unit_locks",
    Column("unit_id", Text, ForeignKey("units.id", ondelete="CASCADE"), primary_key=True),
    Column("lock_id", Text, ForeignKey("locks.id", ondelete="CASCADE"), primary_key=True),
)

channels = table(
    "channels",
    Column("id", Text, primary_key=True),
    Column("unit_id", Text, ForeignKey("units.id")),  # None: an account, whose listings say which unit
    required("integration", Text),
    required("settings", LargeBinary),  # sealed JSON: a feed's address is itself a key
    required("origin", Text),
)

listings = table(
    "listings",
    Column("channel_id", Text, ForeignKey("channels.id", ondelete="CASCADE"), primary_key=True),
    Column("listing", Text, primary_key=True),  # the source's own word
    required("name", Text, server_default=""),
    Column("unit_id", Text, ForeignKey("units.id", ondelete="SET NULL")),
    required("origin", Text),  # who joined it to the unit
    Column("seen_at", Instant),
    Column("nights_at", Instant),  # as of when its calendar is known
    Column("nights_failing_since", Instant),
    Column("nights_why", Text),
)
