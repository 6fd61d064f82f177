"""What goes wrong on the radio, by script and by chance."""

from __future__ import annotations

import pytest

from drivers.simulator import notices
from drivers.simulator.memory import Bolt
from drivers.simulator.notices import Event
from drivers.simulator.quirks import Quirks
from tests.drivers.simulator.world import Host, a_lock

SET = "63010801" + b"1234".hex()
GET = "630208"
STORED = "6303080131323334"
EMPTY = "6303080000000000"


def host_with(**quirks: object) -> Host:
    return Host(a_lock(quirks={"quiet_codes": True, **quirks}), give_up=0.3)


def test_a_lost_command_is_not_acknowledged_and_not_obeyed() -> None:
    host = host_with(script=["lost"])
    host.ask(SET)
    assert host.callbacks == [(1, 1)]
    assert host.ask(GET) == [EMPTY]


def test_a_lost_acknowledgement_leaves_the_command_obeyed() -> None:
    host = host_with(script=["ack_lost"])
    host.ask(SET)
    assert host.callbacks == [(1, 1)]
    assert host.ask(GET) == [STORED]


def test_an_answer_may_come_although_its_command_was_not_acknowledged() -> None:
    host = host_with(script=["ack_lost"])
    assert host.ask(GET) == [EMPTY]
    assert host.order == ["command", "callback"]


def test_a_lost_answer_leaves_the_command_acknowledged() -> None:
    host = host_with(script=["answer_lost"])
    assert host.ask(GET) == []
    assert host.callbacks == [(1, 0)]


def test_a_script_is_followed_in_order_and_then_it_is_over() -> None:
    host = host_with(script=["lost", "ok", "ack_lost"])
    for _ in range(4):
        host.ask(GET)
    assert [status for _, status in host.callbacks] == [1, 0, 1, 0]


def test_a_script_for_some_commands_lets_the_others_pass() -> None:
    host = host_with(script=["lost"], only=["6301"])
    assert host.ask(GET) == [EMPTY]
    host.ask(SET)
    assert [status for _, status in host.callbacks] == [0, 1]


@pytest.mark.parametrize(
    ("quirk", "falls", "status", "answered"),
    [
        ("lose_commands", [0.49], 1, False),
        ("lose_commands", [0.51], 0, True),
        ("lose_acks", [0.9, 0.49], 1, True),
        ("lose_answers", [0.9, 0.9, 0.49], 0, False),
    ],
)
def test_chance_decides_as_the_dice_fall(quirk: str, falls: list[float], status: int, answered: bool) -> None:
    host = host_with(**{quirk: 0.5})
    host.table.dice.falls = falls
    assert host.ask(GET) == [EMPTY] * answered
    assert host.callbacks == [(1, status)]


def test_a_lock_that_never_answers_does_not_hold_up_another_for_longer_than_the_stick_tries() -> None:
    host = Host(a_lock(quirks={"silent": True}), a_lock(address="3"), delay=0.01, give_up=0.3)
    host.send("8002", 2)
    host.send("8002", 3)
    host.later(0.34)
    assert host.callbacks == [(1, 1), (2, 0)]
    assert host.heard == [(3, "80035a")]


def test_a_slow_lock_acknowledges_at_once_and_answers_late() -> None:
    host = host_with(slow=8.0)
    host.send(GET)
    host.later(7.9)
    assert host.callbacks == [(1, 0)]
    assert host.heard == []
    host.later(0.2)
    assert host.heard == [(2, EMPTY)]


def test_a_slow_lock_does_not_hold_up_another() -> None:
    host = Host(a_lock(quirks={"slow": 8.0}), a_lock(address="3"))
    host.send("8002", 2)
    host.send("8002", 3)
    host.later(1)
    assert host.heard == [(3, "80035a")]


def test_the_answer_usually_follows_the_callback() -> None:
    host = host_with()
    host.ask(GET)
    assert host.order == ["callback", "command"]


@pytest.mark.parametrize("delay", [0.0, 0.03])
def test_the_answer_may_overtake_the_callback(delay: float) -> None:
    host = Host(a_lock(quirks={"reply_first": True}), delay=delay)
    host.ask(GET)
    assert host.order == ["command", "callback"]


def test_what_a_lock_tells_may_be_lost() -> None:
    host = host_with(lose_events=0.5)
    host.table.dice.falls = [0.4, 0.6]
    host.lock.turn(Bolt.UNLOCKED, 0)
    assert host.told() == ["6203000002fefe0000"]


def test_what_a_lock_tells_may_come_again_seconds_later() -> None:
    host = host_with(repeat_events=0.2, quiet_bolt=True)
    host.table.dice.falls = [0.9, 0.1]
    host.lock.turn(Bolt.UNLOCKED, 0)
    assert host.told() == ["7105000000ff060200"]
    host.later(4.15)
    assert host.told() == []
    host.later(0.4)
    assert host.told() == ["7105000000ff060200"]


def test_quirks_may_be_put_on_and_taken_off_while_it_runs() -> None:
    host = host_with()
    host.lock.quirks = host.lock.quirks.model_copy(update={"masked": True})
    host.ask(SET)
    assert host.ask(GET) == ["630308012a2a2a2a"]
    host.lock.quirks = host.lock.quirks.model_copy(update={"masked": False})
    assert host.ask(GET) == [STORED]


# ---- one for each lock that was seen to do it ----


def test_a_yale_yrd256_holds_its_admin_code_in_slot_251() -> None:
    host = Host(a_lock("yale", quirks={"quiet_codes": True}))
    assert host.ask("6304") == ["6305fa"]
    host.ask("6301fb01" + b"8642".hex())
    assert host.ask("6302fb") == ["6303fb01" + b"8642".hex()]
    host.ask("6301000000000000")
    assert host.ask("6302fb") == ["6303fb01" + b"8642".hex()]


def test_a_be469_reports_an_empty_slot_as_four_zeros_that_look_like_a_code() -> None:
    assert Host(a_lock("be469", quirks={"empty": "digits"})).ask("630203") == ["63030300" + b"0000".hex()]


def test_a_be469_masks_empty_slots_too() -> None:
    assert Host(a_lock("be469", quirks={"empty": "masked"})).ask("630203") == ["63030300" + b"****".hex()]


def test_a_yrd410_refuses_the_same_digits_twice_and_says_so_with_event_15() -> None:
    host = Host(a_lock("yale"))
    host.ask("63010101" + b"1234".hex())
    (told,) = host.ask("63010201" + b"1234".hex())
    assert told.startswith("7105000000ff060f")
    assert 2 not in host.lock.memory.codes


def test_a_be469zp_takes_ten_seconds_to_answer() -> None:
    host = Host(a_lock("schlage", quirks={"slow": 10}))
    host.send("8002")
    host.later(9.9)
    assert host.heard == []
    host.later(0.2)
    assert host.heard == [(2, "80035a")]


def test_a_be469zp_deletes_all_codes_when_its_pin_length_changes() -> None:
    host = Host(a_lock("schlage"))
    host.ask("63010101" + b"1234".hex())
    host.ask("7004100106")
    assert host.lock.memory.codes == {}


def test_a_kwikset_914_is_reset_by_parameter_40() -> None:
    host = Host(a_lock("kwikset"))
    host.ask("63010101" + b"1234".hex())
    host.ask("7004280101")
    assert host.lock.memory.codes == {}


def test_a_yale_module_answers_supervision_always_as_session_0() -> None:
    host = Host(a_lock("yale", quirks={"supervision": "session_0"}))
    assert host.ask("6c0105" + "02" + "8002")[-1] in {"6c0200ff00", "80035a"}
    assert "6c0200ff00" in host.ask("6c0106028002")


def test_an_hc620_goes_on_repeating_its_supervision_report() -> None:
    host = Host(a_lock("hc620"))
    assert host.ask("6c0105028002").count("6c0205ff00") == 31


def test_an_asl_03_stops_reacting_until_somebody_opens_it() -> None:
    host = Host(a_lock("august", quirks={"stops": 0.5}))
    host.table.dice.falls = [0.9, 0.9, 0.9, 0.1]
    host.send("8002")
    host.later(1)
    host.send("8002")
    host.later(1)
    assert host.callbacks[-1][1] == 1
    assert host.lock.silent
    host.lock.silence(silent=False)
    assert host.ask("8002") == ["80035a"]


def test_an_nf_yrd612_deletes_a_code_later_that_it_took() -> None:
    host = Host(a_lock("yale", quirks={"drops_codes": 30, "quiet_codes": True}))
    host.send("63010401" + b"2468".hex())
    host.later(29)
    assert 4 in host.lock.memory.codes
    host.later(2)
    assert host.lock.memory.codes == {}
    assert host.heard == []


@pytest.mark.parametrize("model", ["be369", "fe599"])
def test_a_be369_and_an_fe599_tell_only_association_group_2(model: str) -> None:
    host = Host(a_lock(model, quirks={"quiet_bolt": True}))
    host.lock.turn(Bolt.UNLOCKED, 0)
    assert host.told() == []
    host.ask("85010101")
    host.lock.turn(Bolt.LOCKED, 0)
    assert host.told() == []
    host.ask("85010201")
    host.lock.turn(Bolt.UNLOCKED, 0)
    assert host.told() == ["7105000000ff060200"]


def test_a_group_of_two_nodes_takes_no_third_one() -> None:
    host = Host(a_lock("fe599"))
    host.ask("8501020105")
    host.ask("85010209")
    assert host.ask("850202") == ["85030202000105"]
    assert host.ask("8505") == ["850602"]
    host.ask("85040201")
    assert host.ask("850202") == ["850302020005"]
    host.ask("850402")
    assert host.ask("850202") == ["8503020200"]
    assert host.ask("850209") == ["8503010200"]


@pytest.mark.parametrize(
    ("brand", "event", "told"),
    [
        ("kwikset", Event.CODE_DELETED, "71052100"),
        ("kwikset", Event.TOO_MANY_WRONG_CODES, ""),
        ("yale", Event.TOO_MANY_WRONG_CODES, "7105a101"),
        ("yale", Event.CODE_DELETED, ""),
        ("schlage", Event.TOO_MANY_WRONG_CODES, "710560ff"),
    ],
)
def test_each_brand_has_its_own_alarm_types(brand: str, event: Event, told: str) -> None:
    quirks = Quirks.model_validate({"v1_alarms": True, "v1_as": brand})
    assert notices.access(event, quirks).hex() == told


def test_a_yale_with_old_alarms_does_not_tell_of_a_code_that_was_deleted() -> None:
    host = Host(a_lock("yale", quirks={"v1_alarms": True, "v1_as": "yale"}))
    host.ask("63010401" + b"2468".hex())
    assert host.ask("6301040000000000") == []
