"""What stands before every page: who asks, from where, and what a browser may do with the answer."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlsplit

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from hub.errors import Disappointment, Unavailable
from hub.feeds import PATH as FEEDS
from hub.guest_page import PATH
from hub.model.spreadsheets import LARGEST_FILE
from hub.model.values import Secret
from hub.signin import csrf_fits
from web.api.availability_check import PATH as CHECK
from web.api.webhooks import PREFIX as WEBHOOKS
from web.site import GUARD, SITE, bare_page, guest_error, htmx

log = structlog.get_logger("web")

_UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_OUTSIDE = ("/api/", "/hooks/", "/static/", "/healthz", "/metrics", FEEDS, CHECK)
"""Not pages: they know their own callers."""
_OPEN = ("/signin", "/setup", "/enter/")
"""Pages for those who are not signed in yet."""
_GUESTS: Final = PATH
"""Pages of guests: whoever has the link is let in, whatever else their browser knows."""
_PUBLIC: Final = (PATH, FEEDS, f"{WEBHOOKS}/", CHECK, "/static/", "/robots.txt")
"""All that answers under the name that guests are given. Sources that call prove each time who they are."""

_LARGER: Final = {"/stays/import": LARGEST_FILE + 64 * 1024}
"""Bytes that may be sent where people send files; elsewhere it is aiohttp's 1 MiB (web.Application, client_max_size)."""

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: browsers then send `Origin: null` with forms, and the check below would refuse our own.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
_GUEST_HEADERS: Final = _HEADERS | {
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    headers = response.headers
    for name, value in (_GUEST_HEADERS if _for_guests(request) else _HEADERS).items():
        headers.setdefault(name, value)
    headers.popall("Server", None)


def _outside(request: web.Request) -> bool:
    return request.path.startswith(_OUTSIDE)


def _for_guests(request: web.Request) -> bool:
    return request.path.startswith(_GUESTS)


@web.middleware
async def keep_apart(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Under the name that guests are given no page answers but theirs (ASVS 5.0, 3.5.4)."""
    public = request.app[SITE].public_host
    if public is not None and _host(request) == public and not request.path.startswith(_PUBLIC):
        return guest_error(request, 404)
    return await handler(request)


def _host(request: web.Request) -> str:
    try:
        return (urlsplit(f"//{request.host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


@web.middleware
async def show_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """An error is a page with a sentence, too."""
    if _outside(request):
        return await handler(request)
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _error_page(request, error.status, error.text or "")
    except Unavailable as error:
        return _error_page(request, 503, f"{error}.")
    except Disappointment as error:
        return _error_page(request, 409, f"{error}.")
    except Exception as error:  # the web error page: one of the five places (design.md §5)
        log.error("a page failed", method=request.method, path=_spoken_path(request), exc_info=error)
        return _error_page(request, 500, "")


def _spoken_path(request: web.Request) -> str:
    """As it may stand in a log: the path of a guest's page is itself a key."""
    resource = request.match_info.route.resource
    return "" if resource is None else resource.canonical


_TITLES = {
    403: "That is not possible",
    404: "There is nothing here",
    405: "That is not possible",
    409: "That is not possible",
    413: "That is too much",
    503: "Not now",
}
_SENTENCES = {
    404: "The page may have moved, or what it showed is gone.",
    413: "What was sent is larger than this page takes.",
    500: "This should not have happened. The hub goes on working; the codes in the locks are not touched by it.",
}


def _error_page(request: web.Request, status: int, said: str) -> web.Response:
    if _for_guests(request):
        return guest_error(request, status, said)
    title = _TITLES.get(status, "Something went wrong")
    sentence = _SENTENCES.get(status) or said[:1].upper() + said[1:]
    if htmx(request):
        text = request.app[SITE].templates.page("toast.html", {"sentence": f"{title}. {sentence}", "sign": "alert"})
        # 200: the browser writes every other status into its console, and a refusal is no failure of the page.
        return web.Response(text=text, content_type="text/html", headers={"HX-Reswap": "none"})
    return bare_page(request, "error.html", status=status, broken=status >= 500, title=title, sentence=sentence)


@web.middleware
async def same_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A form counts only when it was sent from one of our own pages."""
    from_here = _from_guest if _for_guests(request) else _from_here
    if request.method in _UNSAFE and not _outside(request) and not from_here(request):
        raise web.HTTPForbidden(text="This form was sent from another site. Open the page here and try again.")
    return await handler(request)


def _from_here(request: web.Request) -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site != "same-origin":
        return False
    origin = request.headers.get("Origin")
    if origin is None:
        return site is not None
    return urlsplit(origin).netloc == request.host


def _from_guest(request: web.Request) -> bool:
    """Their pages send no referrer, and so their forms say `Origin: null`. Who knows the path has proved enough; this is the
    second lock. Source: Fetch standard, "append a request Origin header"."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin", "null")
    return origin == "null" or urlsplit(origin).netloc == request.host


@web.middleware
async def let_in(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Pages are for people who are signed in; their forms carry the token of their session."""
    if _outside(request) or _for_guests(request) or request.path == "/robots.txt":
        return await handler(request)
    site = request.app[SITE]
    token = request.cookies.get(site.session_cookie)
    guard = None if token is None else await site.hub.signin.whose(Secret(token))
    if guard is not None:
        request[GUARD] = guard
    if request.path.startswith(_OPEN):
        return await handler(request)
    if guard is None:
        return await _to_the_door(request)
    if (most := _LARGER.get(request.path)) is not None:
        request = request.clone(client_max_size=most)
    if request.method in _UNSAFE and not csrf_fits(guard, str((await request.post()).get("csrf", ""))):
        raise web.HTTPForbidden(text="This form is from an earlier session. Open the page again and repeat it.")
    return await handler(request)


async def _to_the_door(request: web.Request) -> web.Response:
    first = await request.app[SITE].hub.signin.needs_account()
    onward = (
        request.path_qs if request.method == "GET" and not htmx(request) and request.path not in ("/", "/live") else ""
    )
    door = ("/setup" if first else "/signin") + (f"?onward={quote(onward, safe='')}" if onward else "")
    if htmx(request) or request.path == "/live":
        return web.Response(status=401, headers={"HX-Redirect": door})
    return web.Response(status=303, headers={"Location": door})


MIDDLEWARES = (keep_apart, show_errors, same_origin, let_in)
