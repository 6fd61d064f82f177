"""People at the door of the web pages: the first account, passwords, sessions.

A session ends after 12 hours without use and after 30 days in any case: a manager signs in once a day at most, and a
telephone that was lost is out by the next morning. An account has at most 20 sessions; the one unused for longest gives way.
Sessions, waits and codes run on the real clock, also in a rehearsal.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hub import passwords, throttle
from hub.contracts import Clock
from hub.errors import Rejected
from hub.model.people import Role
from hub.model.values import Secret, clean
from hub.passwords import Hashing
from hub.store import people
from hub.store.engine import Store, Tx
from hub.store.log import record
from hub.store.people import Account, OneTime, Session

IDLE = timedelta(hours=12)
ABSOLUTE = timedelta(days=30)
MOST_SESSIONS = 20
CODE_LASTS = timedelta(minutes=30)
LINK_LASTS = timedelta(minutes=10)

_NOTED = timedelta(minutes=1)
"""How exactly `seen_at` is kept; finer would write on every request."""
_SETUP, _LINK = "signin.setup", "signin.link"
_WRONG = "the name or the password is wrong"

CONSOLE = "console"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever makes a request, before anybody knows more."""

    address: str
    """The peer's IP address."""
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Guard:
    """Somebody signed in, for the length of one request."""

    account: Account
    session: Session
    csrf: str

    @property
    def actor(self) -> str:
        return actor(self.account)


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session; the token goes into the cookie and nowhere else."""

    token: Secret
    guard: Guard


def actor(account: Account) -> str:
    """As the audit trail names a person."""
    return f"account:{account.name}"


def csrf(token: Secret) -> str:
    """What every form of a session carries. Whoever has no session token cannot make it."""
    return hmac.new(token.reveal().encode(), b"gatehouse csrf 1", hashlib.sha256).hexdigest()


def csrf_fits(guard: Guard, given: str) -> bool:
    return hmac.compare_digest(guard.csrf.encode(), given.encode("utf-8", "replace"))


class SignIn:
    """`inline`: hash on the loop, for simulations."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        inline: bool = False,
        draw: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._store = store
        self._clock = clock
        self._draw = draw
        self._hashing = Hashing(inline=inline)

    def close(self) -> None:
        self._hashing.close()

    # ---- the first account, and a forgotten password ----------------------------------------------------------------

    async def needs_account(self) -> bool:
        return not await self._store.read(people.any_account)

    async def new_setup_code(self) -> str:
        """For the console only, good once and for half an hour. The one before it is void.

        80 bits that we drew: nobody tries them all, so that a digest keeps them as well as a slow hash would.
        """
        code = base64.b32encode(self._draw(10)).decode()
        now = self._clock.now()

        def keep(tx: Tx) -> None:
            people.keep_one_time(tx, _SETUP, OneTime(now, now + CODE_LASTS, hash=_digest(code)))
            record(tx, now, CONSOLE, "show set-up code", "accounts")

        await self._store.write(keep)
        return "-".join(code[at : at + 4] for at in range(0, len(code), 4))

    async def set_up(self, code: str, name: str, password: str, visitor: Visitor) -> Opened:
        """Make the first account; later, give the account of that name a new password and end its sessions.

        Raises:
            Rejected: the name or password cannot be taken, or the code is wrong, spent or too old. The code stays good
                when only the name or the password was at fault.
            Unavailable: too many wrong codes, or too many people at once.
        """
        name = clean(name, limit=61)
        self._check_new(name, password)
        where = throttle.buckets(None, visitor.address)
        await self._charge(where)
        secret = await self._store.read(lambda tx: people.one_time(tx, _SETUP))
        typed = "".join(ch for ch in code.upper() if ch.isalnum()).translate(_LOOKALIKES)
        now = self._clock.now()
        if secret is None or not hmac.compare_digest(secret.hash, _digest(typed)) or not secret.good(now):
            await self._note_failure(None, visitor, "wrong set-up code")
            raise Rejected(
                "the set-up code is wrong, was used before or is older than half an hour; the console shows a new one"
            )
        hashed = await self._hashing.make(password)
        token = self._new_token()

        def open_house(tx: Tx) -> Guard:
            throttle.forgive(tx, where)
            account = self._account_for_setup(tx, name, now)
            if not people.spend_one_time(tx, _SETUP, secret):
                raise Rejected("the set-up code was used a moment ago")
            people.set_password(tx, account.id, hashed)
            people.end_sessions_of(tx, account.id)
            throttle.reopen(tx, account.name)
            record(tx, now, CONSOLE, "set password with set-up code", actor(account), detail=f"from {visitor.address}")
            return self._open(tx, replace(account, password=hashed), token, visitor)

        return Opened(token, await self._store.write(open_house))

    def _check_new(self, name: str, password: str) -> None:
        if not name or len(name) > 60:
            raise Rejected("a name has 1 to 60 characters")
        if (why := passwords.weakness(password, name=name)) is not None:
            raise Rejected(why)

    def _account_for_setup(self, tx: Tx, name: str, now: datetime) -> Account:
        account = people.account_named(tx, name)
        if account is not None:
            return account
        if people.any_account(tx):
            raise Rejected("there is an account already; give its name to set a new password for it")
        account = Account(self._draw(8).hex(), name, Role.OWNER, now, None)
        people.add_account(tx, account)
        record(tx, now, CONSOLE, "add account", actor(account), detail=account.role.value)
        return account

    # ---- with a password --------------------------------------------------------------------------------------------

    async def sign_in(self, name: str, password: str, visitor: Visitor) -> Opened:
        """
        Raises:
            Rejected: wrong; nothing tells whether it was the name or the password. Or closed after 100 wrong ones.
            Unavailable: too many wrong ones; `wait` says how long.
        """
        name = clean(name, limit=61)
        where = throttle.buckets(name, visitor.address)
        await self._charge(where)
        account = await self._store.read(lambda tx: people.account_named(tx, name))
        right = await self._hashing.fits(password, None if account is None else account.password)
        if account is None or not right:
            await self._note_failure(account, visitor)
            raise Rejected(_WRONG)
        known, token = account, self._new_token()

        def enter(tx: Tx) -> Guard:
            current = people.account_with(tx, known.id)
            if current != known:
                raise Rejected(_WRONG)
            throttle.forgive(tx, where)
            if throttle.here(visitor.address):
                throttle.reopen(tx, known.name)
            record(tx, self._clock.now(), actor(known), "sign in", actor(known), detail=f"from {visitor.address}")
            return self._open(tx, known, token, visitor)

        return Opened(token, await self._store.write(enter))

    async def change_password(self, guard: Guard, current: str, new: str, visitor: Visitor) -> Opened:
        """Ends every session of the account and opens a new one.

        Raises:
            Rejected: the current password is wrong, or the new one cannot be taken.
            Unavailable: too many wrong ones; `wait` says how long.
        """
        self._check_new(guard.account.name, new)
        where = throttle.buckets(guard.account.name, visitor.address)
        await self._charge(where)
        if not await self._hashing.fits(current, guard.account.password):
            await self._note_failure(guard.account, visitor)
            raise Rejected("the current password is wrong")
        hashed = await self._hashing.make(new)
        token = self._new_token()

        def change(tx: Tx) -> Guard:
            throttle.forgive(tx, where)
            people.set_password(tx, guard.account.id, hashed)
            people.end_sessions_of(tx, guard.account.id)
            record(tx, self._clock.now(), guard.actor, "change password", guard.actor, detail=f"from {visitor.address}")
            return self._open(tx, replace(guard.account, password=hashed), token, visitor)

        return Opened(token, await self._store.write(change))

    async def insist(self, guard: Guard, password: str, visitor: Visitor) -> None:
        """Before something that a session which was left open must not do.

        Raises:
            Rejected: the password is wrong.
            Unavailable: too many wrong ones; `wait` says how long.
        """
        where = throttle.buckets(guard.account.name, visitor.address)
        await self._charge(where)
        if not await self._hashing.fits(password, guard.account.password):
            await self._note_failure(guard.account, visitor)
            raise Rejected("the password is wrong")
        await self._store.write(lambda tx: throttle.forgive(tx, where))

    async def _charge(self, where: throttle.Buckets) -> None:
        verdict = await self._store.write(lambda tx: throttle.charge(tx, where, self._clock.now()))
        verdict.insist()

    async def _note_failure(self, account: Account | None, visitor: Visitor, why: str = "wrong password") -> None:
        """An unknown name is not written down: people type their password there."""
        subject = "account:?" if account is None else actor(account)
        somebody = f"address:{visitor.address}"
        await self._store.write(
            lambda tx: record(tx, self._clock.now(), somebody, "sign in", subject, outcome="refused", detail=why)
        )

    # ---- with a link, for demonstrations ----------------------------------------------------------------------------

    async def new_link_token(self, name: str, *, lasts: timedelta = LINK_LASTS) -> Secret:
        """Signs in once as that account, which is made without a password when there is none at all.

        Raises:
            Rejected: there are accounts, and none of that name.
        """
        token = self._new_token()
        now = self._clock.now()

        def keep(tx: Tx) -> None:
            account = self._account_for_setup(tx, name, now)
            people.keep_one_time(tx, _LINK, OneTime(now, now + lasts, account.id, _digest(token.reveal())))

        await self._store.write(keep)
        return token

    async def enter_by_link(self, token: str, visitor: Visitor) -> Opened:
        """
        Raises:
            Rejected: the link is wrong, was used before or is too old.
        """
        fresh = self._new_token()

        def enter(tx: Tx) -> Guard:
            now = self._clock.now()
            secret = people.one_time(tx, _LINK)
            right = secret is not None and hmac.compare_digest(secret.hash, _digest(token)) and secret.good(now)
            account = people.account_with(tx, secret.account) if secret is not None and right else None
            if secret is None or account is None:
                raise Rejected("this link was used before or is too old; start the demonstration again for a new one")
            people.spend_one_time(tx, _LINK, secret)
            record(tx, now, actor(account), "sign in with link", actor(account), detail=f"from {visitor.address}")
            return self._open(tx, account, fresh, visitor)

        return Opened(fresh, await self._store.write(enter))

    # ---- sessions ---------------------------------------------------------------------------------------------------

    async def whose(self, token: Secret) -> Guard | None:
        """Whose cookie that is; None when it opens nothing (any more)."""
        digest = _digest(token.reveal())

        def look(tx: Tx) -> tuple[Session, Account] | None:
            session = people.session_with(tx, digest)
            account = None if session is None else people.account_with(tx, session.account)
            return None if session is None or account is None else (session, account)

        found = await self._store.read(look)
        now = self._clock.now()
        if found is None or not _alive(found[0], now):
            return None
        session, account = found
        if now - session.seen_at >= _NOTED:
            await self._store.write(lambda tx: people.session_seen(tx, digest, now))
        return Guard(account, session, csrf(token))

    async def sign_out(self, guard: Guard) -> None:
        await self.end_session(guard, guard.session.digest)

    async def sessions(self, guard: Guard) -> list[Session]:
        """The account's own, latest seen first."""
        now = self._clock.now()
        mine = await self._store.read(lambda tx: people.sessions_of(tx, guard.account.id))
        return [session for session in mine if _alive(session, now)]

    async def end_session(self, guard: Guard, digest: str) -> bool:
        """False when the account has no such session."""

        def end(tx: Tx) -> bool:
            ended = people.end_session(tx, guard.account.id, digest)
            if ended:
                what = "sign out" if digest == guard.session.digest else "end session"
                record(tx, self._clock.now(), guard.actor, what, guard.actor)
            return ended

        return await self._store.write(end)

    def _new_token(self) -> Secret:
        return Secret(base64.urlsafe_b64encode(self._draw(32)).rstrip(b"=").decode())

    def _open(self, tx: Tx, account: Account, token: Secret, visitor: Visitor) -> Guard:
        now = self._clock.now()
        people.end_old_sessions(tx, made_before=now - ABSOLUTE, seen_before=now - IDLE)
        people.forget_old_attempts(tx, before=now - throttle.FADES, fewer_than=throttle.CLOSED)
        for spare in people.sessions_of(tx, account.id)[MOST_SESSIONS - 1 :]:
            people.end_session(tx, account.id, spare.digest)
        session = Session(_digest(token.reveal()), account.id, now, now, clean(visitor.agent, limit=200))
        people.add_session(tx, session)
        return Guard(account, session, csrf(token))


_LOOKALIKES = str.maketrans("0189", "OIBG")
"""Base 32 has letters and 2 to 7 only: whoever reads another digit saw a letter."""


def _alive(session: Session, now: datetime) -> bool:
    return now - session.made_at < ABSOLUTE and now - session.seen_at < IDLE


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
