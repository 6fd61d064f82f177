"""Every page that can be reached by links, and every form's address: who may come, and what nobody should read there."""

from __future__ import annotations

import re
from html import unescape

from aiohttp import web

from hub.store import codes, doors, house
from hub.store.engine import Tx
from tests.web.conftest import Visitor

_OUTSIDE = ("/api/", "/static/", "/healthz", "/metrics", "/robots.txt", "/feeds/")
_GUEST = "/g/"
_OPEN = ("/signin", "/setup", "/enter/", "/live", _GUEST)


async def _walk(visitor: Visitor) -> dict[str, str]:
    """Every page that a link leads to, from the first one on."""
    found, waiting = dict[str, str](), ["/"]
    while waiting:
        path = waiting.pop()
        if path in found or path.startswith(_OUTSIDE) or len(found) > 200:
            continue
        seen = await visitor.get(path)
        found[path] = seen.html
        links = (unescape(link) for link in re.findall(r'(?:href|hx-get)="(/[^"#]*)', seen.html))
        waiting += [link for link in links if link not in found]
    return found


async def test_no_page_shows_the_digits_of_a_code_or_a_feeds_address_unasked(manager: Visitor) -> None:
    hub = manager.here.hub

    def secrets(tx: Tx) -> set[str]:
        grants = [grant for door in doors.doors(tx) for grant in codes.open_grants(tx, door.id)]
        entries = [entry for grant in grants if (entry := codes.issued(tx, grant.id)) is not None]
        sealed = [(each.grant.id, each.sealed_pin) for each in entries if each.sealed_pin is not None]
        pins = {hub.vault.open_pin(pin, about=f"grant:{grant}").reveal() for grant, pin in sealed}
        feeds = {str(house.opened_settings(row, hub.vault).get("url", "")) for row in house.channels(tx)}
        return pins | {feed for feed in feeds if feed}

    hidden = await hub.store.read(secrets)
    assert len(hidden) > 3
    pages = await _walk(manager)
    assert len(pages) > 15, sorted(pages)
    for path, html in pages.items():
        for secret in hidden:
            assert not re.search(rf"(?<!\d){re.escape(secret)}(?!\d)", html), f"{path} shows a secret"


def _paths(app: web.Application) -> list[tuple[str, str]]:
    known = ((route.method, route.resource.canonical) for route in app.router.routes() if route.resource is not None)
    return [(method, re.sub(r"\{[^}]*\}", "x", path)) for method, path in known if not path.startswith(_OUTSIDE)]


async def test_every_form_is_refused_from_another_site_and_without_its_token(manager: Visitor) -> None:
    posts = [path for method, path in _paths(manager.app) if method not in ("GET", "HEAD")]
    assert len(posts) > 10
    for path in posts:
        foreign = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
        assert (await manager.ask("POST", path, headers=foreign, data=[("csrf", manager.csrf)])).status == 403, path
        # A guest's page tells no referrer, so its form tells no origin; whoever could forge it would know the link.
        assert (
            path.startswith(_GUEST) or (await manager.ask("POST", path, data=[("csrf", manager.csrf)])).status == 403
        ), f"{path} without a word on origin"
        if not path.startswith(_OPEN):
            own = {"Origin": manager.url, "Sec-Fetch-Site": "same-origin"}
            assert (await manager.ask("POST", path, headers=own, data=[("csrf", "0" * 64)])).status == 403, path


async def test_without_a_session_every_page_leads_to_the_door(manager: Visitor) -> None:
    manager.session.cookie_jar.clear()
    for method, path in _paths(manager.app):
        if path.startswith(_OPEN) or method == "HEAD":
            continue
        own = {"Origin": manager.url, "Sec-Fetch-Site": "same-origin"}
        seen = await manager.ask(method, path, headers=own)
        assert (seen.status, seen.headers.get("Location", "").split("?")[0]) == (303, "/signin"), (method, path)


async def test_every_address_of_the_api_but_the_probes_asks_for_a_token(manager: Visitor) -> None:
    """A browser's session opens none of them, so no other site can use it."""
    asked = 0
    for route in manager.app.router.routes():
        if route.resource is None or not route.resource.canonical.startswith("/api/v1/") or route.method == "HEAD":
            continue
        asked += 1
        path = re.sub(r"\{[^}]*\}", "x", route.resource.canonical)
        seen = await manager.ask(route.method, path)
        assert seen.status == 401 or path.endswith("openapi.json"), (route.method, path, seen.status)
    assert asked > 20
