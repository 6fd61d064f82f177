"""What platforms are told of the nights that are taken here, what they are known to have heard, and what passed between us."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, ForeignKeyConstraint, Index, Integer, LargeBinary, Text

from hub.store.tables.kinds import Day, Instant, flag, required, table

outlets = table(
    "outlets",
    Column("channel_id", Text, ForeignKey("channels.id", ondelete="CASCADE"), primary_key=True),
    Column("unit_id", Text, ForeignKey("units.id", ondelete="CASCADE"), primary_key=True),
    required("way", Text),  # feed: the platform fetches | push: we bring it there | diary: so, with names
    required("platform", Text, server_default=""),  # whose habits it has
    required("readers", Text, server_default=""),  # JSON: the channels whose platform fetches it from where we bring it
    Column("digest", Text, unique=True),  # of the link's token, to find it by
    Column("token", LargeBinary),  # sealed
    required("made_at", Instant),
    required("version", Integer, server_default="0"),  # of what we say; it only grows
    required("changed_at", Instant),  # since when we say it
    required("told_version", Integer, server_default="0"),  # the newest that the platform has
    Column("told_at", Instant),  # when it was last known to have what we said then
    required("told_how", Text, server_default=""),  # fetched | taken | read back | said
    Column("asked_at", Instant),  # when it last fetched anything, or we last tried
    required("asked_by", Text, server_default=""),  # as whoever fetched calls itself
    Column("failing_since", Instant),
    required("failing_why", Text, server_default=""),
    Column("again_at", Instant),  # not before that
)

said_blocks = table(
    "said_blocks",
    Column("channel_id", Text, primary_key=True),
    Column("unit_id", Text, primary_key=True),
    Column("about", Text, primary_key=True),  # stay:ID | stay:ID:after | hold:ID | closure:ID
    required("first", Day),
    required("until", Day),
    flag("reserved"),
    required("mark", Text, server_default=""),  # of what stands in a calendar that people keep
    required("version", Integer),  # of the outlet, when this last changed
    required("since", Instant),
    Column("told_at", Instant),  # since when the platform has it as it is
    flag("gone"),  # we say it no more, and the platform has not heard that yet
    ForeignKeyConstraint(["channel_id", "unit_id"], ["outlets.channel_id", "outlets.unit_id"], ondelete="CASCADE"),
)

published = table(
    "published",
    Column("channel_id", Text, ForeignKey("channels.id", ondelete="CASCADE"), primary_key=True),
    Column("unit_id", Text, ForeignKey("units.id", ondelete="CASCADE"), primary_key=True),
    Column("night", Day, primary_key=True),
    required("told_at", Instant),  # when the platform was first handed it
    Column("gone_at", Instant),  # when it was handed a calendar without it
)

sync_log = table(
    "sync_log",
    Column("id", Integer, primary_key=True),
    required("channel_id", Text, ForeignKey("channels.id", ondelete="CASCADE")),
    Column("unit_id", Text, ForeignKey("units.id", ondelete="CASCADE")),
    required("at", Instant),
    required("direction", Text),  # in | out
    required("outcome", Text),  # ok | failed
    required("what", Text),
    required("words", Text, server_default=""),  # theirs
    required("by", Text, server_default=""),
    Column("after_s", Integer),  # of news that the platform has now: for how long it did not know the oldest
    Index("sync_log_by_channel", "channel_id", "id"),
    Index("sync_log_by_time", "at"),
)
