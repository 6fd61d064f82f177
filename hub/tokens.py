"""Tokens for programs that use the API: `gh_<id>_<secret>`, shown once, kept only as a digest, never without an end."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from hub.contracts import Clock
from hub.errors import Rejected
from hub.model.people import Scope
from hub.model.values import Secret, clean
from hub.store import people
from hub.store.engine import Store, Tx
from hub.store.log import record
from hub.store.people import Token

USUAL_DAYS = 90
MOST_DAYS = 365
_NOTED = timedelta(minutes=1)
"""How exactly the last use is kept; finer would write on every request."""

_FORM = re.compile(r"gh_([a-z2-7]{8})_([a-z2-7]{52})")


@dataclass(frozen=True, slots=True)
class NewToken:
    token: Token
    text: Secret
    """What the program sends; nobody can show it again."""


@dataclass(frozen=True, slots=True)
class Tokens:
    store: Store
    clock: Clock
    draw: Callable[[int], bytes] = secrets.token_bytes

    async def make(self, actor: str, name: str, scopes: frozenset[Scope], days: int = USUAL_DAYS) -> NewToken:
        """
        Raises:
            Rejected: no name, no scope, or not 1 to 365 days.
        """
        name = clean(name, limit=61)
        if not name or len(name) > 60:
            raise Rejected("a token's name has 1 to 60 characters; name the program that will use it")
        if not scopes:
            raise Rejected(f"a token needs at least one scope: {', '.join(scope.value for scope in Scope)}")
        if not 1 <= days <= MOST_DAYS:
            raise Rejected(f"a token lasts 1 to {MOST_DAYS} days")
        id_, secret = _base32(self.draw(5)), _base32(self.draw(32))
        now = self.clock.now()
        token = Token(id_, _digest(secret), name, scopes, now, now + timedelta(days=days))

        def keep(tx: Tx) -> None:
            people.add_token(tx, token)
            words = " ".join(sorted(scope.value for scope in scopes))
            record(tx, now, actor, "make token", subject(token), detail=f"{name}: {words}, {days} days")

        await self.store.write(keep)
        return NewToken(token, Secret(f"gh_{id_}_{secret}"))

    async def holder(self, text: str) -> Token | None:
        """The token that a request was made with; None when it is wrong, expired or revoked."""
        form = _FORM.fullmatch(text)
        if form is None:
            return None
        id_, secret = form.groups()
        token = await self.store.read(lambda tx: people.token_with(tx, id_))
        now = self.clock.now()
        if token is None or not hmac.compare_digest(token.digest, _digest(secret)):
            return None
        if token.revoked_at is not None or token.expires_at <= now:
            return None
        if token.used_at is None or abs(now - token.used_at) >= _NOTED:
            await self.store.write(lambda tx: people.token_used(tx, id_, now))
        return token

    async def all(self) -> list[Token]:
        return await self.store.read(people.all_tokens)

    async def revoke(self, actor: str, id_: str) -> bool:
        """False when there is no such token, or it was revoked before."""

        def end(tx: Tx) -> bool:
            now = self.clock.now()
            token = people.token_with(tx, id_)
            if token is None or not people.revoke_token(tx, id_, now):
                return False
            record(tx, now, actor, "revoke token", subject(token), detail=token.name)
            return True

        return await self.store.write(end)


def subject(token: Token) -> str:
    """As the audit trail names a token, as actor too."""
    return f"token:{token.id}"


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()


def _digest(secret: str) -> str:
    """Of 256 random bits: there is nothing to guess, so nothing to slow down."""
    return hashlib.sha256(secret.encode()).hexdigest()
