"""The Radio page as a browser without script sees it: every action is a form, and every refusal is a sentence."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import FormData

from hub.contracts.radio import Asked, NodeState, Prepared
from hub.errors import Rejected
from hub.model.values import Address, LockId
from hub.store import doors, house, log
from hub.store.engine import Tx
from tests.simulators.radio import DSK, KEYS, MEMORY, TAIL, FakeRadio, node
from tests.web.conftest import PASSWORD, Seen, Visitor, visiting
from tests.web.village import NOW, village

FOUR, SEVEN = Address("4"), Address("7")


@pytest.fixture
def radio() -> FakeRadio:
    heard = {"heard_at": NOW - timedelta(minutes=3), "rssi_dbm": -60, "sent": 40, "lost": 2, "heard": 30}
    return FakeRadio(
        {
            FOUR: node(4, model="YRD256", neighbours=frozenset({Address("1"), SEVEN}), **heard),
            SEVEN: node(7, route=(FOUR,), **(heard | {"rssi_dbm": -93})),
        },
        survey_with={"noise_dbm": (-99,), "codes_set": 10, "code_frames": 43, "idle_frames": 311, "since": NOW},
    )


@pytest.fixture
async def keeper(tmp_path: Path, radio: FakeRadio) -> AsyncIterator[Visitor]:
    """Robin in a house whose loft stands behind node 4."""
    async with village(tmp_path) as here, asyncio.TaskGroup() as group:
        hub = here.hub
        hub.plugins.add_driver("zwave", radio)
        radio.changed = lambda: hub.bus.signal("plugin:zwave")
        await hub.store.write(_behind_node_4)
        runner = group.create_task(hub.radios.run())
        async with visiting(here) as visitor:
            await visitor.sign_in()
            yield visitor
        runner.cancel()


def _behind_node_4(tx: Tx) -> None:
    row = house.lock_with(tx, LockId("loft"))
    assert row is not None
    house.keep_lock(tx, house.LockRow(row.id, row.property, row.name, "zwave", FOUR, row.shared, row.origin))


async def _deeds(keeper: Visitor) -> list[tuple[str, str]]:
    found = await keeper.here.hub.store.read(lambda tx: log.deeds(tx, "radio:zwave"))
    return [(deed.actor, deed.action) for deed in found]


async def _upload(keeper: Visitor, path: str, content: bytes, **fields: str) -> Seen:
    form = FormData({"csrf": keeper.csrf} | fields)
    form.add_field("file", content, filename="file", content_type="application/octet-stream")
    origin = {"Origin": keeper.url, "Sec-Fetch-Site": "same-origin"}
    async with keeper.session.post(keeper.url + path, data=form, headers=origin, allow_redirects=False) as answer:
        return Seen(answer.status, answer.headers, (await answer.read()).decode())


# ---- looking -------------------------------------------------------------------------------------------------------


async def test_the_network_is_a_map_and_says_the_same_as_a_table(keeper: Visitor) -> None:
    seen = await keeper.get("/radio")

    assert "Z-Wave 7.17, network c0ffee01" in seen.text
    assert 'aria-label="The stick in the middle and 2 devices around it: 1 heard well, 1 heard weakly.' in seen.html
    assert seen.html.count('class="way good"') == 1 + 1, "one on the map, one in its legend"
    assert "The loft YRD256, node 4 Answers S2 Access Control Good −60 dBm" in seen.text
    assert "Weak −93 dBm" in seen.text
    assert "40 sent, 2 lost" in seen.text
    assert "4.3 frames for each" in seen.text
    assert "311 frames within 24 hours" in seen.text


async def test_a_house_without_a_stick_is_told_how_to_get_one(manager: Visitor) -> None:
    seen = await manager.get("/radio")

    assert seen.status == 200
    assert "[drivers.zwave]" in seen.text


async def test_trouble_on_the_air_is_said_with_what_to_do(keeper: Visitor, radio: FakeRadio) -> None:
    radio.survey_with = {"connected": False, "jammed": True, "busy": "looking for routes: 1 of 2 devices"}
    radio.survey_with["remarks"] = ("Who is prepared could not be read.",)

    text = (await keeper.get("/radio/zwave")).text

    assert "The stick is not connected." in text
    assert "Something jams the radio." in text
    assert "Looking for routes: 1 of 2 devices" in text
    assert "Who is prepared could not be read." in text


async def test_a_lock_without_a_name_is_offered_one(keeper: Visitor) -> None:
    text = (await keeper.get("/radio")).text

    assert "BE469ZP (node 7) has no name in the house yet." in text
    assert "YRD256 (node 4) has no name" not in text


async def test_a_device_has_a_page_with_everything_known_of_it(keeper: Visitor, radio: FakeRadio) -> None:
    radio.nodes[SEVEN] = node(7, route=(FOUR,), remarks=("Its battery report is late.",), rate_kbit=40.0)

    text = (await keeper.get("/radio/zwave/nodes/7")).text

    assert "by The loft 40.0 kbit/s" in text
    assert "Its battery report is late." in text
    assert (await keeper.get("/radio/zwave/nodes/9")).status == 404
    assert (await keeper.get("/radio/zigbee")).status == 404


async def test_the_trace_is_newest_first(keeper: Visitor) -> None:
    text = (await keeper.get("/radio/zwave/trace")).text

    assert text.index("User Code Report 3") < text.index("User Code Get 3")


# ---- adding --------------------------------------------------------------------------------------------------------


async def test_only_the_page_that_scans_may_use_the_camera(keeper: Visitor) -> None:
    adding, others = await keeper.get("/radio/zwave/add"), await keeper.get("/radio")

    assert "camera=(self)" in adding.headers["Permissions-Policy"]
    assert "camera=()" in others.headers["Permissions-Policy"]
    assert "unsafe-inline" not in adding.headers["Content-Security-Policy"]
    assert 'capture="environment"' in adding.html


async def test_a_lock_is_added_by_its_label_and_named(keeper: Visitor, radio: FakeRadio) -> None:
    radio.script = [9]
    begun = await keeper.post("/radio/zwave/add", label=DSK, how="now")
    assert (begun.status, begun.headers["Location"]) == (303, "/radio/zwave/talk")
    assert radio.label is not None
    assert radio.label.reveal() == DSK

    over = await keeper.get("/radio/zwave/talk")
    assert "The device is joined." in over.text
    assert "S2 Access Control" in over.text
    named = await keeper.post("/radio/zwave/nodes/9/name", name="Boathouse", property="lindenhof", units=["loft"])

    assert named.headers["Location"] == "/locks/boathouse"
    assert (await keeper.get("/locks/boathouse")).status == 200
    assert "Boathouse" in (await keeper.get("/radio")).text


async def test_what_is_asked_on_the_way_is_answered_by_forms(keeper: Visitor, radio: FakeRadio) -> None:
    radio.script = [Asked.GRANT, Asked.PIN, Asked.OLD_ENCRYPTION, 9]
    await keeper.post("/radio/zwave/add", label="", how="now")

    granting = await keeper.get("/radio/zwave/talk")
    assert granting.html.count('type="checkbox" name="keys"') == 2
    await keeper.post("/radio/zwave/talk/answer", talk="t1", asked="grant", keys=["S2_ACCESS_CONTROL"])
    asked = await keeper.get("/radio/zwave/talk")
    assert TAIL in asked.html
    await keeper.post("/radio/zwave/talk/answer", talk="t1", asked="pin", words="12345")
    warned = await keeper.get("/radio/zwave/talk")
    assert "Type “use the old encryption” to allow it" in warned.text
    assert "danger-zone" in warned.html
    await keeper.post("/radio/zwave/talk/answer", talk="t1", asked="old_encryption", words="use the old encryption")

    assert radio.done[1:] == [
        ("answer", "grant", "S2_ACCESS_CONTROL"),
        ("answer", "pin", "12345"),
        ("answer", "old_encryption", "use the old encryption"),
    ]
    assert "The device is joined." in (await keeper.get("/radio/zwave/talk")).text


async def test_without_script_the_page_looks_again_unless_something_is_asked(keeper: Visitor, radio: FakeRadio) -> None:
    await keeper.post("/radio/zwave/add", label="", how="now")
    assert 'http-equiv="refresh"' in (await keeper.get("/radio/zwave/talk")).html

    radio.ask(Asked.PIN)

    assert 'http-equiv="refresh"' not in (await keeper.get("/radio/zwave/talk")).html


async def test_a_fragment_is_not_replaced_while_nothing_is_new(keeper: Visitor, radio: FakeRadio) -> None:
    """What somebody types into it stays."""
    await keeper.post("/radio/zwave/add", label="", how="now")
    radio.ask(Asked.PIN)
    asked = re.search(
        r'hx-get="(/radio/zwave/talk\?part=talk&amp;seen=\w+)"', (await keeper.get("/radio/zwave/talk")).html
    )
    assert asked is not None
    address = asked[1].replace("&amp;", "&")

    assert (await keeper.get(address)).status == 204
    radio.turn(step=4)
    assert (await keeper.get(address)).status == 200


async def test_an_answer_that_is_none_is_said_and_the_question_stands(keeper: Visitor, radio: FakeRadio) -> None:
    radio.script = [Asked.PIN]
    await keeper.post("/radio/zwave/add", label="", how="now")

    seen = await keeper.post("/radio/zwave/talk/answer", talk="t1", asked="pin", words="12")
    late = await keeper.post("/radio/zwave/talk/answer", talk="t1", asked="grant", keys=["S2_ACCESS_CONTROL"])

    assert (seen.status, late.status) == (409, 409)
    assert "The PIN has five digits." in seen.text
    assert "That is not asked any more." in late.text
    assert 'name="words"' in seen.html


@pytest.mark.parametrize("words", ["no", "yes", "Use The Old Encryption"])
async def test_whatever_is_not_the_consent_takes_the_device_out_again(
    keeper: Visitor, radio: FakeRadio, words: str
) -> None:
    radio.script = [Asked.OLD_ENCRYPTION]
    await keeper.post("/radio/zwave/add", label="", how="now")

    await keeper.post("/radio/zwave/talk/answer", talk="t1", asked="old_encryption", words=words)

    assert "was not allowed" in (await keeper.get("/radio/zwave/talk")).text


async def test_a_conversation_is_cancelled_and_another_begun(keeper: Visitor) -> None:
    await keeper.post("/radio/zwave/add", label="", how="now")
    busy = await keeper.post("/radio/zwave/add", label="", how="now")
    assert (busy.status, "Another conversation is under way." in busy.text) == (422, True)

    await keeper.post("/radio/zwave/talk/cancel", talk="t1")
    assert "It was cancelled." in (await keeper.get("/radio/zwave/talk")).text
    assert (await keeper.post("/radio/zwave/add", label="", how="now")).status == 303


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"label": "12345"}, "The label cannot be read"),
        ({"label": "", "how": "later"}, "Scan or type the label first"),
        ({"consent": "whatever"}, "These are not the words"),
    ],
)
async def test_a_label_that_is_none_is_kept_and_explained(
    keeper: Visitor, radio: FakeRadio, fields: dict[str, str], sentence: str
) -> None:
    seen = await keeper.post("/radio/zwave/add", **({"label": "", "how": "now"} | fields))

    assert (seen.status, sentence in seen.text) == (422, True)
    assert radio.talk is None


async def test_without_encryption_only_by_words(keeper: Visitor, radio: FakeRadio) -> None:
    await keeper.post("/radio/zwave/add", label="", consent="use no encryption", how="now")

    assert radio.done == [("add", None, True)]


async def test_a_label_can_be_prepared_and_forgotten(keeper: Visitor, radio: FakeRadio) -> None:
    assert (await keeper.post("/radio/zwave/add", label=DSK, how="later")).headers["Location"] == "/radio/zwave"
    page = await keeper.get("/radio/zwave")
    assert TAIL in page.text
    assert DSK not in page.html

    await keeper.post("/radio/zwave/unprepare", tail=TAIL)

    assert radio.prepared == {}


async def test_a_prepared_device_that_could_not_join_says_why(keeper: Visitor, radio: FakeRadio) -> None:
    radio.prepared[TAIL] = Prepared(TAIL, NOW, trouble="it refused the keys five times")

    assert "It refused the keys five times" in (await keeper.get("/radio")).text


# ---- removing and replacing ----------------------------------------------------------------------------------------


async def test_a_removed_device_leaves_its_lock_with_a_clear_word(keeper: Visitor, radio: FakeRadio) -> None:
    radio.script = [4]
    await keeper.post("/radio/zwave/remove")
    assert "The device left the network." in (await keeper.get("/radio/zwave/talk")).text
    await _until_detached(keeper)

    lock, page = await keeper.get("/locks/loft"), await keeper.get("/radio")
    assert "This lock has no device any more." in lock.text
    assert "The loft has no device any more." in page.text
    assert "The loft has no device any more" in (await keeper.get("/health")).text


async def _until_detached(keeper: Visitor) -> None:
    for _ in range(500):
        door = await keeper.here.hub.store.read(lambda tx: doors.door(tx, LockId("loft")))
        if door is not None and doors.has_no_device(door):
            return
        await asyncio.sleep(0)
    raise AssertionError("the lock still has its device")


async def test_another_device_takes_its_place(keeper: Visitor, radio: FakeRadio) -> None:
    del radio.nodes[FOUR]
    offered = await keeper.get("/radio/zwave/nodes/7/name")
    assert "The door whose device is gone" in offered.text

    taken = await keeper.post("/radio/zwave/nodes/7/take-place", lock="loft")

    assert taken.headers["Location"] == "/locks/loft"
    assert "zwave 7" in (await keeper.get("/locks/loft")).text


async def test_a_device_is_replaced_where_it_stands(keeper: Visitor, radio: FakeRadio) -> None:
    radio.script = [4]
    asked = await keeper.get("/radio/zwave/nodes/4/replace")
    assert "Replace The loft" in asked.text
    await keeper.post("/radio/zwave/nodes/4/replace", label=DSK, how="now")

    assert radio.done == [("replace", FOUR, False)]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": ""}, "A name is needed."),
        ({"name": "Gate", "id": "front"}, "There is a lock called “front” already"),
        ({"name": "Gate", "property": "castle"}, "There is no property called “castle”"),
    ],
)
async def test_a_name_that_cannot_be_is_explained(keeper: Visitor, fields: dict[str, str], sentence: str) -> None:
    given = {"name": "Gate", "property": "lindenhof"} | fields

    seen = await keeper.post("/radio/zwave/nodes/7/name", **given)

    assert (seen.status, sentence in seen.text) == (422, True)


# ---- one device ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("work", ["ping", "interview", "heal"])
async def test_a_device_is_looked_after_and_says_how_it_went(keeper: Visitor, radio: FakeRadio, work: str) -> None:
    answer = await keeper.post(f"/radio/zwave/nodes/7/{work}")

    assert answer.headers["Location"] == "/radio/zwave/nodes/7"
    assert radio.done == [(work, SEVEN)]
    assert "Lately" in (await keeper.get("/radio/zwave/nodes/7")).text


async def test_with_script_the_answer_comes_as_a_fragment_with_a_word(keeper: Visitor, radio: FakeRadio) -> None:
    radio.raises = Rejected("it is too far away")

    seen = await keeper.post("/radio/zwave/nodes/7/ping", headers={"HX-Request": "true"})

    assert seen.status == 200
    assert "That is not possible: it is too far away." in seen.text
    assert "<html" not in seen.html


async def test_only_a_silent_device_can_be_forgotten(keeper: Visitor, radio: FakeRadio) -> None:
    assert "/nodes/7/forget" not in (await keeper.get("/radio/zwave/nodes/7")).html
    radio.nodes[SEVEN] = node(7, state=NodeState.DEAD)
    assert "/nodes/7/forget" in (await keeper.get("/radio/zwave/nodes/7")).html

    assert (await keeper.post("/radio/zwave/nodes/7/forget")).headers["Location"] == "/radio/zwave"
    assert SEVEN not in radio.nodes


async def test_the_whole_network_is_healed(keeper: Visitor, radio: FakeRadio) -> None:
    await keeper.post("/radio/zwave/heal")

    assert radio.done == [("heal", None)]


# ---- backup and keys -----------------------------------------------------------------------------------------------


async def test_the_memory_is_saved_and_written_back(keeper: Visitor, radio: FakeRadio) -> None:
    data = [("csrf", keeper.csrf)]
    origin = {"Origin": keeper.url, "Sec-Fetch-Site": "same-origin"}
    async with keeper.session.post(f"{keeper.url}/radio/zwave/backup", data=data, headers=origin) as answer:
        saved = await answer.read()
        assert answer.headers["Content-Disposition"] == 'attachment; filename="zwave-c0ffee01-2026-11-20.nvm"'
    assert saved == MEMORY
    radio.memory = b""

    unsure = await _upload(keeper, "/radio/zwave/restore", saved, words="yes")
    assert (unsure.status, radio.memory) == (422, b"")
    sure = await _upload(keeper, "/radio/zwave/restore", saved, words="write it back")
    assert (sure.status, radio.memory) == (303, MEMORY)
    assert "The stick has its memory back" in (await keeper.get("/radio/zwave/care")).text


async def test_the_keys_are_shown_once_to_whoever_gives_the_password_again(keeper: Visitor) -> None:
    refused = await keeper.post("/radio/zwave/keys", password="not it")
    assert (refused.status, "The password is wrong." in refused.text) == (422, True)
    assert "5a5a5a" not in refused.html

    shown = await keeper.post("/radio/zwave/keys", password=PASSWORD)
    assert KEYS["S2_AccessControl"] in shown.html
    assert shown.headers["Cache-Control"] == "no-store"
    assert "5a5a5a" not in (await keeper.get("/radio/zwave/care")).html
    assert await _deeds(keeper) == [("account:Robin", "show network keys")]


async def test_keys_of_another_host_are_taken_over(keeper: Visitor, radio: FakeRadio) -> None:
    taken = await _upload(keeper, "/radio/zwave/keys/import", b'{"S0_Legacy": "01"}')
    refused = await _upload(keeper, "/radio/zwave/keys/import", b"not json")
    binary = await _upload(keeper, "/radio/zwave/keys/import", b"\xff\xfe")

    assert (taken.status, radio.keys) == (303, {"S0_Legacy": "01"})
    assert "The keys cannot be read." in refused.text
    assert "That file is no text." in binary.text


# ---- rehearsing it -------------------------------------------------------------------------------------------------


async def test_a_simulated_lock_lies_in_its_box_with_a_label_that_can_be_scanned(manager: Visitor) -> None:
    seen = await manager.get("/rehearsal")

    assert "Yale YRD256" in seen.text
    assert "12345 -11111-22222" in seen.text
    assert 'class="label-qr"' in seen.html
    assert "style=" not in seen.html


async def test_somebody_presses_its_button(manager: Visitor) -> None:
    await manager.post("/rehearsal/boxes/new-1/pair")
    await manager.post("/rehearsal/front/act", act="pair")

    assert [deed[:2] for deed in manager.here.radio.done] == [("pair", "new-1"), ("pair", "1")]
    assert (await manager.post("/rehearsal/boxes/new-9/pair")).status == 404
