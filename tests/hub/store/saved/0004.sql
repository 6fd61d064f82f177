BEGIN TRANSACTION;
CREATE TABLE access_log (
    id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    lock_id TEXT NOT NULL,
    property_id TEXT NOT NULL,
    what TEXT NOT NULL,
    how TEXT NOT NULL,
    slot INTEGER,
    grant_id TEXT,
    stay_id TEXT,
    who TEXT NOT NULL, maybe TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (id)
) STRICT
    ;
INSERT INTO "access_log" VALUES(1,1,'x','x','x','x',1,'x','x','x','x');
CREATE TABLE accounts (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    password TEXT NOT NULL,
    role TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (name)
) STRICT
    ;
INSERT INTO "accounts" VALUES('x','x','x','x',1);
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
    ;
INSERT INTO "alarms" VALUES(1,'x','x','x','x',1,1,1,'x');
CREATE TABLE alembic_version (version_num TEXT NOT NULL PRIMARY KEY) STRICT;
INSERT INTO "alembic_version" VALUES('0004');
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
    ;
INSERT INTO "alerts" VALUES('x','x','x','x','x','x',1,1,1,1,1,1,1,'x',1);
CREATE TABLE aliases (
    alias TEXT NOT NULL,
    whose TEXT NOT NULL,
    PRIMARY KEY (alias),
    UNIQUE (whose)
) STRICT
    ;
INSERT INTO "aliases" VALUES('x','x');
CREATE TABLE attempts (
    "key" TEXT NOT NULL,
    failures INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY ("key")
) STRICT
    ;
INSERT INTO "attempts" VALUES('x',1,1);
CREATE TABLE audit (
    id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    outcome TEXT DEFAULT 'done' NOT NULL,
    detail TEXT DEFAULT '' NOT NULL, link INTEGER, salt TEXT,
    PRIMARY KEY (id)
) STRICT
    ;
INSERT INTO "audit" VALUES(1,1,'x','x','x','x','x',1,'x');
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
    ;
INSERT INTO "battery_readings" VALUES(1,'x','x',1,1,1,'x');
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
    ;
INSERT INTO "booking_news" VALUES(1,'x','x',1,'x','x','x',1,'x');
CREATE TABLE booking_readers (
    property_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    ways TEXT NOT NULL,
    PRIMARY KEY (property_id, person_id),
    FOREIGN KEY(property_id) REFERENCES properties (id) ON DELETE CASCADE,
    FOREIGN KEY(person_id) REFERENCES people (id) ON DELETE CASCADE
) STRICT
    ;
INSERT INTO "booking_readers" VALUES('x','x','x');
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
    ;
INSERT INTO "booking_rules" VALUES('x','x','x','x','x');
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
    ;
INSERT INTO "chain" VALUES(1,1,'x','x','x','x',1,'x','x','x','x','x');
CREATE TABLE channel_state (
    channel_id TEXT NOT NULL,
    cursor TEXT,
    good_at INTEGER,
    failing_since INTEGER,
    failing_why TEXT,
    reports INTEGER DEFAULT '0' NOT NULL,
    emptied_at INTEGER,
    PRIMARY KEY (channel_id),
    FOREIGN KEY(channel_id) REFERENCES channels (id) ON DELETE CASCADE
) STRICT
    ;
INSERT INTO "channel_state" VALUES('x','x',1,1,'x',1,1);
CREATE TABLE "channels" (
    id TEXT NOT NULL,
    unit_id TEXT,
    integration TEXT NOT NULL,
    settings BLOB NOT NULL,
    origin TEXT NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(unit_id) REFERENCES units (id)
) STRICT
    ;
INSERT INTO "channels" VALUES('x','x','x',X'78','x');
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
    ;
INSERT INTO "closed_doors" VALUES('x','x',1,'x','x');
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
    ;
INSERT INTO "closures" VALUES('x','x','x','x','x','x',1,'x');
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
    ;
INSERT INTO "complaints" VALUES('x','x',1,1,1);
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
    ;
INSERT INTO "door_codes" VALUES('x','x','x',1,'x',1,1,'x');
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
    release_reason TEXT, guests_untold INTEGER DEFAULT '0' NOT NULL CHECK (guests_untold IN (0, 1)),
    PRIMARY KEY (id),
    FOREIGN KEY(property_id) REFERENCES properties (id),
    FOREIGN KEY(lock_id) REFERENCES locks (id) ON DELETE CASCADE
) STRICT
    ;
INSERT INTO "emergencies" VALUES('x','x','x','x','x',1,'x',1,1,'x','x',1);
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
    ;
INSERT INTO "emergency_doors" VALUES('x','x',1,'x',1,'x');
CREATE TABLE escalation (
    property_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    person_id TEXT NOT NULL,
    ways TEXT NOT NULL,
    PRIMARY KEY (property_id, position),
    FOREIGN KEY(property_id) REFERENCES properties (id) ON DELETE CASCADE,
    FOREIGN KEY(person_id) REFERENCES people (id) ON DELETE CASCADE
) STRICT
    ;
INSERT INTO "escalation" VALUES('x',1,'x','x');
CREATE TABLE grants (
    id TEXT NOT NULL,
    lock_id TEXT NOT NULL,
    stay_id TEXT,
    label TEXT DEFAULT '' NOT NULL,
    pin BLOB,
    tag TEXT NOT NULL,
    digits INTEGER NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER,
    made_at INTEGER NOT NULL,
    revoked_at INTEGER,
    refused TEXT,
    told_at INTEGER, purpose TEXT DEFAULT 'guest' NOT NULL, pass_id TEXT REFERENCES passes (id) ON DELETE SET NULL, pulled_at INTEGER, pulled_by TEXT, proven_at INTEGER, theirs INTEGER,
    PRIMARY KEY (id),
    FOREIGN KEY(lock_id) REFERENCES locks (id),
    FOREIGN KEY(stay_id) REFERENCES stays (id)
) STRICT
    ;
INSERT INTO "grants" VALUES('x','x','x','x',X'78','x',1,1,1,1,1,'x',1,'x','x',1,'x',1,1);
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
    ;
INSERT INTO "guest_links" VALUES('x','x',X'78',1,1,1);
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
    ;
INSERT INTO "guest_messages" VALUES('x','x','x',X'78','x',1,'x',1,'x',1,'x','x','x');
CREATE TABLE guest_notes (
    stay_id TEXT NOT NULL,
    text TEXT NOT NULL,
    at INTEGER NOT NULL,
    by TEXT NOT NULL,
    PRIMARY KEY (stay_id),
    FOREIGN KEY(stay_id) REFERENCES stays (id) ON DELETE CASCADE
) STRICT
    ;
INSERT INTO "guest_notes" VALUES('x','x',1,'x');
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
    ;
INSERT INTO "holds" VALUES('x','x','x','x',1,2,'x',1,'x',1);
CREATE TABLE inbox (
    id INTEGER NOT NULL,
    channel_id TEXT NOT NULL,
    "key" TEXT NOT NULL,
    topic TEXT NOT NULL,
    body BLOB NOT NULL,
    received_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER DEFAULT '0' NOT NULL,
    due INTEGER NOT NULL,
    why TEXT, so_far TEXT,
    PRIMARY KEY (id),
    UNIQUE (channel_id, "key")
) STRICT
    ;
INSERT INTO "inbox" VALUES(1,'x','x','x',X'78',1,'x',1,1,'x','x');
CREATE TABLE listings (
    channel_id TEXT NOT NULL,
    listing TEXT NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    unit_id TEXT,
    origin TEXT NOT NULL,
    seen_at INTEGER, nights_at INTEGER, nights_failing_since INTEGER, nights_why TEXT,
    PRIMARY KEY (channel_id, listing),
    FOREIGN KEY(channel_id) REFERENCES channels (id) ON DELETE CASCADE,
    FOREIGN KEY(unit_id) REFERENCES units (id) ON DELETE SET NULL
) STRICT
    ;
INSERT INTO "listings" VALUES('x','x','x','x','x',1,1,1,'x');
CREATE TABLE lock_answers (
    day TEXT NOT NULL,
    lock_id TEXT NOT NULL,
    within_ms INTEGER NOT NULL,
    times INTEGER NOT NULL,
    PRIMARY KEY (day, lock_id, within_ms),
    FOREIGN KEY(lock_id) REFERENCES locks (id) ON DELETE CASCADE
) STRICT
    ;
INSERT INTO "lock_answers" VALUES('x','x',1,1);
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
    ;
INSERT INTO "lock_days" VALUES('x','x',1,1,1,1,1,1,1);
CREATE TABLE lock_state (
    lock_id TEXT NOT NULL,
    model TEXT,
    firmware TEXT,
    slots INTEGER,
    min_digits INTEGER,
    max_digits INTEGER,
    reads_codes INTEGER,
    secure TEXT,
    position TEXT,
    position_how TEXT,
    position_at INTEGER,
    battery INTEGER CHECK (battery BETWEEN 0 AND 100),
    battery_low INTEGER DEFAULT '0' NOT NULL CHECK (battery_low IN (0, 1)),
    battery_at INTEGER,
    heard_at INTEGER,
    silent_since INTEGER,
    silent_why TEXT,
    trouble TEXT,
    trouble_at INTEGER,
    quarantined TEXT, schedules INTEGER, holds_disabled INTEGER, hours_first INTEGER, battery_empty_at INTEGER, mode TEXT, mode_at INTEGER, emptied_at INTEGER, met_at INTEGER, deaf_from INTEGER, deaf_until INTEGER, unanswered_at INTEGER, doubted_at INTEGER, toured_to INTEGER, toured_at INTEGER, tour_failed INTEGER, tour_unread TEXT,
    PRIMARY KEY (lock_id),
    FOREIGN KEY(lock_id) REFERENCES locks (id) ON DELETE CASCADE
) STRICT
    ;
INSERT INTO "lock_state" VALUES('x','x','x',1,1,1,1,'x','x','x',1,1,1,1,1,1,'x','x',1,'x',1,1,1,1,'x',1,1,1,1,1,1,1,1,1,1,'x');
CREATE TABLE locks (
    id TEXT NOT NULL,
    property_id TEXT NOT NULL,
    name TEXT NOT NULL,
    driver TEXT NOT NULL,
    address TEXT NOT NULL,
    shared INTEGER DEFAULT '0' NOT NULL CHECK (shared IN (0, 1)),
    origin TEXT NOT NULL, remote_unlock_over_s0 INTEGER DEFAULT '0' NOT NULL CHECK (remote_unlock_over_s0 IN (0, 1)), unencrypted INTEGER DEFAULT '0' NOT NULL CHECK (unencrypted IN (0, 1)), code_kind TEXT, digits INTEGER, code_distance INTEGER, code_lead_s INTEGER, early_in_s INTEGER, late_out_s INTEGER, code_ahead_s INTEGER, backups INTEGER,
    PRIMARY KEY (id),
    UNIQUE (driver, address),
    FOREIGN KEY(property_id) REFERENCES properties (id)
) STRICT
    ;
INSERT INTO "locks" VALUES('x','x','x','x','x',1,'x',1,1,'x',1,1,1,1,1,1,1);
CREATE TABLE meta (
    "key" TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY ("key")
) STRICT
    ;
INSERT INTO "meta" VALUES('x','x');
CREATE TABLE outbox (
    id INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    lane TEXT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    due INTEGER NOT NULL,
    state TEXT NOT NULL,
    leased_until INTEGER,
    attempts INTEGER DEFAULT '0' NOT NULL,
    why TEXT,
    done_at INTEGER,
    PRIMARY KEY (id),
    UNIQUE ("key")
) STRICT
    ;
INSERT INTO "outbox" VALUES(1,'x','x','x','x',1,1,'x',1,1,'x',1);
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
    ;
INSERT INTO "outlets" VALUES('x','x','x','x','x','x',X'78',1,1,1,1,1,'x',1,'x',1,'x',1);
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
    ;
INSERT INTO "pass_doors" VALUES('x','x',X'78','x',1,1);
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
    ;
INSERT INTO "pass_news" VALUES('x','x','x','x',1,1,1);
CREATE TABLE pass_uses (
    pass_id TEXT NOT NULL,
    lock_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (pass_id, lock_id, at),
    FOREIGN KEY(pass_id) REFERENCES passes (id) ON DELETE CASCADE
) STRICT
    ;
INSERT INTO "pass_uses" VALUES('x','x',1);
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
    ended_why TEXT DEFAULT '' NOT NULL, note TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(person_id) REFERENCES people (id) ON DELETE CASCADE,
    FOREIGN KEY(unit_id) REFERENCES units (id) ON DELETE SET NULL
) STRICT
    ;
INSERT INTO "passes" VALUES('x','x','x','x','x','x',1,1,1,1,'x',1,1,1,'x','x');
CREATE TABLE people (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    property_id TEXT,
    account_id TEXT,
    contact BLOB,
    origin TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    ended_at INTEGER, told_by TEXT DEFAULT 'email' NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(property_id) REFERENCES properties (id),
    FOREIGN KEY(account_id) REFERENCES accounts (id) ON DELETE SET NULL
) STRICT
    ;
INSERT INTO "people" VALUES('x','x','x','x','x',X'78','x',1,1,'x');
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
    ;
INSERT INTO "person_feeds" VALUES('x','x',X'78','x',1,1);
CREATE TABLE properties (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    timezone TEXT NOT NULL,
    check_in TEXT NOT NULL,
    check_out TEXT NOT NULL,
    code_lead_s INTEGER DEFAULT '3600' NOT NULL,
    digits INTEGER DEFAULT '6' NOT NULL,
    origin TEXT NOT NULL, code_kind TEXT DEFAULT 'random' NOT NULL, code_distance INTEGER DEFAULT '2' NOT NULL, early_in_s INTEGER DEFAULT '0' NOT NULL, late_out_s INTEGER DEFAULT '0' NOT NULL, code_ahead_s INTEGER DEFAULT '259200' NOT NULL, backups INTEGER DEFAULT '2' NOT NULL, log_days INTEGER DEFAULT '30' NOT NULL, guest_phone TEXT DEFAULT '' NOT NULL, instructions TEXT DEFAULT '' NOT NULL, guest_days INTEGER DEFAULT '730' NOT NULL, privacy TEXT DEFAULT '' NOT NULL, tell_hours INTEGER DEFAULT '0' NOT NULL,
    PRIMARY KEY (id)
) STRICT
    ;
INSERT INTO "properties" VALUES('x','x','x','x','x',1,1,'x','x',1,1,1,1,1,1,'x','x',1,'x',1);
CREATE TABLE "published" (
    channel_id TEXT NOT NULL,
    unit_id TEXT NOT NULL,
    night TEXT NOT NULL,
    told_at INTEGER NOT NULL,
    gone_at INTEGER,
    PRIMARY KEY (channel_id, unit_id, night),
    FOREIGN KEY(channel_id) REFERENCES channels (id) ON DELETE CASCADE,
    FOREIGN KEY(unit_id) REFERENCES units (id) ON DELETE CASCADE
) STRICT
    ;
INSERT INTO "published" VALUES('x','x','x',1,1);
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
    ;
INSERT INTO "pushes" VALUES('x','x','x','x','x','x','x',1,1,'x',1,1,1,1,'x','x','x',1,1,1);
CREATE TABLE questions (
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    sentence TEXT NOT NULL,
    options TEXT NOT NULL,
    urgent_at INTEGER,
    asked_at INTEGER NOT NULL,
    answer TEXT,
    answered_at INTEGER,
    answered_by TEXT,
    PRIMARY KEY (id)
) STRICT
    ;
INSERT INTO "questions" VALUES('x','x','x','x','x',1,1,'x',1,'x');
CREATE TABLE replies (
    "key" TEXT NOT NULL,
    request TEXT NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    PRIMARY KEY ("key")
) STRICT
    ;
INSERT INTO "replies" VALUES('x','x',1,'x',1);
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
    ;
INSERT INTO "said_blocks" VALUES('x','x','x','x','x',1,'x',1,1,1,1);
CREATE TABLE sessions (
    digest TEXT NOT NULL,
    account_id TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    agent TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (digest),
    FOREIGN KEY(account_id) REFERENCES accounts (id) ON DELETE CASCADE
) STRICT
    ;
INSERT INTO "sessions" VALUES('x','x',1,1,'x');
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
    ;
INSERT INTO "shared_nights" VALUES('x','x',1,1,1,'x');
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
    ;
INSERT INTO "slot_holders" VALUES(1,'x',1,'x',1,1,1,1);
CREATE TABLE slots (
    lock_id TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number BETWEEN 1 AND 255),
    holder TEXT,
    reading TEXT NOT NULL,
    tag TEXT,
    enabled INTEGER DEFAULT '1' NOT NULL,
    claim TEXT,
    proof TEXT NOT NULL,
    proven_at INTEGER,
    failures INTEGER DEFAULT '0' NOT NULL,
    retry_at INTEGER, hours_start INTEGER, hours_end INTEGER, hours_proof TEXT DEFAULT 'none' NOT NULL, hours_refused INTEGER DEFAULT '0' NOT NULL CHECK (hours_refused IN (0, 1)), hours_before INTEGER, hours_failures INTEGER DEFAULT '0' NOT NULL, hours_retry_at INTEGER, hours_late INTEGER, written_at INTEGER, unheard INTEGER DEFAULT '0' NOT NULL,
    PRIMARY KEY (lock_id, number),
    FOREIGN KEY(lock_id) REFERENCES locks (id) ON DELETE CASCADE,
    FOREIGN KEY(holder) REFERENCES grants (id)
) STRICT
    ;
INSERT INTO "slots" VALUES('x',1,'x','x','x',1,'x','x',1,1,1,1,1,'x',1,1,1,1,1,1,1);
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
    ;
INSERT INTO "stay_import_rows" VALUES('x',1,1,X'78','x',X'78','x','x','x','x','x','x',X'78','x');
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
    ;
INSERT INTO "stay_imports" VALUES('x','x','x',1,'x','x',1,'x',1,'x');
CREATE TABLE stay_sources (
    channel_id TEXT NOT NULL,
    uid TEXT NOT NULL,
    stay_id TEXT NOT NULL,
    reported BLOB NOT NULL,
    digest TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    missing_since INTEGER,
    missing_count INTEGER DEFAULT '0' NOT NULL, changed_at INTEGER, departure TEXT, own_check_in INTEGER, own_check_out INTEGER,
    PRIMARY KEY (channel_id, uid),
    FOREIGN KEY(channel_id) REFERENCES channels (id) ON DELETE CASCADE,
    FOREIGN KEY(stay_id) REFERENCES stays (id) ON DELETE CASCADE
) STRICT
    ;
INSERT INTO "stay_sources" VALUES('x','x','x',X'78','x',1,1,1,1,'x',1,1);
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
    ;
INSERT INTO "stay_steps" VALUES(1,'x',1,'x','x','x','x');
CREATE TABLE stays (
    id TEXT NOT NULL,
    unit_id TEXT NOT NULL,
    channel_id TEXT,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    arrival TEXT,
    departure TEXT,
    own_check_in INTEGER,
    own_check_out INTEGER,
    check_in INTEGER,
    check_out INTEGER,
    guest TEXT DEFAULT '' NOT NULL,
    reference TEXT DEFAULT '' NOT NULL,
    phone_last4 TEXT DEFAULT '' NOT NULL,
    contact BLOB,
    guests INTEGER,
    note TEXT DEFAULT '' NOT NULL,
    made_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    arrived_at INTEGER,
    left_at INTEGER,
    cancelled_at INTEGER,
    cancelled_why TEXT, fixed_pin BLOB, platform TEXT DEFAULT '' NOT NULL, source_status TEXT DEFAULT '' NOT NULL, total_minor INTEGER, currency TEXT, price_lines TEXT DEFAULT '' NOT NULL, adults INTEGER, children INTEGER, infants INTEGER, pets INTEGER, special_requests TEXT DEFAULT '' NOT NULL, company TEXT DEFAULT '' NOT NULL, purpose TEXT DEFAULT '' NOT NULL, country TEXT DEFAULT '' NOT NULL, claim INTEGER DEFAULT '0' NOT NULL, contested INTEGER DEFAULT '0' NOT NULL CHECK (contested IN (0, 1)), moved_from TEXT, stage TEXT DEFAULT 'confirmed' NOT NULL, email_mark TEXT, phone_mark TEXT,
    PRIMARY KEY (id),
    CHECK (check_out > check_in),
    FOREIGN KEY(unit_id) REFERENCES units (id),
    FOREIGN KEY(channel_id) REFERENCES channels (id) ON DELETE SET NULL
) STRICT
    ;
INSERT INTO "stays" VALUES('x','x','x','x','x','x','x',1,1,1,2,'x','x','x',X'78',1,'x',1,1,1,1,1,'x',X'78','x','x',1,'x','x',1,1,1,1,'x','x','x','x',1,1,'x','x','x','x');
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
    ;
INSERT INTO "sync_log" VALUES(1,'x','x',1,'x','x','x','x','x',1);
CREATE TABLE telling_rules (
    property_id TEXT NOT NULL,
    quiet_from TEXT,
    quiet_until TEXT,
    origin TEXT NOT NULL, bookings TEXT DEFAULT 'managers' NOT NULL,
    PRIMARY KEY (property_id),
    FOREIGN KEY(property_id) REFERENCES properties (id) ON DELETE CASCADE
) STRICT
    ;
INSERT INTO "telling_rules" VALUES('x','x','x','x','x');
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
    ;
INSERT INTO "tellings" VALUES('x','x','x','x','x','x',1,'x','x',1);
CREATE TABLE tokens (
    id TEXT NOT NULL,
    digest TEXT NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    revoked_at INTEGER,
    PRIMARY KEY (id),
    UNIQUE (digest)
) STRICT
    ;
INSERT INTO "tokens" VALUES('x','x','x','x',1,1,1,1);
CREATE TABLE unit_locks (
    unit_id TEXT NOT NULL,
    lock_id TEXT NOT NULL,
    PRIMARY KEY (unit_id, lock_id),
    FOREIGN KEY(unit_id) REFERENCES units (id) ON DELETE CASCADE,
    FOREIGN KEY(lock_id) REFERENCES locks (id) ON DELETE CASCADE
) STRICT
    ;
INSERT INTO "unit_locks" VALUES('x','x');
CREATE TABLE units (
    id TEXT NOT NULL,
    property_id TEXT NOT NULL,
    name TEXT NOT NULL,
    closed_means TEXT DEFAULT 'ask' NOT NULL,
    origin TEXT NOT NULL, fixed_pin BLOB, instructions TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(property_id) REFERENCES properties (id)
) STRICT
    ;
INSERT INTO "units" VALUES('x','x','x','x','x',X'78','x');
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
    ;
INSERT INTO "unplaced" VALUES('x','x','x','x','x','x','x',X'78',1);
CREATE INDEX inbox_due ON inbox (due) WHERE state = 'waiting'
    ;
CREATE INDEX access_log_by_lock ON access_log (lock_id, at DESC, id DESC)
    ;
CREATE INDEX access_log_by_property ON access_log (property_id, at DESC, id DESC)
    ;
CREATE INDEX access_log_by_time ON access_log (at DESC, id DESC)
    ;
CREATE INDEX audit_by_subject ON audit (subject, id)
    ;
CREATE INDEX outbox_due ON outbox (lane, due) WHERE state IN ('waiting', 'leased')
    ;
CREATE UNIQUE INDEX questions_open ON questions (kind, subject) WHERE answer IS NULL
    ;
CREATE INDEX stays_by_check_in ON stays (check_in)
    ;
CREATE INDEX stays_by_check_out ON stays (check_out)
    ;
CREATE INDEX stays_by_unit ON stays (unit_id, check_in)
    ;
CREATE INDEX stay_sources_by_stay ON stay_sources (stay_id)
    ;
CREATE INDEX grants_by_lock ON grants (lock_id) WHERE pin IS NOT NULL
    ;
CREATE INDEX grants_by_stay ON grants (stay_id)
    ;
CREATE UNIQUE INDEX slots_one_per_grant ON slots (holder) WHERE holder IS NOT NULL
    ;
CREATE INDEX passes_by_person ON passes (person_id);
CREATE INDEX pass_doors_by_lock ON pass_doors (lock_id);
CREATE INDEX access_log_by_grant ON access_log (grant_id, at) WHERE grant_id IS NOT NULL;
CREATE INDEX grants_by_pass ON grants (pass_id) WHERE pass_id IS NOT NULL;
CREATE INDEX grants_by_tag ON grants (lock_id, tag) WHERE pin IS NOT NULL;
CREATE INDEX grants_gone ON grants (lock_id, "end") WHERE pin IS NULL;
CREATE TRIGGER grants_one_pin_per_door BEFORE INSERT ON grants
WHEN EXISTS (SELECT 1 FROM grants g WHERE g.lock_id = NEW.lock_id AND g.tag = NEW.tag AND g.pin IS NOT NULL
             AND g.revoked_at IS NULL AND (g."end" IS NULL OR NEW.start < g."end") AND (NEW."end" IS NULL OR g.start < NEW."end"))
BEGIN SELECT RAISE(ABORT, 'taken'); END;
CREATE INDEX lockdowns_open ON emergencies (property_id) WHERE deed = 'lock_down' AND released_at IS NULL;
CREATE INDEX battery_readings_by_lock ON battery_readings (lock_id, at);
CREATE INDEX battery_readings_low ON battery_readings (model) WHERE low = 1;
CREATE INDEX access_log_by_stay ON access_log (stay_id, at DESC, id DESC) WHERE stay_id IS NOT NULL;
CREATE INDEX chain_by_subject ON chain (subject) WHERE subject <> '';
CREATE INDEX chain_of_the_house ON chain (what) WHERE kind = 'house';
CREATE INDEX slot_holders_by_slot ON slot_holders (lock_id, slot, since);
CREATE TRIGGER chain_is_not_changed
BEFORE UPDATE ON chain BEGIN SELECT RAISE(ABORT, 'the audit chain is never changed'); END;
CREATE TRIGGER chain_is_not_cut
BEFORE DELETE ON chain BEGIN SELECT RAISE(ABORT, 'the audit chain is never cut'); END;
CREATE TRIGGER chain_has_no_gaps
BEFORE INSERT ON chain WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM chain)
BEGIN SELECT RAISE(ABORT, 'a link follows on the last one'); END;
CREATE TRIGGER audit_is_not_cut
BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is never cut'); END;
CREATE TRIGGER audit_is_not_changed
BEFORE UPDATE OF id, at, action ON audit
BEGIN SELECT RAISE(ABORT, 'only what became of a deed is added to it'); END;
CREATE UNIQUE INDEX alerts_live ON alerts (kind, about) WHERE over_at IS NULL;
CREATE INDEX alerts_over ON alerts (over_at DESC, id DESC) WHERE over_at IS NOT NULL;
CREATE INDEX tellings_by_alert ON tellings (alert_id, promised_at);
CREATE INDEX tellings_by_person ON tellings (person_id, way, promised_at DESC);
CREATE INDEX tellings_waiting ON tellings (way, promised_at) WHERE state = 'waiting';
CREATE INDEX closures_by_unit ON closures (unit_id, until);
CREATE INDEX holds_by_unit ON holds (unit_id, check_in);
CREATE INDEX stays_by_claim ON stays (claim);
CREATE INDEX stays_contested ON stays (check_out) WHERE contested = 1;
CREATE INDEX stays_moved ON stays (moved_from) WHERE moved_from IS NOT NULL;
CREATE INDEX stays_by_stage ON stays (stage, check_in);
CREATE INDEX stay_steps_by_stay ON stay_steps (stay_id, id);
CREATE INDEX stay_steps_by_time ON stay_steps (at);
CREATE INDEX sync_log_by_channel ON sync_log (channel_id, id);
CREATE INDEX sync_log_by_time ON sync_log (at);
CREATE INDEX pushes_by_booking ON pushes (channel_id, booking);
CREATE INDEX pushes_by_state ON pushes (state, synced_at);
CREATE INDEX pushes_failed ON pushes (channel_id, tried_at) WHERE state = 'failed';
CREATE INDEX pushes_elsewhen ON pushes (channel_id, stay_id) WHERE there_from IS NOT NULL;
CREATE INDEX pushes_gone ON pushes (channel_id, stay_id) WHERE gone_at IS NOT NULL;
CREATE INDEX stay_import_rows_same ON stay_import_rows (import_id, same);
CREATE INDEX stay_import_rows_nights ON stay_import_rows (import_id, unit_id, arrival);
CREATE INDEX stay_import_rows_stay ON stay_import_rows (stay_id);
CREATE INDEX stays_by_email ON stays (email_mark) WHERE email_mark <> '';
CREATE INDEX stays_by_phone ON stays (phone_mark) WHERE phone_mark <> '';
CREATE INDEX stays_unmarked ON stays (id) WHERE contact IS NOT NULL AND email_mark IS NULL;
CREATE INDEX grants_refused ON grants (lock_id) WHERE refused IS NOT NULL;
CREATE UNIQUE INDEX guest_messages_once ON guest_messages (stay_id, once);
CREATE INDEX guest_messages_untold ON guest_messages (stay_id)
    WHERE tells != '' AND grants != '' AND state NOT IN ('handed_over', 'let_go')
    ;
CREATE INDEX grants_by_start ON grants (start);
CREATE INDEX attempts_many ON attempts (failures);
CREATE INDEX booking_news_by_batch ON booking_news (batch, id) WHERE batch IS NOT NULL;
CREATE INDEX booking_news_by_stay ON booking_news (stay_id);
CREATE INDEX booking_news_waiting ON booking_news (id) WHERE batch IS NULL;
CREATE INDEX slots_outer ON slots (lock_id, number) WHERE number > 30 AND holder IS NULL AND tag IS NOT NULL;
CREATE TRIGGER holds_no_overlap BEFORE INSERT ON holds
WHEN EXISTS (SELECT 1 FROM stays s WHERE s.unit_id = NEW.unit_id AND s.status IN ('confirmed', 'tentative')
             AND s.check_in < NEW.check_out AND NEW.check_in < CASE WHEN s.left_at BETWEEN s.check_in AND s.check_out THEN s.left_at ELSE s.check_out END)
 OR EXISTS (SELECT 1 FROM holds h WHERE h.unit_id = NEW.unit_id AND h.expires_at > NEW.made_at
            AND h.check_in < NEW.check_out AND NEW.check_in < h.check_out)
BEGIN SELECT RAISE(ABORT, 'overlap'); END;
CREATE TRIGGER stays_no_overlap_new BEFORE INSERT ON stays
WHEN NEW.channel_id IS NULL AND NEW.kind IN ('reservation', 'owner') AND NEW.status IN ('confirmed', 'tentative')
 AND (EXISTS (SELECT 1 FROM stays s WHERE s.unit_id = NEW.unit_id AND s.id <> NEW.id AND s.status IN ('confirmed', 'tentative')
              AND s.check_in < CASE WHEN NEW.left_at BETWEEN NEW.check_in AND NEW.check_out THEN NEW.left_at ELSE NEW.check_out END
              AND NEW.check_in < CASE WHEN s.left_at BETWEEN s.check_in AND s.check_out THEN s.left_at ELSE s.check_out END)
  OR EXISTS (SELECT 1 FROM holds h WHERE h.unit_id = NEW.unit_id AND h.expires_at > NEW.changed_at
             AND h.check_in < CASE WHEN NEW.left_at BETWEEN NEW.check_in AND NEW.check_out THEN NEW.left_at ELSE NEW.check_out END AND NEW.check_in < h.check_out))
BEGIN SELECT RAISE(ABORT, 'overlap'); END;
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
BEGIN SELECT RAISE(ABORT, 'overlap'); END;
COMMIT;
