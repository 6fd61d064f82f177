"""Accounts, their sessions, wrong attempts, API tokens, and secrets that work once. Only digests of secrets come here."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Integer, RowMapping, bindparam, delete, exists, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from hub.model.people import Role, Scope
from hub.store import tables
from hub.store.engine import Tx
from hub.store.prepared import Prepared

# ---- accounts -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Account:
    id: str
    name: str
    role: Role
    made_at: datetime
    password: str | None = field(repr=False)
    """An argon2 hash; None: nobody can sign in to it with a password."""


def _account(row: RowMapping) -> Account:
    return Account(row["id"], row["name"], Role(row["role"]), row["made_at"], row["password"] or None)


def any_account(tx: Tx) -> bool:
    return bool(tx.sql.execute(select(exists().select_from(tables.accounts))).scalar_one())


def account_named(tx: Tx, name: str) -> Account | None:
    """Capitals do not matter: telephones write them unasked."""
    rows = tx.sql.execute(select(tables.accounts)).mappings()
    return next((_account(row) for row in rows if row["name"].casefold() == name.casefold()), None)


# Asked on every request, so made once: making a statement takes longer than running it.
_ACCOUNT = select(tables.accounts).where(tables.accounts.c.id == bindparam("id"))
_SESSION = select(tables.sessions).where(tables.sessions.c.digest == bindparam("digest"))
_TOKEN = select(tables.tokens).where(tables.tokens.c.id == bindparam("id"))


def account_with(tx: Tx, id_: str) -> Account | None:
    row = tx.sql.execute(_ACCOUNT, {"id": id_}).mappings().first()
    return None if row is None else _account(row)


def all_accounts(tx: Tx) -> list[Account]:
    rows = tx.sql.execute(select(tables.accounts).order_by(tables.accounts.c.name)).mappings()
    return [_account(row) for row in rows]


def add_account(tx: Tx, account: Account) -> None:
    tx.sql.execute(
        insert(tables.accounts).values(
            id=account.id,
            name=account.name,
            password=account.password or "",
            role=account.role.value,
            made_at=account.made_at,
        )
    )


def set_password(tx: Tx, account: str, password: str) -> None:
    tx.sql.execute(update(tables.accounts).where(tables.accounts.c.id == account).values(password=password))


# ---- sessions -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Session:
    digest: str
    """SHA-256 of the token in the cookie; names the session without being able to open it."""
    account: str
    made_at: datetime
    seen_at: datetime
    agent: str
    """The browser, in its own words."""


def _session(row: RowMapping) -> Session:
    return Session(row["digest"], row["account_id"], row["made_at"], row["seen_at"], row["agent"])


def add_session(tx: Tx, session: Session) -> None:
    tx.sql.execute(
        insert(tables.sessions).values(
            digest=session.digest,
            account_id=session.account,
            made_at=session.made_at,
            seen_at=session.seen_at,
            agent=session.agent,
        )
    )


def session_with(tx: Tx, digest: str) -> Session | None:
    row = tx.sql.execute(_SESSION, {"digest": digest}).mappings().first()
    return None if row is None else _session(row)


def sessions_of(tx: Tx, account: str) -> list[Session]:
    """Latest seen first."""
    query = select(tables.sessions).where(tables.sessions.c.account_id == account)
    latest = query.order_by(tables.sessions.c.seen_at.desc(), tables.sessions.c.digest)
    return [_session(row) for row in tx.sql.execute(latest).mappings()]


def session_seen(tx: Tx, digest: str, at: datetime) -> None:
    tx.sql.execute(update(tables.sessions).where(tables.sessions.c.digest == digest).values(seen_at=at))


def end_session(tx: Tx, account: str, digest: str) -> bool:
    """False when that account has no such session."""
    mine = (tables.sessions.c.digest == digest) & (tables.sessions.c.account_id == account)
    return tx.sql.execute(delete(tables.sessions).where(mine)).rowcount == 1


def end_sessions_of(tx: Tx, account: str) -> int:
    return tx.sql.execute(delete(tables.sessions).where(tables.sessions.c.account_id == account)).rowcount


def end_old_sessions(tx: Tx, *, made_before: datetime, seen_before: datetime) -> int:
    old = or_(tables.sessions.c.made_at <= made_before, tables.sessions.c.seen_at <= seen_before)
    return tx.sql.execute(delete(tables.sessions).where(old)).rowcount


# ---- wrong attempts -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Attempts:
    failures: int
    last_at: datetime


def attempts_at(tx: Tx, key: str) -> Attempts | None:
    row = tx.sql.execute(select(tables.attempts).where(tables.attempts.c.key == key)).mappings().first()
    return None if row is None else Attempts(row["failures"], row["last_at"])


_MANY: Final = Prepared(
    select(tables.attempts)
    .where(tables.attempts.c.failures >= bindparam("fewest", type_=Integer))
    .where(
        (tables.attempts.c.last_at >= bindparam("since", type_=tables.Instant)) | (tables.attempts.c.key.like("name:%"))
    )
    .order_by(tables.attempts.c.failures.desc())
    .limit(1000),
    lambda row: (row["key"], Attempts(row["failures"], row["last_at"])),
)


def many_attempts(tx: Tx, fewest: int, since: datetime) -> dict[str, Attempts]:
    """So many or more in a row: of addresses since then, of names whenever. By key."""
    return dict(_MANY.all(tx, fewest=fewest, since=since))


def keep_attempts(tx: Tx, key: str, attempts: Attempts) -> None:
    values = {"failures": attempts.failures, "last_at": attempts.last_at}
    row = insert(tables.attempts).values(key=key, **values)
    tx.sql.execute(row.on_conflict_do_update(index_elements=["key"], set_=values))


def forget_attempts(tx: Tx, keys: Iterable[str]) -> None:
    tx.sql.execute(delete(tables.attempts).where(tables.attempts.c.key.in_(tuple(keys))))


def forget_old_attempts(tx: Tx, *, before: datetime, fewer_than: int) -> int:
    """Drop counts that have faded; those that closed an account's door stay."""
    closed = tables.attempts.c.key.like("name:%") & (tables.attempts.c.failures >= fewer_than)
    faded = (tables.attempts.c.last_at < before) & ~closed
    return tx.sql.execute(delete(tables.attempts).where(faded)).rowcount


# ---- API tokens -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Token:
    id: str
    digest: str = field(repr=False)
    """SHA-256 of its secret part."""
    name: str
    scopes: frozenset[Scope]
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None


def _token(row: RowMapping) -> Token:
    return Token(
        id=row["id"],
        digest=row["digest"],
        name=row["name"],
        scopes=frozenset(Scope(word) for word in row["scopes"].split()),
        made_at=row["made_at"],
        expires_at=row["expires_at"],
        used_at=row["used_at"],
        revoked_at=row["revoked_at"],
    )


def add_token(tx: Tx, token: Token) -> None:
    tx.sql.execute(
        insert(tables.tokens).values(
            id=token.id,
            digest=token.digest,
            name=token.name,
            scopes=" ".join(sorted(scope.value for scope in token.scopes)),
            made_at=token.made_at,
            expires_at=token.expires_at,
        )
    )


def token_with(tx: Tx, id_: str) -> Token | None:
    row = tx.sql.execute(_TOKEN, {"id": id_}).mappings().first()
    return None if row is None else _token(row)


def all_tokens(tx: Tx) -> list[Token]:
    """Newest first, revoked and expired ones too."""
    query = select(tables.tokens).order_by(tables.tokens.c.made_at.desc(), tables.tokens.c.id)
    return [_token(row) for row in tx.sql.execute(query).mappings()]


def revoke_token(tx: Tx, id_: str, at: datetime) -> bool:
    """False when there is no such token, or it was revoked before."""
    live = (tables.tokens.c.id == id_) & tables.tokens.c.revoked_at.is_(None)
    return tx.sql.execute(update(tables.tokens).where(live).values(revoked_at=at)).rowcount == 1


def token_used(tx: Tx, id_: str, at: datetime) -> None:
    tx.sql.execute(update(tables.tokens).where(tables.tokens.c.id == id_).values(used_at=at))


# ---- secrets that work once -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OneTime:
    """A secret that was shown to somebody: only its hash, and until when it may be used."""

    made_at: datetime
    expires_at: datetime
    account: str = ""
    """Whom it signs in; empty for the set-up code."""
    hash: str = field(default="", repr=False)

    def good(self, now: datetime) -> bool:
        lifetime = self.expires_at - self.made_at
        return timedelta(0) <= self.expires_at - now <= lifetime


def keep_one_time(tx: Tx, name: str, secret: OneTime) -> None:
    """Replaces the one before it, which thereby is void."""
    value = json.dumps(
        {
            "made_at": secret.made_at.isoformat(),
            "expires_at": secret.expires_at.isoformat(),
            "account": secret.account,
            "hash": secret.hash,
        }
    )
    row = insert(tables.meta).values(key=name, value=value)
    tx.sql.execute(row.on_conflict_do_update(index_elements=["key"], set_={"value": value}))


def one_time(tx: Tx, name: str) -> OneTime | None:
    value = tx.sql.execute(select(tables.meta.c.value).where(tables.meta.c.key == name)).scalar()
    if value is None:
        return None
    kept = json.loads(value)
    made_at, expires_at = (datetime.fromisoformat(kept[key]) for key in ("made_at", "expires_at"))
    return OneTime(made_at, expires_at, kept["account"], kept["hash"])


def spend_one_time(tx: Tx, name: str, secret: OneTime) -> bool:
    """False when it was spent or replaced meanwhile."""
    if one_time(tx, name) != secret:
        return False
    return tx.sql.execute(delete(tables.meta).where(tables.meta.c.key == name)).rowcount == 1
