"""One folder on another server: a calendar file for each unit, put there under a condition and read back.

Nothing is remembered from one time to the next: what lies there is looked at before it is overwritten. It is ours if every
event in it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final
from urllib.parse import quote

from pydantic import AfterValidator, BaseModel, ConfigDict, SecretStr

from hub.contracts import Integration, Performer
from hub.errors import Rejected, Unavailable
from hub.io.api import api_address, basic
from hub.io.http import Answer, Request, Rules, accepted, send
from hub.model.effects import Effect, SetNights

_UIDS: Final = re.compile(rb"^UID:(.*?)\r?$", re.MULTILINE)
_FOLDED: Final = re.compile(rb"\r?\n[ \t]")
_OURS: Final = b"@gatehouse"
_BLIND: Final = frozenset({403, 405})
"""A server that lets us write and not read."""
_RULES: Final = Rules(total_s=8)
"""Three requests have to find room in the hub's own patience."""


class Config(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: Annotated[str, AfterValidator(api_address)]
    """The folder; `https://`, or an address inside the house."""
    username: str = ""
    password: SecretStr = SecretStr("")
    readers: tuple[str, ...] = ()
    """The channels of the platform that fetches the files from there: it is not told of its own bookings."""


class Folder(Integration):
    def __init__(self, config: Config) -> None:
        self._config = config

    @property
    def perform(self) -> Mapping[type, Performer]:
        return {SetNights: self._put}

    async def _put(self, effect: Effect, _key: str) -> None:
        assert isinstance(effect, SetNights)  # the only kind that is offered
        before = await self._ask("GET", effect)
        answer = await self._ask("PUT", effect, body=effect.calendar, **_condition(before))
        if answer.status == 409:
            raise Rejected(f"{answer.host} has no such folder; make it there, or correct the address")
        if answer.status == 412:
            raise Unavailable(f"somebody else is writing the file at {answer.host}")
        accepted(answer)
        if before.status not in _BLIND:
            await self._read_back(effect)

    async def _read_back(self, effect: SetNights) -> None:
        after = accepted(await self._ask("GET", effect))
        if _is_calendar(after.body) and sorted(_uids(after.body)) == sorted(_uids(effect.calendar)):
            return
        raise Unavailable(f"{after.host} took the calendar, and gives something else back")

    async def _ask(self, method: str, effect: SetNights, body: bytes | None = None, **more: str) -> Answer:
        config, headers = self._config, {name.replace("_", "-"): value for name, value in more.items()}
        if config.username:
            headers["Authorization"] = basic(config.username, config.password.get_secret_value())
        if body is not None:
            headers["Content-Type"] = "text/calendar; charset=utf-8"
        url = f"{config.url}/{quote(effect.listing, safe='')}.ics"
        answer = await send(Request(url, method, headers, body), _RULES)
        return accepted(answer) if answer.status == 401 else answer


def _condition(before: Answer) -> dict[str, str]:
    """What must still be so when the file is written (RFC 9110, 13.1). Raises Rejected where there is somebody else's."""
    match before.status:
        case 404 | 410:
            return {"If_None_Match": "*"}
        case status if status in _BLIND:
            return {}
        case _:
            pass
    body = accepted(before).body
    if body.strip() and not (_is_calendar(body) and all(each.endswith(_OURS) for each in _uids(body))):
        raise Rejected(f"{before.host} has a file of that name that is not ours; give the unit another name there")
    tag = before.headers.get("etag", "")
    # A weak tag matches nothing here (RFC 9110, 13.1.1), and a server without any cannot be asked.
    return {"If_Match": tag} if tag.startswith('"') else {}


def _is_calendar(body: bytes) -> bool:
    return body.lstrip(b"\xef\xbb\xbf\r\n ").startswith(b"BEGIN:VCALENDAR")


def _uids(body: bytes) -> list[bytes]:
    return [each.strip() for each in _UIDS.findall(_FOLDED.sub(b"", body))]
