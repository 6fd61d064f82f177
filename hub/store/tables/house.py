"""The house as the operator described it."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, Text, UniqueConstraint

from hub.store.tables.kinds import flag, required, table

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
)

units = table(
    "units",
    Column("id", Text, primary_key=True),
    required("property_id", Text, ForeignKey("properties.id")),
    required("name", Text),
    required("closed_means", Text, server_default="ask"),
    required("origin", Text),
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
    required("unit_id", Text, ForeignKey("units.id")),
    required("integration", Text),
    required("settings", LargeBinary),  # sealed JSON: a feed's address is itself a key
    required("origin", Text),
)
