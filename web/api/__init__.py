"""The JSON API under /api/v1, and the addresses that machines watch."""

from __future__ import annotations

import asyncio
import json

from aiohttp import web

from hub.hub import Hub
from web.api.answering import Endpoint, explain_refusals
from web.api.availability_check import add_check
from web.api.openapi import document
from web.api.probes import add_probes
from web.api.table import TABLE
from web.api.webhooks import add_webhooks
from web.pace import Pace

PREFIX = "/api/v1"
VERSION = "1.0"


def mount(app: web.Application, hub: Hub, *, pace: Pace | None = None) -> None:
    """Add the API, the webhooks, /healthz and /metrics. They know their own callers: no cookie opens them."""
    api = web.Application(middlewares=[explain_refusals])
    pace = pace or Pace()
    for route in TABLE:
        api.router.add_route(route.method, route.path, Endpoint(hub, hub.tokens, pace, route).answer)
    api.router.add_route("GET", "/openapi.json", _Description().answer)
    app.add_subapp(PREFIX, api)
    add_webhooks(app, hub)
    add_check(app, hub, hub.config.web.availability)
    add_probes(app, hub)


class _Description:
    """Made when it is first asked for, and not on the loop: it takes as long as an eighth of a start, and few ever ask."""

    def __init__(self) -> None:
        self._text = ""

    async def answer(self, request: web.Request) -> web.Response:
        self._text = self._text or await asyncio.to_thread(self._made)
        return web.json_response(text=self._text, headers={"Cache-Control": "no-store"})

    @staticmethod
    def _made() -> str:
        return json.dumps(document(TABLE, version=VERSION))
