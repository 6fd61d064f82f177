"""From bytes and strings to the models of the table, or to a problem that names each field and its cure."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any, Final, TypeVar

from aiohttp import web
from pydantic import ValidationError

from hub.config import problems
from web.api.problems import Fault, Problem, invalid
from web.api.wire import In

Model = TypeVar("Model", bound=In)

LARGEST_BODY: Final = 64 * 1024
KEY_HEADER: Final = "Idempotency-Key"
KEY_FORM: Final = "[!-~]{1,200}"


def read_query(request: web.Request, model: type[Model]) -> Model:
    """
    Raises:
        Problem: a parameter is unknown, given twice, or not what it should be.
    """
    twice = [name for name, count in Counter(name for name, _ in request.query.items()).items() if count > 1]
    if twice:
        raise invalid(*(Fault(where="query", field=name, why="is given more than once") for name in twice))
    return _made(model, json.dumps(dict(request.query)).encode(), "query")


async def read_body(request: web.Request, model: type[Model], largest: int = LARGEST_BODY) -> tuple[Model, bytes]:
    """The model, and the bytes it was made of.

    Raises:
        Problem: the body is too large, not declared as JSON, not JSON, or not what it should be.
    """
    if not model.model_fields:
        return await _read_nothing(request, model), b""
    raw = await _bytes(request, largest)
    if request.content_type != "application/json":
        raise Problem("not_supported", "send the body as JSON, with the header “Content-Type: application/json”")
    if not isinstance(_json(raw), dict):
        raise invalid(Fault(where="body", field="", why="must be a JSON object, as {…}"))
    return _made(model, raw, "body"), raw


async def _read_nothing(request: web.Request, model: type[Model]) -> Model:
    if (await _bytes(request, LARGEST_BODY)).strip() not in (b"", b"{}"):
        raise invalid(Fault(where="body", field="", why="must be empty: everything is said by the address"))
    return model()


def read_key(request: web.Request) -> str | None:
    """
    Raises:
        Problem: the idempotency key is none.
    """
    keys = request.headers.getall(KEY_HEADER, [])
    if not keys:
        return None
    if len(keys) > 1 or not re.fullmatch(KEY_FORM, keys[0]):
        why = "must be given once, with 1 to 200 visible ASCII characters; a UUID does well"
        raise invalid(Fault(where="header", field=KEY_HEADER, why=why))
    return keys[0]


async def _bytes(request: web.Request, largest: int) -> bytes:
    """Never more than may come, whatever the header claims."""
    raw = bytearray()
    async for chunk in request.content.iter_chunked(16 * 1024):
        raw += chunk
        if len(raw) > largest:
            headers = {"Connection": "close"}
            raise Problem("too_large", f"the body is larger than {largest // 1024} KiB", headers=headers)
    return bytes(raw)


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw.decode("utf-8"), object_pairs_hook=_once, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise Problem("not_json", f"the body is not UTF-8: byte {error.start} is not valid") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Problem("not_json", f"the body is not JSON: {error.msg} at {where}") from error
    except ValueError as error:
        raise Problem("not_json", "the body is not JSON: a number in it is out of reason") from error
    except RecursionError as error:
        raise Problem("not_json", "the body is nested too deeply") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    twice = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
    if twice:
        raise invalid(*(Fault(where="body", field=name[:100], why="is given more than once") for name in twice))
    return dict(pairs)


def _refuse_constant(name: str) -> None:
    raise Problem("not_json", f"the body is not JSON: {name} is no JSON number")


def _made(model: type[Model], raw: bytes, where: str) -> Model:
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise invalid(*_faults(error, model, where)) from error


def _faults(error: ValidationError, model: type[In], where: str) -> list[Fault]:
    found = [
        Fault(where=where, field=_shown(problem.key), why=_shown(problem.why)) for problem in problems(error, model)
    ]
    return found or [Fault(where=where, field="", why="is not what the description of this interface says")]


def _shown(text: str) -> str:
    """What came from outside goes back short, and as text that any program can read."""
    return text[:300].encode("utf-8", "replace").decode()
