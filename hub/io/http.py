"""Asking outside web servers: the address is looked up once, judged and held; sizes, times and redirects are bounded.

Nothing here repeats a request: whoever asked decides whether to ask again.
"""

from __future__ import annotations

import asyncio
import re
import socket
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Final
from urllib.parse import urljoin
from weakref import WeakKeyDictionary

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from multidict import CIMultiDictProxy
from yarl import URL

from hub.errors import Misconfigured, Rejected, Unavailable
from hub.io.addresses import Reach, reach, says_local

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""From a host name and a port to addresses. Raises OSError where there are none."""

_LONGEST_WAIT: Final = timedelta(hours=6)
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_TOO_MANY: Final = 429
_SLOW_DOWN: Final = frozenset({408, 425, _TOO_MANY})
_NAME: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9_.])?")
_SPACE: Final = re.compile(r"[\x00-\x20\x7f]")


@dataclass(frozen=True, slots=True)
class Request:
    url: str = field(repr=False)
    """Often a secret by itself: it is in no message and no repr."""
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    setting: str = "url"
    """The operator's key for the address, for `Misconfigured`."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    """Below 500; whatever may pass by itself was raised as Unavailable."""
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case."""
    body: bytes = field(repr=False)
    host: str


async def system_lookup(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_kind, address in found))


@dataclass(frozen=True, slots=True)
class Rules:
    body_bytes: int = 5 * 1024 * 1024
    """After unpacking."""
    total_s: float = 30
    """Of the loop's time, from the first look-up to the last byte, all redirects included."""
    redirects: int = 3
    per_host: int = 2
    """Requests under way at once."""
    interval_s: float = 0.5
    """From one request to the next at the same host. Hosts in this house need no sparing."""
    lookup: Lookup = system_lookup


async def send(request: Request, rules: Rules | None = None) -> Answer:
    """Ask once, following redirects of a GET.

    Raises:
        Unavailable: no answer, a broken one, 408, 425, 429 or 5xx; what was asked may have happened, but for `untouched`:
            nobody was reached, or we are to slow down (RFC 6585, section 4: 429 is said in place of doing it).
        Rejected: the answer is too large, or leads where the hub does not go; what was asked may have happened.
        Misconfigured: the address as written cannot be used; nothing was asked.
    """
    rules = rules or Rules()
    url = web_address(request.url)
    if url is None:
        raise Misconfigured(request.setting, "must be a web address that begins with https:// or http://")
    async with _turn(url, rules):
        try:
            async with asyncio.timeout(rules.total_s):
                return await _follow(url, request, rules)
        except TimeoutError as error:
            raise Unavailable(f"{url.host} did not answer within {rules.total_s:g} s") from error


def accepted(answer: Answer) -> Answer:
    """The same answer, if it grants what was asked.

    Raises:
        Rejected: 4xx, or a redirect that cannot be followed.
    """
    match answer.status:
        case 401 | 403:
            raise Rejected(f"{answer.host} does not let us in ({answer.status}); it may want a new address or key")
        case 404 | 410:
            raise Rejected(f"{answer.host} has nothing at this address ({answer.status})")
        case status if status >= 300 and status != 304:
            raise Rejected(f"{answer.host} refuses what was asked ({status})")
        case _:
            return answer


def web_address(text: str) -> URL | None:
    """An absolute http or https address, kept as written where it can be: a signature may count every character."""
    try:
        url = URL(text, encoded=text.isascii())
        host = url.raw_host or ""
        known = url.scheme in {"http", "https"} and (_NAME.fullmatch(host) or ip_address(host))
    except ValueError:
        return None
    return url if known and not _SPACE.search(text) else None


# ---- one host's turn -----------------------------------------------------------------------------------------------


class _Lane:
    def __init__(self, places: int) -> None:
        self.places = asyncio.Semaphore(places)
        self._free_at = 0.0

    def book(self, now: float, interval: float) -> float:
        """Take the next start and return how long it is until then."""
        start = max(now, self._free_at)
        self._free_at = start + interval
        return start - now


_LANES: Final = WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, _Lane]]()
"""Limits are each host's, and the channels that ask the same host do not know of each other."""


@asynccontextmanager
async def _turn(url: URL, rules: Rules) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    host = url.host or ""
    lane = _LANES.setdefault(loop, {}).setdefault(host, _Lane(rules.per_host))
    async with lane.places:
        if not says_local(host) and (wait := lane.book(loop.time(), rules.interval_s)):
            await asyncio.sleep(wait)
        yield


# ---- where a request may go ----------------------------------------------------------------------------------------


async def _follow(start: URL, request: Request, rules: Rules) -> Answer:
    url = start
    for _hop in range(rules.redirects + 1):
        written = _origin(url) == _origin(start)
        headers = request.headers if written else shareable(request.headers)
        addresses = await _addresses(url, request, rules, written=written)
        status, told, body = await _exchange(url, replace(request, headers=headers), addresses, rules)
        if status not in _REDIRECTS:
            return Answer(status, _joined(told), body, url.host or "")
        if request.method != "GET":
            raise Rejected(f"{url.host} sends us on to another address, which is not followed with data")
        url = redirected(url, told.get("Location", ""))
    raise Rejected(f"{start.host} sends us on more than {rules.redirects} times")


def _joined(told: CIMultiDictProxy[str]) -> dict[str, str]:
    """One value for each name; of several challenges (RFC 9110, 11.6.1) all, as a list."""
    headers = {name.lower(): value for name, value in told.items()}
    if challenges := told.getall("WWW-Authenticate", []):
        headers["www-authenticate"] = ", ".join(challenges)
    return headers


def _origin(url: URL) -> tuple[str, str | None, int | None]:
    return url.scheme, url.host, url.port


def shareable(headers: Mapping[str, str]) -> dict[str, str]:
    """Those that may be shown to another server than the one they were meant for."""
    return {name: value for name, value in headers.items() if name.lower() not in {"authorization", "cookie"}}


async def _addresses(url: URL, request: Request, rules: Rules, *, written: bool) -> list[str]:
    """Where a host really is, if the hub may go there. `written`: the operator wrote this host himself."""
    host, port = url.host or "", url.port or 0
    try:
        found = list(await rules.lookup(host, port))
    except (OSError, UnicodeError) as error:
        raise Unavailable(f"the name {host} was not found", untouched=True) from error
    if not found:
        raise Unavailable(f"the name {host} has no address", untouched=True)
    reaches = {reach(address) for address in found}
    if Reach.NEVER in reaches:
        why = f"{host} leads to an address that no calendar or service lives at"
    elif Reach.LOCAL in reaches and not (written and says_local(host)):
        why = f"{host} leads to an address inside this house; if that is meant, write the address itself"
    else:
        return found
    if written:
        raise Misconfigured(request.setting, why)
    raise Rejected(f"we were sent on elsewhere, but {why}")


def redirected(url: URL, location: str) -> URL:
    """Where a redirect leads, as far as its text can tell; where that is on the network is judged when it is asked.

    Raises:
        Rejected: it leads to no web address, or away from https.
    """
    try:
        target = web_address(urljoin(str(url), location)) if location else None
    except ValueError:
        target = None
    if target is None:
        raise Rejected(f"{url.host} sends us on to something that is no web address")
    if url.scheme == "https" and target.scheme == "http":
        raise Rejected(f"{url.host} sends us on from https to http, where anybody could listen")
    return target


# ---- one exchange --------------------------------------------------------------------------------------------------


class _Held(AbstractResolver):
    """Gives the addresses that were judged, whatever the DNS says by now."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host, host=each, port=port, family=_family(each), proto=0, flags=socket.AI_NUMERICHOST
            )
            for each in self._addresses
        ]

    async def close(self) -> None:
        """Nothing is open."""


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ip_address(address).version == 6 else socket.AF_INET


async def _exchange(
    url: URL, request: Request, addresses: Sequence[str], rules: Rules
) -> tuple[int, CIMultiDictProxy[str], bytes]:
    connector = aiohttp.TCPConnector(resolver=_Held(addresses), use_dns_cache=False, force_close=True, limit=1)
    try:
        async with (
            aiohttp.ClientSession(
                connector=connector,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=10),
                headers={"User-Agent": "Gatehouse", "Accept-Encoding": "gzip"},
            ) as session,
            session.request(
                request.method, url, headers=request.headers, data=request.body, allow_redirects=False
            ) as response,
        ):
            _check_status(response, url.host)
            return response.status, response.headers, await _body(response, url.host, rules.body_bytes)
    except TimeoutError as error:
        untouched = isinstance(error, aiohttp.ConnectionTimeoutError)
        raise Unavailable(f"{url.host} cannot be reached", untouched=untouched) from error
    except (aiohttp.ClientError, OSError) as error:
        untouched = isinstance(error, aiohttp.ClientConnectorError)
        raise Unavailable(f"{url.host} {_what_happened(error)}", untouched=untouched) from error


def _what_happened(error: aiohttp.ClientError | OSError) -> str:
    """In our words: theirs may repeat the address, which may be a secret."""
    match error:
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return "could not prove who it is: its certificate is not valid here and now"
        case aiohttp.ClientConnectorError():
            return "cannot be reached"
        case aiohttp.ClientPayloadError():
            return "broke off in the middle of its answer"
        case aiohttp.ServerConnectionError() | aiohttp.ClientOSError() | ConnectionError():
            return "broke off without an answer"
        case _:
            return "answered something that is not HTTP"


def _check_status(response: aiohttp.ClientResponse, host: str | None) -> None:
    status = response.status
    if status in _SLOW_DOWN:
        wait = _wait(response.headers)
        raise Unavailable(f"{host} asks us to slow down ({status})", wait=wait, untouched=status == _TOO_MANY)
    if status >= 500:
        raise Unavailable(f"{host} has trouble of its own ({status})", wait=_wait(response.headers))


def _wait(headers: Mapping[str, str]) -> timedelta:
    """Retry-After in seconds or as a date, which is measured against the server's own clock (RFC 9110, 10.2.3)."""
    told = headers.get("Retry-After", "").strip()
    if told.isascii() and told.isdigit():
        return min(timedelta(seconds=int(told[:9])), _LONGEST_WAIT)
    try:
        wait = parsedate_to_datetime(told) - parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, TypeError):
        return timedelta(0)
    return min(max(wait, timedelta(0)), _LONGEST_WAIT)


async def _body(response: aiohttp.ClientResponse, host: str | None, most: int) -> bytes:
    too_large = Rejected(f"{host} sends more than {most / 1024**2:g} MB")
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in {"", "identity", "gzip", "x-gzip"}:
        raise Unavailable(f"{host} packed its answer in a way we did not ask for")
    if (response.content_length or 0) > most:
        raise too_large
    packed = bytearray()
    async for piece in response.content.iter_chunked(65536):
        packed += piece
        if len(packed) > most:
            raise too_large
    if encoding in {"", "identity"} or not packed:
        return bytes(packed)
    unpacker = zlib.decompressobj(wbits=31)
    try:
        body = unpacker.decompress(bytes(packed), most + 1)
    except zlib.error as error:
        raise Unavailable(f"{host} sent an answer that cannot be unpacked") from error
    if len(body) > most:
        raise too_large
    if not unpacker.eof:
        raise Unavailable(f"{host} broke off in the middle of its answer")
    return body
