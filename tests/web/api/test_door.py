from __future__ import annotations

import re
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from hub.model.people import Scope
from tests.web.api.conftest import Api
from web.api import mount
from web.api.routes import AnyRoute
from web.api.table import TABLE
from web.pace import Pace


def filled(route: AnyRoute) -> str:
    return re.sub(r"\{\w+\}", "x", route.path)


@pytest.mark.parametrize("route", TABLE, ids=lambda route: f"{route.method} {route.path}")
@pytest.mark.asyncio(loop_scope="module")
async def test_every_route_needs_a_token_and_its_scope(shared: Api, route: AnyRoute) -> None:
    before = await shared.fingerprint()
    stranger = await shared.ask(route.method, filled(route), token="gh_aaaaaaaa_" + "a" * 52)
    assert (stranger.status, stranger.json["code"], stranger.headers["WWW-Authenticate"]) == (
        401,
        "token_missing",
        "Bearer",
    )
    assert await shared.fingerprint() == before
    others = await shared.token_with(*(scope for scope in Scope if scope not in (route.scope, Scope.ADMIN)))
    before = await shared.fingerprint()
    refused = await shared.ask(route.method, filled(route), token=others)
    assert (refused.status, refused.json["code"]) == (403, "scope_missing")
    assert f"“{route.scope.value}”" in refused.json["detail"]
    assert await shared.fingerprint() == before
    holder = await shared.token_with(route.scope)
    assert (await shared.ask(route.method, filled(route), token=holder)).status not in (401, 403)


def test_only_reading_is_open_to_the_scope_that_reads() -> None:
    assert {route.method for route in TABLE if route.scope is Scope.READ} == {"GET"}


async def test_no_header_but_a_bearer_token_opens_anything(api: Api) -> None:
    for header in ("", "Basic YTpi", "Bearer", "Bearer ", api.token, f"Token {api.token}", f"Bearer {api.token} x"):
        assert (await api.ask("GET", "/locks", headers={"Authorization": header})).status == 401
    for header in (f"bearer {api.token}", f"Bearer  {api.token}"):
        assert (await api.ask("GET", "/locks", headers={"Authorization": header})).status == 200
    cookie = {"Authorization": "", "Cookie": f"gatehouse={api.token}"}
    assert (await api.ask("GET", f"/locks?token={api.token}", headers=cookie)).status == 401


async def test_a_token_is_no_use_once_it_is_revoked_or_over(api: Api) -> None:
    token = await api.token_with(Scope.READ)
    assert (await api.get("/locks", token)).status == 200
    assert (await api.ask("DELETE", f"/tokens/{token.split('_')[1]}")).status == 200
    assert (await api.get("/locks", token)).status == 401
    token = await api.token_with(Scope.READ)
    api.clock.at += timedelta(days=90)
    assert (await api.get("/locks", token)).status == 401


async def test_who_changes_too_much_too_fast_is_told_to_wait_and_others_are_not(api: Api) -> None:
    app = web.Application()
    mount(app, api.hub, pace=Pace(burst=3, per_second=0.1))
    writer, other = await api.token_with(Scope.STAYS_WRITE), await api.token_with(Scope.STAYS_WRITE)
    async with TestServer(app) as server:
        url = server.make_url("/api/v1/stays/x/cancel")

        async def status(token: str) -> tuple[int, str | None]:
            async with api.session.post(url, headers={"Authorization": f"Bearer {token}"}) as answer:
                return answer.status, answer.headers.get("Retry-After")

        assert [(await status(writer))[0] for _ in range(3)] == [404, 404, 404]
        assert await status(writer) == (429, "10")
        assert (await status(other))[0] == 404
        async with api.session.get(
            server.make_url("/api/v1/locks"), headers={"Authorization": f"Bearer {api.token}"}
        ) as read:
            assert read.status == 200


async def test_no_answer_may_be_kept_by_anything_on_the_way(api: Api) -> None:
    for path in ("/locks", "/nothing", "/openapi.json"):
        assert (await api.get(path)).headers["Cache-Control"] == "no-store"


async def test_another_method_is_refused_with_those_that_work(api: Api) -> None:
    for method, path, allowed in (
        ("PUT", "/locks/front", "GET"), ("GET", "/locks/front/unlock", "POST"), ("DELETE", "/stays", "GET, POST"),
        ("HEAD", "/locks", "GET"), ("PATCH", "/tokens/x", "DELETE"),
    ):  # fmt: skip
        answer = await api.ask(method, path)
        assert (answer.status, answer.headers["Allow"]) == (405, allowed)
