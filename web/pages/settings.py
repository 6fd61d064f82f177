"""Settings: how it looks, one's own password and sessions, and the tokens of programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web
from pydantic import Field

from hub.errors import Rejected, Unavailable
from hub.model.people import Scope
from hub.store.people import Session, Token
from hub.tokens import USUAL_DAYS
from web.forms import Filled, Form, blank, read
from web.ground import Ground
from web.pages.door import keep, visitor
from web.site import GUARD, SITE, THEME_COOKIE, THEMES, go, page
from web.words import Local, Moment

LIFETIMES: Final = (("30", "30 days"), ("90", "90 days"), ("180", "half a year"), ("365", "a year"))


class PasswordForm(Form):
    current: str = Field(title="Your password now", max_length=1000)
    password: str = Field(title="The new password", max_length=1000)


class TokenForm(Form):
    name: str = Field(title="What uses it", max_length=60)
    scopes: list[Scope] = Field(title="At least one thing it may do", min_length=1)
    days: int = Field(USUAL_DAYS, title="How long it is valid")


@dataclass(frozen=True, slots=True)
class SessionLine:
    digest: str
    agent: str
    since: Moment
    seen: Moment
    here: bool


@dataclass(frozen=True, slots=True)
class TokenLine:
    id: str
    name: str
    scopes: tuple[str, ...]
    used: Moment | None
    expires: Moment
    state: str
    """`valid` | `expired` | `revoked`"""


async def _real_time(request: web.Request) -> Local:
    """Sessions and tokens run on the real clock, also in a rehearsal."""
    hub = request.app[SITE].hub
    zone = await hub.store.read(lambda tx: Ground.read(tx, hub.clock.now()).local().zone)
    return Local(zone, hub.wall.now())


# ---- oneself --------------------------------------------------------------------------------------------------------


async def _show(request: web.Request, form: Filled[PasswordForm], status: int = 200) -> web.Response:
    guard, local = request[GUARD], await _real_time(request)
    sessions = await request.app[SITE].hub.signin.sessions(guard)
    lines = [_session_line(session, local, guard.session.digest) for session in sessions]
    person = guard.account.name
    return await page(
        request, "settings/page.html", "settings", status=status, form=form, person=person, sessions=lines
    )


def _session_line(session: Session, local: Local, here: str) -> SessionLine:
    since, seen = local.moment(session.made_at), local.moment(session.seen_at)
    return SessionLine(session.digest, agent_words(session.agent), since, seen, session.digest == here)


_BROWSERS: Final = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "an iPhone"),
    ("iPad", "an iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "a Mac"),
    ("Linux", "Linux"),
)


def agent_words(agent: str) -> str:
    """`Firefox on Linux`, as far as the browser tells."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "A browser")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return f"{browser} on {system}" if system else browser


async def show(request: web.Request) -> web.Response:
    return await _show(request, blank(PasswordForm))


async def set_theme(request: web.Request) -> web.Response:
    theme = str((await request.post()).get("theme", ""))
    response = go(request, "/settings")
    if theme in THEMES:
        year = 365 * 24 * 3600
        secure = request.app[SITE].secure
        response.set_cookie(THEME_COOKIE, theme, max_age=year, httponly=True, samesite="Strict", secure=secure)
    else:
        response.del_cookie(THEME_COOKIE)
    return response


async def change_password(request: web.Request) -> web.Response:
    form = read(PasswordForm, await request.post())
    given, guard = form.value, request[GUARD]
    if given is None:
        return await _show(request, form, 422)
    try:
        opened = await request.app[SITE].hub.signin.change_password(
            guard, given.current, given.password, visitor(request)
        )
    except Rejected as error:
        return await _show(request, form.refused(f"{error}."), 422)
    except Unavailable as error:
        return await _show(request, form.refused(f"{error}."), 429)
    return keep(request, go(request, "/settings", said="password_changed"), opened)


async def end_session(request: web.Request) -> web.Response:
    await request.app[SITE].hub.signin.end_session(request[GUARD], request.match_info["digest"])
    return go(request, "/settings", said="session_ended")


# ---- programs -------------------------------------------------------------------------------------------------------


async def _show_tokens(request: web.Request, form: Filled[TokenForm], *, made: str = "") -> web.Response:
    local = await _real_time(request)
    tokens = [_token_line(token, local) for token in await request.app[SITE].hub.tokens.all()]
    view: dict[str, Any] = {
        "form": form,
        "tokens": tokens,
        "made": made,
        "lifetimes": LIFETIMES,
        "scopes": tuple(Scope),
    }
    return await page(request, "settings/tokens.html", "settings", status=422 if form.errors else 200, **view)


def _token_line(token: Token, local: Local) -> TokenLine:
    state = "valid"
    if token.revoked_at is not None:
        state = "revoked"
    elif token.expires_at <= local.now:
        state = "expired"
    scopes = tuple(sorted(scope.value for scope in token.scopes))
    return TokenLine(token.id, token.name, scopes, local.maybe(token.used_at), local.moment(token.expires_at), state)


async def tokens(request: web.Request) -> web.Response:
    return await _show_tokens(request, blank(TokenForm, days=str(USUAL_DAYS), scopes=Scope.READ.value))


async def make_token(request: web.Request) -> web.Response:
    posted = await request.post()
    form = read(TokenForm, posted, scopes=[str(scope) for scope in posted.getall("scopes", [])])
    if (given := form.value) is None:
        return await _show_tokens(request, form)
    try:
        new = await request.app[SITE].hub.tokens.make(
            request[GUARD].actor, given.name, frozenset(given.scopes), given.days
        )
    except Rejected as error:
        return await _show_tokens(request, form.refused(f"{error}."))
    return await _show_tokens(
        request, blank(TokenForm, days=str(USUAL_DAYS), scopes=Scope.READ.value), made=new.text.reveal()
    )


async def revoke_token(request: web.Request) -> web.Response:
    await request.app[SITE].hub.tokens.revoke(request[GUARD].actor, request.match_info["id"])
    return go(request, "/settings/tokens", said="token_revoked")


ROUTES = [
    web.get("/settings", show),
    web.post("/settings/theme", set_theme),
    web.post("/settings/password", change_password),
    web.post("/settings/sessions/{digest}/end", end_session),
    web.get("/settings/tokens", tokens),
    web.post("/settings/tokens", make_token),
    web.post("/settings/tokens/{id}/revoke", revoke_token),
]
