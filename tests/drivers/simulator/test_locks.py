"""What hands, clocks and motors do to a lock, and what the lock tells of it."""

from __future__ import annotations

import pytest

from drivers.simulator import notices
from drivers.simulator.memory import Bolt, BoltMoved, By, Jammed, Pressed
from drivers.simulator.notices import Event
from drivers.simulator.quirks import Quirks
from tests.drivers.simulator.world import Host, a_lock

LOCKED = "6203ff0000fefeff00"
UNLOCKED = "6203000002fefe0000"
STUCK = "6203fe0002fefefe00"


def access(event: int, parameters: str = "") -> str:
    """A Notification Report of Access Control."""
    return f"7105000000ff06{event:02x}{len(parameters) // 2:02x}{parameters}"


def power(event: int) -> str:
    return f"7105000000ff08{event:02x}00"


def with_code(slot: int, digits: str, **settings: object) -> Host:
    host = Host(a_lock(**settings))  # type: ignore[arg-type]  # settings of any kind go through
    host.lock.program(slot, digits)
    host.told()
    return host


def press(host: Host, digits: str) -> bool:
    opened = host.lock.press(digits, host.table.now)
    host.later(0)
    return opened


def test_a_right_code_opens_and_the_lock_says_whose_it_was() -> None:
    host = with_code(4, "2468")
    assert press(host, "2468")
    assert host.told() == [access(6, "630304 01 32343638".replace(" ", "")), UNLOCKED]
    assert host.table.changes()[-2:] == [
        BoltMoved(position=Bolt.UNLOCKED, by=By.KEYPAD, slot=4),
        Pressed(slot=4, opened=True),
    ]


def test_a_wrong_code_does_not_open_and_nothing_is_told() -> None:
    host = with_code(4, "2468")
    assert not press(host, "1357")
    assert host.told() == []
    assert host.table.changes()[-1] == Pressed(slot=None, opened=False)


def test_a_disabled_code_does_not_open() -> None:
    host = Host()
    host.ask("63010502 32343638".replace(" ", ""))
    assert not press(host, "2468")


def test_the_fifth_wrong_code_is_told_and_the_keypad_is_off_for_a_minute() -> None:
    host = with_code(4, "2468", lockout=60)
    for _ in range(4):
        press(host, "1111")
    assert host.told() == []
    press(host, "1111")
    assert host.told() == [access(0x13)]
    assert not press(host, "2468")
    host.later(60)
    assert press(host, "2468")


def test_a_right_code_in_between_starts_the_count_anew() -> None:
    host = with_code(4, "2468")
    for digits in ["1111"] * 4 + ["2468"] + ["1111"] * 4:
        press(host, digits)
    assert access(0x13) not in host.told()


def test_the_thumb_turn_locks_and_unlocks() -> None:
    host = Host()
    host.lock.turn(Bolt.UNLOCKED, 0)
    assert host.told() == [access(2), UNLOCKED]
    host.lock.turn(Bolt.LOCKED, 0)
    assert host.told() == [access(1), LOCKED]
    host.lock.turn(Bolt.LOCKED, 0)
    assert host.told() == []


def test_the_radio_locks_and_unlocks() -> None:
    host = Host()
    assert host.ask("620100") == [access(4), UNLOCKED]
    assert host.ask("6202") == [UNLOCKED]
    assert host.ask("6201ff") == [access(3), LOCKED]


def test_a_bolt_that_is_there_already_only_says_so() -> None:
    host = Host()
    assert host.ask("6201ff") == [LOCKED]
    assert host.table.changes() == []


def test_a_mode_that_the_lock_lacks_is_ignored() -> None:
    host = Host()
    assert host.ask("620101") == []
    assert host.ask("6202") == [LOCKED]


def test_an_open_bolt_locks_itself_in_time() -> None:
    host = with_code(4, "2468", auto_lock=30)
    press(host, "2468")
    host.told()
    host.later(29.9)
    assert host.told() == []
    host.later(0.2)
    assert host.told() == [access(9), LOCKED]


def test_the_time_to_lock_itself_can_be_set_by_radio() -> None:
    host = Host()
    host.ask("620401 00 fefe 0005 0000 00".replace(" ", ""))
    assert host.ask("6205") == ["62060100fefe0005000000"]
    host.send("620100")
    host.later(4.9)
    assert host.told()[-1] == UNLOCKED
    host.later(0.2)
    assert host.told() == [access(9), LOCKED]


def test_a_bolt_takes_its_time_and_is_nowhere_meanwhile() -> None:
    host = Host(a_lock(travel=2.0))
    host.send("620100")
    host.send("6202")
    host.later(0)
    assert host.told() == ["6203fe0000fefe0002"]
    host.later(2)
    assert host.told() == [access(4), UNLOCKED]


def test_a_jammed_bolt_stops_on_its_way_and_says_so_until_it_is_free() -> None:
    host = Host()
    host.lock.jam(jammed=True)
    assert host.told() == []
    assert host.ask("620100") == [access(11), STUCK]
    assert host.ask("71040006 00".replace(" ", "")) == ["7105000000ff060b00"]
    host.lock.jam(jammed=False)
    assert host.told() == [access(0, "0b")]
    assert host.ask("6201ff") == [access(3), LOCKED]
    assert host.table.changes()[:2] == [Jammed(jammed=True), BoltMoved(position=Bolt.UNKNOWN, by=By.RADIO)]


def test_a_right_code_at_a_jammed_lock_does_not_open() -> None:
    host = with_code(4, "2468")
    host.lock.jam(jammed=True)
    assert not press(host, "2468")
    assert host.told() == [access(11), STUCK]


def test_a_lock_that_jams_while_locking_itself_says_that_it_is_not_fully_locked() -> None:
    host = with_code(4, "2468", auto_lock=5)
    press(host, "2468")
    host.told()
    host.lock.jam(jammed=True)
    host.later(5)
    assert host.told() == [access(10), STUCK]


def test_a_falling_battery_is_told_and_warned_of_once_at_each_threshold() -> None:
    host = Host(a_lock(battery=50))
    for percent, told in (
        (21, ["800315"]),
        (20, ["800314", power(10)]),
        (19, ["800313"]),
        (6, ["800306"]),
        (5, ["800305", power(11)]),
        (4, ["800304"]),
        (100, ["800364"]),
    ):
        host.lock.drain(percent)
        assert host.told() == told
    assert host.ask("8002") == ["800364"]


def test_a_low_battery_may_be_told_without_a_percentage() -> None:
    host = Host(a_lock(quirks={"low_warning": True}))
    assert host.ask("8002") == ["80035a"]
    host.lock.drain(21)
    assert host.told() == ["800315"]
    host.lock.drain(20)
    assert host.told() == ["8003ff", power(10)]
    assert host.ask("8002") == ["8003ff"]


def test_a_silenced_lock_is_not_heard_and_does_not_hear() -> None:
    host = Host()
    host.lock.silence(silent=True)
    host.lock.drain(10)
    host.ask("620100")
    assert host.heard == []
    assert host.callbacks == [(1, 1)]
    host.lock.silence(silent=False)
    assert host.ask("6202") == [LOCKED]
    assert host.ask("8002") == ["80030a"]


def test_a_code_set_at_the_lock_is_told_like_any_other() -> None:
    host = Host()
    host.lock.program(3, "1234")
    assert host.told() == [access(14, "6303030131323334")]
    host.lock.program(3, None)
    assert host.told() == [access(13, "6303030000000000")]


def test_version_2_tells_a_local_change_by_user_code_report_too() -> None:
    host = Host(a_lock("yale-zw3"))
    host.lock.program(3, "1234")
    assert host.told() == [access(14, "6303030131323334"), "6303030131323334"]


def test_a_reset_lock_has_forgotten_everything_and_says_nothing() -> None:
    host = with_code(3, "1234")
    host.ask("70040101 01".replace(" ", ""))
    host.lock.reset()
    assert host.told() == []
    assert host.ask("630203") == ["6303030000000000"]
    assert host.ask("700501") == ["7006010102"]


def test_in_vacation_mode_no_code_opens() -> None:
    host = Host(a_lock("schlage"))
    host.lock.program(3, "1234")
    host.ask("700404 01 ff".replace(" ", ""))
    assert not press(host, "1234")
    host.ask("700404 01 00".replace(" ", ""))
    assert press(host, "1234")


@pytest.mark.parametrize(
    ("slot_as", "told"),
    [
        ("report", "7105000000ff060608630304 0132343638"),
        ("byte", "7105000000ff06060104"),
        ("level", "7105000400ff060600"),
        ("nowhere", "7105000000ff060600"),
    ],
)
def test_a_lock_tells_the_slot_in_its_own_place(slot_as: str, told: str) -> None:
    host = with_code(4, "2468", quirks=Quirks.model_validate({"slot_as": slot_as, "quiet_bolt": True}))
    press(host, "2468")
    assert host.told() == [told.replace(" ", "")]


def test_an_old_lock_tells_events_as_alarm_type_and_level() -> None:
    """Types and levels as the device files of Kwikset and Yale map them."""
    told = {event: notices.access(event, Quirks(v1_alarms=True)).hex() for event in Event}
    assert told == {
        Event.IDLE: "71050000",
        Event.MANUAL_LOCK: "71051501",
        Event.MANUAL_UNLOCK: "71051601",
        Event.RF_LOCK: "71051801",
        Event.RF_UNLOCK: "71051901",
        Event.KEYPAD_LOCK: "71051200",
        Event.KEYPAD_UNLOCK: "71051300",
        Event.AUTO_LOCK: "71051b01",
        Event.AUTO_LOCK_NOT_FULLY: "71051a01",
        Event.JAMMED: "71050900",
        Event.ALL_CODES_DELETED: "71052000",
        Event.CODE_DELETED: "71052100",
        Event.CODE_ADDED: "71057000",
        Event.CODE_DUPLICATE: "71057000",
        Event.TOO_MANY_WRONG_CODES: "7105a101",
    }


def test_an_old_lock_warns_of_its_battery_with_the_percentage() -> None:
    host = Host(a_lock(quirks={"v1_alarms": True}))
    host.lock.drain(10)
    host.lock.drain(2)
    assert host.told() == ["80030a", "7105a70a", "800302", "7105a802"]


def test_an_old_lock_tells_a_thumb_turn_as_an_alarm() -> None:
    host = Host(a_lock(quirks={"v1_alarms": True, "quiet_bolt": True}))
    host.lock.turn(Bolt.UNLOCKED, 0)
    assert host.told() == ["71051601"]


def test_an_old_lock_tells_the_slot_as_alarm_level() -> None:
    host = with_code(4, "2468", quirks=Quirks(v1_alarms=True, quiet_bolt=True))
    press(host, "2468")
    assert host.told() == ["71051304"]
    host.lock.program(4, None)
    assert host.told() == ["71052104"]
    assert host.ask("861371") == ["86147101"]
