"""One calendar on a CalDAV server (RFC 4791), asked through the caldav library over our own requests.

The library makes the questions and reads the answers; every byte goes through hub.io.http, so that addresses are judged,
sizes and times bounded, and no sentence repeats what a server says. It is imported where it is used: that takes a second.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

from yarl import URL

from hub.errors import Garbled, Rejected, Unavailable
from hub.io.api import basic
from hub.io.digest import Digest, challenge
from hub.io.http import Answer, Request, Rules, accepted, send

if TYPE_CHECKING:
    from caldav.aio import DAVResponse
    from caldav.elements.base import BaseElement

Send = Callable[[Request, Rules], Awaitable[Answer]]

MOST_BYTES: Final = 10 * 1024 * 1024
MOST_EVENTS: Final = 5_000
_PAGES: Final = 50
_AT_ONCE: Final = 100
"""Events that are asked for in one question."""

_LOOK: Final = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<D:propfind xmlns:D="DAV:" xmlns:C="http://calendarserver.org/ns/"><D:prop><D:displayname/><D:resourcetype/>'
    "<D:sync-token/><C:getctag/><D:current-user-privilege-set/></D:prop></D:propfind>"
)
"""RFC 6578, section 4 (sync-token); caldav-ctag-03 of calendarserver.org (getctag); RFC 3744, 5.4 (privileges)."""
_TAGS: Final = (
    '<?xml version="1.0" encoding="utf-8"?><D:propfind xmlns:D="DAV:"><D:prop><D:getetag/><D:resourcetype/>'
    "</D:prop></D:propfind>"
)
_CALENDAR: Final = "{urn:ietf:params:xml:ns:caldav}calendar"
_WRITES: Final = frozenset({"{DAV:}all", "{DAV:}write", "{DAV:}write-content", "{DAV:}bind"})


@dataclass(frozen=True, slots=True)
class Look:
    """What a calendar says of itself."""

    name: str
    mark: str
    """Another one: something in it has changed. Empty: it does not tell, and is always listed."""
    syncs: bool
    """It can be asked what changed since a mark (RFC 6578)."""
    writable: bool | None
    """None: it does not tell."""


@dataclass(frozen=True, slots=True)
class Item:
    """One event as it stands there, under its path."""

    path: str
    tag: str
    """Changes whenever the event does."""
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Since:
    items: tuple[Item, ...]
    gone: tuple[str, ...]
    mark: str
    whole: bool
    """All there is; else what changed."""


class Calendar:
    def __init__(self, url: str, user: str, password: str, *, through: Send = send) -> None:
        self._url = url.rstrip("/") + "/"
        self._user, self._password = user, password
        self._digest: Digest | None = None
        self._send = through
        self.host = URL(url).host or ""

    def path(self, name: str) -> str:
        """Where an event of that name is put."""
        return f"{unquote(URL(self._url).raw_path)}{name}"

    # ---- asking ----

    async def look(self) -> Look:
        """
        Raises:
            Unavailable, Rejected, Misconfigured: as hub.io.http.send and `accepted`.
            Garbled: what is there is no calendar.
        """
        await _library()
        found = (await self._ask("PROPFIND", _LOOK, depth=0)).parse_propfind()
        if not found:
            raise Garbled(f"{self.host} says nothing of what is at this address")
        told: Mapping[str, Any] = found[0].properties
        if _CALENDAR not in (told.get("{DAV:}resourcetype") or ()):
            raise Rejected(f"{self.host} has no calendar at this address, but something else; copy the calendar's own")
        token, tag = _text(told.get("{DAV:}sync-token")), _text(told.get("{http://calendarserver.org/ns/}getctag"))
        may = told.get("{DAV:}current-user-privilege-set")
        return Look(
            name=_text(told.get("{DAV:}displayname")),
            mark=token or tag,
            syncs=bool(token),
            writable=bool(_WRITES & set(may)) if isinstance(may, list) else None,
        )

    async def since(self, look: Look, mark: str, known: Mapping[str, str]) -> Since:
        """What changed since a mark, or everything where there is none or the server has forgotten it.

        Args:
            known: paths and tags of what was read before, for a server that cannot tell what changed.

        Raises:
            As `look`.
        """
        if look.syncs:
            synced = await self._synced(mark) or (await self._synced("") if mark else None)
            if synced is not None:
                return synced
        return await self._listed(look.mark, known if mark else {})

    async def _synced(self, mark: str) -> Since | None:
        """None: the server does not take this question, or not with this mark (RFC 6578, 3.2: valid-sync-token)."""
        items: dict[str, Item] = {}
        gone: set[str] = set()
        at = mark
        for _page in range(_PAGES):
            answer = await self._answer("REPORT", _sync(at), depth=0)
            if answer.status in (400, 403, 405, 409, 410, 412, 415, 422):
                return None
            told = self._read(answer).parse_sync_collection()
            for each in told.changed:
                if each.etag and not each.href.endswith("/"):
                    items[each.href] = Item(each.href, each.etag, each.calendar_data or "")
                    gone.discard(each.href)
            for href in told.deleted:
                gone.add(href)
                items.pop(href, None)
            self._mind(len(items))
            if not told.sync_token:
                raise Garbled(f"{self.host} does not say how far its list of changes goes")
            if not told.truncated or told.sync_token == at:
                return Since(await self._filled(list(items.values())), tuple(gone), told.sync_token, not mark)
            at = told.sync_token
        raise Garbled(f"{self.host} comes to no end with its list of changes")

    async def _listed(self, mark: str, known: Mapping[str, str]) -> Since:
        """By comparing tags, where a server cannot tell what changed."""
        told = (await self._ask("PROPFIND", _TAGS, depth=1)).parse_propfind()
        tags = {
            each.href: _text(each.properties.get("{DAV:}getetag"))
            for each in told
            if not each.href.endswith("/") and not each.properties.get("{DAV:}resourcetype")
        }
        self._mind(len(tags))
        new = [Item(path, tag, "") for path, tag in tags.items() if not known or known.get(path) != tag]
        return Since(await self._filled(new), tuple(known.keys() - tags.keys()), mark, not known)

    async def _filled(self, items: Sequence[Item]) -> tuple[Item, ...]:
        """With the text of those that came without."""
        full = {each.path: each for each in items if each.text}
        bare = [each.path for each in items if not each.text]
        for first in range(0, len(bare), _AT_ONCE):
            for item in await self.read(bare[first : first + _AT_ONCE]):
                full[item.path] = item
        tags = {each.path: each.tag for each in items}
        return tuple(
            Item(each.path, each.tag or tags.get(each.path, ""), each.text) for each in full.values() if each.text
        )

    async def read(self, paths: Sequence[str]) -> list[Item]:
        """Those of them that are there. Raises as `look`."""
        await _library()
        told = (await self._ask("REPORT", _these(paths), depth=0)).parse_calendar_query()
        return [Item(each.href, each.etag or "", each.calendar_data) for each in told if each.calendar_data]

    async def make(self, name: str, word: str) -> str:
        """Make a calendar in the folder that this address is, or find the one of that word; its address (RFC 4791, 5.3.1).

        Raises as `look`.
        """
        await _library()
        url = str(URL(self._url) / word) + "/"
        headers = {"Content-Type": 'application/xml; charset="utf-8"'}
        answer = await self._request(url, "MKCALENDAR", _new(name), headers)
        if answer.status in (403, 404, 405, 409):  # it is there already, or nothing may be made here
            there = Calendar(url, self._user, self._password, through=self._send)
            try:
                await there.look()
            except Rejected as error:
                why = "give the address of the folder that the user's calendars stand in"
                raise Rejected(f"{self.host} makes no calendar at this address ({answer.status}); {why}") from error
            return url
        accepted(answer)
        return url

    # ---- writing ----

    async def put(self, path: str, text: str, tag: str | None) -> str | None:
        """The tag of what stands there now, empty where the server does not tell; None: it was not as we knew it.

        Args:
            tag: of what is overwritten; None: nothing may be there yet.

        Raises:
            Unavailable: it may stand there all the same.
            Rejected: the server does not let us write.
        """
        when = {"If-None-Match": "*"} if tag is None else {"If-Match": tag}
        answer = await self._write("PUT", path, text.encode(), {"Content-Type": "text/calendar; charset=utf-8", **when})
        return None if answer is None else answer.headers.get("etag", "")

    async def remove(self, path: str, tag: str) -> bool:
        """False: it was not as we knew it. Gone already is gone. Raises as `put`."""
        answer = await self._write("DELETE", path, None, {"If-Match": tag} if tag else {})
        return answer is not None

    async def _write(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer | None:
        answer = await self._request(str(URL(self._url).with_path(path)), method, body, headers)
        match answer.status:
            case 404 | 410 if method == "DELETE":
                return answer
            case 404 | 409 | 410 | 412:
                return None
            case 403 | 405:
                raise Rejected(f"{self.host} lets us read this calendar but not write into it ({answer.status})")
        return accepted(answer)

    # ---- one request ----

    async def _ask(self, method: str, body: bytes | str, *, depth: int) -> DAVResponse:
        return self._read(accepted(await self._answer(method, body, depth=depth)))

    async def _answer(self, method: str, body: bytes | str, *, depth: int) -> Answer:
        headers = {"Content-Type": 'application/xml; charset="utf-8"', "Depth": str(depth)}
        return await self._request(self._url, method, body.encode() if isinstance(body, str) else body, headers)

    async def _request(self, url: str, method: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        answer = await self._once(url, method, body, headers)
        if answer.status == 401 and (asked := challenge(answer.headers.get("www-authenticate", ""))) is not None:
            # Nothing was done; and its number may only have become too old.
            self._digest = Digest(asked, self._user, self._password)
            answer = await self._once(url, method, body, headers)
        if answer.status == 401:
            raise Rejected(f"{self.host} does not accept the user name and password; look at the channel's settings")
        return answer

    async def _once(self, url: str, method: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        digest = self._digest
        key = basic(self._user, self._password) if digest is None else digest.answer(method, str(URL(url)))
        told = {"Authorization": key, **headers}
        return await self._send(Request(url, method, told, body), Rules(body_bytes=MOST_BYTES, redirects=0))

    def _read(self, answer: Answer) -> DAVResponse:
        """Raises Garbled, Unavailable."""
        from caldav.aio import DAVResponse
        from caldav.lib.error import DAVError
        from lxml import etree

        if answer.status != 207:
            raise Garbled(f"{self.host} answers as no CalDAV server does ({answer.status})")
        try:  # what is no XML the library would write to the log
            root = etree.fromstring(answer.body, etree.XMLParser(resolve_entities=False, no_network=True))
            if root.tag != "{DAV:}multistatus":
                raise Garbled(f"{self.host} answers something else than was asked for")
            return DAVResponse(_Told(answer), None)
        except (etree.XMLSyntaxError, ValueError) as error:
            raise Garbled(f"{self.host} answers something that cannot be read") from error
        except DAVError as error:
            raise Unavailable(f"{self.host} has trouble of its own") from error

    def _mind(self, count: int) -> None:
        if count > MOST_EVENTS:
            raise Rejected(f"the calendar holds more than {MOST_EVENTS} events")


async def _library() -> None:
    """It takes a second to be read from the disk, in which doors have to be served."""
    if "caldav.aio" not in sys.modules:
        await asyncio.to_thread(import_module, "caldav.aio")
    logging.getLogger("caldav").setLevel(logging.CRITICAL)  # it repeats what servers say


def _sync(mark: str) -> bytes:
    """RFC 6578, 6.3: `Depth: 0`, and a level of one. What changed comes with its text, where a server gives that here."""
    from caldav.elements import cdav, dav

    wanted = _with(dav.Prop(), dav.GetEtag(), cdav.CalendarData())
    return _xml(_with(dav.SyncCollection(), dav.SyncToken(value=mark), dav.SyncLevel(value="1"), wanted))


def _these(paths: Sequence[str]) -> bytes:
    """RFC 4791, 7.9."""
    from caldav.elements import cdav, dav

    wanted = _with(dav.Prop(), dav.GetEtag(), cdav.CalendarData())
    return _xml(_with(cdav.CalendarMultiGet(), wanted, *(dav.Href(value=quote(path)) for path in paths)))


def _new(name: str) -> bytes:
    """For events alone (RFC 4791, 5.2.3)."""
    from caldav.elements import cdav, dav

    kinds = _with(cdav.SupportedCalendarComponentSet(), cdav.Comp(name="VEVENT"))
    return _xml(_with(cdav.Mkcalendar(), _with(dav.Set(), _with(dav.Prop(), dav.DisplayName(value=name), kinds))))


def _with(element: BaseElement, *inside: BaseElement) -> BaseElement:
    for each in inside:
        element.append(each)
    return element


def _xml(element: BaseElement) -> bytes:
    from lxml import etree

    written: bytes = etree.tostring(element.xmlelement(), encoding="utf-8", xml_declaration=True)
    return written


class _Told:
    """An answer in the shape that the library reads."""

    def __init__(self, answer: Answer) -> None:
        self.status_code = answer.status
        self.headers = {"Content-Type": "application/xml"}
        self.content = answer.body
        self.text = ""
        self.reason = ""


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
