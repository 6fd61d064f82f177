"""Idempotency keys: a POST that is repeated with the same key is answered from memory, and nothing is done twice.

A key is written down before the work begins and its answer after it. Work that was refused changed nothing and frees its
key. If the hub falls in between, the key stays "under way": then nobody knows, and the caller is told so.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from aiohttp import web

from hub.errors import Rejected
from hub.hub import Hub
from hub.store import replies
from hub.store.engine import Tx
from hub.store.replies import UNDER_WAY, Reply
from web.api.problems import Problem

KEPT: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Once:
    """One key of one token, and what was asked with it."""

    hub: Hub
    key: str
    request: str

    @classmethod
    def of(cls, hub: Hub, token: str, key: str, request: web.Request, body: bytes) -> Once:
        asked = b"\n".join((request.method.encode(), request.path_qs.encode(), body))
        return cls(hub, f"{token} {key}", hashlib.sha256(asked).hexdigest())

    async def do(self, work: Callable[[], Awaitable[tuple[int, bytes]]]) -> tuple[int, bytes, bool]:
        """Status, body, and whether it is from memory.

        Raises:
            Problem: the key belongs to another request, or to one whose end is not known.
        """
        earlier = await self.hub.store.write(self._begin)
        if earlier is not None:
            status, body = self._again(earlier)
            return status, body, True
        try:
            status, body = await work()
        except (Problem, Rejected):
            await self.hub.store.write(lambda tx: replies.drop(tx, self.key))
            raise
        sealed = base64.b64encode(self.hub.vault.seal(body, about=self._about)).decode()
        await self.hub.store.write(lambda tx: replies.conclude(tx, self.key, status, sealed))
        return status, body, False

    def _begin(self, tx: Tx) -> Reply | None:
        now = self.hub.wall.now()
        replies.forget_old(tx, now - KEPT)
        earlier = replies.reply_to(tx, self.key)
        if earlier is None:
            replies.begin(tx, self.key, self.request, now)
        return earlier

    def _again(self, earlier: Reply) -> tuple[int, bytes]:
        if earlier.request != self.request:
            raise Problem("key_reused", "this idempotency key was used for another request; use a new one for this")
        if earlier.status == UNDER_WAY:
            raise Problem(
                "under_way",
                "a request with this idempotency key is under way or was cut off; look what became of it before you "
                "ask again with a new key",
            )
        return earlier.status, self.hub.vault.open(base64.b64decode(earlier.body), about=self._about)

    @property
    def _about(self) -> str:
        return f"reply:{self.key}"
