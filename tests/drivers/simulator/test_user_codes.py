"""User Code versions 1 and 2 (ZWA AWG 2024A §2.2.116 and §2.2.117)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.simulator.memory import By, Code, CodeRefused, CodeSet
from drivers.simulator.user_codes import checksum, mask
from tests.drivers.simulator.world import Host, a_lock

ADDED, DELETED, ALL_DELETED, DUPLICATE = 14, 13, 12, 15


def ascii_hex(digits: str) -> str:
    return digits.encode().hex()


def put(slot: int, digits: str, status: int = 1) -> str:
    return f"6301{slot:02x}{status:02x}{ascii_hex(digits)}"


def holds(slot: int, digits: str, status: int = 1) -> str:
    return f"6303{slot:02x}{status:02x}{ascii_hex(digits)}"


def empty(slot: int) -> str:
    return f"6303{slot:02x}0000000000"


def events(heard: list[str]) -> list[int]:
    return [int(command[14:16], 16) for command in heard if command.startswith("7105")]


def block(slot: int, status: int, digits: str) -> str:
    return f"{slot:04x}{status:02x}{len(digits):02x}{ascii_hex(digits)}"


def test_a_code_is_stored_told_and_read_back() -> None:
    host = Host()
    assert events(host.ask(put(8, "1234"))) == [ADDED]
    assert host.ask("630208") == [holds(8, "1234")]
    assert host.table.changes() == [CodeSet(slot=8, old="empty", new="occupied", status=1, digits="1234", by=By.RADIO)]


def test_a_code_may_be_replaced() -> None:
    host = Host()
    host.ask(put(8, "1234"))
    host.ask(put(8, "56789"))
    assert host.ask("630208") == [holds(8, "56789")]
    change = host.table.changes()[-1]
    assert isinstance(change, CodeSet)
    assert (change.old, change.new) == ("occupied", "occupied")


def test_the_same_code_in_the_same_slot_is_no_duplicate() -> None:
    host = Host()
    host.ask(put(8, "1234"))
    assert events(host.ask(put(8, "1234"))) == [ADDED]


def test_a_cleared_slot_is_empty() -> None:
    host = Host()
    host.ask(put(8, "1234"))
    assert events(host.ask("6301080000000000")) == [DELETED]
    assert host.ask("630208") == [empty(8)]
    assert events(host.ask("6301080000000000")) == []


def test_slot_0_with_status_0_clears_everything_but_the_admin_code() -> None:
    host = Host()
    host.ask(put(1, "1234"))
    host.ask(put(250, "5678"))
    host.ask(put(251, "99999999"))
    assert events(host.ask("6301000000000000")) == [ALL_DELETED]
    assert host.ask("630201") + host.ask("6302fa") == [empty(1), empty(250)]
    assert host.ask("6302fb") == [holds(251, "99999999")]


def test_the_same_digits_in_another_slot_are_refused_and_told() -> None:
    host = Host()
    host.ask(put(8, "1234"))
    assert events(host.ask(put(9, "1234"))) == [DUPLICATE]
    assert host.ask("630209") == [empty(9)]
    assert host.table.changes()[-1] == CodeRefused(slot=9, why="duplicate")


@pytest.mark.parametrize("digits", ["123", "123456789", "12a4", "    ", "１２３４"])
def test_digits_that_the_lock_does_not_take_are_ignored(digits: str) -> None:
    host = Host()
    assert host.ask(put(8, digits)) == []
    assert host.ask("630208") == [empty(8)]


@pytest.mark.parametrize("model", ["yale", "yale-zw3"])
@pytest.mark.parametrize("slot", [0, 252, 255])
def test_a_slot_that_does_not_exist_is_not_available_and_takes_nothing(model: str, slot: int) -> None:
    host = Host(a_lock(model))
    host.ask(put(slot, "1234"))
    assert host.ask(f"6302{slot:02x}") == [f"6303{slot:02x}fe00000000"]
    assert host.table.changes() == []


def test_a_status_that_nobody_knows_is_ignored() -> None:
    host = Host()
    assert host.ask(put(8, "1234", status=7)) == []
    assert host.ask(put(8, "1234", status=0xFE)) == []
    assert host.ask("630208") == [empty(8)]


def test_a_disabled_code_keeps_its_digits() -> None:
    host = Host()
    host.ask(put(8, "1234", status=2))
    assert host.ask("630208") == [holds(8, "1234", status=2)]


def test_a_schlage_takes_only_the_length_it_is_set_to_and_forgets_all_when_that_changes() -> None:
    host = Host(a_lock("schlage"))
    host.ask(put(1, "123456"))
    assert host.ask("630201") == [empty(1)]
    host.ask(put(1, "1234"))
    assert host.ask("700506") == ["70060604 00000001".replace(" ", "")]
    assert events(host.ask("7004100106")) == [ALL_DELETED]
    assert host.ask("630201") == [empty(1)]
    host.ask(put(2, "123456"))
    assert host.ask("630202") == [holds(2, "123456")]
    assert host.ask("700506") == ["700606 04 00000002".replace(" ", "")]


def test_the_number_of_slots() -> None:
    assert Host(a_lock("schlage")).ask("6304") == ["63051e"]
    assert Host(a_lock("yale")).ask("6304") == ["6305fa"]
    assert Host(a_lock("yale-zw3")).ask("6304") == ["6305fa00fa"]
    assert Host(a_lock("yale-zw3", slots=300)).ask("6304") == ["6305ff012c"]
    assert Host(a_lock("yale", slots=10)).ask("6304") == ["63050a"]
    assert Host(a_lock("august")).ask("6304") == []


@pytest.mark.parametrize(
    ("how", "told"), [("zeros", "00000000"), ("nothing", ""), ("digits", "30303030"), ("masked", "2a2a2a2a")]
)
def test_an_empty_slot_is_reported_as_the_lock_likes(how: str, told: str) -> None:
    host = Host(a_lock(quirks={"empty": how}))
    assert host.ask("630208") == ["63030800" + told]


def test_a_masking_lock_never_tells_digits() -> None:
    host = Host(a_lock(quirks={"masked": True}))
    assert ascii_hex("13579") not in "".join(host.ask(put(8, "13579")))
    assert host.ask("630208") == [holds(8, "*****")]


def test_a_forgetful_lock_acknowledges_and_stores_nothing() -> None:
    host = Host(a_lock("yale-zw3", quirks={"forgets": True}))
    assert host.ask("6c01 01 08 6301080131323334".replace(" ", "")) == ["6c0201ff00"]
    assert host.callbacks[-1] == (1, 0)
    assert host.ask("630208") == [empty(8)]


def test_a_lock_may_take_duplicates() -> None:
    host = Host(a_lock(quirks={"takes_duplicates": True}))
    host.ask(put(8, "1234"))
    host.ask(put(9, "1234"))
    assert host.ask("630209") == [holds(9, "1234")]


def test_a_lock_may_keep_quiet_about_its_codes_but_not_about_duplicates() -> None:
    host = Host(a_lock(quirks={"quiet_codes": True}))
    assert host.ask(put(8, "1234")) == []
    assert events(host.ask(put(9, "1234"))) == [DUPLICATE]


# ---- version 2 ----


def v2() -> Host:
    return Host(a_lock("yale-zw3"))


def test_version_1_knows_no_command_of_version_2() -> None:
    host = Host()
    for command in ("6306", "6309", "630c000100", "630f", "6311"):
        assert host.ask(command) == []


def test_what_version_2_can_do() -> None:
    keys = bytes([0, 0, 0, 0, 0, 0, 0xFF, 0x03]).hex()
    assert v2().ask("6306") == ["6307" + "0107" + "e103" + "08" + keys]


def test_several_codes_are_set_at_once_and_reported_as_many_as_fit() -> None:
    host = v2()
    codes = {slot: f"{slot:08d}" for slot in range(1, 7)}
    for first in (1, 4):
        host.ask("630b03" + "".join(block(slot, 1, codes[slot]) for slot in range(first, first + 3)))
    [report] = host.ask("630c000101")
    assert report == "630d03" + "".join(block(slot, 1, codes[slot]) for slot in (1, 2, 3)) + "0004"
    assert len(bytes.fromhex(report)) <= 48
    assert host.ask("630c000100") == ["630d01" + block(1, 1, codes[1]) + "0002"]
    assert host.ask("630c000601") == ["630d01" + block(6, 1, codes[6]) + "0000"]


def test_an_empty_slot_is_reported_before_the_occupied_ones_that_follow() -> None:
    host = v2()
    host.ask("630b02" + block(3, 1, "38473") + block(4, 1, "9277"))
    assert host.ask("630c000101") == ["630d03" + block(1, 0, "") + block(3, 1, "38473") + block(4, 1, "9277") + "0000"]


@pytest.mark.parametrize("slot", [0, 251, 65535])
def test_version_2_reports_a_slot_that_does_not_exist_as_not_available(slot: int) -> None:
    assert v2().ask(f"630c{slot:04x}00") == [f"630d01{slot:04x}fe000000"]


def test_version_1_commands_clear_only_the_slots_they_can_name() -> None:
    host = Host(a_lock("yale-zw3", slots=300))
    host.ask("630b02" + block(5, 1, "1234") + block(300, 1, "5678"))
    host.ask("6301000000000000")
    assert host.ask("630c000500") == ["630d01" + block(5, 0, "") + "012c"]
    host.ask("630b01000000 00".replace(" ", ""))
    assert host.ask("630c012c00") == ["630d01" + block(300, 0, "") + "0000"]


def test_a_block_that_is_cut_off_is_not_there() -> None:
    host = v2()
    host.ask("630b02" + block(1, 1, "1234") + block(2, 1, "5678")[:-2])
    assert host.ask("630201") + host.ask("630202") == [holds(1, "1234"), empty(2)]


def test_the_keypad_mode_is_kept() -> None:
    host = v2()
    assert host.ask("6309") == ["630a00"]
    host.ask("630801")
    host.ask("630802")
    assert host.ask("6309") == ["630a01"]


def test_the_admin_code_is_not_supported() -> None:
    assert v2().ask("630f") == ["631000"]


def test_the_checksum_of_the_standard_s_own_example() -> None:
    assert checksum({3: Code(1, "88473"), 1: Code(4, "9277")}) == 0xEAAD


def test_the_checksum_of_nothing_is_zero() -> None:
    host = v2()
    assert host.ask("6311") == ["63120000"]
    host.ask(put(1, "1234"))
    assert host.ask("6311") == [f"6312{checksum({1: Code(1, '1234')}):04x}"]


@given(st.sets(st.integers(0, 250), min_size=1))
def test_a_mask_has_the_bits_it_was_given_and_no_byte_too_many(values: set[int]) -> None:
    bits = mask(values)
    assert {8 * at + bit for at, byte in enumerate(bits) for bit in range(8) if byte >> bit & 1} == values
    assert bits[-1]


@given(st.lists(st.tuples(st.integers(1, 12), st.sampled_from(["1111", "2222", "3333", ""])), max_size=30))
@settings(deadline=None)
def test_a_lock_holds_what_the_last_accepted_command_put_there(commands: list[tuple[int, str]]) -> None:
    host, expected = Host(a_lock(slots=10)), dict[int, str]()
    for slot, digits in commands:
        host.ask(put(slot, digits) if digits else put(slot, "", status=0) + "00000000")
        if slot > 10:
            continue
        if not digits:
            expected.pop(slot, None)
        elif digits not in {held for other, held in expected.items() if other != slot}:
            expected[slot] = digits
    read = [host.ask(f"6302{slot:02x}")[0] for slot in range(1, 11)]
    assert read == [holds(slot, expected[slot]) if slot in expected else empty(slot) for slot in range(1, 11)]
