"""Every table of the house, by topic. A new one is defined in the module of its topic and named here."""

from hub.store.tables.alerts import alerts, escalation, telling_rules, tellings
from hub.store.tables.booking_news import booking_news, booking_readers
from hub.store.tables.bookings import booking_rules, closures, holds
from hub.store.tables.emergencies import closed_doors, emergencies, emergency_doors
from hub.store.tables.guest_page import complaints, guest_links
from hub.store.tables.house import channels, listings, locks, meta, properties, unit_locks, units
from hub.store.tables.imports import stay_import_rows, stay_imports
from hub.store.tables.kinds import Day, Instant, metadata
from hub.store.tables.ledgers import (
    grants,
    guest_notes,
    shared_nights,
    slots,
    stay_sources,
    stay_steps,
    stays,
    unplaced,
)
from hub.store.tables.people import (
    accounts,
    attempts,
    pass_doors,
    pass_news,
    pass_uses,
    passes,
    people,
    replies,
    sessions,
    tokens,
)
from hub.store.tables.person_feeds import person_feeds
from hub.store.tables.publishing import outlets, published, said_blocks, sync_log
from hub.store.tables.record import access_log, aliases, audit, chain, outbox, questions, slot_holders
from hub.store.tables.world import alarms, battery_readings, channel_state, inbox, lock_answers, lock_days, lock_state
from hub.store.tables.writing import door_codes, guest_messages, pushes

__all__ = [
    "Day",
    "Instant",
    "access_log",
    "accounts",
    "alarms",
    "alerts",
    "aliases",
    "attempts",
    "audit",
    "battery_readings",
    "booking_news",
    "booking_readers",
    "booking_rules",
    "chain",
    "channel_state",
    "channels",
    "closed_doors",
    "closures",
    "complaints",
    "door_codes",
    "emergencies",
    "emergency_doors",
    "escalation",
    "grants",
    "guest_links",
    "guest_messages",
    "guest_notes",
    "holds",
    "inbox",
    "listings",
    "lock_answers",
    "lock_days",
    "lock_state",
    "locks",
    "meta",
    "metadata",
    "outbox",
    "outlets",
    "pass_doors",
    "pass_news",
    "pass_uses",
    "passes",
    "people",
    "person_feeds",
    "properties",
    "published",
    "pushes",
    "questions",
    "replies",
    "said_blocks",
    "sessions",
    "shared_nights",
    "slot_holders",
    "slots",
    "stay_import_rows",
    "stay_imports",
    "stay_sources",
    "stay_steps",
    "stays",
    "sync_log",
    "telling_rules",
    "tellings",
    "tokens",
    "unit_locks",
    "units",
    "unplaced",
]
