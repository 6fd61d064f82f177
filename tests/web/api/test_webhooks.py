from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from hub import health, throttle, unsigned
from hub.contracts import Host
from hub.errors import Unavailable
from hub.io.sandbox import InlineSandbox
from hub.model.alerts import Finding, Kind
from hub.model.values import ChannelId, UnitId
from hub.store import house, people
from hub.store.engine import Store, Tx
from hub.store.house import ChannelRow, Origin
from hub.store.tables import inbox
from integrations.partner import Config, start
from tests.web.api.conftest import NOW, Api

SECRET = "a secret between us two"
ROW = ChannelRow(ChannelId("agency"), UnitId("flat-1"), "partner", b"sealed", Origin.PAGES)
BOOKING = {
    "id": "d-1",
    "uid": "b-7",
    "arrival": "2026-12-01",
    "departure": "2026-12-03",
    "guest": {"name": "Grace Hopper"},
}


def _plug(api: Api, folder: Path, name: str = "agency") -> None:
    async def tell(_fact: object) -> None:
        raise AssertionError("a webhook is read from the inbox")

    host = Host(name, tell, api.clock, folder, lambda data: data, lambda data: data, InlineSandbox())
    api.hub.plugins.add_channel(ChannelId(name), start(Config(secret=SecretStr(SECRET)), host))


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


async def _wrong(api: Api, times: int = 1) -> list[tuple[int, str | None]]:
    """What the sender of wrong signatures is answered, one after the other."""
    said: list[tuple[int, str | None]] = []
    for _ in range(times):
        async with api.session.post(
            f"{api.url}/api/webhooks/agency/booking-created", data=b"{}", headers=_signed(b"{}", "a stranger's secret")
        ) as answer:
            said.append((answer.status, answer.headers.get("Retry-After")))
            assert (await answer.json(content_type=None))["code"] in ("unsigned", "too_many")
    return said


async def _alarms(api: Api) -> list[Finding]:
    every = await api.hub.store.read(lambda tx: health.findings(tx, api.hub))
    return [each for each in every if each.kind is Kind.UNSIGNED]


async def test_wrong_signatures_are_told_to_wait_longer_and_longer_and_right_ones_never(
    api: Api, tmp_path: Path
) -> None:
    _plug(api, tmp_path)
    assert await _wrong(api, 6) == [(401, None)] * 5 + [(429, "1")]
    body = json.dumps(BOOKING).encode()
    assert await _post(api, body, _signed(body)) == (200, {"accepted": True, "new": True})
    api.clock.at += timedelta(seconds=1)
    assert await _wrong(api, 3) == [(401, None), (429, "2"), (429, "2")]
    api.clock.at += timedelta(days=2)
    assert await _wrong(api) == [(401, None)], "it fades"


async def test_wrong_signatures_for_one_channel_make_none_wait_for_another(api: Api, tmp_path: Path) -> None:
    _plug(api, tmp_path)
    _plug(api, tmp_path, "other")
    await _wrong(api, 6)
    assert (await _post(api, b"{}", {}, "other"))[0] == 401


async def test_wrong_signatures_again_and_again_are_said_with_where_they_come_from(api: Api, tmp_path: Path) -> None:
    _plug(api, tmp_path)
    await api.hub.store.write(lambda tx: house.keep_channel(tx, ROW))
    for _ in range(throttle.ALARMING - 1):
        while (await _wrong(api))[0][0] == 429:
            api.clock.at += timedelta(seconds=1)
    assert await _alarms(api) == []
    api.clock.at += timedelta(minutes=1)
    await _wrong(api)
    (alarm,) = await _alarms(api)
    assert (alarm.about, "127.0.0.1" in alarm.sentence) == ("channel:agency", True)
    api.clock.at += timedelta(hours=1)
    assert await _alarms(api) == []


async def test_a_wrong_signature_from_ever_new_addresses_waits_for_the_channel_s_sake(api: Api, tmp_path: Path) -> None:
    def count(tx: Tx, number: int) -> timedelta:
        return unsigned.refused(tx, ChannelId("agency"), f"2001:db8:0:{number:x}::1", NOW)

    waits = [await api.hub.store.write(lambda tx, number=number: count(tx, number)) for number in range(7)]  # type: ignore[misc]
    assert waits == [timedelta(0)] * 5 + [timedelta(seconds=1)] * 2
    kept = await api.hub.store.read(lambda tx: people.many_attempts(tx, 1, NOW))
    assert len(kept) == 6, "whoever waits fills no disk"
