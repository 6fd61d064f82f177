from __future__ import annotations

import hashlib
import hmac
import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from hub.contracts import Host
from hub.errors import Unavailable
from hub.io.sandbox import InlineSandbox
from hub.model.values import ChannelId
from hub.store.engine import Store
from hub.store.tables import inbox
from integrations.partner import Config, start
from tests.web.api.conftest import NOW, Api

SECRET = "a secret between us two"
BOOKING = {
    "id": "d-1",
    "uid": "b-7",
    "arrival": "2026-12-01",
    "departure": "2026-12-03",
    "guest": {"name": "Grace Hopper"},
}


def _plug(api: Api, folder: Path) -> None:
    async def tell(_fact: object) -> None:
        raise AssertionError("a webhook is read from the inbox")

    host = Host("agency", tell, api.clock, folder, lambda data: data, lambda data: data, InlineSandbox())
    api.hub.plugins.add_channel(ChannelId("agency"), start(Config(secret=SecretStr(SECRET)), host))


def _signed(body: bytes, secret: str = SECRET, age_s: int = 0) -> dict[str, str]:
    stamp = str(int(NOW.timestamp()) - age_s)
    proof = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"X-Gatehouse-Timestamp": stamp, "X-Gatehouse-Signature": f"v1={proof}"}


async def _post(api: Api, body: bytes, headers: dict[str, str], channel: str = "agency") -> tuple[int, Any]:
    async with api.session.post(
        f"{api.url}/api/webhooks/{channel}/booking-created", data=BytesIO(body), headers=headers
    ) as answer:
        return answer.status, await answer.json(content_type=None)


async def _kept(api: Api) -> list[str]:
    return await api.hub.store.read(lambda tx: list(tx.sql.execute(select(inbox.c.topic)).scalars()))


async def test_a_signed_delivery_is_on_disk_when_it_is_answered_and_the_same_again_is_no_second_one(
    api: Api, tmp_path: Path
) -> None:
    _plug(api, tmp_path)
    body = json.dumps(BOOKING).encode()
    assert await _post(api, body, _signed(body)) == (200, {"accepted": True, "new": True})
    assert await _post(api, body, _signed(body, age_s=10)) == (200, {"accepted": True, "new": False})
    assert await _kept(api) == ["booking-created"]


@pytest.mark.parametrize(
    "headers",
    [{}, _signed(json.dumps(BOOKING).encode(), "another secret"), _signed(json.dumps(BOOKING).encode(), age_s=301)],
    ids=["no signature", "another secret", "older than five minutes"],
)
async def test_what_was_not_signed_by_the_source_just_now_is_refused_and_not_kept(
    api: Api, tmp_path: Path, headers: dict[str, str]
) -> None:
    _plug(api, tmp_path)
    status, problem = await _post(api, json.dumps(BOOKING).encode(), headers)
    assert (status, problem["code"]) == (401, "unsigned")
    assert await _kept(api) == []


async def test_a_channel_that_does_not_exist_has_no_door(api: Api) -> None:
    assert (await _post(api, b"{}", {}, "nobody"))[0] == 404


async def test_a_delivery_that_is_too_large_is_refused_before_it_is_read(api: Api, tmp_path: Path) -> None:
    _plug(api, tmp_path)
    assert (await _post(api, b"x" * (2**20 + 1), {}))[0] == 413


async def test_a_delivery_that_cannot_be_stored_is_for_the_sender_to_try_again(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _plug(api, tmp_path)

    async def full(_store: Store, _work: object) -> None:
        raise Unavailable("the disk is full")

    monkeypatch.setattr(Store, "write", full)
    body = json.dumps(BOOKING).encode()
    status, problem = await _post(api, body, _signed(body))
    assert (status, problem["detail"]) == (503, "the disk is full")
