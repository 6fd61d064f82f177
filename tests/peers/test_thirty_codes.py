"""Thirty codes in every kind of lock that zwave-js's mock can play, all of them behind one stick at the same time."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from hub.model.facts import BoltMoved
from hub.model.values import Address, How, Pin, Position, Proof
from tests.peers.mocked import Mock, Ours, mock, ours

CODES = range(1, 31)
GRANTED = {2: "", 3: "S2_ACCESS_CONTROL", 4: "S0", 5: "S2_ACCESS_CONTROL", 6: "", 7: ""}
"""Of each node the strongest key it holds. 5 sleeps between beams, 6 has User Code version 2, 7 User Credential."""
WITHIN_S = 60


def pin(node: int, slot: int) -> Pin:
    return Pin(f"{100_000 + 1000 * node + 7 * slot}")


async def _met(host: Ours) -> None:
    found: set[Address] = set()
    while len(found) < len(GRANTED):
        found.add((await host.found()).lock)


async def _fill(host: Ours, node: int) -> None:
    """Every slot is set, and then read once more when all are full."""
    keypad = host.driver.locks[Address(str(node))].keypad
    assert keypad is not None
    for slot in CODES:
        assert await keypad.write(slot, pin(node, slot)) is Proof.READ_BACK
    for slot in CODES:
        assert (await keypad.read(slot)).pin == pin(node, slot)


async def _opened_by_code(host: Ours, stick: Mock, node: int, slot: int) -> BoltMoved:
    await stick.type_code(node, slot)
    while True:
        fact = await host.news.get()
        if isinstance(fact, BoltMoved) and fact.how is How.KEYPAD:
            return fact


@pytest.mark.peer
async def test_thirty_codes_are_set_and_read_back_in_every_kind_of_lock(tmp_path: Path) -> None:
    async with asyncio.timeout(WITHIN_S), mock(*GRANTED, air_ms=1) as stick, ours(stick.stick, tmp_path) as host:
        await _met(host)
        known = json.loads((tmp_path / "nodes.json").read_text())["nodes"]
        assert {int(node): each["granted"] for node, each in known.items()} == GRANTED
        async with asyncio.TaskGroup() as doors:
            for node in GRANTED:
                doors.create_task(_fill(host, node))
        for node in GRANTED:
            held = await stick.held(node)
            assert all(f'"{pin(node, slot).reveal()}"' in held for slot in CODES), "the mock itself holds the digits"
            opened = await _opened_by_code(host, stick, node, slot=7 + node)
            assert (opened.lock, opened.position, opened.slot) == (str(node), Position.UNLOCKED, 7 + node)
