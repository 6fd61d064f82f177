from __future__ import annotations

import io
import json
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from hub.__main__ import main
from tests.cluster import Cluster

ROOT = Path(__file__).parents[2]

CONFIG = """
database = "g.db"
state_dir = "state"
key_file = "key"

[web]
listen = "127.0.0.1:0"
"""
SITE = """
[[property]]
id = "home"
name = "Seaside"
timezone = "Europe/Berlin"

[[unit]]
id = "flat"
property = "home"
name = "Flat"
locks = []
"""


class Said:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """`run` sets the log up for its whole process, which here is everybody's."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration and a site file, in which the operator stands."""
    (tmp_path / "gatehouse.toml").write_text(CONFIG)
    (tmp_path / "site.toml").write_text(SITE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def gatehouse(home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    def typed(*words: str) -> Said:
        with pytest.raises(SystemExit) as end:
            main(list(words))
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        return Said(int(end.value.code or 0), told.out, told.err)

    return typed


Gatehouse = Callable[..., Said]


def test_the_help_names_every_command_and_the_exit_codes(gatehouse: Gatehouse) -> None:
    said = gatehouse("--help")

    assert said.code == 0
    for word in (
        "run",
        "demo",
        "apply",
        "check",
        "status",
        "codes",
        "stay",
        "code",
        "token",
        "backup",
        "restore",
        "feed",
    ):
        assert f"\n  {word} " in said.out
    assert "Exit codes: 0 done; 1 the hub said no" in " ".join(said.out.split())


def test_the_help_is_quick_because_nothing_heavy_is_imported() -> None:
    heavy = "{'sqlalchemy', 'aiohttp', 'cryptography', 'structlog', 'icalendar', 'rich'} & set(sys.modules)"
    code = (
        f"import atexit, sys; from hub.__main__ import main; atexit.register(lambda: print({heavy})); main(['--help'])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "set()"


def test_a_plugins_group_is_run_as_if_it_were_ours(gatehouse: Gatehouse, home: Path) -> None:
    (home / "feed.ics").write_text("this is no calendar")

    assert gatehouse("feed", "feed.ics", "--timezone", "Europe/Berlin", "--json").code == 1


@pytest.mark.parametrize(
    "words", [["cods"], ["codes", "--revel"], ["apply"], ["stay"], ["run", "--speed", "5"], ["run", "--clock", "noon"]]
)
def test_wrong_usage_ends_with_2(gatehouse: Gatehouse, words: list[str]) -> None:
    assert gatehouse(*words).code == 2


def test_a_house_is_applied_looked_at_and_booked(gatehouse: Gatehouse) -> None:
    assert gatehouse("apply", "site.toml", "--dry-run").out.startswith("Would be added: property “home”")
    first = gatehouse("apply", "site.toml")
    assert (first.code, first.out.splitlines()[0].split(":")[0]) == (0, "Added property “home”")
    assert "Note: unit “flat” has no lock" in first.out
    assert gatehouse("apply", "site.toml", "--json").json["changes"] == []

    stay = gatehouse(
        *("stay", "add", "--unit", "flat", "--guest", "Ada", "--anyway", "--json"),
        *("--arrival", "2099-11-22", "--departure", "2099-11-25"),
    ).json
    assert stay["check_in"] == "2099-11-22T14:00:00Z"
    assert "Ada" in gatehouse("stay", "list").out
    assert (
        gatehouse("stay", "extend", stay["id"], "--departure", "2099-11-26", "--json").json["departure"] == "2099-11-26"
    )
    assert gatehouse("stay", "cancel", stay["id"]).out.startswith(f"Cancelled {stay['id']}: Ada in flat")
    assert gatehouse("stay", "cancel", stay["id"]).code == 1
    assert gatehouse("stay", "restore", stay["id"]).out.startswith(f"Restored {stay['id']}: Ada in flat")
    said = gatehouse("stay", "stage", stay["id"], "cancelled", "--why", "she rang").out.splitlines()
    assert (said[0].split()[:2], said[-1]) == (["WHEN", "STAGE"], "It is cancelled, and may become refunded.")
    assert gatehouse("codes", "--json").json == []
    assert gatehouse("codes").out == "There are no codes.\n"
    assert gatehouse("status", "--json").json["running"] is False
    assert "The hub does not run." in gatehouse("status").out


def test_what_is_no_longer_in_the_file_goes_only_when_told(gatehouse: Gatehouse, home: Path) -> None:
    gatehouse("apply", "site.toml")
    (home / "empty.toml").write_text("")

    assert "it stays unless you say --prune" in gatehouse("apply", "empty.toml").out
    assert "Removed unit “flat”" in gatehouse("apply", "empty.toml", "--prune").out
    assert gatehouse("apply", "empty.toml", "--prune", "--prune").out == "Nothing to change.\n"


def test_a_malformed_site_file_is_bad_input(gatehouse: Gatehouse, home: Path) -> None:
    (home / "site.toml").write_text(SITE.replace("Europe/Berlin", "Europe/Berln"))
    said = gatehouse("apply", "site.toml")

    assert said.code == 1
    assert said.err.startswith('gatehouse: property “home”.timezone: is not a time zone; did you mean "Europe/Berlin"?')
    assert gatehouse("apply", "nowhere.toml").code == 1
    assert not (home / "state").exists() or gatehouse("stay", "list", "--json").json == []


def test_wrong_dates_are_named_by_their_option(gatehouse: Gatehouse) -> None:
    said = gatehouse(
        *("stay", "add", "--unit", "flat", "--guest", "Ada"),
        *("--arrival", "20991122", "--departure", "2099-11-25", "--check-in", "3pm"),
    )

    assert said.code == 1
    assert said.err == (
        "gatehouse: --arrival must be a day, e.g. 2026-11-21\n--check-in must be a time of day, e.g. 15:00\n"
    )


def test_a_configuration_that_cannot_work_ends_with_4(gatehouse: Gatehouse, home: Path) -> None:
    (home / "gatehouse.toml").write_text(CONFIG.replace("listen", "listn"))

    for words in (["run"], ["status"], ["check"]):
        said = gatehouse(*words)
        assert said.code == 4
        assert 'web.listn: is not known; did you mean "listen"?' in said.err + said.out


def test_without_a_database_the_hub_is_unavailable(gatehouse: Gatehouse) -> None:
    said = gatehouse("status")

    assert said.code == 3
    assert "there is no database yet" in said.err


def test_a_damaged_database_ends_with_3_and_stays_as_it_is(gatehouse: Gatehouse, home: Path) -> None:
    gatehouse("apply", "site.toml")
    (home / "g.db").write_bytes(b"not a database at all, but long enough to be looked at")

    for words in (["status"], ["check"], ["run"]):
        assert gatehouse(*words).code == 3
    assert (home / "g.db").read_bytes().startswith(b"not a database")


def test_a_missing_key_beside_a_database_ends_with_4_and_no_new_one_is_made(gatehouse: Gatehouse, home: Path) -> None:
    gatehouse("apply", "site.toml")
    (home / "key").unlink()
    said = gatehouse("status")

    assert said.code == 4
    assert "put the key file back" in said.err
    assert not (home / "key").exists()


def test_check_looks_at_everything_and_starts_nothing(gatehouse: Gatehouse, home: Path) -> None:
    before = gatehouse("check", "--site", "site.toml", "--json")
    assert before.code == 0
    assert [each["what"] for each in before.json] == ["configuration", "TLS", "key file", "database", "site file"]
    assert sorted(path.name for path in home.iterdir()) == ["gatehouse.toml", "site.toml"]

    gatehouse("apply", "site.toml")
    after = gatehouse("check")
    assert after.code == 0
    assert f"database: {home}/g.db is sound" in after.out


@pytest.mark.peer
def test_a_house_in_postgresql_answers_the_same_commands(gatehouse: Gatehouse, home: Path, postgres: Cluster) -> None:
    with postgres.database(form="empty") as url:
        (home / "gatehouse.toml").write_text(CONFIG.replace("g.db", url))
        there = "the PostgreSQL database house_"
        assert f"there is no database yet at {there}" in gatehouse("status").err
        assert "gets its tables at the first start" in gatehouse("check").out

        assert gatehouse("apply", "site.toml").code == 0
        assert "holds the house" in gatehouse("check").out
        (home / "key").rename(home / "mislaid")
        assert gatehouse("status").code == 4
        assert not (home / "key").exists()
        (home / "mislaid").rename(home / "key")

        made = gatehouse("backup", "--json").json["file"]
        restored = gatehouse("restore", made)
        assert restored.code == 0
        assert f"The database that was here is the schema gatehouse_before_restore_1 of {there}" in restored.out
        assert gatehouse("apply", "site.toml", "--dry-run").code == 0

        (home / "gatehouse.toml").write_text(CONFIG)
        assert gatehouse("restore", made).code == 0, "the same backup, into a file"
        assert gatehouse("status").code == 0


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('[drivers.zwaev]\nport = "x"', "there is no driver called “zwaev”"),
        ('[drivers.zwave]\nprot = "x"', 'drivers.zwave.prot: is not known; did you mean "port"?'),
        ("[integrations.icla]", 'integrations.icla: is not known; did you mean "ical"?'),
        ('[integrations.ical]\nsuorce = "vrbo"', 'integrations.ical.suorce: is not known; did you mean "source"?'),
        ('[web.tls]\ncert = "c.pem"\nkey = "k.pem"', "web.tls.cert"),
    ],
)
def test_check_names_what_a_start_would_stumble_over(gatehouse: Gatehouse, home: Path, more: str, words: str) -> None:
    (home / "gatehouse.toml").write_text(f"{CONFIG}\n{more}\n")
    said = gatehouse("check")

    assert said.code == 4
    assert "NOT OK" in said.out
    assert words in said.out


def test_check_finds_a_malformed_site_file(gatehouse: Gatehouse, home: Path) -> None:
    (home / "site.toml").write_text(SITE.replace("flat", "fl at"))

    assert gatehouse("check", "--site", "site.toml").code == 1


def test_a_token_is_made_for_a_program(gatehouse: Gatehouse) -> None:
    gatehouse("apply", "site.toml")
    made = gatehouse("token", "add", "Cleaning", "--scope", "read")
    (listed,) = gatehouse("token", "list", "--json").json

    assert made.out.startswith(f"gh_{listed['id']}_")
    assert "Cleaning" in gatehouse("token", "list").out
    assert gatehouse("token", "add", "Cleaning", "--scope", "reed").code == 1
    assert gatehouse("token", "revoke", listed["id"]).code == 0
    assert gatehouse("token", "revoke", listed["id"]).code == 1


def test_a_house_is_restored_from_its_backup(gatehouse: Gatehouse, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gatehouse("apply", "site.toml")
    made = gatehouse("backup", "--json").json
    (home / "empty.toml").write_text("")
    gatehouse("apply", "empty.toml", "--prune")

    (home / "state" / "issued-tags").write_text("a code that was given\n")
    said = gatehouse("restore", made["file"])
    assert said.code == 0
    assert "safe mode" in said.out
    assert "knows of no code" not in said.out
    assert gatehouse("status", "--json").json["safe_mode"] is True
    assert gatehouse("apply", "site.toml").out.startswith("Nothing to change.")


def test_a_backup_opens_on_another_machine_with_the_recovery_key(
    gatehouse: Gatehouse, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gatehouse("apply", "site.toml")
    made = gatehouse("backup", "--to", "elsewhere", "--json").json
    for path in (home / "g.db", home / "key"):
        path.unlink()

    assert gatehouse("restore", made["file"]).code == 1
    monkeypatch.setattr("sys.stdin", io.StringIO(made["recovery_key"] + "\n"))
    assert gatehouse("restore", made["file"], "--recovery").code == 0
    assert gatehouse("apply", "site.toml").out.startswith("Nothing to change.")


@pytest.mark.parametrize("same_machine", [True, False])
def test_the_keys_of_a_radio_network_come_back_with_the_house(
    gatehouse: Gatehouse, home: Path, monkeypatch: pytest.MonkeyPatch, same_machine: bool
) -> None:
    (home / "gatehouse.toml").write_text(f'{CONFIG}\n[drivers.zwave]\nport = "socket://127.0.0.1:1"\n')
    (home / "zwave.json").write_text(json.dumps({"S2_AccessControl": "5a" * 16, "S0_Legacy": "0f" * 16}))
    gatehouse("apply", "site.toml")
    assert gatehouse("zwave", "keys", "import", "zwave.json").code == 0
    kept = home / "state" / "drivers" / "zwave"
    (kept / "nodes.json").write_text('{"home_id": "c0ffee00"}')
    made = gatehouse("backup", "--to", "elsewhere", "--json").json
    assert made["left_out"] == []

    shutil.rmtree(home / "state")
    for name in ("g.db", "zwave.json") if same_machine else ("g.db", "zwave.json", "key"):
        (home / name).unlink()
    monkeypatch.setattr("sys.stdin", io.StringIO(made["recovery_key"] + "\n"))
    said = gatehouse("restore", made["file"], *([] if same_machine else ["--recovery"]))

    assert said.code == 0
    assert "Put back: drivers/zwave/keys.sealed" in said.out
    assert "This machine knows of no code that was given" in said.out
    assert gatehouse("zwave", "keys", "export", "-").json == {"S0_Legacy": "0f" * 16, "S2_AccessControl": "5a" * 16}
    assert (kept / "nodes.json").read_text() == '{"home_id": "c0ffee00"}'
    assert b"ZZZZZZZZ" not in (kept / "keys.sealed").read_bytes(), "0x5a is Z"


def test_what_is_no_backup_is_not_restored(gatehouse: Gatehouse, home: Path) -> None:
    gatehouse("apply", "site.toml")
    before = (home / "g.db").read_bytes()

    assert gatehouse("restore", "site.toml").code == 1
    assert gatehouse("restore", "nowhere").code == 1
    assert (home / "g.db").read_bytes() == before


def test_a_turned_clock_is_refused_beside_a_real_radio(gatehouse: Gatehouse, home: Path) -> None:
    (home / "gatehouse.toml").write_text(f'{CONFIG}\n[drivers.zwave]\nport = "/dev/ttyACM0"\n')
    said = gatehouse("run", "--clock", "2026-11-21T14:00Z", "--speed", "600")

    assert said.code == 4
    assert "drivers.zwave.port: is not on this machine, so the clock must not be turned" in said.err


def test_run_invites_the_first_account_and_ends_in_good_order(home: Path) -> None:
    """The one test here with a process of its own: it is about the signals that systemd sends."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(home / "notify"))
        supervisor.settimeout(30)
        hub = subprocess.Popen(
            [sys.executable, "-m", "hub", "run", "--config", str(home / "gatehouse.toml")],
            cwd=ROOT,
            env={"NOTIFY_SOCKET": str(home / "notify"), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert supervisor.recv(100) == b"READY=1"
            hub.send_signal(signal.SIGTERM)
            out, _ = hub.communicate(timeout=30)
            assert supervisor.recv(100) == b"STOPPING=1"
        finally:
            hub.kill()
            hub.wait()

    assert hub.returncode == 0
    assert "There is no account yet" in out
    assert not (home / "state/gatehouse.sock").exists()
