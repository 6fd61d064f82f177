"""A WebDAV folder as RFC 4918 and RFC 9110 have it, as far as writing and reading files goes, with moods."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


@dataclass(slots=True)
class Files:
    people: Mapping[str, str]
    folders: Sequence[str]
    stored: dict[str, bytes] = field(default_factory=dict)
    conditions: list[str] = field(default_factory=list)
    """Of every PUT that was granted: its If-Match or If-None-Match."""
    tags: list[str] = field(default_factory=list)
    """What each file was called after that."""
    port: int = 0
    blind: bool = False
    """Nobody may read."""
    meddle: bool = False
    """Somebody else writes between a reading and the next writing."""
    forgets: bool = False
    """It says that it took a file, and did not."""

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def answer(self, request: web.Request) -> web.Response:
        if not self._knows(request):
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="files"'})
        path = request.raw_path
        if request.method == "PUT":
            return self._put(request, path, await request.read())
        if self.blind:
            return web.Response(status=403)
        if path not in self.stored:
            return web.Response(status=404)
        answer = web.Response(body=self.stored[path], headers={"ETag": _tag(self.stored[path])})
        if self.meddle:
            self.stored[path] += b" "
        return answer

    def _knows(self, request: web.Request) -> bool:
        known = {base64.b64encode(f"{name}:{word}".encode()).decode() for name, word in self.people.items()}
        return request.headers.get("Authorization", "").removeprefix("Basic ") in known

    def _put(self, request: web.Request, path: str, body: bytes) -> web.Response:
        if path.rpartition("/")[0] not in self.folders:
            return web.Response(status=409)
        there, wanted = self.stored.get(path), request.headers.get("If-Match")
        if (request.headers.get("If-None-Match") == "*" and there is not None) or (
            wanted is not None and (there is None or wanted != _tag(there))
        ):
            return web.Response(status=412)
        self.conditions.append(request.headers.get("If-Match", request.headers.get("If-None-Match", "")))
        self.tags.append(_tag(body))
        self.stored[path] = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n" if self.forgets else body
        return web.Response(status=201 if there is None else 204)


def _tag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:16]}"'


@asynccontextmanager
async def files(people: Mapping[str, str], folders: Sequence[str]) -> AsyncIterator[Files]:
    made, app = Files(people, folders), web.Application()
    app.router.add_route("*", "/{path:.*}", made.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        made.port = runner.addresses[0][1]
        yield made
    finally:
        await runner.cleanup()
