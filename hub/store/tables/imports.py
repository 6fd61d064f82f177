"""Lists of past stays that people bring in, row by row, until nobody can want to undo it any more."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Text

from hub.store.tables.kinds import Day, Instant, required, table

stay_imports = table(
    "stay_imports",
    Column("id", Text, primary_key=True),
    required("name", Text),  # of the file
    required("state", Text),  # checking | checked | importing | done | undoing | undone
    required("at", Integer),  # the row that was looked at last
    required("headings", Text),  # JSON
    required("reading", Text),  # JSON: which column says what, and what somebody said about it
    required("made_at", Instant),
    required("made_by", Text),
    Column("done_at", Instant),
    required("done_by", Text, server_default=""),
)

stay_import_rows = table(
    "stay_import_rows",
    Column("import_id", Text, ForeignKey("stay_imports.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),  # from 1, in the order of the file
    required("line", Integer),  # of the file
    Column("cells", LargeBinary),  # sealed JSON, as received; None once the stay has it
    required("verdict", Text, server_default=""),  # new | known | changed | refused; empty: not looked at yet
    Column("told", LargeBinary),  # sealed JSON: why it is refused, or what differs
    Column("same", Text),  # of which booking it is, as a keyed hash
    Column("says", Text),  # what it says of it, as a keyed hash
    Column("unit_id", Text),  # of a row that takes nights
    Column("arrival", Day),
    Column("departure", Day),
    Column("stay_id", Text, ForeignKey("stays.id", ondelete="SET NULL")),
    Column("made", LargeBinary),  # sealed JSON: the stay before this row, and after it
    required("undone", Text, server_default=""),  # undone | kept
    Index("stay_import_rows_same", "import_id", "same"),
    Index("stay_import_rows_nights", "import_id", "unit_id", "arrival"),
    Index("stay_import_rows_stay", "stay_id"),
)
