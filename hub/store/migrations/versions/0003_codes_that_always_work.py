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
    "CREATE INDEX access_log_by_grant ON access_log (grant_id, at) WHERE grant_id IS NOT NULL",
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

POLICY = (
    "ALTER TABLE properties ADD COLUMN code_kind TEXT DEFAULT 'random' NOT NULL",
    "ALTER TABLE properties ADD COLUMN code_distance INTEGER DEFAULT '2' NOT NULL",
    "ALTER TABLE properties ADD COLUMN early_in_s INTEGER DEFAULT '0' NOT NULL",
    "ALTER TABLE properties ADD COLUMN late_out_s INTEGER DEFAULT '0' NOT NULL",
    "ALTER TABLE properties ADD COLUMN code_ahead_s INTEGER DEFAULT '259200' NOT NULL",
    "ALTER TABLE locks ADD COLUMN code_kind TEXT",
    "ALTER TABLE locks ADD COLUMN digits INTEGER",
    "ALTER TABLE locks ADD COLUMN code_distance INTEGER",
    "ALTER TABLE locks ADD COLUMN code_lead_s INTEGER",
    "ALTER TABLE locks ADD COLUMN early_in_s INTEGER",
    "ALTER TABLE locks ADD COLUMN late_out_s INTEGER",
    "ALTER TABLE locks ADD COLUMN code_ahead_s INTEGER",
    "ALTER TABLE units ADD COLUMN fixed_pin BLOB",
    "ALTER TABLE stays ADD COLUMN fixed_pin BLOB",
    "ALTER TABLE lock_state ADD COLUMN holds_disabled INTEGER",
    "ALTER TABLE lock_state ADD COLUMN hours_first INTEGER",
    "ALTER TABLE slots ADD COLUMN hours_late INTEGER",
    "ALTER TABLE slots ADD COLUMN written_at INTEGER",
    "DROP INDEX grants_one_pin_per_door",
    "CREATE INDEX grants_by_tag ON grants (lock_id, tag) WHERE pin IS NOT NULL",
    "CREATE INDEX grants_gone ON grants (lock_id, \"end\") WHERE pin IS NULL",
    """
CREATE TRIGGER grants_one_pin_per_door BEFORE INSERT ON grants
WHEN EXISTS (SELECT 1 FROM grants g WHERE g.lock_id = NEW.lock_id AND g.tag = NEW.tag AND g.pin IS NOT NULL
             AND g.revoked_at IS NULL AND (g."end" IS NULL OR NEW.start < g."end") AND (NEW."end" IS NULL OR g.start < NEW."end"))
BEGIN SELECT RAISE(ABORT, 'taken'); END
    """,
)

LADDER = (
    "ALTER TABLE properties ADD COLUMN backups INTEGER DEFAULT '2' NOT NULL",
    "ALTER TABLE grants ADD COLUMN pulled_at INTEGER",
    "ALTER TABLE grants ADD COLUMN pulled_by TEXT",
)

EMERGENCY = (
    """
CREATE TABLE emergencies (
    id TEXT NOT NULL,
    deed TEXT NOT NULL,
    property_id TEXT NOT NULL,
    lock_id TEXT,
    reason TEXT NOT NULL,
    since INTEGER NOT NULL,
    "by" TEXT NOT NULL,
    until INTEGER,
    released_at INTEGER,
    released_by TEXT,
    release_reason TEXT,
    PRIMARY KEY (id),
    FOREIGN KEY(property_id) REFERENCES properties (id),
    FOREIGN KEY(lock_id) REFERENCES locks (id) ON DELETE CASCADE
) STRICT
    """,
    "CREATE INDEX lockdowns_open ON emergencies (property_id) WHERE deed = 'lock_down' AND released_at IS NULL",
)

BATTERY = (
    "ALTER TABLE lock_state ADD COLUMN battery_empty_at INTEGER",
    """
CREATE TABLE battery_readings (
    id INTEGER NOT NULL,
    lock_id TEXT NOT NULL,
    model TEXT NOT NULL,
    at INTEGER NOT NULL,
    percent INTEGER CHECK (percent BETWEEN 0 AND 100),
    low INTEGER DEFAULT '0' NOT NULL CHECK (low IN (0, 1)),
    weight TEXT NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(lock_id) REFERENCES locks (id) ON DELETE CASCADE
) STRICT
    """,
    "CREATE INDEX battery_readings_by_lock ON battery_readings (lock_id, at)",
    "CREATE INDEX battery_readings_low ON battery_readings (model) WHERE low = 1",
)

RECORD = (
    "ALTER TABLE properties ADD COLUMN log_days INTEGER DEFAULT '30' NOT NULL",
    "ALTER TABLE access_log ADD COLUMN maybe TEXT DEFAULT '' NOT NULL",
    "CREATE INDEX access_log_by_stay ON access_log (stay_id, at DESC, id DESC) WHERE stay_id IS NOT NULL",
    "ALTER TABLE audit ADD COLUMN link INTEGER",
    "ALTER TABLE audit ADD COLUMN salt TEXT",
    """
CREATE TABLE chain (
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    what TEXT NOT NULL,
    outcome TEXT NOT NULL,
    lock_id TEXT,
    slot INTEGER,
    subject TEXT NOT NULL,
    actor TEXT NOT NULL,
    evidence TEXT NOT NULL,
    previous TEXT NOT NULL,
    seal TEXT NOT NULL,
    PRIMARY KEY (number)
) STRICT
    """,
    "CREATE INDEX chain_by_subject ON chain (subject) WHERE subject <> ''",
    "CREATE INDEX chain_of_the_house ON chain (what) WHERE kind = 'house'",
    """
CREATE TABLE aliases (
    alias TEXT NOT NULL,
    whose TEXT NOT NULL,
    PRIMARY KEY (alias),
    UNIQUE (whose)
) STRICT
    """,
    """
CREATE TABLE slot_holders (
    id INTEGER NOT NULL,
    lock_id TEXT NOT NULL,
    slot INTEGER NOT NULL,
    grant_id TEXT NOT NULL,
    since INTEGER NOT NULL,
    sure_from INTEGER,
    unsure_from INTEGER,
    until INTEGER,
    PRIMARY KEY (id)
) STRICT
    """,
    "CREATE INDEX slot_holders_by_slot ON slot_holders (lock_id, slot, since)",
    # Who holds a slot now may have held it ever since it was written; when that was is not known any more.
    """
INSERT INTO slot_holders (lock_id, slot, grant_id, since, sure_from)
SELECT s.lock_id, s.number, s.holder, g.made_at, s.proven_at FROM slots s JOIN grants g ON g.id = s.holder
    """,
    """
CREATE TRIGGER chain_is_not_changed
BEFORE UPDATE ON chain BEGIN SELECT RAISE(ABORT, 'the audit chain is never changed'); END
    """,
    """
CREATE TRIGGER chain_is_not_cut
BEFORE DELETE ON chain BEGIN SELECT RAISE(ABORT, 'the audit chain is never cut'); END
    """,
    """
CREATE TRIGGER chain_has_no_gaps
BEFORE INSERT ON chain WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM chain)
BEGIN SELECT RAISE(ABORT, 'a link follows on the last one'); END
    """,
    """
CREATE TRIGGER audit_is_not_cut
BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is never cut'); END
    """,
    """
CREATE TRIGGER audit_is_not_changed
BEFORE UPDATE OF id, at, action ON audit
BEGIN SELECT RAISE(ABORT, 'only what became of a deed is added to it'); END
    """,
)

ALERTS = (
    "ALTER TABLE lock_state ADD COLUMN mode TEXT",
    "ALTER TABLE lock_state ADD COLUMN mode_at INTEGER",
    "ALTER TABLE lock_state ADD COLUMN emptied_at INTEGER",
    """
CREATE TABLE alerts (
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    about TEXT NOT NULL,
    property_id TEXT,
    sentence TEXT NOT NULL,
    cure TEXT NOT NULL,
    found_at INTEGER NOT NULL,
    missing_since INTEGER,
    raised_at INTEGER,
    told INTEGER DEFAULT '0' NOT NULL,
    reminded INTEGER DEFAULT '0' NOT NULL,
    told_at INTEGER,
    acknowledged_at INTEGER,
    acknowledged_by TEXT,
    over_at INTEGER,
    PRIMARY KEY (id)
) STRICT
    """,
    "CREATE UNIQUE INDEX alerts_live ON alerts (kind, about) WHERE over_at IS NULL",
    "CREATE INDEX alerts_over ON alerts (over_at DESC, id DESC) WHERE over_at IS NOT NULL",
    """
CREATE TABLE tellings (
    key TEXT NOT NULL,
    alert_id TEXT,
    person_id TEXT NOT NULL,
    name TEXT NOT NULL,
    way TEXT NOT NULL,
    what TEXT NOT NULL,
    promised_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    why TEXT,
    ended_at INTEGER,
    PRIMARY KEY (key),
    FOREIGN KEY(alert_id) REFERENCES alerts (id) ON DELETE CASCADE
) STRICT
    """,
    "CREATE INDEX tellings_by_alert ON tellings (alert_id, promised_at)",
    "CREATE INDEX tellings_by_person ON tellings (person_id, way, promised_at DESC)",
    "CREATE INDEX tellings_waiting ON tellings (way, promised_at) WHERE state = 'waiting'",
    """
CREATE TABLE telling_rules (
    property_id TEXT NOT NULL,
    quiet_from TEXT,
    quiet_until TEXT,
    origin TEXT NOT NULL,
    PRIMARY KEY (property_id),
    FOREIGN KEY(property_id) REFERENCES properties (id) ON DELETE CASCADE
) STRICT
    """,
    """
CREATE TABLE escalation (
    property_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    person_id TEXT NOT NULL,
    ways TEXT NOT NULL,
    PRIMARY KEY (property_id, position),
    FOREIGN KEY(property_id) REFERENCES properties (id) ON DELETE CASCADE,
    FOREIGN KEY(person_id) REFERENCES people (id) ON DELETE CASCADE
) STRICT
    """,
)

GUEST_PAGE = (
    "ALTER TABLE properties ADD COLUMN guest_phone TEXT DEFAULT '' NOT NULL",
    "ALTER TABLE properties ADD COLUMN instructions TEXT DEFAULT '' NOT NULL",
    "ALTER TABLE units ADD COLUMN instructions TEXT DEFAULT '' NOT NULL",
    """
CREATE TABLE guest_links (
    stay_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    token BLOB NOT NULL,
    made_at INTEGER NOT NULL,
    opened_at INTEGER,
    shown_at INTEGER,
    PRIMARY KEY (stay_id),
    FOREIGN KEY(stay_id) REFERENCES stays (id) ON DELETE CASCADE,
    UNIQUE (digest)
) STRICT
    """,
    """
CREATE TABLE complaints (
    stay_id TEXT NOT NULL,
    lock_id TEXT NOT NULL,
    said_at INTEGER NOT NULL,
    asked_at INTEGER NOT NULL,
    again_at INTEGER,
    PRIMARY KEY (stay_id, lock_id),
    FOREIGN KEY(stay_id) REFERENCES stays (id) ON DELETE CASCADE,
    FOREIGN KEY(lock_id) REFERENCES locks (id) ON DELETE CASCADE
) STRICT
    """,
)


def upgrade() -> None:
    for statement in (*PEOPLE, *POLICY, *LADDER, *EMERGENCY, *BATTERY, *RECORD, *ALERTS, *GUEST_PAGE):
        op.get_bind().exec_driver_sql(statement)
