"""A service that is asked over its JSON API: never oftener than it allows, and never again before it said.

Nothing here repeats a request: whoever asked decides whether to ask again. What a service says goes into no sentence, as it
may repeat a key; only its name and its status do.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode, urljoin
from weakref import WeakKeyDictionary

from yarl import URL

from hub.errors import Garbled, Unavailable
from hub.io.addresses import says_local
from hub.io.http import Answer, Request, Rules, send, web_address
from hub.io.pace import Bucket, Rate

Send = Callable[[Request, Rules], Awaitable[Answer]]
Query = Sequence[tuple[str, str | int]]

PATIENCE_S: Final = 20.0
"""Longer than this nobody is kept waiting for a turn: they are told to come back."""
MOST_BYTES: Final = 20 * 1024 * 1024

_BUCKETS: Final = WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, str, str, int], Bucket]]()
"""Limits are the account's or the house's, and two channels of one account do not know of each other."""


def api_address(text: str) -> str:
    """Where an API lives, without a slash at its end.

    Raises:
        ValueError: keys would be sent there in the clear, or nothing at all could be.
    """
    url = web_address(text.strip())
    if url is None or (url.scheme != "https" and not says_local(url.host or "")):
        raise ValueError("must be an address that begins with https://")
    return text.strip().rstrip("/")


def basic(user: str, password: str) -> str:
    """The value of an Authorization header (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Api:
    def __init__(
        self,
        address: str,
        rates: Sequence[Rate],
        *,
        each: Sequence[Rate] = (),
        account: str = "",
        setting: str = "address",
        through: Send = send,
    ) -> None:
        """
        Args:
            each: limits besides, of each thing that a request is about (`about`).
            account: whose limits they are; empty: they are counted by our address, for all accounts together.
            setting: the operator's key for `address`.
        """
        self._address = address
        self._rates = rates
        self._each = each
        self._account = account
        self._setting = setting
        self._send = through
        self._shut_until = 0.0
        self.host = URL(address).host or ""

    async def get(self, path: str, query: Query = (), headers: Mapping[str, str] | None = None) -> Answer:
        return await self.ask("GET", path, query=query, headers=headers)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        query: Query = (),
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        about: str = "",
    ) -> Answer:
        """Ask once, when it is our turn. `path` begins with a slash, or comes from `within`.

        Raises:
            Unavailable: as hub.io.http.send; or it is not our turn for a while yet, and nothing was asked.
            Rejected, Misconfigured: as hub.io.http.send.
        """
        url = (f"{self._address}{path}" if path.startswith("/") else path) + (f"?{urlencode(query)}" if query else "")
        told = {"Accept": "application/json", **(headers or {})}
        await self._turn(about)
        try:
            return await self._send(
                Request(url, method, told, body, self._setting), Rules(body_bytes=MOST_BYTES, redirects=0)
            )
        except Unavailable as error:
            self.rest(error.wait)
            raise

    async def tell(
        self,
        method: str,
        path: str,
        said: object,
        headers: Mapping[str, str] | None = None,
        query: Query = (),
        *,
        about: str = "",
    ) -> Answer:
        """`ask` with JSON. Raises as `ask`; where it is Unavailable, it may have been done all the same."""
        told = {"Content-Type": "application/json", **(headers or {})}
        return await self.ask(method, path, query=query, headers=told, body=json.dumps(said).encode(), about=about)

    def within(self, link: str) -> str:
        """The address of a link in an answer, such as that of the next page, to be asked for next.

        Raises:
            Garbled: it leads elsewhere; the key that goes with each request must not.
        """
        here, there = web_address(self._address), web_address(urljoin(f"{self._address}/", link))
        if here is None or there is None or (here.scheme, here.authority) != (there.scheme, there.authority):
            raise Garbled(f"{self.host} sends us on to another place than its own")
        return str(there)

    def rest(self, wait: timedelta) -> None:
        """Ask nothing for so long."""
        self._shut_until = max(self._shut_until, asyncio.get_running_loop().time() + wait.total_seconds())

    async def _turn(self, about: str) -> None:
        now = asyncio.get_running_loop().time()
        if now < self._shut_until:
            wait = timedelta(seconds=self._shut_until - now)
            raise Unavailable(f"{self.host} asked us to wait", wait=wait, untouched=True)
        buckets = self._buckets(about, now)
        seconds = max((bucket.wait(now) for bucket in buckets), default=0.0)
        if seconds > PATIENCE_S:
            wait = timedelta(seconds=seconds)
            raise Unavailable(f"{self.host} was asked as often as it allows for now", wait=wait, untouched=True)
        for bucket in buckets:
            bucket.take(now)
        if seconds:
            await asyncio.sleep(seconds)

    def _buckets(self, about: str, now: float) -> Sequence[Bucket]:
        known = _BUCKETS.setdefault(asyncio.get_running_loop(), {})
        where = URL(self._address).authority
        if about:  # there are ever new ones of these
            for key in [key for key, bucket in known.items() if key[2] and bucket.rested(now)]:
                del known[key]
        whose = [*(("", rate) for rate in self._rates), *((about, rate) for rate in self._each if about)]
        return [known.setdefault((where, self._account, what, n), Bucket(rate)) for n, (what, rate) in enumerate(whose)]


def told(answer: Answer) -> Any:
    """What an answer says. Raises Garbled."""
    return loaded(answer.body, answer.host)


def loaded(body: bytes, who: str) -> Any:
    try:
        return json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Garbled(f"{who} answers something that is not JSON") from error


def _no_number(text: str) -> Any:
    raise ValueError("JSON knows no such number")
