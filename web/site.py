"""What every page is given, and how it answers: whole, or as one block fetched again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from aiohttp import web

from hub.hub import Hub
from hub.signin import Guard
from hub.store import alerts, questions
from web.forms import Filled
from web.live import Live
from web.templating import Templates

THEMES = ("light", "dark")
THEME_COOKIE = "gatehouse_theme"
SAID_COOKIE = "gatehouse_said"


@runtime_checkable
class Doubtable(Protocol):
    """A clock that a person can vouch for."""

    def confirm(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Site:
    hub: Hub
    templates: Templates
    live: Live
    confirm_time: Callable[[], None] | None
    """None where the clock needs nobody's word, as in a rehearsal."""
    secure: bool
    """Served over TLS."""
    turned: bool
    """The house's clock is not the real one."""
    public_host: str | None
    """The name that guests are given. None: they are given none, or it is this machine's own, as where somebody tries it out."""

    @property
    def demo(self) -> bool:
        return self.hub.plugins.rehearsal is not None

    @property
    def session_cookie(self) -> str:
        """Browsers let nobody but this very host, over TLS, set a cookie whose name begins with `__Host-`."""
        return "__Host-gatehouse" if self.secure else "gatehouse"


SITE = web.AppKey("site", Site)
GUARD: web.RequestKey[Guard] = web.RequestKey("guard", Guard)


@dataclass(frozen=True, slots=True)
class Shell:
    """What surrounds a page."""

    theme: str
    here: str = ""
    csrf: str = ""
    since: str = ""
    demo: bool = False
    turned: bool = False
    clock_trusted: bool = True
    questions: int = 0
    alerts: int = 0
    said: str = ""


def _theme(request: web.Request) -> str:
    theme = request.cookies.get(THEME_COOKIE, "")
    return theme if theme in THEMES else ""


def htmx(request: web.Request) -> bool:
    return request.headers.get("HX-Request") == "true"


def in_dialog(request: web.Request) -> bool:
    """A form is asked for over the page that somebody is on."""
    return request.query.get("part") == "form" and htmx(request)


async def page(request: web.Request, template: str, here: str, *, status: int = 200, **view: Any) -> web.Response:
    """A whole page for somebody signed in."""
    site = request.app[SITE]
    asked, open_alerts = await site.hub.store.read(
        lambda tx: (len(questions.open_questions(tx)), alerts.count_open(tx))
    )
    shell = Shell(
        theme=_theme(request),
        here=here,
        csrf=request[GUARD].csrf,
        since=site.live.since,
        demo=site.demo,
        turned=site.turned,
        clock_trusted=site.hub.clock.trusted,
        questions=asked,
        alerts=open_alerts,
        said=request.cookies.get(SAID_COOKIE, ""),
    )
    return _answer(site.templates.page(template, {"shell": shell, **view}), shell, status)


def part(
    request: web.Request,
    template: str,
    block: str,
    *,
    toast: str = "",
    sign: str = "check",
    **view: Any,
) -> web.Response:
    """One block of a page, as htmx fetches it again; `toast` is a sentence to show beside it, under a sign."""
    templates = request.app[SITE].templates
    shell = Shell(theme="", csrf=request[GUARD].csrf)
    text = templates.block(template, block, {"shell": shell, **view})
    if toast:
        text += templates.page("toast.html", {"sentence": toast, "sign": sign})
    return web.Response(text=text, content_type="text/html")


class Dialogued(Protocol):
    """What a form's template is shown with."""

    @property
    def in_dialog(self) -> bool: ...


async def show_form(request: web.Request, here: str, view: Dialogued, form: Filled[Any]) -> web.Response:
    """The form of a room, in a dialog or as a page of its own."""
    template = f"{here}/form.html"
    if view.in_dialog:
        return part(request, template, "form", view=view, form=form)
    return await page(request, template, here, status=422 if form.errors else 200, view=view, form=form)


def bare_page(request: web.Request, template: str, *, status: int = 200, **view: Any) -> web.Response:
    """A page for somebody who is not signed in."""
    shell = Shell(theme=_theme(request), said=request.cookies.get(SAID_COOKIE, ""))
    return _answer(request.app[SITE].templates.page(template, {"shell": shell, **view}), shell, status)


def guest_page(
    request: web.Request, *, status: int = 200, headers: Mapping[str, str] | None = None, **view: Any
) -> web.Response:
    """A page for a guest: it knows of no session, no cookie, and nobody else."""
    text = request.app[SITE].templates.page("guest/page.html", view)
    return web.Response(text=text, content_type="text/html", status=status, headers=headers)


def guest_error(request: web.Request, status: int, said: str = "") -> web.Response:
    text = request.app[SITE].templates.page("guest/error.html", {"status": status, "said": said})
    return web.Response(text=text, content_type="text/html", status=status)


def _answer(text: str, shell: Shell, status: int) -> web.Response:
    response = web.Response(text=text, content_type="text/html", status=status)
    if shell.said:
        response.del_cookie(SAID_COOKIE)
    return response


def go(request: web.Request, where: str, *, said: str = "") -> web.Response:
    """After a form: see another page; `said` names a sentence of said.html to be shown there."""
    if htmx(request):
        response = web.Response(status=204, headers={"HX-Redirect": where})
    else:
        response = web.Response(status=303, headers={"Location": where})
    if said:
        site = request.app[SITE]
        response.set_cookie(SAID_COOKIE, said, max_age=60, httponly=True, samesite="Strict", secure=site.secure)
    return response


def wakes(*names: str) -> str:
    """An hx-trigger that hears these names."""
    return ", ".join(f"sse:{name}" for name in (*names, "resync"))
