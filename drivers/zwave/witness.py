"""From what a lock says to facts, each told once: repetitions, echoes and second reports of one movement are held back.

No I/O and no clock of its own: `now` is the running clock in seconds, `at` the time of the house.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from drivers.zwave import events
from drivers.zwave.cc import basic, battery, device_reset_locally, door_lock, notification, user_code
from drivers.zwave.cc.codec import Command
from drivers.zwave.cc.notification import Happening
from drivers.zwave.cc.user_code import KeypadMode
from hub.model.facts import (
    BatteryRead,
    BoltMoved,
    CodeChange,
    CodesChanged,
    Fact,
    LockFound,
    LockHeard,
    LockSilent,
    Mode,
    ModeTold,
    Trouble,
    TroubleSeen,
)
from hub.model.values import Address, How, Position

REPEATED_WITHIN_S = 6.0
"""Seen: BE469ZP repeats one report in five after 4.2 to 4.5 s, when it is old news (zwave-js/zwave-js#9134)."""
EXPLAINED_WITHIN_S = 1.5
"""A bare report that the bolt moved waits this long for the notification that says who moved it."""
OBEYED_WITHIN_S = 10.0
"""A bolt that moves as it was told within this time was moved by us: the deadline of *Unlock now* (design.md §1)."""
HEARD_EVERY_S = 60.0
"""Signs of life are told this often at most; each is written to a disk."""
_MODES = MappingProxyType(
    {KeypadMode.NORMAL: Mode.NORMAL, KeypadMode.VACATION: Mode.VACATION, KeypadMode.PRIVACY: Mode.PRIVACY}
)


@dataclass(frozen=True, slots=True)
class _Move:
    position: Position
    at: datetime
    due: float


class Witness:
    """One lock. Facts seen before it is introduced are told right after `LockFound`."""

    def __init__(self, lock: Address, tell: Callable[[Fact], None]) -> None:
        self._lock = lock
        self._tell_now = tell
        self._held: deque[Fact] | None = deque(maxlen=50)
        """None once the lock is introduced."""
        self._silent = False
        self._heard_at: float | None = None
        self._mode: Mode | None = None
        self._told: BoltMoved | None = None
        self._told_at = 0.0
        self._recent: deque[tuple[float, Happening]] = deque()
        self._unexplained: _Move | None = None
        self._ordered: _Move | None = None
        self._placed: tuple[Happening, int, float] | None = None
        """The last change of a code that named no slot, the slot that it was of, and when."""

    @property
    def introduced(self) -> bool:
        return self._held is None

    @property
    def missed(self) -> bool:
        """Whether the house was told that it is silent, and nothing else since."""
        return self._silent

    def introduce(self, found: LockFound, now: float) -> None:
        """Tell that the lock is there, and then what it said meanwhile."""
        self._tell_now(found)
        self._silent, self._heard_at = False, now
        held, self._held = self._held or deque(), None
        for fact in held:
            self._tell_now(fact)

    def silent(self, why: str, at: datetime) -> None:
        """Told even of a lock that was never met: somebody must look after it."""
        if not self._silent:
            self._silent = True
            self._tell_now(LockSilent(self._lock, at, why))

    def heard(self, now: float, at: datetime) -> None:
        if not self.introduced:
            return
        if self._silent or self._heard_at is None or now - self._heard_at >= HEARD_EVERY_S:
            self._silent, self._heard_at = False, now
            self._tell_now(LockHeard(self._lock, at))

    def in_mode(self, mode: Mode, at: datetime) -> None:
        """Told when it is another than the one told last."""
        if mode is not self._mode:
            self._mode = mode
            self._tell(ModeTold(self._lock, at, mode))

    def commanded(self, to: Position, now: float, at: datetime) -> None:
        self._ordered = _Move(to, at, now + OBEYED_WITHIN_S)

    def hear(self, command: Command, now: float, at: datetime, *, setting: int | None = None) -> bool:
        """Whether the lock should be asked where its bolt is, because what it said leaves that open.

        Args:
            setting: the slot that is being set or cleared, if one is.
        """
        match command:
            case notification.Report(happening=Happening() as said):
                return self._notified(said, now, at, setting)
            case notification.Report() | basic.Set() | basic.Report():
                return True
            case door_lock.OperationReport() if not command.moving:
                self._positioned(events.position_of(command.mode), now, at)
            case battery.Report():
                self._tell(BatteryRead(self._lock, at, command.percent, command.low))
            case user_code.KeypadModeReport(mode=KeypadMode.LOCKED_OUT):
                self._tell(TroubleSeen(self._lock, at, Trouble.KEYPAD_OFF, "too many wrong codes"))
            case user_code.KeypadModeReport(mode=mode):
                self.in_mode(_MODES[mode], at)
            case device_reset_locally.Notification():
                self._tell(CodesChanged(self._lock, at, CodeChange.ALL_DELETED))
                self.silent("it was reset to its factory settings and has left the network", at)
        return False

    def deadline(self) -> float | None:
        return None if self._unexplained is None else self._unexplained.due

    def timeout(self, now: float) -> None:
        move = self._unexplained
        if move is not None and now >= move.due:
            self._moved(BoltMoved(self._lock, move.at, move.position), now)

    # ---- one kind of news each -------------------------------------------------------------------------------------

    def _notified(self, said: Happening, now: float, at: datetime, setting: int | None) -> bool:
        look = False
        for fact in events.facts(said, self._lock, at):
            if isinstance(fact, CodesChanged):
                self._tell(self._place(fact, said, now, setting))
            elif not isinstance(fact, BoltMoved):
                self._tell(fact)
            elif self._is_echo(fact, now):
                continue
            elif (again := self._repeated(said, now)) is None:
                self._moved(fact, now)
            else:
                look = again
        return look

    def _place(self, fact: CodesChanged, said: Happening, now: float, setting: int | None) -> CodesChanged:
        """Most locks name no slot when a code changes: then it is of the one being set, and so is a repetition of it.

        Else every slot of the lock would have to be asked anew, after each code that is set.
        """
        if fact.slot is not None or fact.change is CodeChange.ALL_DELETED:
            return fact
        if setting is None and self._placed is not None:
            earlier, slot, when = self._placed
            setting = slot if earlier == said and now - when < REPEATED_WITHIN_S else None
        elif setting is not None:
            self._placed = (said, setting, now)
        return replace(fact, slot=setting)

    def _is_echo(self, fact: BoltMoved, now: float) -> bool:
        """The lock's own word for a move that we ordered and have told already."""
        told = self._told
        same = told is not None and (told.position, told.how) == (fact.position, fact.how)
        return same and fact.how is How.REMOTE and now - self._told_at < REPEATED_WITHIN_S

    def _repeated(self, said: Happening, now: float) -> bool | None:
        """None: new. Else whether the repetition could be old news, or a second movement that looks the same."""
        while self._recent and now - self._recent[0][0] >= REPEATED_WITHIN_S:
            self._recent.popleft()
        earlier = [happening for _, happening in self._recent]
        if said not in earlier:
            self._recent.append((now, said))
            return None
        return said != earlier[-1] and said.sequence is None

    def _positioned(self, position: Position, now: float, at: datetime) -> None:
        if self._told is None:
            self._moved(BoltMoved(self._lock, at, position), now)
        elif self._told.position is position:
            self._unexplained = None
        elif self._ordered is not None and self._ordered.position is position and now < self._ordered.due:
            self._moved(BoltMoved(self._lock, at, position, How.REMOTE), now)
        elif self._unexplained is None or self._unexplained.position is not position:
            self._unexplained = _Move(position, at, now + EXPLAINED_WITHIN_S)

    def _moved(self, fact: BoltMoved, now: float) -> None:
        self._unexplained = None
        self._told, self._told_at = fact, now
        self._tell(fact)

    def _tell(self, fact: Fact) -> None:
        if self._held is None:
            self._tell_now(fact)
        else:
            self._held.append(fact)
