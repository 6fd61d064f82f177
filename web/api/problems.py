"""Refusals as RFC 9457 problem details: one shape for everything that is not an answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

CONTENT_TYPE = "application/problem+json"


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    model_config = ConfigDict(frozen=True)

    where: str = Field(description="`body`, `query`, `header` or `path`")
    field: str = Field(description="the name of the field; empty for the whole of it")
    why: str = Field(description="what is wrong with it, and what would be right")


class ProblemDetails(BaseModel):
    """Source: RFC 9457 section 3.1. `type` is always `about:blank`; `code` tells programs what `detail` tells people."""

    model_config = ConfigDict(frozen=True, title="Problem")

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    faults: list[Fault] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Kind:
    status: int
    description: str
    pushed: bool = False
    """Only where booking sources push."""


KINDS: Mapping[str, _Kind] = {
    "not_json": _Kind(400, "The body is not JSON."),
    "token_missing": _Kind(401, "There is no token, or it is wrong, expired or revoked."),
    "unsigned": _Kind(401, "The signature of a delivery is missing, wrong or too old.", pushed=True),
    "scope_missing": _Kind(403, "The token does not hold the scope that this needs."),
    "not_found": _Kind(404, "There is nothing here."),
    "method_not_allowed": _Kind(405, "This cannot be done here."),
    "refused": _Kind(409, "Understood, and refused: the house as it is does not allow it."),
    "under_way": _Kind(409, "A request with this idempotency key was begun, and its end is not known."),
    # Departs: draft-ietf-httpapi-idempotency-key-header section 2.7 has 422 for this. Here 422 says that a request differs from
    # its description, and this one does not: sent with another key it would be done.
    "key_reused": _Kind(409, "The idempotency key belongs to another request."),
    "too_large": _Kind(413, "The body is too large."),
    "not_supported": _Kind(415, "The body is not declared as JSON."),
    "invalid": _Kind(422, "The request is not what the description of this interface says."),
    "too_many": _Kind(429, "Too many requests in a short time."),
    "crashed": _Kind(500, "This should not have happened."),
    "unavailable": _Kind(503, "Not now; try again."),
}


def description(status: int) -> str:
    return " ".join(kind.description for kind in KINDS.values() if kind.status == status and not kind.pushed)


class Problem(Exception):
    """Ends the work on a request; nothing of it stands."""

    def __init__(
        self, code: str, detail: str, faults: Sequence[Fault] = (), *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.faults = faults
        self.headers = headers or {}

    @property
    def status(self) -> int:
        return KINDS[self.code].status

    def response(self) -> web.Response:
        details = ProblemDetails(
            title=HTTPStatus(self.status).phrase,
            status=self.status,
            code=self.code,
            detail=self.detail,
            faults=list(self.faults),
        )
        headers = {"Cache-Control": "no-store", **self.headers}
        body = json.dumps(details.model_dump()).encode()
        return web.Response(body=body, status=self.status, content_type=CONTENT_TYPE, headers=headers)


def missing(what: str, id_: str) -> Problem:
    return Problem("not_found", f"there is no {what} “{id_[:100]}”")


def unavailable(why: str, wait: timedelta) -> Problem:
    seconds = max(1, -(-wait // timedelta(seconds=1)))
    return Problem("unavailable", why, headers={"Retry-After": str(seconds)})


def invalid(*faults: Fault) -> Problem:
    first = faults[0]
    named = f"{first.where} “{first.field}”" if first.field else f"the {first.where}"
    others = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return Problem("invalid", f"{named} {first.why}{others}", faults)
