"""Static files, read once, named by what is in them so that browsers may keep them for ever."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from aiohttp import web

STATIC = Path(__file__).parent / "static"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".txt": "text/plain"}
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Asset:
    body: bytes
    content_type: str

    @cached_property
    def packed(self) -> bytes:
        """Made when the first browser asks: most files are asked for on few pages, and a start need not wait for them."""
        return gzip.compress(self.body, mtime=0)


class Assets:
    """Every file under web/static, by its stamped name: `app.css` is served as `app-1f3c5a7b.css`."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._urls: dict[str, str] = {}
        self._files: dict[str, Asset] = {}
        for path in sorted(folder.rglob("*")):
            if path.suffix in _TYPES:
                self._add(path, path.relative_to(folder).as_posix())

    def _add(self, path: Path, name: str) -> None:
        body = path.read_bytes()
        stem, dot, suffix = name.rpartition(".")
        stamped = f"{stem}-{hashlib.sha256(body).hexdigest()[:8]}{dot}{suffix}"
        self._urls[name] = f"/static/{stamped}"
        self._files[stamped] = Asset(body, _TYPES[path.suffix])

    def url(self, name: str) -> str:
        """Where a file is served. Raises KeyError for a file that does not exist: a template is wrong."""
        return self._urls[name]

    async def serve(self, request: web.Request) -> web.Response:
        asset = self._files.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound
        headers = {"Cache-Control": _FOR_EVER, "Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return web.Response(body=asset.packed, content_type=asset.content_type, headers=headers)
        return web.Response(body=asset.body, content_type=asset.content_type, headers=headers)
