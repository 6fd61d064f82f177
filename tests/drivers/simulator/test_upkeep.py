"""What keeps a network in order, as the host sees it. Sources as in drivers/simulator/upkeep.py."""

from __future__ import annotations

from typing import Any

import pytest

from tests.drivers.simulator.world import Host, a_lock

NVM = 0x2E


def a_host(*locks: Any, **settings: Any) -> Host:
    return Host(*(locks or (a_lock(), a_lock(address="3"))), functions="full", **settings)


def mask(*nodes: int) -> str:
    return sum(1 << (node - 1) for node in nodes).to_bytes(29, "little").hex()


def test_a_full_stick_says_that_it_can_do_more_than_a_lean_one() -> None:
    lean, full = Host(a_lock()).learns(0x07)[0], a_host().learns(0x07)[0]
    functions = {
        8 * byte + bit + 1 for byte, bits in enumerate(bytes.fromhex(full)[8:]) for bit in range(8) if bits >> bit & 1
    }
    assert functions >= {0x2E, 0x3B, 0x48, 0x4A, 0x4B, 0x51, 0x61, 0x62, 0x63, 0x80}
    assert lean != full


@pytest.mark.parametrize("function", [0x06, 0x0B, 0x2E, 0x3B, 0x46, 0x48, 0x4A, 0x4B, 0x61, 0x62, 0x63, 0x80])
def test_a_lean_stick_never_answers_what_it_lacks(function: int) -> None:
    assert Host(a_lock()).learns(function, "0201") == []


def test_timeouts_are_answered_with_the_old_ones() -> None:
    host = a_host()
    assert host.learns(0x06, "640f") == ["960f"]
    assert host.learns(0x06, "960f") == ["640f"]


@pytest.mark.parametrize(("asked", "told"), [("01", "0103"), ("0201", "0201"), ("20", "0020"), ("", "0000")])
def test_the_set_up_knows_transmit_reports_and_nothing_else(asked: str, told: str) -> None:
    assert a_host().learns(0x0B, asked) == [told]


def test_the_noise_is_that_of_the_settings() -> None:
    assert a_host(noise=-80).learns(0x3B) == ["b0b0b0"]


def test_all_nodes_hear_each_other_unless_somebody_carries_for_them() -> None:
    host = a_host(a_lock(), a_lock(address="3"), a_lock(address="4", repeaters=(3,)))
    assert [host.learns(0x80, f"0{node}000000") for node in (1, 2, 3, 4, 9)] == [
        [mask(2, 3)],
        [mask(1, 3)],
        [mask(1, 2, 4)],
        [mask(3)],
        [mask()],
    ]


def test_without_what_does_not_repeat_only_the_stick_is_left() -> None:
    assert a_host().learns(0x80, "02000100") == [mask(1)]


def test_a_transmit_report_names_the_route_and_the_signal() -> None:
    host = a_host(a_lock(repeaters=(3, 5), rssi=-81), rate="40k")
    host.send("8002")
    host.later(1)
    (report,) = host.reports
    assert report[2:8].hex() == "02afafaf7f7f"
    assert report[10:16].hex() == "030305000002"


def test_looking_for_neighbours_takes_a_while_and_fails_with_a_silent_node() -> None:
    host = a_host(a_lock(), a_lock(address="3", quirks={"silent": True}), delay=0.1)
    assert host.learns(0x48, "0207", within=1) == ["0721"]
    host.later(2)
    assert host.said == [(0x48, "0722")]
    assert host.learns(0x48, "0308") == ["0821", "0823"]


@pytest.mark.parametrize("function", [0x46, 0x47, 0x51, 0x55])
def test_a_return_route_goes_to_the_node_by_radio(function: int) -> None:
    host = a_host(a_lock(), a_lock(address="3", quirks={"silent": True}))
    answered = host.learns(function, "020109")
    assert (answered[0], answered[1][:4]) == ("01", "0900")
    assert host.learns(function, "03010a")[1].startswith("0a01")
    assert host.learns(function, "09010b") == ["00"]
    assert host.lock.said == []


def test_the_stick_is_its_own_suc() -> None:
    assert a_host().learns(0x54, "0101000105") == ["01"]
    assert a_host().learns(0x54, "0201000105") == ["00"]


# ---- nodes that failed ----


def test_a_node_has_failed_as_long_as_it_does_not_answer() -> None:
    host = a_host()
    assert host.learns(0x62, "02") == ["00"]
    host.lock.silence(silent=True)
    host.send("8002")
    host.later(1)
    assert host.learns(0x62, "02") == ["01"]
    host.lock.silence(silent=False)
    host.send("8002")
    host.later(1)
    assert host.learns(0x62, "02") == ["00"]


def test_a_failed_node_is_removed_if_it_still_does_not_answer() -> None:
    host = a_host()
    host.lock.silence(silent=True)
    host.send("8002")
    host.later(1)
    assert host.learns(0x61, "0231") == ["00", "3101"]
    assert host.table.building.table == {3}
    assert host.learns(0x02)[0][6 : 6 + 58] == mask(1, 3)


def test_a_lock_that_the_stick_has_struck_out_is_reset_by_its_button_and_can_be_added_again() -> None:
    host = a_host()
    host.lock.silence(silent=True)
    host.send("8002")
    host.later(1)
    host.learns(0x61, "0231")
    building = host.table.building
    assert [each.lock.stranger for each in building.newcomers] == ["was-2"]
    host.table.stick.pair(building.find("was-2"), host.table.now)
    assert host.learns(0x4A, "c117")[-1] == "17050400"
    assert set(building.nodes) == {3, 4}
    assert host.ask("8002", node=4) == ["80035a"]


def test_a_node_that_answers_is_not_removed() -> None:
    host = a_host()
    host.lock.silence(silent=True)
    host.send("8002")
    host.later(1)
    host.lock.silence(silent=False)
    assert host.learns(0x61, "0231") == ["00", "3100"]
    assert host.table.building.table == {2, 3}


@pytest.mark.parametrize(("body", "told"), [("0231", "08"), ("0931", "08"), ("0200", "04"), ("", "04")])
def test_a_removal_that_cannot_begin_says_why(body: str, told: str) -> None:
    assert a_host().learns(0x61, body) == [told]


# ---- the stick's own memory ----


def back_up(host: Host) -> bytes:
    (opened,) = host.learns(NVM, "00000000", within=0)
    assert opened.startswith("0002")
    size, memory = int(opened[4:8], 16), b""
    while len(memory) < size:
        (piece,) = host.learns(NVM, f"0140{len(memory):04x}", within=0)
        memory += bytes.fromhex(piece)[4:]
    assert piece.startswith("ff")
    assert host.learns(NVM, "03000000", within=0) == ["00000000"]
    return memory


def restore(host: Host, memory: bytes) -> None:
    host.learns(NVM, "00000000", within=0)
    for at in range(0, len(memory), 64):
        piece = memory[at : at + 64]
        (told,) = host.learns(NVM, f"02{len(piece):02x}{at:04x}{piece.hex()}", within=0)
    assert told.startswith("ff")
    host.learns(NVM, "03000000", within=0)
    host.learns(0x08)


def test_a_backup_brings_the_network_back_into_a_stick_that_has_forgotten_it() -> None:
    host = a_host()
    memory = back_up(host)
    assert host.learns(0x42, "11") == ["11"]
    assert host.table.building.table == set()
    restore(host, memory)
    assert host.table.building.table == {2, 3}
    assert host.ask("8002") == ["80035a"]


def test_what_was_written_counts_from_the_next_restart_on() -> None:
    host = a_host()
    memory = back_up(host)
    host.learns(0x42, "11")
    restore(host, memory)
    host.learns(NVM, "00000000", within=0)
    host.learns(NVM, "020100" + "00ff", within=0)
    host.learns(NVM, "03000000", within=0)
    host.learns(0x08)
    assert host.table.building.table == {2, 3}  # it was not this kind of memory any more


def test_a_node_that_left_after_the_backup_is_a_ghost_after_it_is_restored() -> None:
    host = a_host()
    memory = back_up(host)
    host.learns(0x4B, "c117")
    host.table.stick.pair(host.table.building.find("2"), host.table.now)
    host.later(5)
    assert host.table.building.table == {3}
    restore(host, memory)
    assert host.table.building.table == {2, 3}
    host.send("8002")
    host.later(1)
    assert host.callbacks[-1][1] == 1


def test_a_stick_with_the_memory_of_another_network_reaches_nobody() -> None:
    other, host = Host(a_lock(), functions="full", home_id=0xC0DE2002), a_host(a_lock())
    restore(host, back_up(other))
    assert host.learns(0x20) == ["c0de200201"]
    host.send("8002")
    host.later(1)
    assert host.callbacks[-1][1] == 1


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["01400000"], "01000000"),
        (["00000000", "01400000", "0201000000"], "02000000"),
        (["00000000", "0202 1fff 0000"], "01001fff"),
        (["00000000", "07"], "01000000"),
        ([""], "01000000"),
    ],
)
def test_memory_is_not_read_and_written_at_once_or_unopened_or_beyond_its_end(asked: list[str], told: str) -> None:
    host = a_host()
    answers = [host.learns(NVM, each, within=0) for each in asked]
    assert answers[-1] == [told]


def test_a_backup_during_which_the_network_changed_is_disturbed() -> None:
    host = a_host(a_lock(), a_lock(address=""))
    host.learns(NVM, "00000000", within=0)
    host.learns(NVM, "01400000", within=0)
    host.learns(0x4A, "c117")
    host.table.stick.pair(host.table.building.find("new-1"), host.table.now)
    host.later(5)
    assert host.learns(NVM, "01400040", within=0) == ["03000000"]
    assert host.learns(NVM, "03000000", within=0) == ["03000000"]


def test_a_stick_that_does_not_listen_hears_no_lock_until_it_does_again() -> None:
    host = a_host()
    assert host.learns(0x10, "00") == ["01"]
    assert host.ask("8002") == []
    assert host.learns(0x10, "01") == ["01"]
    assert host.ask("8002") == ["80035a"]
