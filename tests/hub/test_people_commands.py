"""`gatehouse people`: people and passes by the words of the command line, on a house whose hub does not run."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Text, select, update

from hub.__main__ import main
from hub.config import parse
from hub.errors import Rejected
from hub.hub import Hub
from hub.model.values import GrantId, LockId, PropertyId
from hub.running import World, made
from hub.store import chain, codes, log, passes, tables
from hub.store.engine import Tx
from hub.store.log import Entry, Filter
from tests.hub.test_commands import Clock, Radio, ask, audited, furnish


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    told = {"database": "g.db", "state_dir": "state", "key_file": "key", "drivers": {"zwave": {"port": "x"}}}
    async with made(parse(told, tmp_path), World(clock=Clock(), inline=True), running=False) as hub:
        hub.plugins.add_driver("zwave", Radio())
        await furnish(hub)
        await ask(hub, "people add", name="Maria", what="cleaner", phone="+49 170 1234567")
        yield hub


async def test_a_pass_is_given_by_name_and_shown_with_its_digits_once(hub: Hub) -> None:
    wish = {"locks": ["front"], "hours": "Mon-Fri 08:00-17:00", "note": "Park in the yard."}
    given = await ask(hub, "people give", person="Maria", **wish)
    assert set(given["pins"]) == {"front"}
    [listed] = await ask(hub, "people list")
    assert (listed["name"], listed["when"], listed["state"]) == ("Maria", "Mon-Fri 08:00-17:00", "waiting")
    assert listed["note"] == "Park in the yard."
    assert given["pins"]["front"] not in json.dumps(listed)
    assert (await ask(hub, "people pass", pass_=given["pass"], deed="reveal"))["pins"] == given["pins"]
    deeds = [action for _, action in await audited(hub, f"person:{listed['person']}")]
    assert deeds == ["code shown", "code shown", "pass given", "person added"]


@pytest.mark.parametrize(
    ("deeds", "state"),
    [(["pause"], "paused"), (["pause", "resume"], "open"), (["end"], "over"), (["end", "reopen"], "open")],
)
async def test_a_pass_is_paused_resumed_ended_and_given_back(hub: Hub, deeds: list[str], state: str) -> None:
    given = await ask(hub, "people give", person="Maria", locks=["front"])
    for deed in deeds:
        told = await ask(hub, "people pass", pass_=given["pass"], deed=deed)
    assert told["state"] == state


async def test_who_has_left_is_listed_only_among_the_past(hub: Hub) -> None:
    await ask(hub, "people give", person="Maria", locks=["front"])
    assert (await ask(hub, "people do", person="Maria", deed="leave"))["name"] == "Maria"
    assert await ask(hub, "people list") == []
    assert [row["state"] for row in await ask(hub, "people list", past=True)] == ["over"]
    await ask(hub, "people do", person="Maria", deed="return")
    assert [row["state"] for row in await ask(hub, "people list")] == ["open"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"person": "Nobody"}, "there is nobody called “Nobody”"),
        ({"hours": "weekdays"}, "write them like Mon-Fri 08:00-17:00"),
        ({"hours": "Mon 08:00-09:00", "between_stays": "flat"}, "not both"),
        ({"between_stays": "loft"}, "there is no unit called “loft”"),
        ({"locks": ["back"]}, "there is no lock called “back”"),
    ],
)
async def test_what_cannot_be_is_refused_in_words(hub: Hub, arguments: dict[str, object], words: str) -> None:
    with pytest.raises(Rejected, match=words):
        await ask(hub, "people give", **{"person": "Maria", "locks": ["front"], **arguments})


async def test_two_people_of_one_name_are_told_apart_by_their_ids(hub: Hub) -> None:
    other = await ask(hub, "people add", name="Maria", what="owner")
    with pytest.raises(Rejected, match="2 people are called “Maria”"):
        await ask(hub, "people give", person="Maria", locks=["front"])
    assert (await ask(hub, "people give", person=other["person"], locks=["front"]))["kind"] == "owner"


async def test_who_has_left_is_removed_and_only_that_somebody_was_there_remains(hub: Hub) -> None:
    given = await ask(hub, "people give", person="Maria", locks=["front"])
    id_ = given["person"]
    with pytest.raises(Rejected, match="Maria has not left; say so first"):
        await ask(hub, "people do", person="Maria", deed="remove")
    grant = await hub.store.read(lambda tx: passes.grants_of(tx, id_)[0])
    at = hub.clock.now()
    entry = Entry(at, LockId("front"), PropertyId("home"), "unlocked", "keypad", "Maria", 1, grant=grant)
    await hub.store.write(lambda tx: log.note(tx, entry))
    await hub.store.write(lambda tx: log.record(tx, at, "console", "code adopted", "lock:front", detail="for Maria"))
    await ask(hub, "people do", person="Maria", deed="leave")
    held = update(tables.slots).where(tables.slots.c.number == 1).values(holder=grant)
    await hub.store.write(lambda tx: codes.outfit(tx, LockId("front"), 3))
    await hub.store.write(lambda tx: tx.sql.execute(held))
    with pytest.raises(Rejected, match="may still hold a code of theirs"):
        await ask(hub, "people do", person="Maria", deed="remove")
    await hub.store.write(lambda tx: tx.sql.execute(update(tables.slots).values(holder=None)))
    told = await ask(hub, "people do", person="Maria", deed="remove")
    assert (told["name"], await ask(hub, "people list", past=True)) == ("Maria", [])

    def left(tx: Tx) -> list[str]:
        texts = [c for table in tables.metadata.sorted_tables for c in table.columns if isinstance(c.type, Text)]
        return [f"{c}: {value}" for c in texts for value in tx.sql.scalars(select(c)) if "Maria" in str(value)]

    assert await hub.store.read(left) == []
    [line] = await hub.store.read(lambda tx: log.entries(tx, Filter()))
    assert (line.who, line.what) == ("somebody who was removed", "unlocked")
    assert "person removed" in {deed[1] for deed in await audited(hub, f"person:{id_}")}
    assert await hub.store.read(lambda tx: chain.known_alias(tx, f"person:{id_}")) is None


async def test_whoever_is_removed_stands_in_no_line_of_a_pass_that_was_forgotten_before(hub: Hub) -> None:
    given = await ask(hub, "people give", person="Maria", locks=["front"])
    grant = await hub.store.read(lambda tx: passes.grants_of(tx, given["person"])[0])
    entry = Entry(hub.clock.now(), LockId("front"), PropertyId("home"), "unlocked", "keypad", "Maria", 1, grant=grant)
    await hub.store.write(lambda tx: log.note(tx, entry))
    await ask(hub, "people do", person="Maria", deed="leave")
    await hub.store.write(lambda tx: tx.sql.execute(update(tables.grants).values(pass_id=None, pin=None)))
    await ask(hub, "people do", person="Maria", deed="remove")
    [line] = await hub.store.read(lambda tx: log.entries(tx, Filter()))
    assert line.who == "somebody who was removed"


async def test_whoever_is_removed_goes_from_what_is_in_doubt_under_each_name_they_had_and_a_longer_one_stays(
    hub: Hub,
) -> None:
    given = await ask(hub, "people give", person="Maria", locks=["front"])
    grant = await hub.store.read(lambda tx: passes.grants_of(tx, given["person"])[0])
    renamed = update(tables.grants).where(tables.grants.c.id == grant).values(label="Mary")

    def note(tx: Tx) -> None:
        at = hub.clock.now()
        for held, who in ((grant, "Maria Lopez or Maria or a code that is not ours"), (grant, "Mary or Anna-Maria")):
            maybe = (held, GrantId("another"))
            log.note(tx, Entry(at, LockId("front"), PropertyId("home"), "unlocked", "keypad", who, 1, maybe=maybe))
        other = (GrantId("another"), GrantId(f"{grant}-2"))
        log.note(tx, Entry(at, LockId("front"), PropertyId("home"), "unlocked", "keypad", "Maria", 1, maybe=other))

    await hub.store.write(note)
    await ask(hub, "people do", person="Maria", deed="leave")
    await hub.store.write(lambda tx: tx.sql.execute(renamed))
    await ask(hub, "people do", person="Maria", deed="remove")
    lines = {line.who for line in await hub.store.read(lambda tx: log.entries(tx, Filter()))}
    gone = "somebody who was removed"
    assert lines == {f"Maria Lopez or {gone} or a code that is not ours", f"{gone} or Anna-Maria", "Maria"}


async def test_whom_the_site_file_names_is_not_removed_behind_its_back(hub: Hub) -> None:
    await ask(hub, "people do", person="Maria", deed="leave")
    await hub.store.write(lambda tx: tx.sql.execute(update(tables.people).values(origin="site")))
    with pytest.raises(Rejected, match="take them out there and apply it with --prune"):
        await ask(hub, "people do", person="Maria", deed="remove")


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "gatehouse.toml"
    config.write_text('database = "g.db"\nstate_dir = "state"\nkey_file = "key"\n[drivers.simulator]\nlocks = []\n')
    site = tmp_path / "site.toml"
    site.write_text(
        '[[property]]\nid = "home"\nname = "Seaside"\ntimezone = "Europe/Berlin"\n'
        '[[lock]]\nid = "front"\nproperty = "home"\nname = "Front"\ndriver = "simulator"\naddress = "2"\n'
    )

    def said(*words: str) -> str:
        with pytest.raises(SystemExit) as exit_:
            main([*words, "-c", str(config)])
        assert exit_.value.code == 0
        return capsys.readouterr().out

    said("apply", str(site))
    assert "Added Maria (cleaner)" in said("people", "add", "Maria", "--kind", "cleaner")
    given = said("people", "give", "Maria", "--lock", "front", "--hours", "Mon-Fri 08:00-17:00")
    assert "opens front for Maria: Mon-Fri 08:00-17:00." in given
    [row] = json.loads(said("people", "list", "--json"))
    assert "Maria is told codes by hand." in said("people", "told-by", "Maria", "hand")
    assert "The pass of Maria is paused." in said("people", "pause", row["pass"])
    assert "Maria has left." in said("people", "leave", "Maria")
    assert "There is nobody yet" in said("people", "list")
    assert "Maria is removed." in said("people", "remove", "Maria", "--yes")


async def test_everything_that_is_kept_of_a_person_is_told_and_written_down(hub: Hub) -> None:
    await ask(hub, "people give", person="Maria", locks=["front"], hours="Mon-Fri 08:00-17:00")
    told = await ask(hub, "people export", person="Maria")
    assert (told["person"]["name"], told["passes"][0]["when"]) == ("Maria", "Mon-Fri 08:00-17:00")
    deeds = await audited(hub, f"person:{told['person']['id']}")
    assert deeds[0][1] == "person's data exported"
    with pytest.raises(Rejected, match="there is nobody called"):
        await ask(hub, "people export", person="Nobody")
