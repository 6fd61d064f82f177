"""Where booking sources push: known by their signature over the raw body, stored before they are answered (ruling C27)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from aiohttp import web

from hub import unsigned
from hub.contracts import QUERY, Delivery
from hub.errors import Garbled, Unavailable
from hub.hub import Hub
from hub.model.values import ChannelId, clean
from web.api.answering import explain_refusals
from web.api.problems import Problem

PREFIX: Final = "/api/webhooks"
MOST_BYTES: Final = 2**20
"""What aiohttp reads of a body unless told otherwise (web.Application, client_max_size)."""


def add_webhooks(app: web.Application, hub: Hub) -> None:
    hooks = web.Application(middlewares=[explain_refusals])
    door = _Door(hub)
    hooks.router.add_post("/{channel}/{topic}", door.take)
    app.add_subapp(PREFIX, hooks)


class _Door:
    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def take(self, request: web.Request) -> web.Response:
        channel = ChannelId(request.match_info["channel"])
        integration = self._hub.plugins.integration(channel)
        if integration is None:
            raise Problem("not_found", "there is no such channel, or it is switched off")
        delivery = await self._delivery(request, channel)
        if not integration.authentic(delivery):
            raise await self._unsigned(channel, request.remote or "127.0.0.1")
        try:
            delivery = replace(delivery, key=clean(integration.key(delivery), limit=200))
        except Garbled as error:
            raise Problem("not_json", str(error)) from error
        new = await self._hub.inbox.accept(delivery)
        return web.json_response({"accepted": True, "new": new}, headers={"Cache-Control": "no-store"})

    async def _unsigned(self, channel: ChannelId, address: str) -> Problem:
        """Looked at first and counted afterwards: no stranger can keep the source itself out."""
        now = self._hub.wall.now()
        wait = await self._hub.store.write(lambda tx: unsigned.refused(tx, channel, address, now))
        if not wait:
            return Problem("unsigned", "the signature or its time does not fit; see the README of the integration")
        seconds = -(-wait // timedelta(seconds=1))
        why = (
            f"too many deliveries with a wrong signature; send the next one in {seconds} s, or a right one at any time"
        )
        return Problem("too_many", why, headers={"Retry-After": str(seconds)})

    async def _delivery(self, request: web.Request, channel: ChannelId) -> Delivery:
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge as error:
            raise Problem("too_large", f"a delivery may have {MOST_BYTES} bytes") from error
        except ConnectionError as error:
            raise Unavailable("the sender hung up") from error
        # Signatures carry real time, also where the house's clock is turned.
        at = self._hub.wall.now()
        headers = {name.lower(): value for name, value in request.headers.items()}
        headers[QUERY] = request.query_string
        return Delivery(channel, "", body, at, request.match_info["topic"], headers)
