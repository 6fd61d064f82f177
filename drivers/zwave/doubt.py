"""What comes unprotected over a line that garbles is a hint: here is the question whose answer may be believed.

The checksum of the Serial API is an 8-bit XOR (INS12350 5.4.6), so some bent frames pass it. Two equal answers in a row
are believed (`Node.inquire`); what nobody asked for is not. Where a bolt is can be asked, who moved it cannot: a log over
such a line names nobody.
"""

from __future__ import annotations

from drivers.zwave.cc import battery, door_lock, notification, user_code
from drivers.zwave.cc.codec import Command
from drivers.zwave.events import moved
from drivers.zwave.node import Wanted, a
from hub.model.values import Position


def question(said: Command) -> Command | None:
    """What to ask the node before this is believed; None for what changes nothing that is kept."""
    match said:
        case notification.Report(happening=notification.Happening() as happening):
            if _where(happening) in {Position.LOCKED, Position.UNLOCKED}:
                return door_lock.OperationGet()
            return notification.Get(0, happening.kind, happening.event)
        case door_lock.OperationReport():
            return door_lock.OperationGet()
        case battery.Report():
            return battery.Get()
        case user_code.KeypadModeReport():
            return user_code.KeypadModeGet()
        case _:
            return None


def answer_to(asked: Command) -> Wanted[Command]:
    match asked:
        case battery.Get():
            return a(battery.Report)
        case user_code.KeypadModeGet():
            return a(user_code.KeypadModeReport)
        case notification.Get(kind=kind):
            return lambda said: said if isinstance(said, notification.Report) and _kind(said) == kind else None
        case _:
            return a(door_lock.OperationReport)


def _where(said: notification.Happening) -> Position | None:
    bolt = moved(said)
    return None if bolt is None else bolt[0]


def _kind(report: notification.Report) -> int | None:
    return None if report.happening is None else report.happening.kind
