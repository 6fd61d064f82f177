"""An access token that a service gives out rarely: kept on disk, sealed, and never asked for oftener than it may be."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Collection
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from hub.errors import Disappointment, Rejected, Unavailable
from hub.io.files import sync_file, sync_folder
from hub.io.http import Answer

DAY: Final = timedelta(hours=24)
EARLY: Final = timedelta(minutes=5)
"""Before its end a token is not used any more: a request may take a while."""


@dataclass(frozen=True, slots=True)
class Ticket:
    token: str
    lasts: timedelta


@dataclass(frozen=True, slots=True)
class _Kept:
    whose: str = ""
    """Of the account; with other credentials nothing of it holds."""
    token: str = ""
    until: float = 0.0
    asked: tuple[float, ...] = ()
    """When tokens were given or refused in the last day."""


class Tickets:
    """One account's token. A restart, or a hundred of them, costs no new one."""

    def __init__(
        self,
        file: Path,
        whose: str,
        *,
        now: Callable[[], datetime],
        seal: Callable[[bytes], bytes],
        unseal: Callable[[bytes], bytes],
        per_day: int | None = None,
    ) -> None:
        self._file = file
        self._whose = hashlib.sha256(whose.encode()).hexdigest()
        self._now = now
        self._seal = seal
        self._unseal = unseal
        self._per_day = per_day

    async def current(self, fetch: Callable[[], Awaitable[Ticket]]) -> str:
        """The token that counts now, a new one only where there is none.

        Raises:
            Unavailable: the service gives out no more today; or as `fetch`.
        """
        kept, now = self._read(), self._now().timestamp()
        if kept.token and now < kept.until - EARLY.total_seconds():
            return kept.token
        recent = tuple(at for at in kept.asked if 0 <= now - at < DAY.total_seconds())
        if self._per_day is not None and len(recent) >= self._per_day:
            wait = timedelta(seconds=min(recent) + DAY.total_seconds() - now)
            why = "all access tokens of the day are used up; the service gives no more yet"
            raise Unavailable(why, wait=wait, untouched=True)
        # Counted before it is asked: a hub that is killed while it asks, again and again, does not use them all up.
        self._write(_Kept(self._whose, asked=(*recent, now)))
        try:
            ticket = await fetch()
        except Rejected:
            raise
        except Disappointment as error:
            self._write(_Kept(self._whose, asked=recent))  # nobody was reached, or they said nothing that makes sense
            if isinstance(error, Unavailable):  # a token was asked for, and nothing with one
                raise Unavailable(str(error), wait=error.wait, untouched=True) from error
            raise
        self._write(_Kept(self._whose, ticket.token, now + ticket.lasts.total_seconds(), (*recent, now)))
        return ticket.token

    async def used(
        self,
        fetch: Callable[[], Awaitable[Ticket]],
        ask: Callable[[str], Awaitable[Answer]],
        *,
        stale: Collection[int] = (401,),
    ) -> Answer:
        """What is answered to whoever has the token; one that is not taken any more is replaced once.

        Args:
            stale: the status that says so.

        Raises:
            As `current` and `ask`.
        """
        token = await self.current(fetch)
        answer = await ask(token)
        if answer.status not in stale:
            return answer
        self.spoiled(token)
        return await ask(await self.current(fetch))

    def spoiled(self, token: str) -> None:
        """The service does not take it any more."""
        kept = self._read()
        if kept.token == token:
            self._write(replace(kept, token="", until=0.0))

    def _read(self) -> _Kept:
        try:
            told = json.loads(self._unseal(self._file.read_bytes()))
            kept = _Kept(told["whose"], told["token"], told["until"], tuple(told["asked"]))
        except (OSError, ValueError, KeyError, TypeError, Disappointment):
            return _Kept(self._whose)
        return kept if kept.whose == self._whose else _Kept(self._whose)

    def _write(self, kept: _Kept) -> None:
        new = self._file.with_suffix(".new")
        new.write_bytes(self._seal(json.dumps(asdict(kept)).encode()))
        sync_file(new)
        new.replace(self._file)
        sync_folder(self._file.parent)
