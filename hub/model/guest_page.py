"""What a manager writes for guests, and when a lock counts as asked for the code of one who says that it does not work."""

from __future__ import annotations

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


def guest_words(phone: str, text: str) -> dict[str, str]:
    """What is written for guests of a property."""
    return {"phone": f"guests call {phone or 'nobody'}", "instructions": instructions_words(text)}
