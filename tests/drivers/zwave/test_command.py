"""`gatehouse zwave …` typed at a terminal, answered by a hub whose radio does as it is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from drivers.zwave.command import app
from hub.__main__ import main
from hub.commandline.saying import table
from hub.commands import answer
from hub.config import parse
from hub.contracts.radio import Asked, NodeState
from hub.errors import Rejected, Unavailable
from hub.hub import Hub
from hub.model.values import Address
from hub.running import World, made
from tests.hub.test_commands import ACTOR, Clock, furnish
from tests.simulators.radio import DSK, KEYS, MEMORY, FakeRadio, node


@dataclass
class Line:
    """The console of a command that runs in another thread: it asks the hub in the loop of the test."""

    hub: Hub
    loop: asyncio.AbstractEventLoop
    said: list[str] = field(default_factory=list)
    interrupts: list[str] = field(default_factory=list)
    """Commands at which somebody presses Ctrl-C instead, each once."""

    def ask(self, command: str, *, config: Path | None = None, **arguments: object) -> Any:
        self.said.append(command)
        if command in self.interrupts:
            self.interrupts.remove(command)
            raise KeyboardInterrupt
        given = {name: value for name, value in arguments.items() if value is not None}
        return asyncio.run_coroutine_threadsafe(answer(self.hub, ACTOR, command, given), self.loop).result(30)

    def table(self, rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, empty: str) -> None:
        table(rows, columns, empty=empty)


@pytest.fixture
def radio() -> FakeRadio:
    return FakeRadio({Address("3"): node(3, rssi_dbm=-61, sent=40, lost=1)})


@pytest.fixture
async def line(tmp_path: Path, radio: FakeRadio) -> AsyncIterator[Line]:
    told = {"database": "g.db", "state_dir": "state", "key_file": "key", "drivers": {"zwave": {"port": "x"}}}
    async with made(parse(told, tmp_path), World(clock=Clock(), inline=True)) as hub, asyncio.TaskGroup() as group:
        hub.plugins.add_driver("zwave", radio)
        radio.changed = lambda: hub.bus.signal("plugin:zwave")
        await furnish(hub)
        runner = group.create_task(hub.radios.run())
        yield Line(hub, asyncio.get_running_loop())
        runner.cancel()


async def typed(line: Line, *words: str, keys: str = "") -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, list(words), input=keys, obj=line)


async def test_status_is_a_table_for_people_and_json_for_scripts(line: Line) -> None:
    shown = await typed(line, "status")
    told = json.loads((await typed(line, "status", "--json")).stdout)

    assert shown.exit_code == 0
    assert "Z-Wave 7.17 keeps network c0ffee01; it is node 1." in shown.stdout
    assert any(row.split()[:4] == ["3", "Front", "door", "BE469ZP"] for row in shown.stdout.splitlines())
    assert told["nodes"][0]["rssi_dbm"] == -61


async def test_a_lock_is_added_with_every_question_asked_at_the_terminal(line: Line, radio: FakeRadio) -> None:
    radio.script = [Asked.GRANT, Asked.PIN, Asked.OLD_ENCRYPTION, 7]

    told = await typed(line, "include", keys="\n12345\nuse the old encryption\n")

    assert told.exit_code == 0, told.output
    assert radio.done == [
        ("add", None, False),
        ("answer", "grant", "S2_ACCESS_CONTROL S2_AUTHENTICATED"),
        ("answer", "pin", "12345"),
        ("answer", "old_encryption", "use the old encryption"),
    ]
    assert "[3/6] Which keys shall it have?" in told.output
    assert "before -11111-22222-" in told.output
    assert "It is node 7." in told.output


async def test_a_lock_with_its_label_is_added_without_a_question(line: Line, radio: FakeRadio) -> None:
    radio.script = [7]

    told = await typed(line, "include", "--label", DSK, "--unencrypted")

    assert told.exit_code == 0, told.output
    assert radio.label is not None
    assert (radio.label.reveal(), radio.done) == (DSK, [("add", None, True)])


async def test_a_label_can_be_asked_for_so_that_it_stands_in_no_list_of_processes(line: Line, radio: FakeRadio) -> None:
    radio.script = [7]

    await typed(line, "include", "--label", "-", keys=f"{DSK}\n")

    assert radio.label is not None
    assert radio.label.reveal() == DSK


async def test_a_wrong_answer_is_said_and_asked_again(line: Line, radio: FakeRadio) -> None:
    radio.script = [Asked.PIN, 7]

    told = await typed(line, "include", keys="123\n12345\n")

    assert told.exit_code == 0, told.output
    assert "No: the PIN has five digits." in told.output
    assert [deed for deed in radio.done if deed[0] == "answer"] == [("answer", "pin", "12345")]


async def test_whatever_is_not_the_consent_is_a_no(line: Line, radio: FakeRadio) -> None:
    radio.script = [Asked.NO_ENCRYPTION, 7]

    told = await typed(line, "include", keys="yes\n")

    assert isinstance(told.exception, Rejected)
    assert "not allowed" in str(told.exception)


@pytest.mark.parametrize("where", ["radio follow", "radio answer"])
async def test_ctrl_c_cancels_and_shows_how_it_ended(line: Line, radio: FakeRadio, where: str) -> None:
    radio.script = [Asked.PIN] if where == "radio answer" else []
    line.interrupts = [where]

    told = await typed(line, "include", keys="12345\n")

    assert "Cancelling" in told.output
    assert isinstance(told.exception, Rejected)
    assert str(told.exception) == "It was cancelled."


async def test_the_end_of_the_input_cancels_too(line: Line, radio: FakeRadio) -> None:
    radio.script = [Asked.PIN, 7]

    told = await typed(line, "include", keys="")

    assert str(told.exception) == "It was cancelled."


async def test_removing_and_replacing_are_conversations_too(line: Line, radio: FakeRadio) -> None:
    radio.script = [3]
    removed = await typed(line, "exclude")
    radio.meet(3)
    radio.script = [3]
    replaced = await typed(line, "replace", "3")

    assert (removed.exit_code, replaced.exit_code) == (0, 0)
    assert radio.done == [("remove", None, False), ("replace", Address("3"), False)]


async def test_a_follower_is_told_when_the_conversation_goes_on(line: Line, radio: FakeRadio) -> None:
    """It waits for the signal, not for the clock."""
    begun: Any = await answer(line.hub, ACTOR, "radio begin", {"radio": "zwave", "wish": "add"})
    asked = {"radio": "zwave", "talk": begun["id"], "seen": begun["stamp"]}
    async with asyncio.TaskGroup() as group:
        followed = group.create_task(answer(line.hub, ACTOR, "radio follow", asked))
        await asyncio.sleep(0)
        radio.ask(Asked.PIN)

    told: Any = followed.result()
    assert told["question"]["asked"] == "pin"


async def test_devices_are_looked_after(line: Line, radio: FakeRadio) -> None:
    pinged = await typed(line, "ping", "3")
    told = json.loads((await typed(line, "ping", "3", "--json")).stdout)
    met = await typed(line, "interview", "3")
    healed = await typed(line, "heal")
    radio.nodes[Address("3")] = node(3, state=NodeState.DEAD)
    forgotten = await typed(line, "remove-failed", "3")

    assert "Node 3: it answered within 23 ms, −61 dBm." in pinged.stdout
    assert (told["milliseconds"], told["rssi_dbm"]) == (23.4, -61)
    assert (met.exit_code, healed.exit_code, forgotten.exit_code) == (0, 0, 0)
    assert [deed[0] for deed in radio.done] == ["ping", "ping", "interview", "heal", "forget"]


async def test_a_device_that_does_not_answer_is_unavailable_and_one_that_refuses_is_not(
    line: Line, radio: FakeRadio
) -> None:
    refused = await typed(line, "remove-failed", "3")
    radio.raises = Unavailable("no answer")
    silent = await typed(line, "ping", "3")

    assert isinstance(refused.exception, Rejected)
    assert isinstance(silent.exception, Unavailable)


async def test_a_label_is_prepared_and_forgotten(line: Line, radio: FakeRadio) -> None:
    await typed(line, "prepare", DSK)
    ((tail, _),) = radio.prepared.items()
    shown = await typed(line, "status")
    await typed(line, "unprepare", tail)

    assert tail in shown.stdout
    assert "12345" not in shown.stdout
    assert radio.prepared == {}


async def test_the_memory_is_saved_for_its_owner_only_and_put_back(
    line: Line, radio: FakeRadio, tmp_path: Path
) -> None:
    file = tmp_path / "stick.nvm"
    assert (await typed(line, "backup", str(file))).exit_code == 0
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (MEMORY, 0o600)
    radio.memory = b""

    unsure = await typed(line, "restore", str(file), keys="n\n")
    assert (unsure.exit_code, radio.memory) == (1, b"")
    sure = await typed(line, "restore", str(file), "--yes")
    assert (sure.exit_code, radio.memory) == (0, MEMORY)


async def test_a_backup_overwrites_nothing_and_leaves_nothing_when_it_fails(
    line: Line, radio: FakeRadio, tmp_path: Path
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("precious")
    assert isinstance((await typed(line, "backup", str(old))).exception, Rejected)
    radio.raises = Rejected("this stick cannot")
    assert isinstance((await typed(line, "backup", str(new))).exception, Rejected)

    assert (old.read_text(), new.exists()) == ("precious", False)


async def test_keys_go_out_and_come_in(line: Line, radio: FakeRadio, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    assert (await typed(line, "keys", "export", str(file))).exit_code == 0
    assert (json.loads(file.read_text()), file.stat().st_mode & 0o777) == (KEYS, 0o600)
    radio.keys = {}
    told = await typed(line, "keys", "import", str(file))

    assert (told.exit_code, radio.keys) == (0, KEYS)
    assert "5a5a" not in told.output
    assert json.loads((await typed(line, "keys", "export", "-")).stdout) == KEYS


async def test_the_trace_is_shown_as_it_is_told(line: Line) -> None:
    assert "User Code Get 3" in (await typed(line, "trace")).stdout
    assert len(json.loads((await typed(line, "trace", "--json")).stdout)) == 2


async def test_the_trace_is_followed_until_ctrl_c(line: Line, radio: FakeRadio) -> None:
    shown = line.hub.radios.trace("zwave")
    asked = {"radio": "zwave", "after": shown[-1]}
    async with asyncio.TaskGroup() as group:
        followed = group.create_task(answer(line.hub, ACTOR, "radio trace", asked))
        await asyncio.sleep(0)
        radio.lines.append("13:02:04.000 ← node 2: Battery Report")
        radio.changed()
    assert followed.result() == ["13:02:04.000 ← node 2: Battery Report"]

    radio.changed = lambda: None
    typing = _Leaving(line.hub, line.loop)
    told = await typed(typing, "trace", "--follow")
    assert told.exit_code == 0
    assert told.stdout.splitlines() == list(radio.lines)


class _Leaving(Line):
    """Somebody who presses Ctrl-C as soon as nothing more is shown."""

    def ask(self, command: str, *, config: Path | None = None, **arguments: object) -> Any:
        if arguments.get("after") is not None:
            raise KeyboardInterrupt
        return super().ask(command, config=config, **arguments)


async def test_without_a_running_hub_keys_are_taken_and_the_radio_is_out_of_reach(
    tmp_path: Path, radio: FakeRadio
) -> None:
    told = {"database": "g.db", "state_dir": "state", "key_file": "key", "drivers": {"zwave": {"port": "x"}}}
    async with made(parse(told, tmp_path), World(clock=Clock(), inline=True), running=False) as hub:
        hub.plugins.add_driver("zwave", radio)
        line = Line(hub, asyncio.get_running_loop())
        file = tmp_path / "keys.json"
        file.write_text('{"S0_Legacy": "00"}')

        assert (await typed(line, "keys", "import", str(file))).exit_code == 0
        pinged = await typed(line, "ping", "3")
        shown = await typed(line, "status")

    assert "The hub does not run" in shown.stdout
    assert radio.keys == {"S0_Legacy": "00"}
    assert isinstance(pinged.exception, Unavailable)
    assert "start it first" in str(pinged.exception)


def test_keys_are_taken_over_before_the_hub_was_ever_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the real driver, which keeps them sealed, and needs no stick for it."""
    monkeypatch.chdir(tmp_path)
    port = 'database = "g.db"\nstate_dir = "state"\nkey_file = "key"\n[drivers.zwave]\nport = "socket://127.0.0.1:1"\n'
    (tmp_path / "gatehouse.toml").write_text(port)
    (tmp_path / "keys.json").write_text(json.dumps(KEYS))

    def said(*words: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as end:
            main(["zwave", *words])
        told = capsys.readouterr()
        return int(end.value.code or 0), told.out + told.err

    code, words = said("keys", "import", "keys.json")
    assert (code, "5a5a" in words) == (0, False)
    kept = b"".join(file.read_bytes() for file in (tmp_path / "state").rglob("*") if file.is_file())
    assert b"5a5a" not in kept
    assert bytes.fromhex(KEYS["S0_Legacy"]) not in kept
    code, words = said("keys", "export", "-")
    assert (code, json.loads(words)) == (0, KEYS)
    assert said("ping", "3")[0] == 3
    (tmp_path / "keys.json").write_text("{}{")
    assert said("keys", "import", "keys.json")[0] == 1
