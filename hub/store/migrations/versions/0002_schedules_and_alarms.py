"""Schedules that the locks keep themselves, alarms of radio networks, and choices about encryption for each lock."""

from alembic import op

revision = "0002"
down_revision = "0001"

STATEMENTS = (
    "ALTER TABLE locks ADD COLUMN remote_unlock_over_s0 INTEGER DEFAULT '0' NOT NULL"
    " CHECK (remote_unlock_over_s0 IN (0, 1))",
    "ALTER TABLE locks ADD COLUMN unencrypted INTEGER DEFAULT '0' NOT NULL CHECK (unencrypted IN (0, 1))",
    "ALTER TABLE lock_state ADD COLUMN schedules INTEGER",
    "ALTER TABLE slots ADD COLUMN hours_start INTEGER",
    "ALTER TABLE slots ADD COLUMN hours_end INTEGER",
    "ALTER TABLE slots ADD COLUMN hours_proof TEXT DEFAULT 'none' NOT NULL",
    "ALTER TABLE slots ADD COLUMN hours_refused INTEGER DEFAULT '0' NOT NULL CHECK (hours_refused IN (0, 1))",
    "ALTER TABLE slots ADD COLUMN hours_before INTEGER",
    "ALTER TABLE slots ADD COLUMN hours_failures INTEGER DEFAULT '0' NOT NULL",
    "ALTER TABLE slots ADD COLUMN hours_retry_at INTEGER",
    """
CREATE TABLE alarms (
    id INTEGER NOT NULL,
    driver TEXT NOT NULL,
    alarm TEXT NOT NULL,
    device TEXT NOT NULL,
    note TEXT NOT NULL,
    since INTEGER NOT NULL,
    told_at INTEGER NOT NULL,
    dismissed_at INTEGER,
    dismissed_by TEXT,
    PRIMARY KEY (id),
    UNIQUE (driver, alarm, device)
) STRICT
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.get_bind().exec_driver_sql(statement)
