"""Association Command Class: who is told what happens at a lock (ZWA AWG 2024A §2.2.3)."""

from __future__ import annotations

from typing import Final

from drivers.simulator.locks import SimLock

SET, GET, REPORT, REMOVE, GROUPINGS_GET, GROUPINGS_REPORT = range(1, 7)
CLASS: Final = 0x85


def obey(lock: SimLock, command: list[int]) -> bool | None:
    """True: done. False: understood and not done. None: no such command."""
    groups = lock.model.groups
    match command:
        case [1, group, *nodes]:
            held = lock.associated(group)
            wanted = [*held, *(node for node in dict.fromkeys(nodes) if node not in held)]
            if group not in groups or len(wanted) > groups[group]:
                return False  # CC:0085.01.01.11.003: a group that is full takes nobody
            lock.associate(group, tuple(wanted))
        case [2, group, *_]:
            told = group if group in groups else 1
            lock.answer(CLASS, REPORT, told, groups[told], 0, bytes(lock.associated(told)))
        case [4, group, *nodes]:
            for each in groups if group == 0 else [group]:
                lock.associate(each, tuple(node for node in lock.associated(each) if nodes and node not in nodes))
        case [5, *_]:
            lock.answer(CLASS, GROUPINGS_REPORT, len(groups))
        case _:
            return None
    return True
