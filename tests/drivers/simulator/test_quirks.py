"""What goes wrong on the radio, by script and by chance."""

from __future__ import annotations

import pytest

from drivers.simulator.memory import Bolt
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
    host.later(4.2)
    assert host.told() == []
    host.later(0.2)
    assert host.told() == ["7105000000ff060200"]


def test_quirks_may_be_put_on_and_taken_off_while_it_runs() -> None:
    host = host_with()
    host.lock.quirks = host.lock.quirks.model_copy(update={"masked": True})
    host.ask(SET)
    assert host.ask(GET) == ["630308012a2a2a2a"]
    host.lock.quirks = host.lock.quirks.model_copy(update={"masked": False})
    assert host.ask(GET) == [STORED]
