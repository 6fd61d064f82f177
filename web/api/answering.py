"""From a route of the table to an aiohttp handler: who asks, what exactly, done once, answered in one shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from hub.errors import Disappointment, Unavailable
from hub.hub import Hub
from hub.tokens import Tokens
from web.api.problems import Problem, unavailable
from web.api.reading import read_body, read_key, read_query
from web.api.replaying import Once
from web.api.routes import AnyRoute, Call
from web.pace import Pace

log = structlog.get_logger("api")

REPLAYED: Final = "Idempotency-Replayed"


@dataclass(frozen=True, slots=True)
class Endpoint:
    hub: Hub
    tokens: Tokens
    pace: Pace
    route: AnyRoute

    async def answer(self, request: web.Request) -> web.Response:
        call = await self._admit(request)
        query = read_query(request, self.route.query)
        body, raw = await read_body(request, self.route.body, self.route.largest)
        key = read_key(request) if self.route.takes_key else None

        async def work() -> tuple[int, bytes]:
            said = await self.route.answer(call, query, body)
            return self.route.status, said.model_dump_json().encode()

        if key is None:
            status, answer = await work()
            return _json(status, answer)
        status, answer, replayed = await Once.of(self.hub, call.token.id, key, request, raw).do(work)
        response = _json(status, answer)
        if replayed:
            response.headers[REPLAYED] = "true"
        return response

    async def _admit(self, request: web.Request) -> Call:
        scheme, _, text = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        token = await self.tokens.holder(text.strip()) if scheme.lower() == "bearer" else None
        if token is None:
            why = "send a token that is valid, with the header “Authorization: Bearer gh_…”"
            raise Problem("token_missing", why, headers={"WWW-Authenticate": "Bearer"})
        call = Call(self.hub, self.tokens, token, dict(request.match_info))
        call.demand(self.route.scope)
        if self.route.method != "GET":
            self._spend(token.id)
        return call

    def _spend(self, token: str) -> None:
        """A program that runs wild must not wear out the batteries of the locks."""
        if wait := self.pace.spend(token):
            why = f"too many requests that change something; try again in {wait} s"
            raise Problem("too_many", why, headers={"Retry-After": str(wait)})


def _json(status: int, body: bytes) -> web.Response:
    return web.Response(
        body=body, status=status, content_type="application/json", headers={"Cache-Control": "no-store"}
    )


@web.middleware
async def explain_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever is not an answer leaves as problem details."""
    try:
        return await handler(request)
    except Problem as problem:
        return problem.response()
    except web.HTTPNotFound:
        return Problem("not_found", "there is nothing at this address; see /api/v1/openapi.json").response()
    except web.HTTPMethodNotAllowed as error:
        allowed = ", ".join(sorted(error.allowed_methods))
        return Problem("method_not_allowed", f"here only {allowed} can be used", headers={"Allow": allowed}).response()
    except Unavailable as error:
        return unavailable(str(error), error.wait).response()
    except Disappointment as error:
        return Problem("refused", str(error)).response()
    except Exception as error:  # the web error page for programs: one of the five places (design.md §5)
        log.error("a request failed", method=request.method, path=request.path, exc_info=error)
        return Problem("crashed", "this should not have happened; the hub goes on working").response()
