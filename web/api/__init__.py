"""The JSON API under /api/v1, and the addresses that machines watch."""

from __future__ import annotations

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
    described = document(TABLE, version=VERSION)

    async def describe(request: web.Request) -> web.Response:
        return web.json_response(described, headers={"Cache-Control": "no-store"})

    api.router.add_route("GET", "/openapi.json", describe)
    app.add_subapp(PREFIX, api)
    add_webhooks(app, hub)
    add_check(app, hub, hub.config.web.availability)
    add_probes(app, hub)
