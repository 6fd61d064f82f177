"""The door of the pages: the first account, signing in and out, and the link of a demonstration."""

from __future__ import annotations

from aiohttp import web
from pydantic import Field, model_validator

from hub.errors import Rejected, Unavailable
from hub.signin import ABSOLUTE, Opened, Visitor
from web.forms import Filled, Form, blank, read
from web.site import GUARD, SITE, bare_page, go


class SignInForm(Form):
    name: str = Field(title="Your name", max_length=200)
    password: str = Field(title="The password", max_length=1000)


class SetUpForm(SignInForm):
    code: str = Field(title="The set-up code", max_length=100)
    again: str = Field(title="The password once more", max_length=1000)

    @model_validator(mode="after")
    def _same(self) -> SetUpForm:
        if self.password != self.again:
            raise ValueError("The two passwords are not the same. Type both again.")
        return self


def visitor(request: web.Request) -> Visitor:
    return Visitor(request.remote or "127.0.0.1", request.headers.get("User-Agent", ""))


def _show(
    request: web.Request, form: Filled[SignInForm] | Filled[SetUpForm], *, first: bool, status: int = 200
) -> web.Response:
    onward = form.input.get("onward", "") or request.query.get("onward", "")
    return bare_page(request, "door/page.html", status=status, form=form, first=first, onward=_ours(onward))


def _ours(onward: str) -> str:
    """A place in this house, never another site's address."""
    inside = onward.startswith("/") and not onward.startswith("//") and "\\" not in onward and onward.isprintable()
    return onward if inside else "/"


def keep(request: web.Request, response: web.Response, opened: Opened) -> web.Response:
    site = request.app[SITE]
    response.set_cookie(
        site.session_cookie,
        opened.token.reveal(),
        max_age=round(ABSOLUTE.total_seconds()),
        httponly=True,
        samesite="Strict",
        secure=site.secure,
    )
    return response


async def sign_in_form(request: web.Request) -> web.Response:
    if GUARD in request:
        return go(request, _ours(request.query.get("onward", "")))
    if await request.app[SITE].hub.signin.needs_account():
        return go(request, "/setup")
    return _show(request, blank(SignInForm), first=False)


async def sign_in(request: web.Request) -> web.Response:
    form = read(SignInForm, await request.post())
    if (given := form.value) is None:
        return _show(request, form, first=False, status=422)
    try:
        opened = await request.app[SITE].hub.signin.sign_in(given.name, given.password, visitor(request))
    except Rejected as error:
        return _show(request, form.refused(f"{error}."), first=False, status=422)
    except Unavailable as error:
        return _show(request, form.refused(f"{error}."), first=False, status=429)
    return keep(request, go(request, _ours(form.input.get("onward", ""))), opened)


async def set_up_form(request: web.Request) -> web.Response:
    """Open for as long as a set-up code may be: also for a forgotten password."""
    first = await request.app[SITE].hub.signin.needs_account()
    return _show(request, blank(SetUpForm, forgotten="" if first else "yes"), first=True)


async def set_up(request: web.Request) -> web.Response:
    form = read(SetUpForm, await request.post())
    if (given := form.value) is None:
        return _show(request, form, first=True, status=422)
    try:
        opened = await request.app[SITE].hub.signin.set_up(given.code, given.name, given.password, visitor(request))
    except Rejected as error:
        return _show(request, form.refused(f"{error}."), first=True, status=422)
    except Unavailable as error:
        return _show(request, form.refused(f"{error}."), first=True, status=429)
    return keep(request, go(request, _ours(form.input.get("onward", ""))), opened)


async def enter(request: web.Request) -> web.Response:
    """Signs in once. The way on starts from a page of ours: a strict cookie does not follow a redirect from elsewhere."""
    opened = await request.app[SITE].hub.signin.enter_by_link(request.match_info["token"], visitor(request))
    return keep(request, bare_page(request, "door/entered.html"), opened)


async def sign_out(request: web.Request) -> web.Response:
    site = request.app[SITE]
    await site.hub.signin.sign_out(request[GUARD])
    response = go(request, "/signin", said="signed_out")
    response.del_cookie(site.session_cookie, secure=site.secure, httponly=True, samesite="Strict")
    return response


ROUTES = [
    web.get("/signin", sign_in_form),
    web.post("/signin", sign_in),
    web.get("/setup", set_up_form),
    web.post("/setup", set_up),
    web.get("/enter/{token}", enter),
    web.post("/signout", sign_out),
]
