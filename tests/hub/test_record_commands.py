"""`gatehouse audit`, `gatehouse guest` and `gatehouse rotate-key`, on the database of a hub that does not run."""

from __future__ import annotations

import json
import sqlite3
from hashlib import sha256
from pathlib import Path

from tests.hub.test_main import Gatehouse, gatehouse, home, quiet

__all__ = ["gatehouse", "home", "quiet"]
"""The operator's folder and terminal, as fixtures."""


def _booked(gatehouse: Gatehouse) -> str:
    gatehouse("apply", "site.toml")
    days = ("--arrival", "2099-11-22", "--departure", "2099-11-25")
    told = gatehouse(
        *("stay", "add", "--unit", "flat", "--guest", "Ada Lovelace", "--phone", "+49 170 1234567"),
        "--anyway",
        "--json",
        *days,
    )
    return str(told.json["id"])


def test_a_chain_is_whole_until_somebody_changes_it(gatehouse: Gatehouse, home: Path) -> None:
    _booked(gatehouse)
    said = gatehouse("audit", "verify")
    assert (said.code, said.out.startswith("The audit chain is whole: ")) == (0, True)
    raw = sqlite3.connect(home / "g.db", isolation_level=None)
    raw.execute("DROP TRIGGER chain_is_not_changed")
    raw.execute("UPDATE chain SET what = 'nothing' WHERE number = 2")
    raw.close()
    said = gatehouse("audit", "verify")
    assert said.code == 1
    assert "link 2 is not what it was when it was written" in said.err
    told = gatehouse("audit", "verify", "--json")
    assert (told.code, told.json["whole"], told.json["first_wrong"]) == (1, False, 2)


def test_whoever_has_the_export_can_check_it(gatehouse: Gatehouse) -> None:
    _booked(gatehouse)
    said = gatehouse("audit", "export")
    assert "Ada" not in said.out
    previous = "0" * 64
    lines = said.out.splitlines()
    for number, line in enumerate(lines, start=1):
        link = json.loads(line)
        seal = link.pop("seal")
        plain = json.dumps(link, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert (link["number"], link["previous"], sha256(plain.encode()).hexdigest()) == (number, previous, seal)
        previous = seal
    assert gatehouse("audit", "verify", "--json").json["links"] >= len(lines) > 1


def test_for_how_long_something_is_kept_is_said_and_changed(gatehouse: Gatehouse) -> None:
    gatehouse("apply", "site.toml")
    said = gatehouse("guest", "keep", "home")
    assert said.out == "The access log is kept for 30 days, who a guest was 730 days after departure.\n"
    told = gatehouse("guest", "keep", "home", "--log-days", "14", "--guest-days", "0", "--json")
    assert told.json == {"property": "home", "log_days": 14, "guest_days": 0}
    said = gatehouse("guest", "keep", "home", "--guest-days", "3651")
    assert (said.code, "1 to 3650 days after departure, or 0" in said.err) == (1, True)
    assert gatehouse("guest", "keep", "nowhere").code == 1


def test_a_guest_is_exported_and_erased_once_the_stay_is_cancelled(gatehouse: Gatehouse) -> None:
    stay = _booked(gatehouse)
    told = gatehouse("guest", "export", stay).json
    assert told["stay"]["contact"] == {"phone": "+49 170 1234567", "email": ""}
    said = gatehouse("guest", "erase", stay, "--confirm", stay)
    assert (said.code, "cancel it first" in said.err) == (1, True)
    gatehouse("stay", "cancel", stay)
    assert gatehouse("guest", "erase", stay, "--confirm", "yes").code == 1
    assert gatehouse("guest", "erase", stay, "--confirm", stay).out == f"Erased the guest of {stay}.\n"
    assert "Ada" not in json.dumps(gatehouse("guest", "export", stay).json)
    assert gatehouse("audit", "verify").code == 0


def test_one_entry_that_no_key_opens_stops_no_rotation(gatehouse: Gatehouse, home: Path) -> None:
    gatehouse("apply", "site.toml")
    ada, bob = (
        str(
            gatehouse(
                *("stay", "add", "--unit", "flat", "--guest", name, "--phone", "+49 170 1234567", "--anyway", "--json"),
                *("--arrival", f"2099-{month}-22", "--departure", f"2099-{month}-25"),
            ).json["id"]
        )
        for name, month in (("Ada", 10), ("Bob", 11))
    )
    raw = sqlite3.connect(home / "g.db", isolation_level=None)
    (before,) = raw.execute("SELECT contact FROM stays WHERE id = ?", (bob,)).fetchone()
    raw.execute("UPDATE stays SET contact = x'01020304' WHERE id = ?", (ada,))
    said = gatehouse("rotate-key")
    assert said.code == 0
    assert said.err.splitlines()[-1] == f"Left as it is, since no key of this house opens it: stay:{ada}"
    (damaged,), (after,) = (
        raw.execute("SELECT contact FROM stays WHERE id = ?", (stay,)).fetchone() for stay in (ada, bob)
    )
    assert damaged == b"\x01\x02\x03\x04"
    assert after != before
    raw.close()
    assert gatehouse("rotate-key", "--json").json["not_opened"] == [f"stay:{ada}"]
