"""A lock that is about to join: its side of the exchanges, written from the S2 chapter and SDS10865."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from drivers.zwave.security.dsk import Dsk
from drivers.zwave.security.keys import (
    S0_JOINING,
    NetworkKey,
    S2Keys,
    SecurityClass,
    classes,
    s0_keys,
    s2_keys,
    temp_keys,
)
from drivers.zwave.security.s0 import Heard, S0Session
from drivers.zwave.security.s2 import (
    TEMPORARY,
    Link,
    NeedNonce,
    NonceArrived,
    Received,
    Reply,
    S2Session,
    Strength,
)
from tests.drivers.zwave.fakes import FakeLock

ACCESS, AUTH, UNAUTH, S0 = (
    SecurityClass.S2_ACCESS_CONTROL,
    SecurityClass.S2_AUTHENTICATED,
    SecurityClass.S2_UNAUTHENTICATED,
    SecurityClass.S0,
)
HOME = 0xC0FFEE01
PRIVATE = X25519PrivateKey.from_private_bytes(b"\x42" * 32)
PUBLIC = PRIVATE.public_key().public_bytes_raw()
DSK = Dsk(PUBLIC[:16])
LISTED = bytes.fromhex("62637172808586")
OLD, PLAIN = bytes.fromhex("5e986c"), bytes.fromhex("5e7286806263718570")
"""The classes of a lock with S0, and of one that cannot encrypt."""


@dataclass
class Newcomer(FakeLock):
    """A lock that is not in the network yet. Each part of its side of the exchange can be made to go wrong."""

    node: int = 7
    wants: tuple[SecurityClass, ...] = (AUTH, ACCESS)
    classes: bytes = bytes.fromhex("5e9f6c")
    said: bytes | None = None
    """The classes it lists when it joins, as somebody else may have said in its name; None: its own."""
    report: str = ""
    """Instead of its KEX Report."""
    silent_at: str = ""
    """The step, named by the command it answers, at which it falls silent."""
    fails_at: str = ""
    fails_with: int = 6
    echo: str = ""
    """Instead of the echo of KEX Set."""
    asks_for: int | None = None
    """Instead of the key it was granted."""
    verifies_under: SecurityClass | None = None
    repeats_echo_s: float = 10.0
    patience_s: float = 10.0
    """How long it waits for the first word about S0."""
    leaves_after_failure: bool = False
    tampered: bool = False
    """Its public key is exchanged on the way."""
    held: dict[SecurityClass, NetworkKey] = field(default_factory=dict)
    heard: list[bytes] = field(default_factory=list)
    """What it could decrypt once it had joined."""
    joined_at: float = 0.0
    forgets_before: int = 0
    """Before so many encrypted messages it loses what it agreed on, and says so."""

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.held.clear()
        self.granted: list[SecurityClass] = []
        self.wanted: list[SecurityClass] = []
        self.failure: int | None = None
        self.complete = False
        self.keys: dict[Strength, S2Keys] = {}
        self.s2 = S2Session(Link(HOME, self.node, 1), self.keys, secrets.token_bytes)
        self.s0 = S0Session(self.node, 1, s0_keys(S0_JOINING), secrets.token_bytes)
        self.old_key: NetworkKey | None = None
        self.queue: list[tuple[bytes, Strength]] = []
        self.outside: Callable[[bytes], None] = lambda _: None

    @property
    def strongest(self) -> SecurityClass | None:
        return next((each for each in (ACCESS, AUTH, UNAUTH, S0) if each in self.held), None)

    # ---- what reaches it ----

    def take(self, command: bytes) -> list[bytes]:
        self.received.append(command.hex())
        if command == b"\x00" or self.reach == "mute":
            return []
        if command[:1] == b"\x9f" and b"\x9f" in self.classes:
            return self._s2(command)
        if command[:1] == b"\x98" and b"\x98" in self.classes:
            return self._s0(command)
        return [] if self.held else super().take(command)

    def _may(self, step: str, answers: list[bytes]) -> list[bytes]:
        if self.silent_at == step:
            return []
        if self.fails_at == step:
            return [bytes((0x9F, 0x07, self.fails_with))]
        return answers

    def _s2(self, command: bytes) -> list[bytes]:
        now = asyncio.get_running_loop().time()
        match command[1]:
            case 0x04:
                mask = sum(each.value for each in self.wants)
                return self._may("kex get", [bytes.fromhex(self.report) or bytes((0x9F, 5, 0, 2, 1, mask))])
            case 0x06:
                self.granted = sorted(classes(command[5]), key=lambda each: each.value)
                self.wanted = list(self.granted)
                shown = PUBLIC if not {ACCESS, AUTH} & set(self.granted) else b"\0\0" + PUBLIC[2:]
                if self.tampered:
                    shown = b"\0\0" + X25519PrivateKey.generate().public_key().public_bytes_raw()[2:]
                return self._may("kex set", [b"\x9f\x08\x00" + shown])
            case 0x07:
                self.failure = command[2]
                return []
            case 0x08:
                return self._may("public key", [] if self.silent_at == "public key" else self._agree(command[3:]))
            case _:
                if command[1] == 0x03:
                    self.forgets_before -= 1
                    if self.forgets_before == 0:
                        self.s2.forget()
                return [each for event in self.s2.receive(command, now) for each in self._react(event)]

    def _agree(self, theirs: bytes) -> list[bytes]:
        secret = PRIVATE.exchange(X25519PublicKey.from_public_bytes(theirs))
        self.keys = {TEMPORARY: temp_keys(secret, theirs, PUBLIC)}
        self.s2 = S2Session(Link(HOME, self.node, 1), self.keys, secrets.token_bytes)
        self._repeat_echo()
        return self.flush()

    def _repeat_echo(self) -> None:
        mask = sum(each.value for each in self.granted)
        self.queue.append((bytes.fromhex(self.echo) or bytes((0x9F, 6, 1, 2, 1, mask)), TEMPORARY))
        asyncio.get_running_loop().call_later(self.repeats_echo_s, self._again)

    def _again(self) -> None:
        if TEMPORARY in self.s2.keys and not self.held and self.failure is None:
            self._repeat_echo()
            for each in self.flush():
                self.outside(each)

    def _react(self, event: object) -> list[bytes]:
        match event:
            case Reply(frame=sent):
                return [sent]
            case NonceArrived():
                return self.flush()
            case Received(payload=payload, under=under) if under is TEMPORARY:
                return self._exchange(payload)
            case Received(payload=payload, under=under) if under is self.strongest:
                return self._used(payload)
            case Heard(payload=payload):
                return self._old(payload)
            case _:
                return []

    def _exchange(self, payload: bytes) -> list[bytes]:
        match payload[1]:
            case 0x05:
                return self._may("kex report", self._want_next())
            case 0x07:
                self.failure = payload[2]
            case 0x0A:
                of = classes(payload[2])
                (security,) = of
                self.held[security] = NetworkKey(payload[3:])
                self.s2.keys[security] = s2_keys(self.held[security])
                self.queue.append((b"\x9f\x0b", self.verifies_under or security))
                if self.verifies_under is not None:
                    self.s2.keys[self.verifies_under] = s2_keys(NetworkKey(b"\x99" * 16))
                return self._may("key report", self.flush())
            case 0x0C:
                return self._may("transfer end", self._want_next())
        return []

    def _want_next(self) -> list[bytes]:
        if self.wanted:
            asked = self.asks_for if self.asks_for is not None else self.wanted.pop(0).value
            self.queue.append((bytes((0x9F, 9, asked)), TEMPORARY))
            return self.flush()
        self.queue.append((b"\x9f\x0c\x01", TEMPORARY))
        self.complete = True
        return self.flush()

    def _used(self, payload: bytes) -> list[bytes]:
        self.heard.append(payload)
        assert self.strongest is not None
        answers = [b"\x9f\x0e" + LISTED] if payload == b"\x9f\x0d" else super().take(payload)
        self.queue += [(each, self.strongest) for each in answers]
        return self.flush()

    def flush(self) -> list[bytes]:
        out: list[bytes] = []
        now = asyncio.get_running_loop().time()
        while self.queue:
            payload, under = self.queue[0]
            sealed = self.s2.encrypt(payload, now, under=under)
            if isinstance(sealed, NeedNonce):
                return [*out, sealed.ask]
            self.queue.pop(0)
            out.append(sealed)
        return out

    # ---- S0 ----

    def _s0(self, command: bytes) -> list[bytes]:
        now = asyncio.get_running_loop().time()
        if command[1] == 0x04:
            return self._may("scheme get", [b"\x98\x05\x00"]) if now - self.joined_at < self.patience_s else []
        events = self.s0.receive(command, now)
        return [
            each
            for event in events
            for each in (self._old_nonce() if isinstance(event, NonceArrived) else self._react(event))
        ]

    def _old(self, payload: bytes) -> list[bytes]:
        if payload[:2] == b"\x98\x06":
            self.held[S0] = NetworkKey(payload[2:])
            self.s0.keys = s0_keys(self.held[S0])
            self.queue.append((b"\x98\x07", S0))
            return self._may("key set", self._old_nonce())
        self.heard.append(payload)
        answers = [b"\x98\x03\x00" + LISTED] if payload == b"\x98\x02" else super().take(payload)
        self.queue += [(each, S0) for each in answers]
        return self._old_nonce()

    def _old_nonce(self) -> list[bytes]:
        out: list[bytes] = []
        now = asyncio.get_running_loop().time()
        while self.queue:
            sealed = self.s0.encrypt(self.queue[0][0], now)
            if isinstance(sealed, NeedNonce):
                return [*out, sealed.ask]
            self.queue.pop(0)
            out.append(sealed)
        return out


def qr_code(*, version: int = 1, requested: int = 0x86, kind: int = 0x4003) -> str:
    """A label of a lock that wants Authenticated and Access Control (and S0), with the device's number."""
    rest = (
        f"{requested:03d}"
        + DSK.text.replace("-", "")
        + f"0010{kind:05d}00000"
        + "0220"
        + "00059"
        + "25380"
        + "20548"
        + "00257"
    )
    checksum = int.from_bytes(hashlib.sha1(rest.encode(), usedforsecurity=False).digest()[:2], "big")
    return f"90{version:02d}{checksum:05d}{rest}"
