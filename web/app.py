"""The pages as one aiohttp application, and how it is served beside the rest of the hub."""

from __future__ import annotations

import secrets
import ssl
from collections.abc import Callable
from importlib import import_module
from urllib.parse import urlsplit

from aiohttp import web

from hub.config import Listen
from hub.hub import Hub
from hub.model.values import Secret
from web.api import mount
from web.assets import Assets
from web.live import Live
from web.pace import PACES, Paces
from web.shield import MIDDLEWARES, add_headers
from web.site import SITE, Doubtable, Site
from web.templating import Templates

PAGES = (
    "adopting", "alerts", "alerts_told", "bookings", "calendar", "channels", "codes", "conflicts", "connecting", "door",
    "emergency", "feeds", "group_forms", "guest", "guest_link", "guest_messages", "guest_settings", "health", "known_guest",
    "locks", "log", "more", "passes", "people", "person_feeds", "platform_codes", "policies", "pushes", "radio", "radio_care",
    "radio_talk", "record", "rehearsal", "settings", "stay_forms", "stay_imports", "stays", "styleguide", "sync", "today",
    "workflow",
)  # fmt: skip


def build(hub: Hub) -> web.Application:
    """Everything the browser sees. Whoever serves it also runs `follow`, or pages are not told of changes."""
    assets = Assets()
    app = web.Application(middlewares=MIDDLEWARES)
    app[SITE] = Site(
        hub=hub,
        templates=Templates(assets.url),
        live=Live(secrets.token_hex(4)),
        confirm_time=hub.clock.confirm if isinstance(hub.clock, Doubtable) else None,
        secure=hub.config.web.tls is not None,
        turned=hub.clock is not hub.wall,
        public_host=_public_host(hub.config.public_url),
    )
    app[PACES] = Paces()
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(_stop)
    app.router.add_get("/static/{name:.+}", assets.serve)
    app.router.add_get("/live", live)
    for name in PAGES:
        app.router.add_routes(import_module(f"web.pages.{name}").ROUTES)
    mount(app, hub)
    return app


def _public_host(public_url: str | None) -> str | None:
    name = "" if public_url is None else (urlsplit(public_url).hostname or "").rstrip(".")
    return None if not name or Listen(name, 0).loopback else name


async def serve(hub: Hub, ready: Callable[[], None]) -> None:
    """Listen where the configuration says, until cancelled; `ready` is called once somebody can be answered."""
    app = build(hub)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        listen = hub.config.web.listen
        await web.TCPSite(runner, listen.host, listen.port, ssl_context=_tls(hub)).start()
        ready()
        await follow(app)
    finally:
        await runner.cleanup()


def _tls(hub: Hub) -> ssl.SSLContext | None:
    files = hub.config.web.tls
    if files is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(files.cert, files.key)
    return context


async def follow(app: web.Application) -> None:
    """Tell open pages what the bus says, until cancelled."""
    await app[SITE].live.follow(app[SITE].hub.bus)


async def live(request: web.Request) -> web.StreamResponse:
    site = request.app[SITE]
    token = Secret(request.cookies[site.session_cookie])

    async def still_signed_in() -> bool:
        return await site.hub.signin.whose(token) is not None

    return await site.live.stream(request, still_signed_in)


async def _stop(app: web.Application) -> None:
    app[SITE].live.close()
