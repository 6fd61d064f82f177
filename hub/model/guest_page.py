"""What a manager writes for guests, and when a lock counts as asked for the code of one who says that it does not work."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import Final

from hub.model.values import clean, clean_lines

MOST_INSTRUCTIONS: Final = 4000
"""Characters: two pages of a book, which is more than anybody reads before a door."""
ASK_AGAIN: Final = timedelta(seconds=30)
"""A battery lock takes some ten seconds a command; whoever presses in between learns what the first press finds."""
ASKING: Final = timedelta(minutes=1)
"""So long nobody says yet that the lock has not answered."""

_TELEPHONE: Final = re.compile(r"\+?[0-9][0-9 ()/.-]{1,38}")


def telephone(text: str) -> str:
    """As people write it. Raises ValueError with a sentence."""
    written = clean(text, limit=60)
    if written and (not _TELEPHONE.fullmatch(written) or len(dialled(written).lstrip("+")) < 3):
        raise ValueError('must be a telephone number as guests abroad dial it, e.g. "+49 170 1234567"')
    return written


def dialled(written: str) -> str:
    """For a link that calls it. Source: RFC 3966 section 3: visual separators are left out."""
    return re.sub(r"[^0-9+]", "", written.replace("(0)", ""))


def instructions(text: str) -> str:
    """Raises ValueError with a sentence."""
    written = clean_lines(text, limit=MOST_INSTRUCTIONS + 1)
    if len(written) > MOST_INSTRUCTIONS:
        raise ValueError(f"must have {MOST_INSTRUCTIONS} characters at most")
    return written


def instructions_words(text: str) -> str:
    """Never the text: people write the password of their network there."""
    return f"{len(text)} characters for guests" if text else "nothing written for guests"


def guest_words(phone: str, text: str, privacy: str = "") -> dict[str, str]:
    """What is written for guests of a property."""
    told = "a notice of its own on what is kept" if privacy else "the usual notice on what is kept"
    return {"phone": f"guests call {phone or 'nobody'}", "instructions": instructions_words(text), "privacy": told}


# ---- what is kept ----------------------------------------------------------------------------------------------------


def notice(own: str, log_days: int, guest_days: int, phone: str) -> str:
    """What a guest is told of what is kept of them (GDPR, article 13): the property's own words, or what holds as it is set.

    No consent is asked, so there is none to be managed (R609): the stay is a contract, and the log of the doors a legitimate
    interest (hub/model/keeping.py); nothing is kept for advertising. That a guest was shown the notice before the code, when, and
    which one, is written down for each stay (hub/guest_page.py), and told with what is kept of the guest.
    """
    if own:
        return own
    until = f"for {guest_days} days after you leave" if guest_days else "until you ask to have it erased"
    whom = f"call {phone}" if phone else "ask whoever sent you this link"
    return (
        "For your stay this house keeps your name, how to reach you, your dates and a code for your doors, as the stay needs "
        f"them: {until}. When a door is opened with your code, that is written down, for the safety of the house, and "
        f"your name stands there for {log_days} days.\n"
        "You can have what is kept of you told, corrected or erased, or object to it: "
        f"{whom}. The platform that you booked with keeps records of its own, and any authority for data protection hears "
        "complaints."
    )


def notice_mark(text: str) -> str:
    """Which notice it was, for the audit trail."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
