"""What Gatehouse keeps of people, why, and how long: one table, from which the page and the answer to a guest are made.

Every table of the store is either in here or among those that hold nothing of people (tests/hub/test_guests.py). The words
of law are those of the GDPR: article 6(1) names the grounds, article 17(3) what an erasure leaves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

LOG_DAYS: Final = 30
"""Ruling H12: what names a guest at a door is kept for 30 days, unless a property chooses otherwise."""
MOST_LOG_DAYS: Final = 365
GUEST_DAYS: Final = 730
"""After departure, or a cancellation, a guest's name and contact are kept for two seasons: one who comes again each year is still
known. No requirement and no law names a number; bills, which have to be kept longer, are made elsewhere. 0: until somebody erases
them."""
MOST_GUEST_DAYS: Final = 3650
DELIVERIES: Final = timedelta(days=7)
"""What channels sent, after it was understood."""


def guest_days_words(days: int) -> str:
    if not days:
        return "who a guest was is kept until somebody erases it"
    return f"who a guest was is kept for {days} days after departure"


@dataclass(frozen=True, slots=True)
class Kept:
    data: str
    tables: tuple[str, ...]
    """`table` or `table.column`."""
    purpose: str
    ground: str
    how_long: str
    erased: str
    """What an erasure of a guest makes of it."""


CONTRACT: Final = "the stay itself: contract (6(1)(b))"
INTEREST: Final = "safety of the house and proof of who had access: legitimate interest (6(1)(f))"
WORK: Final = "their work for the house: contract, legitimate interest (6(1)(b), (f))"

REGISTER: Final = (
    Kept(
        "Name, booking reference, end of the telephone number, telephone and e-mail (sealed), note, wishes, times of the stay",
        ("stays",),
        "to give the right person a code for the right doors at the right time, and to reach them",
        CONTRACT,
        "730 days after departure or a cancellation, or what the property chooses; when the guest first came in as long as the "
        "access log, "
        "and as long as the stay lasts",
        "emptied; the dates, the price and what the stay went through remain, of nobody",
    ),
    Kept(
        "What people wrote down of a guest, and whether stays have one e-mail address or telephone (keyed hashes)",
        ("guest_notes", "stays"),
        "to know a guest who comes again, and what to mind",
        "knowing one's own guests: legitimate interest (6(1)(f))",
        "as long as the name",
        "deleted",
    ),
    Kept(
        "What booking channels and partners sent (sealed)",
        ("stay_sources", "inbox"),
        "to compare it with what they send next, and to read it again where it was not understood",
        CONTRACT,
        "deliveries 7 days; the last word on a stay as long as the name",
        "emptied; that there was a report remains, so that it is not taken for a new one",
    ),
    Kept(
        "What an account told of bookings of a listing that is no unit here (sealed); its dates and status",
        ("unplaced",),
        "to show that there is such a booking, and to take it in when somebody says which unit it is",
        CONTRACT,
        "until the account, read as a whole, no longer tells of it, or it has become a stay",
        "of no stay yet, so it is not found; it goes with the booking",
    ),
    Kept(
        "Codes of guests: digits (sealed) and which door they opened when",
        ("grants", "slots", "slot_holders", "backups"),
        "to open the doors, and to know whose code it was",
        CONTRACT,
        "the digits until the code is proven gone from the lock; who held which place of a lock as long as its property's "
        "access log",
        "the digits are gone with the code; the rest names a stay of nobody",
    ),
    Kept(
        "Who came and went at which door",
        ("access_log",),
        "to answer what happened at a door",
        INTEREST,
        "30 days, or what the property chooses",
        "the name is taken out of each line",
    ),
    Kept(
        "What people and the hub did for a stay, who looked at its guest's contact, and questions and alerts about it",
        ("audit", "questions", "alerts", "tellings", "outbox", "replies"),
        "to show who decided what, and to tell the people of the house what is wrong",
        INTEREST,
        "the audit trail for ever; alerts 30 days after they are over, and what they say no longer than the access log of their "
        "property; what was promised and done 7 days; answers to programs a day",
        "the words are taken out; that something was done, when and by whom, remains",
    ),
    Kept(
        "Which bookings made here an account was told of, what it said, and whose code stands there (not the digits)",
        ("pushes", "door_codes"),
        "to keep the account's bookings and codes as they are here",
        CONTRACT,
        "as long as the stay",
        "names nobody; what the account itself knows is erased there",
    ),
    Kept(
        "What people of the house wrote to a guest through a channel (sealed), and whether it was handed over",
        ("guest_messages",),
        "to reach the guest, and to know what was said",
        CONTRACT,
        "as long as the name",
        "deleted; what the channel itself keeps is erased there",
    ),
    Kept(
        "That a booking is new, changed or cancelled: its dates, unit and number of guests, and who changed it",
        ("booking_news",),
        "to tell the people of the house once, and not twice",
        INTEREST,
        "30 days",
        "names nobody of the guests",
    ),
    Kept(
        "The link to a guest's page (sealed), when it was first opened and the code first seen; doors said not to open",
        ("guest_links", "complaints"),
        "to show guests their code, and to help them at once when it does not work",
        CONTRACT,
        "until the stay is over",
        "deleted",
    ),
    Kept(
        "The stages of a stay, and whose nights are shared with whose: when, by whom, and why",
        ("stay_steps", "shared_nights"),
        "to show who moved or let in whom",
        INTEREST,
        "as long as the stay",
        "the words are taken out; the steps remain, of nobody",
    ),
    Kept(
        "Lists of past stays that somebody brought in: each row (sealed), and the stay before and after it (sealed)",
        ("stay_imports", "stay_import_rows"),
        "to say what became of each row, and to take an import back",
        CONTRACT,
        "a list that nobody imports a day; rows that were refused, and what undoes an import, 30 days",
        "emptied, and refused rows in which the name stands; that import is not undone for this stay any more",
    ),
    Kept(
        "Nights that are held for somebody (a name, if one was given), and why nights are closed",
        ("holds", "closures"),
        "to sell no night twice",
        CONTRACT,
        "a hold until it ends; a closure until it is taken away",
        "of no stay, so they are not found; a hold goes by itself",
    ),
    Kept(
        "What platforms are told of nights that are taken (dates only), when they fetched it, and what passed between us",
        ("outlets", "said_blocks", "published", "sync_log"),
        "to have no night sold twice, and to show who knew what when",
        CONTRACT,
        "nights until they are over; the log 90 days",
        "not touched: dates of nobody; no guest is in it",
    ),
    Kept(
        "The audit chain: event, time, door, place, and an alias drawn by chance",
        ("chain", "aliases"),
        "to prove that nobody changed afterwards what happened",
        INTEREST + ", and to defend legal claims (17(3)(e))",
        "for ever",
        "remains whole; which alias was the guest's is forgotten, so that nobody can tell any more",
    ),
    Kept(
        "Staff, cleaners, vendors, owners: name, telephone and e-mail (sealed), passes, their use, and that they were told them",
        (
            "people",
            "passes",
            "pass_doors",
            "pass_news",
            "pass_uses",
            "escalation",
            "booking_readers",
            "grants",
            "person_feeds",
        ),
        "to let them in at their hours, and to call them",
        WORK,
        "until they have left and somebody removes them",
        "not touched by a guest's erasure; their own removal takes the name out of the log and the audit trail",
    ),
    Kept(
        "Accounts: name, password (hashed), sessions with the browser's name, addresses that failed to sign in",
        ("accounts", "sessions", "attempts", "tokens"),
        "to let managers in, and nobody else",
        WORK,
        "accounts until they are removed; sessions until they end; failed attempts until they no longer count, alerts "
        "of many of them 30 days after they are over",
        "not touched by a guest's erasure",
    ),
    Kept(
        "That a guest was told of a door that a lock-down closes to their code, and how",
        ("closed_doors",),
        "to tell them once, and again when it opens",
        CONTRACT,
        "until they are told that it opens again, or the stay is over",
        "names nobody; that they were told stands in the audit trail",
    ),
    Kept(
        "What people did in emergencies, and why",
        ("emergencies", "emergency_doors"),
        "to account for doors that were opened or closed out of order",
        INTEREST,
        "for ever",
        "not touched: it is about the house; the reason is in a person's own words",
    ),
)
