"""The radio by program: everything that its page can do, by whoever holds `admin`."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.contracts.radio import Asked, NodeState
from hub.errors import Unavailable
from hub.model.people import Scope
from hub.model.values import Address
from hub.store import log
from tests.simulators.radio import DSK, KEYS, MEMORY, TAIL, FakeRadio, node
from tests.web.api.conftest import Api, opened
from tests.web.api.test_contract import examine

SEVEN = Address("7")


@pytest.fixture
def radio() -> FakeRadio:
    return FakeRadio({SEVEN: node(7, rssi_dbm=-70, neighbours=frozenset({Address("1")}))})


@pytest.fixture
async def aired(tmp_path: Path, radio: FakeRadio) -> AsyncIterator[Api]:
    """The small house, with a network besides."""
    async with opened(tmp_path) as api, asyncio.TaskGroup() as group:
        api.hub.plugins.add_driver("zwave", radio)
        radio.changed = lambda: api.hub.bus.signal("plugin:zwave")
        runner = group.create_task(api.hub.radios.run())
        yield api
        runner.cancel()


async def test_a_network_is_told_with_its_devices(aired: Api) -> None:
    told = (await aired.get("/radios/zwave")).json

    assert (told["network"], told["own"], told["connected"]) == ("c0ffee01", "1", True)
    assert [(each["node"], each["lock"], each["state"], each["rssi_dbm"]) for each in told["nodes"]] == [
        ("7", None, "alive", -70)
    ]
    assert [each["radio"] for each in (await aired.get("/radios")).json["items"]] == ["zwave"]
    assert "User Code Get 3" in (await aired.get("/radios/zwave/trace")).json["lines"][0]


async def test_only_a_token_for_everything_may_even_look(aired: Api) -> None:
    token = await aired.token_with(Scope.READ, Scope.UNLOCK)

    answer = await aired.get("/radios/zwave", token=token)

    assert (answer.status, answer.json["code"]) == (403, "scope_missing")


@pytest.mark.parametrize(
    "path", ["/radios/zigbee", "/radios/zigbee/talk", "/radios/zigbee/trace", "/radios/zwave/talk"]
)
async def test_what_is_not_there_is_not_found(aired: Api, path: str) -> None:
    assert (await aired.get(path)).json["code"] == "not_found"


async def test_a_lock_is_added_answered_and_named(aired: Api, radio: FakeRadio) -> None:
    radio.script = [Asked.GRANT, Asked.PIN, 9]
    begun = await aired.post("/radios/zwave/talk", {"wish": "add"})
    assert (begun.status, begun.json["question"]["choices"]) == (201, ["S2_ACCESS_CONTROL", "S2_AUTHENTICATED"])
    id_ = begun.json["id"]

    asked = await aired.post("/radios/zwave/talk/answer", {"talk": id_, "words": "S2_ACCESS_CONTROL"})
    assert (asked.json["question"]["asked"], asked.json["question"]["tail"]) == ("pin", TAIL)
    refused = await aired.post("/radios/zwave/talk/answer", {"talk": id_, "words": "1"})
    assert (refused.status, refused.json["code"]) == (409, "refused")
    done = await aired.post("/radios/zwave/talk/answer", {"talk": id_, "words": "12345"})
    assert (done.json["ended"], done.json["node"], done.json["security"]) == ("done", "9", "S2_ACCESS_CONTROL")

    named = await aired.post("/radios/zwave/nodes/9/lock", {"name": "Gate", "property": "sea", "units": ["flat-1"]})
    assert (named.status, named.json["id"], named.json["address"], named.json["model"]) == (201, "gate", "9", "BE469ZP")
    assert {each["lock"] for each in (await aired.get("/radios/zwave")).json["nodes"]} == {None, "gate"}


async def test_a_conversation_that_is_begun_twice_with_one_key_is_begun_once(aired: Api, radio: FakeRadio) -> None:
    first = await aired.post("/radios/zwave/talk", {"wish": "remove"}, key="k1")
    again = await aired.post("/radios/zwave/talk", {"wish": "remove"}, key="k1")
    other = await aired.post("/radios/zwave/talk", {"wish": "remove"}, key="k2")

    assert (first.json, again.headers["Idempotency-Replayed"]) == (again.json, "true")
    assert (other.status, len(radio.done)) == (409, 1)
    cancelled = await aired.post("/radios/zwave/talk/cancel", {"talk": first.json["id"]})
    assert cancelled.json["ended"] == "cancelled"


async def test_a_device_takes_the_place_of_another(aired: Api) -> None:
    taken = await aired.post("/radios/zwave/nodes/7/take-place", {"lock": "flat"})

    assert (taken.json["driver"], taken.json["address"]) == ("zwave", "7")
    assert (await aired.post("/radios/zwave/nodes/7/take-place", {"lock": "front"})).status == 409


async def test_devices_are_looked_after(aired: Api, radio: FakeRadio) -> None:
    pinged = (await aired.post("/radios/zwave/nodes/7/ping")).json
    assert (pinged["outcome"], pinged["milliseconds"], pinged["rssi_dbm"]) == ("done", 23.4, -61)
    for path in ("/nodes/7/interview", "/nodes/7/heal", "/heal"):
        assert (await aired.post(f"/radios/zwave{path}")).json["outcome"] == "done"
    radio.raises = Unavailable("no answer")
    assert (await aired.post("/radios/zwave/nodes/7/ping")).json["outcome"] == "unknown"
    radio.raises = None
    assert (await aired.post("/radios/zwave/nodes/7/forget")).json["outcome"] == "refused"
    radio.nodes[SEVEN] = node(7, state=NodeState.DEAD)
    assert (await aired.post("/radios/zwave/nodes/7/forget")).json["outcome"] == "done"
    assert (await aired.post("/radios/zwave/nodes/7/ping")).status == 404

    works = [each["work"] for each in (await aired.get("/radios/zwave")).json["errands"]]
    assert works == ["forget", "forget", "ping", "heal", "heal", "interview", "ping"]


async def test_a_label_is_prepared_and_forgotten(aired: Api, radio: FakeRadio) -> None:
    made = await aired.post("/radios/zwave/prepared", {"label": DSK})
    assert (made.status, made.json["tail"]) == (201, TAIL)
    assert (await aired.post("/radios/zwave/prepared", {"label": "nonsense"})).status == 409

    gone = await aired.ask("DELETE", f"/radios/zwave/prepared/{TAIL}")

    assert (gone.json["prepared"], radio.prepared) == ([], {})


async def test_the_memory_goes_out_and_comes_in(aired: Api, radio: FakeRadio) -> None:
    saved = (await aired.post("/radios/zwave/backup")).json["memory"]
    assert base64.b64decode(saved) == MEMORY
    radio.memory = b""
    large = base64.b64encode(b"NVM" + bytes(200_000)).decode()

    assert (await aired.post("/radios/zwave/restore", {"memory": large})).json["outcome"] == "done"
    assert len(radio.memory) == 200_003
    assert (await aired.post("/radios/zwave/restore", {"memory": "no base64"})).status == 422
    assert (await aired.post("/radios/zwave/restore", {"memory": "AAAA"})).json["outcome"] == "refused"


async def test_keys_are_told_to_whoever_says_the_words_and_it_is_written_down(aired: Api, radio: FakeRadio) -> None:
    assert (await aired.post("/radios/zwave/keys/export", {"confirm": "yes"})).status == 409
    told = await aired.post("/radios/zwave/keys/export", {"confirm": "show the keys"})
    assert told.json["keys"] == KEYS

    taken = await aired.post("/radios/zwave/keys/import", {"S0_Legacy": "0f" * 16})
    assert (taken.status, radio.keys) == (200, {"S0_Legacy": "0f" * 16})
    assert (await aired.post("/radios/zwave/keys/import", {"S0_Legacy": "0f"})).status == 422

    deeds = await aired.hub.store.read(lambda tx: log.deeds(tx, "radio:zwave"))
    assert [deed.action for deed in deeds] == ["import network keys", "show network keys"]
    assert all(deed.actor.startswith("token:Tests") for deed in deeds)


async def test_schemathesis_finds_nothing_where_there_is_a_radio(aired: Api, tmp_path: Path) -> None:
    more = ("--include-path-regex", "radios", "--max-examples", "6")
    found = await examine(aired, tmp_path, *more, token=aired.token)
    assert not found, found
