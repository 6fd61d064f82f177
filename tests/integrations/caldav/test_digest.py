"""integrations.caldav where the password is never sent: Digest authentication, as Baïkal and others on SabreDAV ask for it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import pytest

from hub.contracts import Host
from hub.errors import Rejected
from hub.io.api import basic
from hub.io.http import Answer, Request, Rules, send
from integrations.caldav.calendar import CalDav
from tests.integrations.caldav.radicale import PASSWORD, USER, Radicale
from tests.integrations.caldav.test_caldav import BLOCK, STAY, Hub, config, server

__all__ = ["server"]


@dataclass(slots=True)
class Guard:
    """Before Radicale, which knows Basic only: what bears the right answer to a number of ours goes on to it.

    Sources: RFC 7616, 3.4.1; RFC 2617, 3.2.2 for MD5, which SabreDAV's `Auth\\Backend\\PDO` asks for.
    """

    password: str = PASSWORD
    lasts: int = 2
    """So many requests a number is good for."""
    beside: str = ""
    numbers: int = 0
    left: int = 0
    let_in: list[str] = field(default_factory=list)
    sent_away: list[str] = field(default_factory=list)

    async def __call__(self, request: Request, rules: Rules) -> Answer:
        said = request.headers["Authorization"]
        if self.left > 0 and self._answers(said, request):
            self.left -= 1
            self.let_in.append(said)
            headers = {**request.headers, "Authorization": basic(USER, PASSWORD)}
            return await send(replace(request, headers=headers), rules)
        self.sent_away.append(said)
        stale = f'nonce="number-{self.numbers}"' in said
        self.numbers, self.left = self.numbers + 1, self.lasts
        asks = f'Digest realm="SabreDAV",qop="auth",nonce="number-{self.numbers}",opaque="o"'
        asks += f"{', stale=true' if stale else ''}{self.beside}"
        return Answer(401, {"www-authenticate": asks}, b"", "127.0.0.1")

    def _answers(self, said: str, request: Request) -> bool:
        told = {name: quoted or bare for name, quoted, bare in re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', said)}
        uri = urlsplit(request.url).path
        mine = _md5(f"{USER}:SabreDAV:{self.password}")
        what = _md5(f"{request.method}:{uri}")
        count = f"{self.lasts - self.left + 1:08x}"
        right = _md5(f"{mine}:number-{self.numbers}:{count}:{told.get('cnonce')}:auth:{what}")
        return (told.get("response"), told.get("nc"), told.get("uri")) == (right, count, uri)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


async def test_a_calendar_behind_digest_is_read_and_written(server: Radicale, host: Host) -> None:
    guard = Guard()
    hub = Hub(CalDav(config(server), host, guard))
    report = await hub.diary.test()
    assert report.good
    await hub.poll()
    await hub.show(STAY)
    await server.write("block", *BLOCK)
    assert len(await hub.poll()) == 1
    assert (await server.everything()).count("BEGIN:VEVENT") == 2
    assert [each[:6] for each in guard.sent_away].count("Basic ") == 1, "once, before it asked otherwise"
    assert guard.numbers > 2, "numbers ended meanwhile"
    assert PASSWORD not in "".join([*guard.let_in, *guard.sent_away[1:]])


async def test_a_wrong_password_is_refused_after_one_try(server: Radicale, host: Host) -> None:
    guard = Guard(password="another")
    with pytest.raises(Rejected, match="user name and password"):
        await Hub(CalDav(config(server), host, guard)).poll()
    assert len(guard.sent_away) == 2
    assert guard.let_in == []


async def test_digest_is_taken_where_basic_is_offered_too(server: Radicale, host: Host) -> None:
    guard = Guard(beside=', Basic realm="SabreDAV"')
    await Hub(CalDav(config(server), host, guard)).poll()
    assert guard.let_in
