"""Who is who, and who may do what: kinds and roles of people, and the scopes of tokens."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Role(Enum):
    OWNER = "owner"
    """May do everything on the pages. The first account is one."""


KEEPERS: Final = frozenset({Role.OWNER})
"""Who may add and remove locks, and see the network's keys."""


class PersonKind(Enum):
    """In what a person has to do with the house. It opens nothing by itself: their passes do."""

    MANAGER = "manager"
    STAFF = "staff"
    CLEANER = "cleaner"
    VENDOR = "vendor"
    """Who comes for a job: a plumber, a gardener, a delivery."""
    OWNER = "owner"


class ToldBy(Enum):
    """How somebody is told the codes of their passes."""

    EMAIL = "email"
    """By hand where no address or no service is known."""
    SMS = "sms"
    HAND = "hand"


class Scope(Enum):
    """What the bearer of a token may do. A token holds some of them; only ADMIN includes others."""

    READ = "read"
    """See the house: properties, units, locks, stays, codes without their digits, the access log, health."""
    STAYS_WRITE = "stays:write"
    """Add, extend and cancel stays, and have a channel read now."""
    CODES_READ = "codes:read"
    """See the digits of codes; each time is written into the audit trail."""
    PEOPLE_WRITE = "people:write"
    """Add people, give, change and end their passes, and see how to reach them."""
    UNLOCK = "unlock"
    """Move bolts, now."""
    QUESTIONS_WRITE = "questions:write"
    """Answer what the hub asks a person."""
    ADMIN = "admin"
    """All of the above, the radio with its keys, and the tokens themselves."""


def allows(held: frozenset[Scope], wanted: Scope) -> bool:
    return wanted in held or Scope.ADMIN in held


def called(actor: str) -> str:
    """`account:Robin` is Robin, and a channel goes by its name; a program is called by its token."""
    kind, _, name = actor.partition(":")
    if kind in ("account", "channel"):
        return name
    return (
        f"a program (token {name})"
        if kind == "token"
        else {"gatehouse": "the hub", "console": "the console", "guest": "the guest"}.get(actor, actor)
    )
