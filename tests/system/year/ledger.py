"""A look into the hub's ledger by a connection of one's own: whose code is this, and what would a guest be told?"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub.io.vault import Vault
from hub.model.values import Address, Pin

_LIVE = "SELECT id, stay_id, pass_id, purpose, pin, revoked_at FROM grants WHERE lock_id = ? AND pin IS NOT NULL"
_UID = "SELECT uid FROM stay_sources WHERE stay_id = ?"

_PROVEN = """
    SELECT count(*) FROM grants JOIN slots ON slots.holder = grants.id AND slots.lock_id = grants.lock_id
    WHERE grants.lock_id = :lock AND grants.revoked_at IS NULL AND slots.reading = 'occupied' AND slots.claim IS NULL
    AND slots.proof IN ('read_back', 'confirmed')
    AND (grants.stay_id = :stay OR (:stay IS NULL AND grants.purpose = 'backup' AND grants.pulled_at IS NULL
    AND grants.stay_id IS NULL AND grants.told_at IS NULL AND grants.refused IS NULL))
"""
_LINKS = """
    SELECT number, previous, at, kind, what, outcome, lock_id, slot, subject, actor, evidence, seal
    FROM chain WHERE number > ? ORDER BY number
"""
_ALERTS = "SELECT kind FROM alerts WHERE about = ? AND raised_at IS NOT NULL AND over_at IS NULL"


@dataclass(frozen=True, slots=True)
class Held:
    uid: str | None
    digits: str
    revoked: bool


def _no_guest(lock: Address, pass_: str | None, purpose: str) -> str | None:
    """Who else has a code there, as people.py and emergencies.py call them."""
    return f"pass {pass_}" if pass_ else f"emergency {lock}" if purpose == "emergency" else None


@dataclass
class Ledger:
    """Locks bear their addresses as names."""

    raw: sqlite3.Connection
    vault: Vault
    _digits: dict[str, str] = field(default_factory=dict)
    _uids: dict[str, str | None] = field(default_factory=dict)

    @classmethod
    def of(cls, database: Path, vault: Vault) -> Ledger:
        return cls(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None), vault)

    def close(self) -> None:
        self.raw.close()

    def held(self, lock: Address) -> list[Held]:
        """Every code that the hub has given out for a lock and not seen gone."""
        return [
            Held(self._uid(stay) or _no_guest(lock, pass_, purpose), self._opened(grant, pin), revoked is not None)
            for grant, stay, pass_, purpose, pin, revoked in self.raw.execute(_LIVE, (lock,))
        ]

    def issued(self, digits: str) -> bool:
        """Whether any lock's codes have those digits, in it by now or not yet."""
        tags = self.vault.tags(Pin(digits))
        return any(self.raw.execute("SELECT 1 FROM grants WHERE tag = ? LIMIT 1", (tag,)).fetchone() for tag in tags)

    def owner(self, lock: Address, digits: str) -> str | None:
        """The uid of the stay whose code it is; a live one before one that was taken back."""
        found = sorted((each for each in self.held(lock) if each.digits == digits), key=lambda each: each.revoked)
        return found[0].uid or "somebody without a stay" if found else None

    def digits(self, lock: Address, uid: str) -> list[str]:
        """What the guest of a stay would type there: their own code, and a backup code that was given out."""
        return [each.digits for each in self.held(lock) if each.uid == uid and not each.revoked]

    def alerted(self, about: Sequence[str]) -> list[str]:
        """The kinds of alerts that are raised and not over, about any of these."""
        return [str(kind) for each in about for (kind,) in self.raw.execute(_ALERTS, (each,))]

    def links(self, after: int) -> list[tuple[Any, ...]]:
        """Of the audit chain."""
        return self.raw.execute(_LINKS, (after,)).fetchall()

    def proven(self, lock: Address, uid: str) -> bool:
        """Whether the lock is taken to hold a code of that stay: its own, or a backup code that was given to it."""
        return self._counted(lock, self.stay(uid))

    def ready(self, lock: Address) -> bool:
        """Whether a backup code that is nobody's is taken to be in the lock."""
        return self._counted(lock, None)

    def _counted(self, lock: Address, stay: str | None) -> bool:
        (found,) = self.raw.execute(_PROVEN, {"lock": lock, "stay": stay}).fetchone()
        return bool(found)

    def stay(self, uid: str) -> str | None:
        """The hub's own name for a stay."""
        row = self.raw.execute("SELECT stay_id FROM stay_sources WHERE uid = ?", (uid,)).fetchone()
        return None if row is None else str(row[0])

    def _opened(self, grant: str, pin: bytes) -> str:
        if grant not in self._digits:
            self._digits[grant] = self.vault.open_pin(pin, about=f"grant:{grant}").reveal()
        return self._digits[grant]

    def _uid(self, stay: str | None) -> str | None:
        if stay is not None and stay not in self._uids:
            row = self.raw.execute(_UID, (stay,)).fetchone()
            self._uids[stay] = None if row is None else str(row[0])
        return None if stay is None else self._uids[stay]
