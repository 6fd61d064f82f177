"""The least that takes a signed webhook durably: aiohttp, one HMAC, one insert, one writer thread that commits in groups.

`python -m tests.bench.bare_webhooks PORT DATABASE SECRET`
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import queue
import sqlite3
import sys
import threading
import time

from aiohttp import web

INSERT = """INSERT OR IGNORE INTO inbox (channel_id, key, topic, body, received_at, state, due)
VALUES (?, ?, ?, ?, ?, 'waiting', ?)"""
INBOX = """CREATE TABLE inbox (
  id INTEGER PRIMARY KEY, channel_id TEXT NOT NULL, key TEXT NOT NULL, topic TEXT NOT NULL, body BLOB NOT NULL,
  received_at INTEGER NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL, why TEXT,
  UNIQUE (channel_id, key)) STRICT"""
DUE = "CREATE INDEX inbox_due ON inbox (due) WHERE state = 'waiting'"

_Job = tuple[tuple[object, ...], "asyncio.Future[bool]"]


class Writer:
    def __init__(self, database: str) -> None:
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._raw = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
        for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", INBOX, DUE):
            self._raw.execute(statement)
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._run, daemon=True).start()

    def insert(self, row: tuple[object, ...]) -> asyncio.Future[bool]:
        waiting: asyncio.Future[bool] = self._loop.create_future()
        self._jobs.put((row, waiting))
        return waiting

    def _run(self) -> None:
        while True:
            batch = [self._jobs.get()]
            while not self._jobs.empty():
                batch.append(self._jobs.get())
            self._raw.execute("BEGIN IMMEDIATE")
            new = [self._raw.execute(INSERT, row).rowcount == 1 for row, _ in batch]
            self._raw.execute("COMMIT")
            self._loop.call_soon_threadsafe(_tell, batch, new)


def _tell(batch: list[_Job], new: list[bool]) -> None:
    for (_, waiting), answer in zip(batch, new, strict=True):
        waiting.set_result(answer)


async def serve(port: int, database: str, secret: bytes) -> None:
    writer = Writer(database)

    async def take(request: web.Request) -> web.Response:
        body, stamp = await request.read(), request.headers["X-Gatehouse-Timestamp"]
        right = hmac.new(secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        now = time.time()
        given = request.headers["X-Gatehouse-Signature"].removeprefix("v1=")
        if abs(now - int(stamp)) > 300 or not hmac.compare_digest(right, given):
            return web.Response(status=401)
        key, at = json.loads(body)["id"], int(now * 1000)
        channel, topic = request.match_info["channel"], request.match_info["topic"]
        new = await writer.insert((channel, key, topic, body, at, at))
        return web.json_response({"accepted": True, "new": new})

    async def healthz(request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    app = web.Application()
    app.router.add_post("/api/webhooks/{channel}/{topic}", take)
    app.router.add_get("/healthz", healthz)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2], sys.argv[3].encode()))
