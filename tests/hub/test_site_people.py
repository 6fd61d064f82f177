"""People and passes by site file: added, changed and pruned as everything else is; what was decided in the pages stays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hub import people
from hub.config import parse
from hub.errors import Rejected
from hub.hub import Hub
from hub.model.people import PersonKind, ToldBy
from hub.model.values import PassId, PersonId
from hub.running import World, made
from hub.store import passes, persons
from hub.store.passes import Pass
from tests.hub.test_commands import SITE, Clock, Radio, ask, furnish

MARIA = '\n[[person]]\nid = "maria"\nname = "Maria"\nkind = "cleaner"\nphone = "+49 170 1234567"\n'
MORNINGS = '\n[[pass]]\nid = "mornings"\nperson = "maria"\nlocks = ["front"]\nhours = "Mon-Fri 08:00-12:00"\n'
WHOLE = SITE + MARIA + MORNINGS


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    told = {"database": "g.db", "state_dir": "state", "key_file": "key", "drivers": {"zwave": {"port": "x"}}}
    async with made(parse(told, tmp_path), World(clock=Clock(), inline=True), running=False) as hub:
        hub.plugins.add_driver("zwave", Radio())
        yield hub


async def mornings(hub: Hub) -> Pass:
    found = await hub.store.read(lambda tx: passes.pass_with(tx, PassId("mornings")))
    assert found is not None
    return found


def sentences(done: Any) -> list[str]:
    return [change["sentence"] for change in done["changes"]]


async def test_people_and_passes_are_added_once(hub: Hub) -> None:
    done = await furnish(hub, WHOLE)
    assert sentences(done)[-2:] == [
        "Added person “maria”: “Maria”, cleaner, of every property, reached as the file says.",
        (
            "Added pass “mornings”: for maria, doors front, Mon-Fri 08:00-12:00, until somebody ends it, "
            "as often as they like, without a name."
        ),
    ]
    tag = (await mornings(hub)).doors[0].tag
    assert (await furnish(hub, WHOLE))["changes"] == []
    assert (await mornings(hub)).doors[0].tag == tag


async def test_how_people_are_told_their_codes_is_as_the_file_says(hub: Hub) -> None:
    await furnish(hub, WHOLE)
    by_hand = WHOLE.replace('kind = "cleaner"', 'kind = "cleaner"\ntold_by = "hand"')
    assert sentences(await furnish(hub, by_hand)) == [
        "Changed person “maria”: now told codes by hand (was told codes by e-mail)."
    ]
    [row] = await hub.store.read(persons.persons)
    assert row.told_by is ToldBy.HAND


async def test_a_note_for_the_holder_is_as_the_file_says(hub: Hub) -> None:
    await furnish(hub, WHOLE)
    assert sentences(await furnish(hub, WHOLE + 'note = "Park in the yard."\n')) == [
        "Changed pass “mornings”: now with the note “Park in the yard.” (was without a note)."
    ]
    assert (await mornings(hub)).note == "Park in the yard."


async def test_other_hours_leave_the_digits_as_they_are(hub: Hub) -> None:
    await furnish(hub, WHOLE)
    tag = (await mornings(hub)).doors[0].tag
    done = await furnish(hub, WHOLE.replace("08:00-12:00", "09:00-13:00"))
    assert sentences(done) == ["Changed pass “mornings”: now Mon-Fri 09:00-13:00 (was Mon-Fri 08:00-12:00)."]
    assert (await mornings(hub)).doors[0].tag == tag
    [granted] = (await hub.store.read(passes.granted))[PassId("mornings")]
    assert granted.grant.window.start.hour == 7, "nine in Berlin, with the lead"


async def test_what_was_changed_in_the_pages_is_left_alone(hub: Hub) -> None:
    await furnish(hub, WHOLE)
    who = people.Who("Maria Rossi", PersonKind.STAFF)
    await hub.store.write(lambda tx: people.change(tx, hub.desk, PersonId("maria"), who, "account:Robin"))
    await hub.store.write(lambda tx: people.end(tx, hub.desk, PassId("mornings"), "account:Robin"))
    done = await furnish(hub, WHOLE)
    assert done["changes"] == []
    assert done["notes"] == ["person “maria” was made or changed in the web pages; it stays as it is there."]
    assert (await mornings(hub)).ended_at is not None


async def test_nothing_is_removed_unless_it_is_pruned_and_then_the_codes_go(hub: Hub) -> None:
    await furnish(hub, WHOLE)
    kept = await furnish(hub, SITE)
    assert kept["changes"] == []
    assert len(kept["notes"]) == 2
    done = await furnish(hub, SITE, prune=1)
    assert sentences(done) == [
        "Removed person “maria”: the codes leave the locks.",
        "Removed pass “mornings”: the codes leave the locks.",
    ]
    assert await hub.store.read(persons.persons) == []
    assert await hub.store.read(passes.all_passes) == []
    listed = await ask(hub, "codes")
    assert listed == []


async def test_a_house_is_pruned_with_its_people(hub: Hub) -> None:
    await furnish(hub, WHOLE.replace('kind = "cleaner"', 'kind = "cleaner"\nproperty = "home"'))
    await furnish(hub, "", prune=2)
    assert await hub.store.read(persons.persons) == []


@pytest.mark.parametrize(
    ("site", "words"),
    [
        (SITE + MORNINGS, "there is no person"),
        (WHOLE.replace("Mon-Fri 08:00-12:00", "mornings"), "write them like Mon-Fri 08:00-17:00"),
        (WHOLE.replace('locks = ["front"]\nhours', 'locks = ["back"]\nhours'), "there is no lock"),
        (WHOLE + 'between_stays = "flat"\n', "stands beside hours"),
        (WHOLE + "uses = 0\n", "uses"),
        (WHOLE + "until = 2020-01-01T00:00:00Z\n", "pass “mornings”: a pass must end in the future"),
        (WHOLE.replace("cleaner", "cook"), "kind"),
        (WHOLE.replace('phone = "+49 170 1234567"', 'told_by = "sms"'), "needs a phone"),
        (WHOLE.replace('kind = "cleaner"', 'kind = "cleaner"\ntold_by = "post"'), "told_by"),
    ],
)
async def test_what_cannot_be_is_named_and_changes_nothing(hub: Hub, site: str, words: str) -> None:
    with pytest.raises(Rejected) as refusal:
        await furnish(hub, site)
    assert words in str(refusal.value)
    assert "nothing was changed" in str(refusal.value)
    assert await hub.store.read(persons.persons) == []
