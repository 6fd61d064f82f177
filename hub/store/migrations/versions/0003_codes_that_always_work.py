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
    """
CREATE TABLE passes (
    id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    kind TEXT NOT NULL,
    hours TEXT,
    unit_id TEXT,
    longest_s INTEGER,
    start INTEGER NOT NULL,
    "end" INTEGER,
    uses INTEGER,
    origin TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    paused_at INTEGER,
    ended_at INTEGER,
    ended_why TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(person_id) REFERENCES people (id) ON DELETE CASCADE,
    FOREIGN KEY(unit_id) REFERENCES units (id) ON DELETE SET NULL
) STRICT
    """,
    "CREATE INDEX passes_by_person ON passes (person_id)",
    """
CREATE TABLE pass_doors (
    pass_id TEXT NOT NULL,
    lock_id TEXT NOT NULL,
    pin BLOB NOT NULL,
    tag TEXT NOT NULL,
    digits INTEGER NOT NULL,
    told_at INTEGER,
    PRIMARY KEY (pass_id, lock_id),
    FOREIGN KEY(pass_id) REFERENCES passes (id) ON DELETE CASCADE,
    FOREIGN KEY(lock_id) REFERENCES locks (id) ON DELETE CASCADE
) STRICT
    """,
    "CREATE INDEX pass_doors_by_lock ON pass_doors (lock_id)",
    """
CREATE TABLE pass_uses (
    pass_id TEXT NOT NULL,
    lock_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (pass_id, lock_id, at),
    FOREIGN KEY(pass_id) REFERENCES passes (id) ON DELETE CASCADE
) STRICT
    """,
    "ALTER TABLE grants ADD COLUMN pass_id TEXT REFERENCES passes (id) ON DELETE SET NULL",
    "CREATE INDEX grants_by_pass ON grants (pass_id) WHERE pass_id IS NOT NULL",
    *(
        statement
        for name, moment in (
            ("stays_no_overlap_new", "INSERT"),
            ("stays_no_overlap_moved", "UPDATE OF unit_id, check_in, check_out, kind, status"),
        )
        for statement in (
            f"DROP TRIGGER {name}",
            f"""
CREATE TRIGGER {name} BEFORE {moment} ON stays
WHEN NEW.channel_id IS NULL AND NEW.kind IN ('reservation', 'owner') AND NEW.status = 'confirmed'
 AND EXISTS (SELECT 1 FROM stays s WHERE s.unit_id = NEW.unit_id AND s.id <> NEW.id AND s.status IN ('confirmed', 'tentative')
             AND s.check_in < NEW.check_out AND NEW.check_in < s.check_out)
BEGIN SELECT RAISE(ABORT, 'overlap'); END
            """,
        )
    ),
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
