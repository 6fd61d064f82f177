"""The audit chain: what happened, link by link, each sealed over the one before it, so that no link can be changed, left
out or moved without every later one showing it.

A link's seal is the SHA-256, in hex, of the UTF-8 bytes of a JSON object: the keys sorted, no white space, no escapes but
those that JSON demands, values that are text, whole numbers or null (a subset of RFC 8785, "JSON Canonicalization Scheme").
The keys are those of `Link` but `seal`; `at` is written as 2027-03-01T09:00:00.000Z. The first link follows on 64 zeros.
Whoever has a copy of one seal, from wherever, can tell whether everything up to it is still what it was.

No link holds a name. Guests, people and those who act are known by aliases, drawn by chance; which alias is whose is kept
beside the chain, and is forgotten when somebody asks for it. The chain stays whole then, and says less.

What the kinds say:

* `code`, the life of codes in keypads. `write`, `clear`: `asked` before the radio is used, then `done` (the lock said so),
  `refused`, `lost` (the lock says that it did not happen), or `unknown` (no answer; whether it happened stays open until
  one of the others follows, or until the next `asked`). `found`: what a lock answered when asked, where that was news:
  `ours`, `foreign` or `empty`. `adopt`: a foreign code became ours. `enable`, `disable`: a code there works, or does not.
* `bolt`: `unlocked`, `locked` or `jammed`; the outcome is by what means: `keypad`, `manual`, `remote`, `auto`, `unknown`.
* `lock`: what else a lock told of itself (hub.model.facts.Trouble).
* `deed`: what a person or a program decided; the outcome is `asked`, `done`, `refused` or `unknown`. `evidence` is the
  salted hash of the line in the audit trail that says more.
* `house`: `restored` (a backup took the place of what was there; the outcome names the head that was lost), `broken` (at a
  start the chain was not what it had been when the hub stopped), `erased` (an alias is nobody's any more), `emptied` (a line
  of the audit trail lost its words with a guest; `evidence` is of what it says now), `purged` (lines of the access log).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

BEFORE_THE_FIRST: Final = "0" * 64

CODE, BOLT, LOCK, DEED, HOUSE = "code", "bolt", "lock", "deed", "house"


@dataclass(frozen=True, slots=True)
class Link:
    number: int
    previous: str
    """The seal of the link before."""
    at: datetime
    """When it happened as far as known, to the millisecond: what a lock remembered itself is told later."""
    kind: str
    what: str
    outcome: str
    lock: str | None = None
    slot: int | None = None
    subject: str = ""
    """Whom or what it is about: an alias, or something of the house such as `channel:airbnb`."""
    actor: str = ""
    """Whose decision it was: an alias, or `gatehouse`. Empty where nobody decided."""
    evidence: str = ""
    seal: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """The last link, or where one follows on."""

    number: int = 0
    seal: str = BEFORE_THE_FIRST


@dataclass(frozen=True, slots=True)
class Wrong:
    number: int
    why: str
    """A clause."""


def told(link: Link) -> dict[str, object]:
    """A link as it is sealed and handed out."""
    return {
        "actor": link.actor,
        "at": written(link.at),
        "evidence": link.evidence,
        "kind": link.kind,
        "lock": link.lock,
        "number": link.number,
        "outcome": link.outcome,
        "previous": link.previous,
        "slot": link.slot,
        "subject": link.subject,
        "what": link.what,
    }


def canonical(link: Link) -> bytes:
    return _canonical(told(link))


def _canonical(told_of: Mapping[str, object]) -> bytes:
    return json.dumps(told_of, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def cut(at: datetime) -> datetime:
    """To the millisecond that the store keeps."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def sealed(link: Link) -> Link:
    return replace(link, seal=sha256(canonical(link)).hexdigest())


def first_wrong(links: Iterable[Link], after: Head) -> Wrong | Head:
    """The first link that does not follow on, or that is not what was sealed; else the new head."""
    for link in links:
        if link.number != after.number + 1:
            return Wrong(after.number + 1, f"link {after.number + 1} is missing")
        if link.previous != after.seal:
            return Wrong(link.number, f"link {link.number} does not follow on link {after.number}")
        if sealed(link).seal != link.seal:
            return Wrong(link.number, f"link {link.number} is not what it was when it was written")
        after = Head(link.number, link.seal)
    return after


def evidence(salt: str, at: datetime, *words: str) -> str:
    """Of one line of the audit trail. Without its salt nobody can guess what it said."""
    line = {"at": written(at), "salt": salt, "words": list(words)}
    return sha256(_canonical(line)).hexdigest()
