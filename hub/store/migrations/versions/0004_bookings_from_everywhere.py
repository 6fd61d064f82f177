"""What bookings from everywhere need: rules, closures and holds beside the stays, and no night given away twice."""

from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = (
    """
CREATE TABLE booking_rules (
    about TEXT NOT NULL,
    property_id TEXT,
    unit_id TEXT,
    rules TEXT NOT NULL,
    origin TEXT NOT NULL,
    PRIMARY KEY (about),
    FOREIGN KEY(property_id) REFERENCES properties (id) ON DELETE CASCADE,
    FOREIGN KEY(unit_id) REFERENCES units (id) ON DELETE CASCADE
) STRICT
    """,
    """
CREATE TABLE closures (
    id TEXT NOT NULL,
    unit_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    first TEXT NOT NULL,
    until TEXT NOT NULL,
    note TEXT DEFAULT '' NOT NULL,
    made_at INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(unit_id) REFERENCES units (id) ON DELETE CASCADE
) STRICT
    """,
    "CREATE INDEX closures_by_unit ON closures (unit_id, until)",
    """
CREATE TABLE holds (
    id TEXT NOT NULL,
    unit_id TEXT NOT NULL,
    arrival TEXT NOT NULL,
    departure TEXT NOT NULL,
    check_in INTEGER NOT NULL,
    check_out INTEGER NOT NULL,
    label TEXT DEFAULT '' NOT NULL,
    made_at INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (id),
    CHECK (check_out > check_in),
    FOREIGN KEY(unit_id) REFERENCES units (id) ON DELETE CASCADE
) STRICT
    """,
    "CREATE INDEX holds_by_unit ON holds (unit_id, check_in)",
)

TRIGGERS = (
    """
CREATE TRIGGER holds_no_overlap BEFORE INSERT ON holds
WHEN EXISTS (SELECT 1 FROM stays s WHERE s.unit_id = NEW.unit_id AND s.status IN ('confirmed', 'tentative')
             AND s.check_in < NEW.check_out AND NEW.check_in < CASE WHEN s.left_at BETWEEN s.check_in AND s.check_out THEN s.left_at ELSE s.check_out END)
 OR EXISTS (SELECT 1 FROM holds h WHERE h.unit_id = NEW.unit_id AND h.expires_at > NEW.made_at
            AND h.check_in < NEW.check_out AND NEW.check_in < h.check_out)
BEGIN SELECT RAISE(ABORT, 'overlap'); END
    """,
    "DROP TRIGGER stays_no_overlap_new",
    "DROP TRIGGER stays_no_overlap_moved",
    """
CREATE TRIGGER stays_no_overlap_new BEFORE INSERT ON stays
WHEN NEW.channel_id IS NULL AND NEW.kind IN ('reservation', 'owner') AND NEW.status IN ('confirmed', 'tentative')
 AND (EXISTS (SELECT 1 FROM stays s WHERE s.unit_id = NEW.unit_id AND s.id <> NEW.id AND s.status IN ('confirmed', 'tentative')
              AND s.check_in < CASE WHEN NEW.left_at BETWEEN NEW.check_in AND NEW.check_out THEN NEW.left_at ELSE NEW.check_out END
              AND NEW.check_in < CASE WHEN s.left_at BETWEEN s.check_in AND s.check_out THEN s.left_at ELSE s.check_out END)
  OR EXISTS (SELECT 1 FROM holds h WHERE h.unit_id = NEW.unit_id AND h.expires_at > NEW.changed_at
             AND h.check_in < CASE WHEN NEW.left_at BETWEEN NEW.check_in AND NEW.check_out THEN NEW.left_at ELSE NEW.check_out END AND NEW.check_in < h.check_out))
BEGIN SELECT RAISE(ABORT, 'overlap'); END
    """,
    """
CREATE TRIGGER stays_no_overlap_moved
BEFORE UPDATE OF unit_id, arrival, departure, own_check_in, own_check_out, left_at, kind, status, moved_from ON stays
WHEN (NEW.channel_id IS NULL OR NEW.moved_from IS NOT OLD.moved_from) AND NEW.kind IN ('reservation', 'owner') AND NEW.status IN ('confirmed', 'tentative')
 AND (NEW.unit_id <> OLD.unit_id OR OLD.status NOT IN ('confirmed', 'tentative') OR OLD.kind NOT IN ('reservation', 'owner')
      OR ((NEW.arrival IS NOT OLD.arrival OR NEW.departure IS NOT OLD.departure
           OR NEW.own_check_in IS NOT OLD.own_check_in OR NEW.own_check_out IS NOT OLD.own_check_out
           OR NEW.left_at IS NOT OLD.left_at)
          AND (NEW.check_in < OLD.check_in OR OLD.check_in IS NULL
               OR CASE WHEN NEW.left_at BETWEEN NEW.check_in AND NEW.check_out THEN NEW.left_at ELSE NEW.check_out END > CASE WHEN OLD.left_at BETWEEN OLD.check_in AND OLD.check_out THEN OLD.left_at ELSE OLD.check_out END)))
 AND (EXISTS (SELECT 1 FROM stays s WHERE s.unit_id = NEW.unit_id AND s.id <> NEW.id AND s.status IN ('confirmed', 'tentative')
              AND s.check_in < CASE WHEN NEW.left_at BETWEEN NEW.check_in AND NEW.check_out THEN NEW.left_at ELSE NEW.check_out END
              AND NEW.check_in < CASE WHEN s.left_at BETWEEN s.check_in AND s.check_out THEN s.left_at ELSE s.check_out END)
  OR EXISTS (SELECT 1 FROM holds h WHERE h.unit_id = NEW.unit_id AND h.expires_at > NEW.changed_at
             AND h.check_in < CASE WHEN NEW.left_at BETWEEN NEW.check_in AND NEW.check_out THEN NEW.left_at ELSE NEW.check_out END AND NEW.check_in < h.check_out))
BEGIN SELECT RAISE(ABORT, 'overlap'); END
    """,
)


ACCOUNTS = (
    # An account belongs to no unit. SQLite cannot take a NOT NULL away: sqlite.org/lang_altertable.html, section 7.
    """
CREATE TABLE channels_anew (
    id TEXT NOT NULL,
    unit_id TEXT,
    integration TEXT NOT NULL,
    settings BLOB NOT NULL,
    origin TEXT NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(unit_id) REFERENCES units (id)
) STRICT
    """,
    "INSERT INTO channels_anew SELECT id, unit_id, integration, settings, origin FROM channels",
    "DROP TABLE channels",
    "ALTER TABLE channels_anew RENAME TO channels",
    """
CREATE TABLE listings (
    channel_id TEXT NOT NULL,
    listing TEXT NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    unit_id TEXT,
    origin TEXT NOT NULL,
    seen_at INTEGER,
    PRIMARY KEY (channel_id, listing),
    FOREIGN KEY(channel_id) REFERENCES channels (id) ON DELETE CASCADE,
    FOREIGN KEY(unit_id) REFERENCES units (id) ON DELETE SET NULL
) STRICT
    """,
    """
CREATE TABLE unplaced (
    channel_id TEXT NOT NULL,
    uid TEXT NOT NULL,
    listing TEXT NOT NULL,
    arrival TEXT,
    departure TEXT,
    status TEXT NOT NULL,
    note TEXT DEFAULT '' NOT NULL,
    reported BLOB NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (channel_id, uid),
    FOREIGN KEY(channel_id) REFERENCES channels (id) ON DELETE CASCADE
) STRICT
    """,
    "ALTER TABLE stay_sources ADD COLUMN changed_at INTEGER",
    "ALTER TABLE stays ADD COLUMN platform TEXT DEFAULT '' NOT NULL",
    "ALTER TABLE stays ADD COLUMN source_status TEXT DEFAULT '' NOT NULL",
    "ALTER TABLE stays ADD COLUMN total_minor INTEGER",
    "ALTER TABLE stays ADD COLUMN currency TEXT",
    "ALTER TABLE stays ADD COLUMN price_lines TEXT DEFAULT '' NOT NULL",
    "ALTER TABLE stays ADD COLUMN adults INTEGER",
    "ALTER TABLE stays ADD COLUMN children INTEGER",
    "ALTER TABLE stays ADD COLUMN infants INTEGER",
    "ALTER TABLE stays ADD COLUMN pets INTEGER",
    "ALTER TABLE stays ADD COLUMN special_requests TEXT DEFAULT '' NOT NULL",
    "ALTER TABLE stays ADD COLUMN company TEXT DEFAULT '' NOT NULL",
    "ALTER TABLE stays ADD COLUMN purpose TEXT DEFAULT '' NOT NULL",
    "ALTER TABLE stays ADD COLUMN country TEXT DEFAULT '' NOT NULL",
)

CONFLICTS = (
    "ALTER TABLE stays ADD COLUMN claim INTEGER DEFAULT '0' NOT NULL",
    "ALTER TABLE stays ADD COLUMN contested INTEGER DEFAULT '0' NOT NULL CHECK (contested IN (0, 1))",
    "ALTER TABLE stays ADD COLUMN moved_from TEXT",
    "UPDATE stays SET claim = rowid",
    # What was sold twice before: both have codes, and keep them; from here on a person is told.
    """
UPDATE stays SET contested = 1
WHERE kind IN ('reservation', 'owner') AND status = 'confirmed' AND left_at IS NULL
 AND EXISTS (SELECT 1 FROM stays s WHERE s.unit_id = stays.unit_id AND s.id <> stays.id AND s.kind IN ('reservation', 'owner')
             AND s.status = 'confirmed' AND s.left_at IS NULL AND s.arrival < stays.departure AND stays.arrival < s.departure)
    """,
    "CREATE INDEX stays_by_claim ON stays (claim)",
    "CREATE INDEX stays_contested ON stays (check_out) WHERE contested = 1",
    "CREATE INDEX stays_moved ON stays (moved_from) WHERE moved_from IS NOT NULL",
    """
CREATE TABLE shared_nights (
    one TEXT NOT NULL,
    other TEXT NOT NULL,
    one_claim INTEGER NOT NULL,
    other_claim INTEGER NOT NULL,
    at INTEGER NOT NULL,
    "by" TEXT NOT NULL,
    PRIMARY KEY (one, other),
    FOREIGN KEY(one) REFERENCES stays (id) ON DELETE CASCADE,
    FOREIGN KEY(other) REFERENCES stays (id) ON DELETE CASCADE
) STRICT
    """,
)

WORKFLOW = (
    "ALTER TABLE stays ADD COLUMN stage TEXT DEFAULT 'confirmed' NOT NULL",
    """
UPDATE stays SET stage = CASE
    WHEN status IN ('cancelled', 'unusable') THEN 'cancelled'
    WHEN status = 'tentative' THEN 'pending'
    WHEN check_out < (SELECT max(changed_at) FROM stays) THEN 'completed'
    WHEN left_at IS NOT NULL THEN 'checked_out'
    WHEN arrived_at IS NOT NULL THEN 'checked_in'
    ELSE 'confirmed' END
    """,
    "CREATE INDEX stays_by_stage ON stays (stage, check_in)",
    """
CREATE TABLE stay_steps (
    id INTEGER NOT NULL,
    stay_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    before TEXT,
    after TEXT NOT NULL,
    "by" TEXT NOT NULL,
    why TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(stay_id) REFERENCES stays (id) ON DELETE CASCADE
) STRICT
    """,
    "CREATE INDEX stay_steps_by_stay ON stay_steps (stay_id, id)",
    "CREATE INDEX stay_steps_by_time ON stay_steps (at)",
)

# ---- what platforms are told ----
PUBLISHING = (
    """
CREATE TABLE published_anew (
    channel_id TEXT NOT NULL,
    unit_id TEXT NOT NULL,
    night TEXT NOT NULL,
    told_at INTEGER NOT NULL,
    gone_at INTEGER,
    PRIMARY KEY (channel_id, unit_id, night),
    FOREIGN KEY(channel_id) REFERENCES channels (id) ON DELETE CASCADE,
    FOREIGN KEY(unit_id) REFERENCES units (id) ON DELETE CASCADE
) STRICT
    """,
    """
INSERT INTO published_anew SELECT p.channel_id, c.unit_id, p.night, 0, NULL
FROM published p JOIN channels c ON c.id = p.channel_id WHERE c.unit_id IS NOT NULL
    """,
    "DROP TABLE published",
    "ALTER TABLE published_anew RENAME TO published",
    """
CREATE TABLE outlets (
    channel_id TEXT NOT NULL,
    unit_id TEXT NOT NULL,
    way TEXT NOT NULL,
    platform TEXT DEFAULT '' NOT NULL,
    readers TEXT DEFAULT '' NOT NULL,
    digest TEXT,
    token BLOB,
    made_at INTEGER NOT NULL,
    version INTEGER DEFAULT '0' NOT NULL,
    changed_at INTEGER NOT NULL,
    told_version INTEGER DEFAULT '0' NOT NULL,
    told_at INTEGER,
    told_how TEXT DEFAULT '' NOT NULL,
    asked_at INTEGER,
    asked_by TEXT DEFAULT '' NOT NULL,
    failing_since INTEGER,
    failing_why TEXT DEFAULT '' NOT NULL,
    again_at INTEGER,
    PRIMARY KEY (channel_id, unit_id),
    FOREIGN KEY(channel_id) REFERENCES channels (id) ON DELETE CASCADE,
    FOREIGN KEY(unit_id) REFERENCES units (id) ON DELETE CASCADE,
    UNIQUE (digest)
) STRICT
    """,
    """
CREATE TABLE said_blocks (
    channel_id TEXT NOT NULL,
    unit_id TEXT NOT NULL,
    about TEXT NOT NULL,
    first TEXT NOT NULL,
    until TEXT NOT NULL,
    reserved INTEGER DEFAULT '0' NOT NULL CHECK (reserved IN (0, 1)),
    mark TEXT DEFAULT '' NOT NULL,
    version INTEGER NOT NULL,
    since INTEGER NOT NULL,
    told_at INTEGER,
    gone INTEGER DEFAULT '0' NOT NULL CHECK (gone IN (0, 1)),
    PRIMARY KEY (channel_id, unit_id, about),
    FOREIGN KEY(channel_id, unit_id) REFERENCES outlets (channel_id, unit_id) ON DELETE CASCADE
) STRICT
    """,
    """
CREATE TABLE sync_log (
    id INTEGER NOT NULL,
    channel_id TEXT NOT NULL,
    unit_id TEXT,
    at INTEGER NOT NULL,
    direction TEXT NOT NULL,
    outcome TEXT NOT NULL,
    what TEXT NOT NULL,
    words TEXT DEFAULT '' NOT NULL,
    "by" TEXT DEFAULT '' NOT NULL,
    after_s INTEGER,
    PRIMARY KEY (id),
    FOREIGN KEY(channel_id) REFERENCES channels (id) ON DELETE CASCADE,
    FOREIGN KEY(unit_id) REFERENCES units (id) ON DELETE CASCADE
) STRICT
    """,
    "CREATE INDEX sync_log_by_channel ON sync_log (channel_id, id)",
    "CREATE INDEX sync_log_by_time ON sync_log (at)",
)

# ---- what one lock keeps ----
LOCKS = ("ALTER TABLE locks ADD COLUMN backups INTEGER",)

# ---- what accounts are told ----
WRITING = (
    """
CREATE TABLE door_codes (
    channel_id TEXT NOT NULL,
    stay_id TEXT NOT NULL,
    wanted TEXT NOT NULL,
    revision INTEGER NOT NULL,
    standing TEXT DEFAULT '' NOT NULL,
    sure INTEGER DEFAULT '0' NOT NULL CHECK (sure IN (0, 1)),
    at INTEGER,
    why TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (channel_id, stay_id),
    FOREIGN KEY(channel_id) REFERENCES channels (id) ON DELETE CASCADE,
    FOREIGN KEY(stay_id) REFERENCES stays (id) ON DELETE CASCADE
) STRICT
    """,
    """
CREATE TABLE pushes (
    channel_id TEXT NOT NULL,
    stay_id TEXT NOT NULL,
    booking TEXT,
    state TEXT NOT NULL,
    wanted TEXT NOT NULL,
    told TEXT DEFAULT '{}' NOT NULL,
    lacks TEXT DEFAULT '{}' NOT NULL,
    revision INTEGER NOT NULL,
    attempts INTEGER DEFAULT '0' NOT NULL,
    error TEXT DEFAULT '' NOT NULL,
    tried_at INTEGER,
    synced_at INTEGER,
    dry INTEGER DEFAULT '0' NOT NULL CHECK (dry IN (0, 1)),
    real INTEGER DEFAULT '0' NOT NULL CHECK (real IN (0, 1)),
    there_from TEXT,
    there_until TEXT,
    there_listing TEXT,
    nights_at INTEGER,
    heard_at INTEGER,
    gone_at INTEGER,
    PRIMARY KEY (channel_id, stay_id),
    FOREIGN KEY(channel_id) REFERENCES channels (id) ON DELETE CASCADE,
    FOREIGN KEY(stay_id) REFERENCES stays (id) ON DELETE CASCADE
) STRICT
    """,
    "CREATE INDEX pushes_by_booking ON pushes (channel_id, booking)",
    "CREATE INDEX pushes_by_state ON pushes (state, synced_at)",
    "CREATE INDEX pushes_failed ON pushes (channel_id, tried_at) WHERE state = 'failed'",
    "CREATE INDEX pushes_elsewhen ON pushes (channel_id, stay_id) WHERE there_from IS NOT NULL",
    "CREATE INDEX pushes_gone ON pushes (channel_id, stay_id) WHERE gone_at IS NOT NULL",
)

# ---- calendars that people subscribe to ----
PERSON_FEEDS = (
    """
CREATE TABLE person_feeds (
    person_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    token BLOB NOT NULL,
    names TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    asked_at INTEGER,
    PRIMARY KEY (person_id),
    FOREIGN KEY(person_id) REFERENCES people (id) ON DELETE CASCADE,
    UNIQUE (digest)
) STRICT
    """,
)

# ---- what people are told of the codes of their passes ----
PASS_NEWS = (
    "ALTER TABLE people ADD COLUMN told_by TEXT DEFAULT 'email' NOT NULL",
    # Whoever is there already was told by a person, and is until somebody says otherwise.
    "UPDATE people SET told_by = 'hand'",
    "ALTER TABLE passes ADD COLUMN note TEXT DEFAULT '' NOT NULL",
    """
CREATE TABLE pass_news (
    pass_id TEXT NOT NULL,
    key TEXT NOT NULL,
    version TEXT NOT NULL,
    lacking TEXT DEFAULT '' NOT NULL,
    start INTEGER,
    "end" INTEGER,
    handed INTEGER DEFAULT '0' NOT NULL CHECK (handed IN (0, 1)),
    PRIMARY KEY (pass_id),
    FOREIGN KEY(pass_id) REFERENCES passes (id) ON DELETE CASCADE
) STRICT
    """,
)

# ---- past stays from files ----
IMPORTS = (
    """
CREATE TABLE stay_imports (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    at INTEGER NOT NULL,
    headings TEXT NOT NULL,
    reading TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    done_at INTEGER,
    done_by TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (id)
) STRICT
    """,
    """
CREATE TABLE stay_import_rows (
    import_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    line INTEGER NOT NULL,
    cells BLOB,
    verdict TEXT DEFAULT '' NOT NULL,
    told BLOB,
    same TEXT,
    says TEXT,
    unit_id TEXT,
    arrival TEXT,
    departure TEXT,
    stay_id TEXT,
    made BLOB,
    undone TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (import_id, number),
    FOREIGN KEY(import_id) REFERENCES stay_imports (id) ON DELETE CASCADE,
    FOREIGN KEY(stay_id) REFERENCES stays (id) ON DELETE SET NULL
) STRICT
    """,
    "CREATE INDEX stay_import_rows_same ON stay_import_rows (import_id, same)",
    "CREATE INDEX stay_import_rows_nights ON stay_import_rows (import_id, unit_id, arrival)",
    "CREATE INDEX stay_import_rows_stay ON stay_import_rows (stay_id)",
)

# ---- long lists, taken in part by part ----
INBOX = ("ALTER TABLE inbox ADD COLUMN so_far TEXT",)

# ---- what a source said, beside what people agreed with its guest ----
SAID = (
    "ALTER TABLE stay_sources ADD COLUMN departure TEXT",
    "ALTER TABLE stay_sources ADD COLUMN own_check_in INTEGER",
    "ALTER TABLE stay_sources ADD COLUMN own_check_out INTEGER",
)

# ---- looks that must not grow with all that ever was ----
LOOKS = ("CREATE INDEX grants_refused ON grants (lock_id) WHERE refused IS NOT NULL",)

# ---- guests who come again ----
GUESTS = (
    "ALTER TABLE stays ADD COLUMN email_mark TEXT",
    "ALTER TABLE stays ADD COLUMN phone_mark TEXT",
    "ALTER TABLE properties ADD COLUMN guest_days INTEGER DEFAULT '730' NOT NULL",
    "ALTER TABLE properties ADD COLUMN privacy TEXT DEFAULT '' NOT NULL",
    "CREATE INDEX stays_by_email ON stays (email_mark) WHERE email_mark <> ''",
    "CREATE INDEX stays_by_phone ON stays (phone_mark) WHERE phone_mark <> ''",
    "CREATE INDEX stays_unmarked ON stays (id) WHERE contact IS NOT NULL AND email_mark IS NULL",
    """
CREATE TABLE guest_notes (
    stay_id TEXT NOT NULL,
    text TEXT NOT NULL,
    at INTEGER NOT NULL,
    by TEXT NOT NULL,
    PRIMARY KEY (stay_id),
    FOREIGN KEY(stay_id) REFERENCES stays (id) ON DELETE CASCADE
) STRICT
    """,
)

# ---- what people write to guests ----
MESSAGES = (
    """
CREATE TABLE guest_messages (
    id TEXT NOT NULL,
    stay_id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    text BLOB NOT NULL,
    by TEXT NOT NULL,
    written_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    at INTEGER NOT NULL,
    why TEXT DEFAULT '' NOT NULL,
    asked INTEGER DEFAULT '1' NOT NULL,
    once TEXT NOT NULL,
    tells TEXT DEFAULT '' NOT NULL,
    grants TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(stay_id) REFERENCES stays (id) ON DELETE CASCADE
) STRICT
    """,
    "CREATE UNIQUE INDEX guest_messages_once ON guest_messages (stay_id, once)",
    """
CREATE INDEX guest_messages_untold ON guest_messages (stay_id)
    WHERE tells != '' AND grants != '' AND state NOT IN ('handed_over', 'let_go')
    """,
    # A house that is there already tells its guests by hand, until somebody says otherwise.
    "ALTER TABLE properties ADD COLUMN tell_hours INTEGER DEFAULT '0' NOT NULL",
)

# ---- how well locks do ----
FIGURES = (
    "ALTER TABLE lock_state ADD COLUMN met_at INTEGER",
    "ALTER TABLE lock_state ADD COLUMN deaf_from INTEGER",
    "ALTER TABLE lock_state ADD COLUMN deaf_until INTEGER",
    "ALTER TABLE lock_state ADD COLUMN unanswered_at INTEGER",
    """
CREATE TABLE lock_days (
    day TEXT NOT NULL,
    lock_id TEXT NOT NULL,
    asked INTEGER NOT NULL,
    answered INTEGER NOT NULL,
    away_s INTEGER NOT NULL,
    moved INTEGER DEFAULT '0' NOT NULL,
    prompt INTEGER DEFAULT '0' NOT NULL,
    forecasts INTEGER DEFAULT '0' NOT NULL,
    off_tenths INTEGER DEFAULT '0' NOT NULL,
    PRIMARY KEY (day, lock_id),
    FOREIGN KEY(lock_id) REFERENCES locks (id) ON DELETE CASCADE
) STRICT
    """,
    """
CREATE TABLE lock_answers (
    day TEXT NOT NULL,
    lock_id TEXT NOT NULL,
    within_ms INTEGER NOT NULL,
    times INTEGER NOT NULL,
    PRIMARY KEY (day, lock_id, within_ms),
    FOREIGN KEY(lock_id) REFERENCES locks (id) ON DELETE CASCADE
) STRICT
    """,
    "ALTER TABLE grants ADD COLUMN proven_at INTEGER",
    "CREATE INDEX grants_by_start ON grants (start)",
    "CREATE INDEX attempts_many ON attempts (failures)",
    # As one pass: slot_holders has no index on its grants, and a house of some years has tens of thousands.
    """
UPDATE grants SET proven_at = told.earliest
FROM (SELECT grant_id, min(sure_from) AS earliest FROM slot_holders GROUP BY grant_id) AS told
WHERE told.grant_id = grants.id
    """,
)

# ---- nights that people closed in the calendars of accounts ----
NIGHTS = (
    "ALTER TABLE listings ADD COLUMN nights_at INTEGER",
    "ALTER TABLE listings ADD COLUMN nights_failing_since INTEGER",
    "ALTER TABLE listings ADD COLUMN nights_why TEXT",
)

# ---- news of bookings ----
NEWS = (
    """
CREATE TABLE booking_news (
    id INTEGER NOT NULL,
    stay_id TEXT NOT NULL,
    property_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    by TEXT NOT NULL,
    was TEXT,
    now TEXT,
    begins INTEGER NOT NULL,
    batch TEXT,
    PRIMARY KEY (id),
    FOREIGN KEY(stay_id) REFERENCES stays (id) ON DELETE CASCADE,
    FOREIGN KEY(property_id) REFERENCES properties (id) ON DELETE CASCADE
) STRICT
    """,
    "CREATE INDEX booking_news_by_batch ON booking_news (batch, id) WHERE batch IS NOT NULL",
    "CREATE INDEX booking_news_by_stay ON booking_news (stay_id)",
    "CREATE INDEX booking_news_waiting ON booking_news (id) WHERE batch IS NULL",
    """
CREATE TABLE booking_readers (
    property_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    ways TEXT NOT NULL,
    PRIMARY KEY (property_id, person_id),
    FOREIGN KEY(property_id) REFERENCES properties (id) ON DELETE CASCADE,
    FOREIGN KEY(person_id) REFERENCES people (id) ON DELETE CASCADE
) STRICT
    """,
    "ALTER TABLE telling_rules ADD COLUMN bookings TEXT DEFAULT 'managers' NOT NULL",
)

# ---- what people do at keypads ----
KEYPADS = (
    "ALTER TABLE lock_state ADD COLUMN doubted_at INTEGER",
    "ALTER TABLE slots ADD COLUMN unheard INTEGER DEFAULT '0' NOT NULL",
    "ALTER TABLE lock_state ADD COLUMN toured_to INTEGER",
    "ALTER TABLE lock_state ADD COLUMN toured_at INTEGER",
    "ALTER TABLE lock_state ADD COLUMN tour_failed INTEGER",
    "ALTER TABLE lock_state ADD COLUMN tour_unread TEXT",
    "ALTER TABLE grants ADD COLUMN theirs INTEGER",
    "CREATE INDEX slots_outer ON slots (lock_id, number) WHERE number > 30 AND holder IS NULL AND tag IS NOT NULL",
)

# ---- what became of each door in an emergency ----
EMERGENCIES = (
    "ALTER TABLE emergencies ADD COLUMN guests_untold INTEGER DEFAULT '0' NOT NULL CHECK (guests_untold IN (0, 1))",
    """
CREATE TABLE emergency_doors (
    emergency_id TEXT NOT NULL,
    lock_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    outcome TEXT,
    tries INTEGER NOT NULL,
    sentence TEXT NOT NULL,
    PRIMARY KEY (emergency_id, lock_id),
    FOREIGN KEY(emergency_id) REFERENCES emergencies (id) ON DELETE CASCADE,
    FOREIGN KEY(lock_id) REFERENCES locks (id) ON DELETE CASCADE
) STRICT
    """,
    """
CREATE TABLE closed_doors (
    stay_id TEXT NOT NULL,
    lock_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    how TEXT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (stay_id, lock_id),
    FOREIGN KEY(stay_id) REFERENCES stays (id) ON DELETE CASCADE,
    FOREIGN KEY(lock_id) REFERENCES locks (id) ON DELETE CASCADE
) STRICT
    """,
)


def upgrade() -> None:
    # The triggers come last: they name columns that are added here.
    for statement in (*TABLES, *ACCOUNTS, *CONFLICTS, *WORKFLOW, *PUBLISHING, *LOCKS, *WRITING, *PERSON_FEEDS, *PASS_NEWS, *IMPORTS, *INBOX, *SAID, *GUESTS, *LOOKS, *MESSAGES, *FIGURES, *NIGHTS, *NEWS, *KEYPADS, *EMERGENCIES, *TRIGGERS):
        op.get_bind().exec_driver_sql(statement)
