"""The stick's memory, the network's keys and the trace: what one looks for when something went wrong, and before it does."""

from __future__ import annotations

import re
from typing import Any, Final

from aiohttp import web
from aiohttp.web_request import FileField
from pydantic import Field

from hub.errors import Disappointment, Rejected, Unavailable
from hub.model.values import Secret
from hub.radio import SHOW_KEYS, Work
from web.forms import Filled, Form, blank, read
from web.pages.door import visitor
from web.pages.radio import names, radio_of
from web.radio_view import errand_line
from web.site import GUARD, SITE, go, page, part, wakes
from web.words import Local

LARGEST_MEMORY: Final = 768 * 1024
"""More than any stick has, and less than what a form may carry here."""
LARGEST_KEYS: Final = 16 * 1024
WRITE_MEMORY: Final = "write it back"


class KeysForm(Form):
    password: str = Field("", title="Your password", max_length=1000)
    words: str = Field("", title="The words", max_length=60)


class RestoreForm(Form):
    words: str = Field(title="The words", max_length=60)


async def show(request: web.Request) -> web.Response:
    return await _show(request)


async def _show(
    request: web.Request,
    *,
    keys_form: Filled[KeysForm] | None = None,
    restore_form: Filled[RestoreForm] | None = None,
    import_error: str = "",
    backup_error: str = "",
    keys: str = "",
) -> web.Response:
    radio, hub = radio_of(request), request.app[SITE].hub
    ground, called = await names(hub, radio)
    real = Local(ground.local().zone, hub.wall.now())
    restores = [errand for errand in hub.radios.errands(radio) if errand.work is Work.RESTORE]
    view: dict[str, Any] = {
        "radio": radio,
        "connected": hub.radios.survey(radio).connected,
        "has_password": request[GUARD].account.password is not None,
        "show_words": SHOW_KEYS,
        "write_words": WRITE_MEMORY,
        "keys_form": keys_form or blank(KeysForm),
        "restore_form": restore_form or blank(RestoreForm),
        "import_error": import_error,
        "backup_error": backup_error,
        "keys": keys,
        "restores": [errand_line(errand, called, real) for errand in restores],
        "wakes": wakes(f"plugin:{radio}"),
    }
    wrong = import_error or backup_error or view["keys_form"].errors or view["restore_form"].errors
    return await page(request, "radio/care.html", "radio", status=422 if wrong else 200, **view)


async def back_up(request: web.Request) -> web.Response:
    radio, hub = radio_of(request), request.app[SITE].hub
    try:
        memory = await hub.radios.back_up(radio, request[GUARD].actor)
    except Disappointment as error:
        return await _show(request, backup_error=_sentence(error))
    network = re.sub(r"[^0-9a-f]", "", hub.radios.survey(radio).network) or "network"
    file = f"{radio}-{network}-{hub.wall.now():%Y-%m-%d}.nvm"
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    return web.Response(body=memory, content_type="application/octet-stream", headers=headers)


async def restore(request: web.Request) -> web.Response:
    radio, hub = radio_of(request), request.app[SITE].hub
    posted = await request.post()
    form = read(RestoreForm, posted)
    memory = _uploaded(posted.get("file"), LARGEST_MEMORY)
    if form.value is None or form.value.words != WRITE_MEMORY:
        return await _show(request, restore_form=form.refused("these are not the words", "words"))
    if memory is None:
        return await _show(request, restore_form=form.refused("choose the file of a backup", "file"))
    errand = await hub.radios.send(radio, Work.RESTORE, request[GUARD].actor, memory=memory)
    await errand.settle()
    return go(request, f"/radio/{radio}/care")


async def show_keys(request: web.Request) -> web.Response:
    """Once for each press, to somebody who has just shown again who they are."""
    radio, hub, guard = radio_of(request), request.app[SITE].hub, request[GUARD]
    form = read(KeysForm, await request.post())
    given = form.value or KeysForm(password="", words="")
    try:
        if guard.account.password is not None:
            await hub.signin.insist(guard, given.password, visitor(request))
        elif given.words != SHOW_KEYS:
            return await _show(request, keys_form=form.refused("these are not the words", "words"))
        keys = await hub.radios.export_keys(radio, guard.actor)
    except (Rejected, Unavailable) as error:
        return await _show(request, keys_form=form.refused(f"{error}.", "password"))
    return await _show(request, keys=keys.reveal())


async def import_keys(request: web.Request) -> web.Response:
    radio, hub = radio_of(request), request.app[SITE].hub
    found = _uploaded((await request.post()).get("file"), LARGEST_KEYS)
    try:
        if found is None:
            raise Rejected("choose the file with the keys")
        keys = Secret(found.decode())
        await hub.radios.import_keys(radio, keys, request[GUARD].actor)
    except UnicodeDecodeError:
        return await _show(request, import_error="That file is no text.")
    except Disappointment as error:
        return await _show(request, import_error=_sentence(error))
    return go(request, f"/radio/{radio}/care", said="keys_taken")


def _uploaded(field: object, most: int) -> bytes | None:
    """None: nothing was chosen, or more than it may be."""
    if not isinstance(field, FileField):
        return None
    found = field.file.read(most + 1)
    return found if 0 < len(found) <= most else None


def _sentence(error: Disappointment) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


async def trace(request: web.Request) -> web.Response:
    radio, hub = radio_of(request), request.app[SITE].hub
    view: dict[str, Any] = {"radio": radio, "lines": hub.radios.trace(radio)[::-1], "wakes": wakes(f"plugin:{radio}")}
    if request.query.get("part") == "lines":
        return part(request, "radio/trace.html", "lines", **view)
    return await page(request, "radio/trace.html", "radio", **view)


ROUTES = [
    web.get("/radio/{radio}/care", show),
    web.post("/radio/{radio}/backup", back_up),
    web.post("/radio/{radio}/restore", restore),
    web.post("/radio/{radio}/keys", show_keys),
    web.post("/radio/{radio}/keys/import", import_keys),
    web.get("/radio/{radio}/trace", trace),
]
