from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.simulator.building import Building
from drivers.simulator.memory import Bolt, Entry
from drivers.simulator.settings import Config
from hub.errors import Rejected
from tests.drivers.simulator.world import START, Host, Table, a_lock

Deed = Callable[[Host], object]

DEEDS: dict[str, Deed] = {
    "code": lambda host: host.ask("63010301" + b"1234".hex()),
    "other code": lambda host: host.ask("63010402" + b"5678".hex()),
    "duplicate": lambda host: host.ask("63010501" + b"1234".hex()),
    "clear": lambda host: host.ask("6301030000000000"),
    "clear all": lambda host: host.ask("6301000000000000"),
    "unlock": lambda host: host.ask("620100"),
    "lock": lambda host: host.ask("6201ff"),
    "press": lambda host: host.lock.press("1234", host.table.now),
    "turn": lambda host: host.lock.turn(Bolt.UNLOCKED, host.table.now),
    "drain": lambda host: host.lock.drain(17),
    "jam": lambda host: host.lock.jam(jammed=True),
    "free": lambda host: host.lock.jam(jammed=False),
    "silence": lambda host: host.lock.silence(silent=True),
    "speak": lambda host: host.lock.silence(silent=False),
    "reset": lambda host: host.lock.reset(),
    "parameter": lambda host: host.ask("7004010103"),
    "mode": lambda host: host.ask("630801"),
    "auto-lock": lambda host: host.ask("62040100fefe0005000000"),
    "wait": lambda host: host.later(10),
}


@given(st.lists(st.sampled_from(sorted(DEEDS)), max_size=25))
def test_the_journal_read_again_gives_the_same_lock(deeds: list[str]) -> None:
    host = Host(a_lock("yale-zw3", auto_lock=2))
    for deed in deeds:
        DEEDS[deed](host)
    journal = [Entry.model_validate_json(entry.model_dump_json()) for entry in host.table.building.journal]
    again = Building(Config(locks=(host.lock.settings,)), lambda: START, journal)
    assert again.locks[2].memory == host.lock.memory
    assert again.journal == host.table.building.journal
    assert again.take_news() == []


def test_a_lock_of_another_model_at_the_same_address_remembers_nothing() -> None:
    table = Table((a_lock("yale"),))
    table.lock().program(3, "1234")
    again = Table((a_lock("schlage", battery=33),), past=tuple(table.building.journal))
    assert again.lock().memory.codes == {}
    assert again.lock().memory.battery == 33
    assert [entry.change.what for entry in again.building.take_news()] == ["installed"]


def test_what_happened_to_a_lock_that_is_gone_is_kept_and_touches_nobody() -> None:
    table = Table((a_lock("yale", "2"), a_lock("yale", "3")))
    table.lock(3).program(3, "1234")
    again = Table((a_lock("yale", "2"),), past=tuple(table.building.journal))
    assert again.lock(2).memory.codes == {}
    assert again.building.journal == table.building.journal


def test_a_bolt_left_open_by_an_earlier_run_locks_itself() -> None:
    table = Table((a_lock(auto_lock=5),))
    table.lock().turn(Bolt.UNLOCKED, 0)
    again = Table((a_lock(auto_lock=5),), past=tuple(table.building.journal), now=100.0)
    again.building.wake(100.0)
    again.later(4.9)
    assert again.lock().memory.bolt is Bolt.UNLOCKED
    again.later(0.2)
    assert again.lock().memory.bolt is Bolt.LOCKED


def test_entries_carry_the_time_at_which_they_were_made() -> None:
    table = Table(now=30.0)
    table.lock().drain(5)
    assert (table.building.journal[-1].at - START).total_seconds() == 30.0


def test_an_address_without_a_lock_is_refused() -> None:
    with pytest.raises(Rejected, match="no lock 9"):
        Table().building.lock("9")


def test_the_doors_are_named_after_their_models() -> None:
    assert Table((a_lock("august"), a_lock("kwikset", "7"))).building.doors == {
        "2": "August ASL-03",
        "7": "Kwikset 914",
    }
