"""Adding, removing and SmartStart as the host sees them (INS13954 §4.4.1, §4.4.2, §4.4.22)."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.simulator.nodes import Node
from tests.drivers.simulator.world import Host, Table, a_lock

ADD, REMOVE, REPLACE = 0x4A, 0x4B, 0x63
YALE = "0b0440035e86728062637170"
"""Length, class and Command Classes of a Yale."""
SECURE = "0c0440035e867280626371709f"
"""Of one that knows S2."""


def a_host(*locks: Any, **settings: Any) -> Host:
    return Host(*(locks or (a_lock(), a_lock(address=""))), functions="full", **settings)


def smart(**settings: Any) -> Any:
    """A newcomer that announces itself."""
    return a_lock(address="", security="s2", **settings)


def newcomer(host: Host, name: str = "new-1") -> Node:
    return host.table.building.find(name)


def press(host: Host, node: Node) -> None:
    host.table.stick.pair(node, host.table.now)
    host.later(1)


def told(host: Host, function: int) -> list[str]:
    """What was said of a function since the last look."""
    host.later(1)
    said = [body for each, body in host.said if each == function]
    host.said.clear()
    return said


def home_ids(host: Host, name: str = "new-1") -> str:
    return b"".join(newcomer(host, name).label.home_ids).hex()


def test_a_newcomer_whose_button_is_pressed_comes_in_step_by_step() -> None:
    host = a_host()
    assert host.learns(ADD, "c117") == ["17010000"]
    press(host, newcomer(host))
    assert told(host, ADD) == ["17020000", f"170303{YALE}", "17050300"]
    assert host.learns(ADD, "c518") == ["18060300"]
    assert host.learns(ADD, "c500") == []
    assert dict(host.table.building.doors) == {"2": "Yale YRD256", "3": "Yale YRD256"}
    assert host.ask("8002", node=3) == ["80035a"]


def test_it_does_not_matter_whether_the_button_or_the_host_comes_first() -> None:
    host = a_host()
    press(host, newcomer(host))
    assert host.learns(ADD, "c117")[-1] == "17050300"


def test_a_button_counts_for_four_minutes() -> None:
    host = a_host(a_lock(address=""))
    press(host, newcomer(host))
    host.later(240)
    assert host.learns(ADD, "c117") == ["17010000"]
    assert not host.table.stick.awake(newcomer(host))


def test_each_step_takes_its_time() -> None:
    host = a_host(delay=0.1)
    host.call(ADD, "c117")
    host.table.stick.pair(newcomer(host), 0.0)
    host.later(0.41)
    assert [body for each, body in host.said if each == ADD][-1] == "17020000"
    host.later(0.8)
    assert [body for each, body in host.said if each == ADD][-1] == "17050300"


def test_the_next_one_gets_the_next_number_also_when_one_has_left() -> None:
    host = a_host(a_lock(address="7"), a_lock(address=""), a_lock(address=""))
    for name in ("new-1", "new-2"):
        host.learns(ADD, "c117")
        press(host, newcomer(host, name))
        host.learns(ADD, "c500")
    assert set(host.table.building.nodes) == {7, 8, 9}
    host.learns(REMOVE, "c117")
    press(host, newcomer(host, "9"))
    host.learns(REMOVE, "c500")
    host.learns(ADD, "c117")
    press(host, newcomer(host, "new-2"))
    assert set(host.table.building.nodes) == {7, 8, 10}


def test_numbers_are_given_again_when_the_last_one_was_used() -> None:
    host = a_host(a_lock(address="232"), a_lock(address="2"), a_lock(address=""))
    host.learns(ADD, "c117")
    press(host, newcomer(host))
    assert set(host.table.building.nodes) == {2, 3, 232}


def test_an_interrupted_host_gets_nobody() -> None:
    host = a_host()
    host.learns(ADD, "c117")
    assert host.learns(ADD, "c518") == ["18060000"]
    press(host, newcomer(host))
    assert told(host, ADD) == []
    assert set(host.table.building.nodes) == {2}


def test_a_newcomer_that_fails_is_told_and_stays_outside() -> None:
    host = a_host(a_lock(address="", quirks={"fails_joining": True}))
    host.learns(ADD, "c117")
    press(host, newcomer(host))
    assert told(host, ADD) == ["17020000", "17070000"]
    assert host.learns(ADD, "c518") == ["18060000"]
    assert [each.lock.address for each in host.table.building.newcomers] == ["new-1"]


def test_a_silent_newcomer_is_not_found() -> None:
    host = a_host(a_lock(address="", quirks={"silent": True}))
    press(host, newcomer(host))
    assert host.learns(ADD, "c117") == ["17010000"]


def test_a_joined_lock_that_is_pressed_is_not_added_again() -> None:
    host = a_host(a_lock())
    host.learns(ADD, "c117")
    press(host, newcomer(host, "2"))
    assert told(host, ADD) == []


def test_a_lock_that_is_pressed_sends_its_node_information() -> None:
    host = a_host(a_lock())
    press(host, newcomer(host, "2"))
    assert host.updates == [f"8402{YALE}"]


def test_a_lock_that_is_removed_forgets_its_codes() -> None:
    host = a_host(a_lock())
    host.ask("63010401" + b"2468".hex())
    assert host.learns(REMOVE, "c117") == ["17010000"]
    press(host, newcomer(host, "2"))
    assert told(host, REMOVE) == ["17020000", f"170302{YALE}", "17060200"]
    assert host.learns(REMOVE, "c518") == ["18060200"]
    assert host.learns(REMOVE, "c500") == []
    (outside,) = host.table.building.newcomers
    assert (outside.lock.address, outside.lock.memory.codes) == ("was-2", {})
    host.send("8002")
    host.later(1)
    assert host.callbacks[-1][1] == 1


def test_a_stranger_can_be_removed_from_whatever_network_it_was_in() -> None:
    host = a_host(a_lock(address=""))
    host.learns(REMOVE, "c117")
    press(host, newcomer(host))
    assert told(host, REMOVE) == ["17020000", f"170300{YALE}", "17060000"]


def test_a_removed_lock_can_be_added_again_under_another_number() -> None:
    host = a_host(a_lock())
    host.learns(REMOVE, "c117")
    press(host, newcomer(host, "2"))
    host.learns(REMOVE, "c500")
    host.learns(ADD, "c117")
    press(host, newcomer(host, "was-2"))
    assert set(host.table.building.nodes) == {3}


def test_another_run_finds_the_newcomer_where_it_was_added() -> None:
    host = a_host()
    host.learns(ADD, "c117")
    press(host, newcomer(host))
    locks = (a_lock(), a_lock(address=""))
    again = Table(locks, past=tuple(host.table.building.journal))
    assert set(again.building.nodes) == {2, 3}
    assert again.building.free_number() == 4


# ---- SmartStart ----


def test_a_listening_stick_tells_of_a_newcomer_that_is_switched_on() -> None:
    host = a_host(a_lock(), smart())
    assert host.learns(ADD, "4900") == []
    press(host, newcomer(host))
    assert host.updates == [f"850000{home_ids(host)[:8]}{SECURE}"]


def test_a_newcomer_announces_itself_again_and_again_with_longer_pauses() -> None:
    host = a_host(a_lock(), smart())
    host.learns(ADD, "4900", within=0)
    press(host, newcomer(host))
    host.later(29)
    assert len(host.updates) == 4  # at 0, 4, 12 and 28 s
    host.later(3600)
    assert 8 < len(host.updates) < 20


def test_the_newcomer_that_is_named_by_its_home_ids_comes_in() -> None:
    host = a_host(a_lock(), smart())
    host.learns(ADD, "4900")
    press(host, newcomer(host))
    assert host.learns(ADD, "c500") == []
    host.updates.clear()
    told = host.learns(ADD, f"c819{home_ids(host)}", within=5)
    assert told == ["19010000", "19020000", f"190303{SECURE}", "19050300"]
    assert host.learns(ADD, "c51a", within=5) == ["1a060300"]
    host.learns(ADD, "4900", within=15)
    assert host.updates == []


@pytest.mark.parametrize("wrong", [0, 5])
def test_another_newcomer_than_the_one_that_is_named_stays_outside(wrong: int) -> None:
    host = a_host(a_lock(), smart())
    press(host, newcomer(host))
    named = bytearray.fromhex(home_ids(host))
    named[wrong] ^= 0x02
    assert host.learns(ADD, f"c819{named.hex()}") == ["19010000"]


def test_a_newcomer_that_got_no_keys_leaves_again_and_goes_on_announcing_itself() -> None:
    host = a_host(a_lock(), smart())
    press(host, newcomer(host))
    host.learns(ADD, f"c819{home_ids(host)}", within=1)
    host.learns(ADD, "c500", within=1)
    assert set(host.table.building.nodes) == {2, 3}
    host.learns(ADD, "4900", within=60)  # the first timer of its key exchange runs for 30 s
    assert set(host.table.building.nodes) == {2}
    assert host.table.building.table == {2, 3}
    assert host.updates[-1].startswith("850000")


def test_a_newcomer_that_was_added_by_its_button_stays_without_keys() -> None:
    host = a_host(a_lock(), smart())
    host.learns(ADD, "c117")
    press(host, newcomer(host))
    host.learns(ADD, "c500", within=600)
    assert set(host.table.building.nodes) == {2, 3}


def test_a_lock_without_smart_start_announces_nothing() -> None:
    host = a_host(smart(smart_start=False))
    host.learns(ADD, "4900")
    press(host, newcomer(host))
    assert host.updates == []


def test_a_restarted_stick_no_longer_listens() -> None:
    host = a_host(a_lock(), smart())
    host.learns(ADD, "4900")
    host.call(0x08)
    press(host, newcomer(host))
    assert host.updates == []


# ---- replacing what failed ----


def failed(*others: Any) -> Host:
    """A stick that has just found out that lock 2 does not answer."""
    host = a_host(a_lock(quirks={"silent": True}), *others)
    host.send("8002")
    host.later(1)
    return host


def test_a_newcomer_takes_the_place_and_the_number_of_a_failed_lock() -> None:
    host = failed(a_lock("kwikset", address=""))
    assert host.learns(REPLACE, "0221") == ["00", "2103"]
    press(host, newcomer(host))
    assert told(host, REPLACE) == ["2104"]
    assert dict(host.table.building.doors) == {"2": "Kwikset 914"}
    assert [each.lock.address for each in host.table.building.newcomers] == ["was-2"]
    assert host.ask("8002") == ["80035a"]


def test_a_replacement_that_fails_is_told() -> None:
    host = failed(a_lock(address="", quirks={"fails_joining": True}))
    host.learns(REPLACE, "0221")
    press(host, newcomer(host))
    assert told(host, REPLACE) == ["2105"]


def test_a_lock_that_answers_is_not_replaced() -> None:
    host = failed()
    host.lock.quirks = host.lock.quirks.model_copy(update={"silent": False})
    assert host.learns(REPLACE, "0221") == ["00", "2100"]
    assert host.learns(0x62, "02") == ["00"]


# ---- leaving in the middle of a conversation ----


@pytest.mark.parametrize("settings", [{"delay": 0.1}, {"rate": "9.6k"}])
@pytest.mark.parametrize("moment", [0.0, 0.05, 0.1, 0.15, 0.25, 0.35])
def test_a_lock_that_is_taken_out_while_it_is_spoken_to_says_nothing_more(
    settings: dict[str, Any], moment: float
) -> None:
    host = a_host(a_lock(quirks={"slow": 0.1}), give_up=1.0, **settings)
    host.send("8002")
    host.later(moment)
    node = host.table.building.find("2")
    host.table.building.leave(node)
    heard = len(host.heard)
    host.later(5)
    assert len(host.callbacks) == 1
    assert len(host.heard) == heard
    assert node.lock.said == []


@pytest.mark.parametrize(("function", "which"), [(ADD, "new-1"), (REMOVE, "2")])
def test_a_device_that_falls_silent_on_its_way_does_not_upset_the_stick(function: int, which: str) -> None:
    host = a_host(delay=0.1)
    host.call(function, "c117")
    node = newcomer(host, which)
    host.table.stick.pair(node, 0.0)
    host.later(0.5)
    node.lock.silence(silent=True)
    host.later(5)
    assert host.learns(function, "c518", within=1)[0].startswith("1806")
