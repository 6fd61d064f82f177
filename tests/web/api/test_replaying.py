from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import update

from hub.model.people import Scope
from hub.model.values import Position
from hub.store import replies, tables
from hub.store.replies import UNDER_WAY
from tests.web.api.conftest import Api

STAY = {"unit": "flat-1", "arrival": "2026-12-01", "departure": "2026-12-03", "guest": "Grace Hopper"}


async def test_a_repeated_request_is_answered_from_memory_and_done_once(api: Api) -> None:
    first = await api.post("/stays", STAY, key="abc")
    again = await api.post("/stays", STAY, key="abc")
    assert (first.status, again.status, again.raw) == (201, 201, first.raw)
    assert ("Idempotency-Replayed" in first.headers, again.headers["Idempotency-Replayed"]) == (False, "true")
    assert len((await api.get("/stays")).json["items"]) == 2


async def test_a_door_is_moved_once_for_one_key_and_again_for_another(api: Api) -> None:
    for key in ("a", "a", "b", None, None):
        assert (await api.post("/locks/front/unlock", key=key)).json["outcome"] == "done"
    assert api.bolt.moves == [Position.UNLOCKED] * 4


async def test_the_same_key_for_another_request_is_refused_and_nothing_is_done(api: Api) -> None:
    await api.post("/stays", STAY, key="abc")
    before = await api.fingerprint()
    for path, body in (("/stays", STAY | {"guest": "Ada"}), ("/locks/front/unlock", None)):
        answer = await api.post(path, body, key="abc")
        assert (answer.status, answer.json["code"]) == (409, "key_reused")
    assert await api.fingerprint() == before
    assert api.bolt.moves == []


async def test_a_key_belongs_to_one_token(api: Api) -> None:
    other = await api.token_with(Scope.UNLOCK)
    await api.post("/locks/front/unlock", key="abc")
    assert "Idempotency-Replayed" not in (await api.post("/locks/front/unlock", key="abc", token=other)).headers
    assert len(api.bolt.moves) == 2


async def test_what_was_refused_may_be_asked_again_with_the_same_key(api: Api) -> None:
    await api.post(f"/stays/{api.stay}/cancel")
    assert (await api.post(f"/stays/{api.stay}/extend", {"departure": "2026-11-25"}, key="abc")).status == 409
    await api.post(f"/stays/{api.stay}/restore")
    assert (await api.post(f"/stays/{api.stay}/extend", {"departure": "2026-11-25"}, key="abc")).status == 200


async def test_two_at_once_with_the_same_key_are_done_once(api: Api) -> None:
    both = await asyncio.gather(*(api.post("/locks/front/unlock", key="abc") for _ in range(2)))
    assert len(api.bolt.moves) == 1
    assert {answer.status for answer in both} <= {200, 409}


async def test_while_the_first_is_under_way_nobody_knows_its_end(api: Api) -> None:
    asked, go = asyncio.Event(), asyncio.Event()

    async def slowly(to: Position) -> Position:
        asked.set()
        await go.wait()
        return to

    api.bolt.instead = slowly
    async with asyncio.TaskGroup() as group:
        first = group.create_task(api.post("/locks/front/unlock", key="abc"))
        await asked.wait()
        second = await api.post("/locks/front/unlock", key="abc")
        go.set()
    assert (first.result().status, second.status, second.json["code"]) == (200, 409, "under_way")
    assert (await api.post("/locks/front/unlock", key="abc")).raw == first.result().raw


async def test_a_request_that_was_cut_off_is_not_done_again(api: Api) -> None:
    """The hub was killed between the deed and the answer."""
    await api.post("/locks/front/unlock", key="abc")
    await api.hub.store.write(lambda tx: tx.sql.execute(update(tables.replies).values(status=UNDER_WAY, body="")))
    answer = await api.post("/locks/front/unlock", key="abc")
    assert (answer.status, answer.json["code"]) == (409, "under_way")
    assert "look what became of it" in answer.json["detail"]
    assert len(api.bolt.moves) == 1


async def test_an_answer_is_kept_for_a_day(api: Api) -> None:
    await api.post("/locks/front/unlock", key="abc")
    api.clock.at += timedelta(hours=23)
    assert (await api.post("/locks/front/unlock", key="abc")).headers["Idempotency-Replayed"] == "true"
    api.clock.at += timedelta(hours=2)
    assert "Idempotency-Replayed" not in (await api.post("/locks/front/unlock", key="abc")).headers


async def test_a_kept_answer_is_sealed(api: Api) -> None:
    await api.post("/stays", STAY, key="abc")
    kept = await api.hub.store.read(lambda tx: tx.sql.exec_driver_sql("SELECT key, body FROM replies").all())
    assert len(kept) == 1
    assert "Hopper" not in str(kept)


async def test_a_key_that_is_none_is_refused(api: Api) -> None:
    for key in ("", "x" * 201, "with space"):
        answer = await api.post("/locks/front/unlock", key=key)
        assert (answer.status, answer.faults[0][:2]) == (422, ("header", "Idempotency-Key"))
    assert api.bolt.moves == []


async def test_a_new_token_is_never_kept_to_be_told_again(api: Api) -> None:
    body = {"name": "Laundry", "scopes": ["read"]}
    first, again = [(await api.post("/tokens", body, key="abc")).json["text"] for _ in range(2)]
    assert first != again
    assert await api.hub.store.read(lambda tx: replies.reply_to(tx, f"{api.token.split('_')[1]} abc")) is None
