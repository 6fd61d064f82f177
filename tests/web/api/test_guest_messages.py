"""Messages to a guest, as a program writes and reads them."""

from __future__ import annotations

from hub.model.people import Scope
from hub.model.values import StayId
from hub.store.guest_messages import MessageState
from tests.web.api.conftest import Api
from tests.web.test_guest_messages import GUESTY, became, furnish


async def test_a_program_writes_to_a_guest_and_reads_what_became_of_it(api: Api) -> None:
    stay = StayId(api.stay)
    before = (await api.get(f"/stays/{stay}/messages")).json
    assert (before["way"], before["channels"], before["messages"]) == ("nobody", [], [])
    assert "write an e-mail or call the guest" in before["why"]
    assert (await api.post(f"/stays/{stay}/messages", {"text": "Good morning!"})).status == 409
    await furnish(api.hub, stay)
    for _ in range(2):
        answer = await api.post(f"/stays/{stay}/messages", {"text": "Good morning!"}, key="once")
        assert answer.status == 202
    (message,) = (await api.get(f"/stays/{stay}/messages")).json["messages"]
    assert (message["channel"], message["text"], message["state"]) == (GUESTY, "Good morning!", "waiting")
    await became(api.hub, stay, MessageState.UNKNOWN, "it did not answer")
    path = f"/stays/{stay}/messages/{message['id']}"
    assert (await api.post(f"{path}/again")).json["messages"][0]["state"] == "waiting"
    assert (await api.post(f"{path}/let-go")).json["messages"][0]["state"] == "let_go"
    assert (await api.post(f"{path}/let-go")).status == 409


async def test_messages_are_refused_as_the_page_refuses_them(api: Api) -> None:
    stay = StayId(api.stay)
    await furnish(api.hub, stay)
    assert (await api.post(f"/stays/{stay}/messages", {"text": "x" * 2001})).status == 422
    answer = await api.post(f"/stays/{stay}/messages", {"text": "Hello", "channel": "smoobu"})
    assert (answer.status, "guesty" in answer.json["detail"]) == (409, True)
    assert (await api.get("/stays/nobody/messages")).status == 404
    assert (await api.post("/stays/nobody/messages", {"text": "Hello"})).status == 404
    reader = await api.token_with(Scope.READ)
    assert (await api.get(f"/stays/{stay}/messages", token=reader)).status == 403


async def test_a_program_asks_whether_the_guest_is_told_and_says_that_somebody_did(api: Api) -> None:
    stay = StayId(api.stay)
    path = f"/stays/{stay}/telling"
    told = (await api.get(path)).json
    assert (told["state"], told["why"], told["way"]) == ("by_hand", "this property tells its guests by hand", None)
    assert (await api.post(path, {})).status == 409, "nothing leads to them"
    told = (await api.post(path, {"by_hand": True})).json
    assert (told["state"], told["way"], told["message"]) == ("told", None, "handed_over")
    assert (await api.get(f"/stays/{stay}/messages")).json["messages"] == [], "nobody was written to"
    assert (await api.get("/stays/nobody/telling")).status == 404
