"""The code memory of a lock that keeps users and credentials (User Credential), as contracts.Keypad.

Slot n is the PIN in credential slot n, and it belongs to user n: one user for each code, so that a code can go without
taking anybody else's tag or finger along. The admin's code is another thing and is never asked for, set or turned off.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from drivers.zwave.cc import user_credential as wire
from drivers.zwave.cc.codec import Command
from drivers.zwave.cc.user_credential import CredentialReport, CredentialSaid, Kind, Operation, UserSaid
from drivers.zwave.node import Node
from hub.contracts import CodeTaken
from hub.errors import Rejected, Unavailable
from hub.model.facts import SlotRead
from hub.model.values import Pin, Proof


class CredentialKeypad:
    def __init__(self, node: Node) -> None:
        self._node = node

    async def read(self, slot: int) -> SlotRead:
        self._check(slot)
        async with self._node.turns.turn():
            held = await self._held(slot)
            if held is None:
                return SlotRead(empty=True)
            owner = await self._node.ask(wire.UserGet(held.user), _user(held.user, UserSaid.ASKED))
            return SlotRead(empty=False, pin=_pin(held), enabled=owner.user.active)

    async def write(self, slot: int, pin: Pin, *, enabled: bool = True) -> Proof:
        self._check(slot)
        known = self._node.known
        if known is not None and not known.min_digits <= len(pin) <= known.max_digits:
            raise Rejected(f"the lock takes codes of {known.min_digits} to {known.max_digits} digits")
        async with self._node.turns.turn():
            made = await self._have_user(slot, wire.User(active=enabled))
            try:
                report = await self._set(slot, Operation.ADD, pin)
                if report.said is CredentialSaid.OCCUPIED:
                    report = await self._replace(slot, pin, report)
                if report.said is CredentialSaid.DUPLICATE and report.slot == slot:
                    return await self._same(slot, pin)
                return _outcome(report, pin)
            except Rejected:
                if made:  # an empty user would be left behind
                    await self._node.deliver(wire.UserSet(Operation.DELETE, slot))
                raise

    async def enable(self, slot: int, pin: Pin) -> Proof:
        """The digits stay as they are: it is their user who may come in from now on."""
        self._check(slot)
        async with self._node.turns.turn():
            command = wire.UserSet(Operation.MODIFY, slot, wire.User())
            report = await self._node.ask(command, _user(slot))
        if report.said not in {UserSaid.MODIFIED, UserSaid.UNCHANGED}:
            raise Rejected("the lock refused to let the code open")
        return Proof.CONFIRMED

    async def clear(self, slot: int) -> Proof:
        self._check(slot)
        async with self._node.turns.turn():
            held = await self._held(slot)
            if held is None:
                return Proof.READ_BACK
            command = wire.CredentialSet(held.user, Kind.PIN, slot, Operation.DELETE)
            report = await self._node.ask(command, _credential(slot))
            if report.said not in {CredentialSaid.DELETED, CredentialSaid.EMPTY}:
                raise Rejected("the lock refused to clear the code")
            await self._let_go(held.user)
        return Proof.CONFIRMED

    # ---- in one turn -----------------------------------------------------------------------------------------------

    async def _held(self, slot: int) -> CredentialReport | None:
        """Whoever owns it (CC:0083.01.0B.11.008). None: nothing is there."""
        report = await self._node.ask(wire.CredentialGet(0, Kind.PIN, slot), _credential(slot, CredentialSaid.ASKED))
        return None if report.modifier is wire.Modifier.NOBODY and not report.data else report

    async def _have_user(self, number: int, user: wire.User) -> bool:
        """See to it that the user is there and may come in, or may not. Returns whether it was not there before."""
        report = await self._node.ask(wire.UserSet(Operation.ADD, number, user), _user(number))
        if report.said is UserSaid.ADDED:
            return True
        if report.said is UserSaid.OCCUPIED and _is_like(report.user, user):
            return False
        if report.said is UserSaid.OCCUPIED:
            report = await self._node.ask(wire.UserSet(Operation.MODIFY, number, user), _user(number))
        if report.said not in {UserSaid.MODIFIED, UserSaid.UNCHANGED}:
            raise Rejected("the lock refused to keep another user")
        return False

    async def _set(self, slot: int, operation: Operation, pin: Pin) -> CredentialReport:
        data = pin.reveal().encode("ascii")
        return await self._node.ask(wire.CredentialSet(slot, Kind.PIN, slot, operation, data), _credential(slot))

    async def _replace(self, slot: int, pin: Pin, there: CredentialReport) -> CredentialReport:
        if there.user not in {0, slot}:
            raise Rejected(f"slot {slot} holds the code of another user of the lock")
        return await self._set(slot, Operation.MODIFY, pin)

    async def _same(self, slot: int, pin: Pin) -> Proof:
        """What it calls a duplicate is this very slot."""
        held = await self._held(slot)
        if held is None or held.user != slot or _pin(held) not in {None, pin}:
            raise Rejected("the lock did not take the code")
        return Proof.CONFIRMED if _pin(held) is None else Proof.READ_BACK

    async def _let_go(self, user: int) -> None:
        """Take away the user of a code that went, unless something else is theirs."""
        other = await self._node.inquire(wire.CredentialGet(user, Kind.NONE, 0), _first_of(user))
        if other is not None and other.modifier is wire.Modifier.NOBODY and not other.data:
            await self._node.inquire(wire.UserSet(Operation.DELETE, user), _user(user))

    def _check(self, slot: int) -> None:
        known = self._node.known
        if known is None:
            raise Unavailable("the lock has not been asked yet what it can do")
        if not 1 <= slot <= known.slots:
            raise Rejected(f"the lock has no slot {slot}")


def _is_like(user: wire.User, wanted: wire.User) -> bool:
    return (user.active, user.kind, user.rule) == (wanted.active, wanted.kind, wanted.rule)


def _pin(report: CredentialReport) -> Pin | None:
    """None: the lock tells a hash of it, or it was set by other means to something that is no PIN."""
    if not report.readable:
        return None
    try:
        return Pin(report.data.decode("ascii"))
    except ValueError:
        return None


def _outcome(report: CredentialReport, pin: Pin) -> Proof:
    """What the lock says came of a code that it was told.

    Raises:
        CodeTaken, Rejected: it did not take it.
    """
    match report.said:
        case CredentialSaid.ADDED | CredentialSaid.MODIFIED | CredentialSaid.UNCHANGED:
            return Proof.READ_BACK if _pin(report) == pin else Proof.CONFIRMED
        case CredentialSaid.DUPLICATE:
            raise CodeTaken("the lock already holds these digits in another slot")
        case CredentialSaid.DUPLICATE_ADMIN:
            raise CodeTaken("these digits are the code of whoever programs the lock")
        case CredentialSaid.RULES:
            raise Rejected("the lock's own rules forbid these digits")
        case CredentialSaid.WRONG_USER:
            raise Rejected("the lock says that the slot belongs to another of its users")
        case CredentialSaid.DELETED | CredentialSaid.ASKED | CredentialSaid.OCCUPIED | CredentialSaid.EMPTY:
            raise Rejected("the lock did not take the code")
        case _:
            assert_never(report.said)


def _credential(slot: int, said: CredentialSaid | None = None) -> Callable[[Command], CredentialReport | None]:
    """A report of that slot; without `said` the one that answers a command, which for a duplicate names the other slot."""
    elsewhere = {CredentialSaid.DUPLICATE, CredentialSaid.DUPLICATE_ADMIN}

    def wanted(command: Command) -> CredentialReport | None:
        if not isinstance(command, CredentialReport) or command.kind is not Kind.PIN:
            return None
        if said is not None:
            return command if (command.said, command.slot) == (said, slot) else None
        if command.said is CredentialSaid.ASKED:
            return None
        return command if command.slot == slot or command.said in elsewhere else None

    return wanted


def _first_of(user: int) -> Callable[[Command], CredentialReport | None]:
    def wanted(command: Command) -> CredentialReport | None:
        if not isinstance(command, CredentialReport) or command.said is not CredentialSaid.ASKED:
            return None
        return command if command.user == user else None

    return wanted


def _user(number: int, said: UserSaid | None = None) -> Callable[[Command], wire.UserReport | None]:
    """A report of that user; without `said` the one that answers a command."""

    def wanted(command: Command) -> wire.UserReport | None:
        if not isinstance(command, wire.UserReport) or command.number != number:
            return None
        return command if (command.said is said if said else command.said is not UserSaid.ASKED) else None

    return wanted
