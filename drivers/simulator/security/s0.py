"""A device's half of Security 0 with its controller: every message uses up a nonce that its receiver gave.

Source: SDS10865 (S0 Application Security Layer); ZW_classcmd.h (SECURITY_*) for the layout.
"""

from __future__ import annotations

from typing import Final

from drivers.simulator.security.keys import Level, Randomness, S0Keys
from drivers.simulator.security.primitives import TAG, cbc_mac, ofb
from drivers.simulator.security.s2 import Event, Link, NonceCame, Opened, Reply

CLASS: Final = 0x98
NONCE_GET: Final = 0x40
NONCE_REPORT: Final = 0x80
ENCAPSULATION: Final = 0x81
ENCAPSULATION_NONCE_GET: Final = 0xC1
"""The same, and a nonce for the second half is wanted."""

NONCE: Final = 8
LIFETIME_S: Final = 10.0
"""SDS10865, figure in §5: at least 3 s, better 10, at most 20."""
TABLE: Final = 8
"""Nonces that are out at once (§5.2.1.1: fixed, at most 128)."""
LONGEST: Final = 26
"""Bytes of a command in one frame: 46 less class, command, two nonces, control byte and MAC."""

COUNTER: Final = 0x0F
SEQUENCED: Final = 0x10
SECOND: Final = 0x20


class S0:
    def __init__(self, link: Link, randomness: Randomness) -> None:
        self._link = link
        self._randomness = randomness
        self.keys: S0Keys | None = None
        self.repeats_nonces = False
        self._given: dict[int, tuple[bytes, float]] = {}
        """By their first byte, by which they are named."""
        self._previous: bytes | None = None
        self._taken: bytes | None = None
        self._asking = False
        self._counter = 0
        self._first: tuple[int, bytes] | None = None

    def forget(self) -> None:
        """As after a loss of power (§6.4)."""
        self._given.clear()
        self._taken = self._first = None
        self._asking = False

    # ---- to the controller ----

    def ask(self) -> bytes:
        self._asking = True
        return bytes((CLASS, NONCE_GET))

    def parts(self, command: bytes) -> list[bytes]:
        """What goes into one frame each, control byte first."""
        if len(command) <= LONGEST:
            return [b"\x00" + command]
        self._counter = self._counter % COUNTER + 1
        first, second = command[:LONGEST], command[LONGEST:]
        return [bytes((SEQUENCED | self._counter,)) + first, bytes((SEQUENCED | SECOND | self._counter,)) + second]

    def seal(self, part: bytes) -> bytes | None:
        """None: ask for a nonce first."""
        if self._taken is None or self.keys is None:
            return None
        ours, theirs, self._taken = self._randomness(NONCE), self._taken, None
        more = part[0] & (SEQUENCED | SECOND) == SEQUENCED
        self._asking = more
        command = ENCAPSULATION_NONCE_GET if more else ENCAPSULATION
        text = ofb(self.keys.encryption, ours + theirs, part)
        mac = self._mac(self.keys, ours + theirs, command, self._link.own, self._link.peer, text)
        return bytes((CLASS, command)) + ours + text + theirs[:1] + mac

    @staticmethod
    def _mac(keys: S0Keys, iv: bytes, command: int, sender: int, receiver: int, text: bytes) -> bytes:
        """§5.4.1. `command` is the one that is sent, also for the first of two parts, as in the security layer of the SDK.

        Seen: zwave-js 15.29 verifies that part as if it were 0x81, and so reads no message in two parts.
        """
        return cbc_mac(keys.authentication, iv + bytes((command, sender, receiver, len(text))) + text)

    # ---- from the controller ----

    def receive(self, frame: bytes, now: float) -> list[Event]:
        """What breaks the layout or cannot be verified is passed over (§6.1)."""
        match frame[1]:
            case 0x40:
                return [self._give(now)]
            case 0x80 if len(frame) >= 2 + NONCE and self._asking:
                self._asking, self._taken = False, frame[2 : 2 + NONCE]
                return [NonceCame()]
            case 0x81 | 0xC1 if len(frame) > 2 + NONCE + 1 + TAG:
                opened = self._open(frame, now)
                wants_more = frame[1] == ENCAPSULATION_NONCE_GET
                return [*opened, self._give(now)] if wants_more else opened
        return []

    def _give(self, now: float) -> Reply:
        nonce = self._fresh()
        self._given = {name: each for name, each in self._given.items() if each[1] > now}
        while len(self._given) >= TABLE:
            del self._given[next(iter(self._given))]  # §6.2: new nonces push the oldest out
        self._given[nonce[0]] = nonce, now + LIFETIME_S
        return Reply(bytes((CLASS, NONCE_REPORT)) + nonce)

    def _fresh(self) -> bytes:
        if self.repeats_nonces and self._previous is not None:
            return self._previous
        nonce = self._randomness(NONCE)
        while nonce[0] in self._given:
            nonce = self._randomness(NONCE)
        self._previous = nonce
        return nonce

    def _open(self, frame: bytes, now: float) -> list[Event]:
        theirs, text = frame[2 : 2 + NONCE], frame[2 + NONCE : -1 - TAG]
        name, mac = frame[-1 - TAG], frame[-TAG:]
        ours, until = self._given.get(name, (b"", 0.0))
        self._given.clear()  # §5.2.1.1: one reply ends all of them, whether its MAC is right or not
        if self.keys is None or not ours or until <= now:
            return []
        if self._mac(self.keys, theirs + ours, frame[1], self._link.peer, self._link.own, text) != mac:
            return []
        return self._join(ofb(self.keys.encryption, theirs + ours, text))

    def _join(self, plain: bytes) -> list[Event]:
        control, part = plain[0], plain[1:]
        if not control & SEQUENCED:
            return [Opened(part, Level.S0)] if part else []
        if not control & SECOND:
            self._first = control & COUNTER, part
            return []
        first, self._first = self._first, None
        if first is None or first[0] != control & COUNTER:
            return []
        return [Opened(first[1] + part, Level.S0)]
