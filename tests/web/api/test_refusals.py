"""What is sent wrong is answered with each fault and its cure, as problem details, and has changed nothing."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from hub.errors import Unavailable
from hub.store.engine import Tx
from tests.web.api.conftest import Api
from web.api.answering import explain_refusals
from web.api.problems import CONTENT_TYPE

STAY = {"unit": "flat-1", "arrival": "2026-12-01", "departure": "2026-12-03", "guest": "Grace Hopper"}


def stay(**change: Any) -> bytes:
    return json.dumps({name: value for name, value in (STAY | change).items() if value is not ...}).encode()


def token(**change: Any) -> bytes:
    return json.dumps({"name": "Laundry", "scopes": ["read"]} | change).encode()


NOT_JSON = [
    (b"", "Expecting value at line 1, column 1"),
    (b"{", "line 1, column 2"),
    (b'{"unit": "flat-1",}', "line 1, column"),
    (b"\xff\xfe{}", "not UTF-8: byte 0"),
    (b'{"guest": NaN}', "NaN is no JSON number"),
    (b'{"guest": -Infinity}', "-Infinity is no JSON number"),
    (b"[" * 30_000, "nested too deeply"),
    (b'{"guest": ' + b"9" * 5_000 + b"}", "out of reason"),
    (b"unit=flat-1&guest=Ada", "line 1, column 1"),
]

WRONG_STAYS = [
    (b"[]", "", "must be a JSON object"),
    (b'"flat-1"', "", "must be a JSON object"),
    (b"null", "", "must be a JSON object"),
    (b'{"guest": "A", "guest": "B"}', "guest", "more than once"),
    (stay(unit=...), "unit", "is missing"),
    (stay(guest=...), "guest", "is missing"),
    (stay(guest=""), "guest", "must not be empty"),
    (stay(guest=7), "guest", "must be text"),
    (stay(guest=None), "guest", "must be text"),
    (stay(guest="x" * 121), "guest", "at most 120 characters"),
    (stay(guest=["Ada"]), "guest", "must be text"),
    (stay(gests=2), "gests", 'did you mean "guests"'),
    (stay(arrivel="2026-12-01"), "arrivel", 'did you mean "arrival"'),
    (stay(arrival="01.12.2026"), "arrival", "must be a day, as 2026-11-21"),
    (stay(arrival="2026-02-30"), "arrival", "is not a day that exists"),
    (stay(arrival="2026-12-01T15:00:00Z"), "arrival", "must be a day"),
    (stay(arrival=20261201), "arrival", "must be a day"),
    (stay(departure=None), "departure", "must be a day"),
    (stay(check_in="3pm"), "check_in", "must be a time of day, as 15:00"),
    (stay(check_in="25:00"), "check_in", "must be a time of day"),
    (stay(check_out="11:00:00"), "check_out", "must be a time of day"),
    (stay(note="x" * 501), "note", "at most 500 characters"),
    (stay(phone={"number": "1"}), "phone", "must be text"),
    (stay(pin="1234"), "pin", "is not known"),
]

WRONG_TOKENS = [
    (token(name=""), "name", "must not be empty"),
    (token(scopes=[]), "scopes", "at least 1"),
    (token(scopes=["everything"]), "scopes.0", "'read'"),
    (token(scopes="read"), "scopes", "must be a list"),
    (token(days=0), "days", "greater than or equal to 1"),
    (token(days=366), "days", "less than or equal to 365"),
    (token(days=1.5), "days", "must be a whole number"),
    (token(days="90"), "days", "must be a whole number"),
    (token(days=True), "days", "must be a whole number"),
]

WRONG_CODES = [
    (b'{"label": "A", "locks": [], "until": "2026-12-01T12:00:00Z"}', "locks", "at least 1"),
    (
        b'{"label": "A", "locks": ["front"], "until": "2026-12-01T12:00:00"}',
        "until",
        "with its zone, as 2026-11-21T15:00:00Z",
    ),
    (b'{"label": "A", "locks": ["front"], "until": 1796126400}', "until", "must be a date and time"),
    (
        b'{"label": "A", "locks": ["front"], "until": "2026-12-01T25:00:00Z"}',
        "until",
        "is not a date and time that exists",
    ),
    (b'{"label": "\\ud800", "locks": ["front"], "until": "2026-12-01T12:00:00Z"}', "", ""),
]

EMPTY = [(b'{"to": "unlocked"}', "", "must be empty"), (b"now", "", "must be empty")]

BODIES = (
    *(("/stays", raw, field, why) for raw, field, why in WRONG_STAYS),
    *(("/tokens", raw, field, why) for raw, field, why in WRONG_TOKENS),
    *(("/codes", raw, field, why) for raw, field, why in WRONG_CODES),
    *(("/locks/front/unlock", raw, field, why) for raw, field, why in EMPTY),
)


@pytest.mark.parametrize(("path", "raw", "field", "why"), BODIES, ids=lambda part: repr(part)[:60])
@pytest.mark.asyncio(loop_scope="module")
async def test_a_body_that_is_wrong_is_refused_by_field_and_with_the_cure(
    shared: Api, path: str, raw: bytes, field: str, why: str
) -> None:
    before = await shared.fingerprint()
    answer = await shared.ask("POST", path, raw=raw, headers={"Content-Type": "application/json"})
    assert (answer.status, answer.json["code"], answer.headers["Content-Type"].split(";")[0]) == (
        422,
        "invalid",
        CONTENT_TYPE,
    )
    assert any(where == "body" and name == field and why in sentence for where, name, sentence in answer.faults), (
        answer.json
    )
    assert await shared.fingerprint() == before
    assert shared.bolt.moves == []


@pytest.mark.parametrize(("raw", "why"), NOT_JSON, ids=lambda part: repr(part)[:40])
@pytest.mark.asyncio(loop_scope="module")
async def test_a_body_that_is_no_json_is_told_where_it_stops_being_it(shared: Api, raw: bytes, why: str) -> None:
    before = await shared.fingerprint()
    answer = await shared.ask("POST", "/stays", raw=raw, headers={"Content-Type": "application/json"})
    assert (answer.status, answer.json["code"]) == (400, "not_json")
    assert why in answer.json["detail"]
    assert await shared.fingerprint() == before


@pytest.mark.parametrize(
    ("path", "field", "why"),
    [
        ("/stays?limit=0", "limit", "greater than or equal to 1"),
        ("/stays?limit=201", "limit", "less than or equal to 200"),
        ("/stays?limit=ten", "limit", "must be a whole number"),
        ("/stays?limit=5.0", "limit", "must be a whole number"),
        ("/stays?limit=5&limit=6", "limit", "more than once"),
        ("/stays?limits=5", "limits", 'did you mean "limit"'),
        ("/stays?status=gone", "status", "'confirmed'"),
        ("/stays?since=yesterday", "since", "must be a date and time with its zone"),
        ("/stays?cursor=2", "cursor", "must be `next` of the page before"),
        ("/access-events?cursor=0000000000-1", "cursor", "must be `next` of the page before"),
        ("/access-events?until=2026-11-21", "until", "must be a date and time with its zone"),
        ("/codes?reveal=yes", "reveal", "must be true or false"),
        ("/locks?cursor=%C3%BC", "cursor", "must be `next` of the page before"),
        ("/properties/sea?verbose=1", "verbose", "is not known"),
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_a_query_that_is_wrong_is_refused_by_field_and_with_the_cure(
    shared: Api, path: str, field: str, why: str
) -> None:
    answer = await shared.get(path)
    assert (answer.status, answer.json["code"]) == (422, "invalid")
    assert [(where, name) for where, name, _ in answer.faults] == [("query", field)]
    assert why in answer.faults[0][2]


@pytest.mark.asyncio(loop_scope="module")
async def test_every_fault_is_told_at_once(shared: Api) -> None:
    answer = await shared.ask(
        "POST", "/stays", raw=b'{"unit": 7, "colour": "red"}', headers={"Content-Type": "application/json"}
    )
    assert {name for _, name, _ in answer.faults} == {"unit", "colour", "arrival", "departure", "guest"}
    assert answer.json["detail"].endswith("(and 4 more)")


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
@pytest.mark.asyncio(loop_scope="module")
async def test_a_body_must_be_declared_as_json(shared: Api, content_type: str) -> None:
    answer = await shared.ask(
        "POST", "/stays", raw=stay(), headers={"Content-Type": content_type} if content_type else {}
    )
    assert (answer.status, answer.json["code"]) == (415, "not_supported")


@pytest.mark.asyncio(loop_scope="module")
async def test_a_body_larger_than_64_kib_is_refused_without_being_read_to_its_end(shared: Api) -> None:
    before = await shared.fingerprint()
    answer = await shared.ask(
        "POST", "/stays", raw=stay(note="x" * 70_000), headers={"Content-Type": "application/json"}
    )
    assert (answer.status, answer.json["code"]) == (413, "too_large")
    assert await shared.fingerprint() == before


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (STAY | {"unit": "attic"}, "there is no unit called “attic”"),
        (STAY | {"departure": "2026-12-01"}, "departure must be after the arrival"),
        (STAY | {"departure": "2030-01-01"}, "most likely a typing error"),
        (STAY | {"arrival": "2026-11-22", "departure": "2026-11-24"}, "somebody else stays there"),
        (STAY | {"arrival": "2026-11-01", "departure": "2026-11-03"}, "day of arrival is over"),
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_what_the_house_does_not_allow_is_refused_in_its_words(
    shared: Api, body: dict[str, str], why: str
) -> None:
    before = await shared.fingerprint()
    answer = await shared.post("/stays", body)
    assert (answer.status, answer.json["code"]) == (409, "refused")
    assert why in answer.json["detail"]
    assert await shared.fingerprint() == before


@pytest.mark.asyncio(loop_scope="module")
async def test_what_was_sent_does_not_come_back_in_a_refusal(shared: Api) -> None:
    answer = await shared.ask(
        "POST", "/codes", raw=b'{"label": {"pin": "83920174"}}', headers={"Content-Type": "application/json"}
    )
    assert answer.status == 422
    assert b"83920174" not in answer.raw


async def test_a_failure_of_ours_says_nothing_of_how_we_are_built(api: Api) -> None:
    await api.hub.store.write(spoil)
    with capture_logs() as logged:
        answer = await api.post("/stays", STAY)
    assert [entry["event"] for entry in logged if entry["log_level"] == "error"] == ["a request failed"]
    assert (answer.status, answer.json["code"]) == (500, "crashed")
    assert b"spoilt" not in answer.raw


async def test_what_cannot_be_had_now_says_when_to_try_again(api: Api) -> None:
    async def full(request: web.Request) -> web.Response:
        raise Unavailable("the disk is full", wait=timedelta(seconds=2.5))

    app = web.Application(middlewares=[explain_refusals])
    app.router.add_get("/", full)
    async with TestServer(app) as server, api.session.get(server.make_url("/")) as answer:
        assert (answer.status, answer.headers["Retry-After"], answer.content_type) == (503, "3", CONTENT_TYPE)


def spoil(tx: Tx) -> None:
    tx.sql.exec_driver_sql("CREATE TRIGGER spoilt BEFORE INSERT ON stays BEGIN SELECT RAISE(ABORT, 'spoilt'); END")
