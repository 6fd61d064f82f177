"""Requests to Smoobu are signed: as its two examples are, and each by itself."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from hub.io.http import Answer, Request, Rules
from integrations.smoobu.signing import signature, signed

# Source: the two worked examples of docs.smoobu.com (read by integrators on 25 September 2026), whose signatures were made with
# openssl after the recipe there.
KEY, SECRET, STAMP = "usr_live_abc123", "your_api_secret", "2026-04-01T12:00:00Z"
HERE = "https://login.smoobu.com/api/reservations"


@pytest.mark.parametrize(
    ("request_", "nonce", "proof"),
    [
        (
            Request(f"{HERE}?to=2026-04-10&from=2026-04-01"),
            "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
            "Bu2/61pneyRyjQejH7PoCJC2P8iRm3NnC9R6CGFOQho=",
        ),
        (
            Request(HERE, "POST", {}, b'{"apartmentId":123,"from":"2026-04-01","to":"2026-04-10"}'),
            "550e8400-e29b-41d4-a716-446655440000",
            "64zVmuaX7u9BPPU7J8ruvr5rzoaCcpZtYgFoKGJOdig=",
        ),
    ],
)
def test_a_signature_is_that_of_the_documents(request_: Request, nonce: str, proof: str) -> None:
    assert signature(SECRET, KEY, request_, STAMP, nonce) == proof


def test_what_an_address_writes_in_two_ways_is_signed_in_one() -> None:
    plus, twenty = (Request(f"{HERE}?b%5B%5D=1&a=x{space}y") for space in ("+", "%20"))
    assert signature(SECRET, KEY, plus, STAMP, "n") == signature(SECRET, KEY, twenty, STAMP, "n")
    assert signature(SECRET, KEY, plus, STAMP, "n") != signature(SECRET, KEY, plus, STAMP, "m")


async def test_each_request_is_stamped_as_it_leaves_and_unlike_all_others() -> None:
    asked: list[Request] = []
    clock = datetime(2027, 3, 1, 13, tzinfo=timezone(timedelta(hours=1)))

    async def through(request: Request, rules: Rules) -> Answer:
        asked.append(request)
        return Answer(200, {}, b"{}", "login.smoobu.com")

    send = signed(KEY, SECRET, lambda: clock, through)
    for _ in range(2):
        await send(Request(HERE, headers={"Accept": "application/json"}), Rules())
        clock += timedelta(minutes=1)
    first, second = (dict(each.headers) for each in asked)
    assert (first["X-API-Key"], first["X-Timestamp"], first["Accept"]) == (
        KEY,
        "2027-03-01T12:00:00Z",
        "application/json",
    )
    assert second["X-Timestamp"] == "2027-03-01T12:01:00Z"
    assert first["X-Nonce"] != second["X-Nonce"]
    assert first["X-Signature"] == signature(SECRET, KEY, asked[0], first["X-Timestamp"], first["X-Nonce"])
    assert SECRET not in repr(asked)
