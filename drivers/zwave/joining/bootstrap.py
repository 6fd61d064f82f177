"""Which keys a device gets that has joined, and what follows when it does not get those it could have.

The rules: a device that can do S2 gets S2 or is not used. One that opens doors gets Access Control with it. S0 is given only
after a person has typed that they want it, none only if a person has chosen that. What a device says of itself before it
holds a key may have been said by somebody else (Z-Shave, CVE-2018-25029), so it is asked again afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from drivers.zwave import functions
from drivers.zwave.cc import door_lock, user_code, user_credential
from drivers.zwave.cc import security as cc_security
from drivers.zwave.functions import NodeInfo, ProtocolInfo
from drivers.zwave.joining.protocol import Arrival
from drivers.zwave.joining.steps import (
    CANCELLED,
    Answer,
    Ask,
    DowngradedError,
    NotWaitedError,
    Said,
    Talking,
    TimedOut,
    describe,
    do,
    last_chance,
    say,
)
from drivers.zwave.known import ENTRY_CONTROL
from drivers.zwave.security import kex, s0_joining
from drivers.zwave.security.dsk import Dsk, is_pin
from drivers.zwave.security.joining import (
    Agree,
    AskGrant,
    AskPin,
    Cancelled,
    Conversation,
    Granted,
    Heard,
    Joined,
    Typed,
)
from drivers.zwave.security.keys import STRONGEST_FIRST, NetworkKey, Randomness, SecurityClass
from hub.contracts.radio import CONSENT, Asked
from hub.errors import Garbled, Rejected

QUESTION_S: Final = 240.0
"""For a person to answer: TAI1 and TAI2 of S2; the same for the others."""
ASKED_AGAIN: Final = 2
"""How often a device is asked once more what it can do, before its silence counts against it."""
S0, S2 = cc_security.S0, cc_security.S2
DOWNGRADED: Final = "it can do S2, but somebody or something hid that when it joined; this may be an attack"
NOT_WAITED: Final = (
    "the device did not wait for the answer; add the same one again within ten minutes, and you will not be asked again"
)


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted of one joining."""

    own: int
    """The stick's number."""
    keys: Mapping[SecurityClass, NetworkKey] = field(repr=False)
    randomness: Randomness
    label: Dsk | None = None
    """From the device's label: then nobody is asked, and no other device gets a key."""
    classes: frozenset[SecurityClass] | None = None
    """What the label says that it wants; None: it does not say."""
    unencrypted: bool = False
    consented: NodeInfo | None = None
    """Somebody typed the consent to S0 in the attempt before this one, for a device that described itself so."""
    opens_doors: bool = False
    """The label says so."""


def _opens_doors(order: Order, arrival: Arrival) -> Talking[bool]:
    if order.opens_doors:
        return True
    if arrival.info is not None:
        return _is_of_doors(arrival.info)
    known = yield from do(functions.get_node_protocol_info(arrival.node))
    try:
        return ProtocolInfo.decode(known.response).generic in {0, ENTRY_CONTROL}
    except Garbled:
        return True


def _is_of_doors(info: NodeInfo) -> bool:
    return info.generic == ENTRY_CONTROL or bool(
        {door_lock.CLASS, user_code.CLASS, user_credential.CLASS} & info.classes
    )


def secure(order: Order, arrival: Arrival) -> Talking[SecurityClass | None]:
    """Give the device that arrived its keys. Returns the strongest; None: it goes without, as somebody chose.

    Raises:
        Rejected: it got none, or less than it must have; the sentence says why. It must not be used.
        Unavailable: the radio failed meanwhile; the same.
    """
    info = arrival.info
    if order.label is not None or info is None or S2 in info.classes:
        heard: list[bytes] = []
        try:
            return (yield from _s2(order, arrival, heard))
        except Rejected:
            if order.label is not None or info is not None or heard:
                raise
        # It came in the place of another and did not describe itself. Asking it earlier would end the patience of some
        # devices (zwave-js, Controller.ts, secureBootstrapS2), so S2 was tried first.
        info = yield from _described(arrival.node)
        if S2 in info.classes:
            raise Rejected("the device did not answer when it was offered its keys; hold it nearer and try again")
    if S0 in info.classes:
        return (yield from _s0(order, arrival.node, info))
    yield from _none(order, arrival.node)
    return None


# ---- S2 --------------------------------------------------------------------------------------------------------------


def _s2(order: Order, arrival: Arrival, heard: list[bytes]) -> Talking[SecurityClass]:
    yield from say(3, "It is asked which keys it wants.")
    needs_access = yield from _opens_doors(order, arrival)
    refusal: list[str] = []
    exchange = kex.include(order.keys, order.randomness, label=order.label)
    try:
        joined = yield from _exchange(exchange, order, needs_access=needs_access, refusal=refusal, heard=heard)
    except Rejected as why:
        raise Rejected(refusal[0] if refusal else str(why)) from None
    if not needs_access and SecurityClass.S2_ACCESS_CONTROL not in joined.classes:
        # What it said of itself decided which keys it must have, and anybody may have said that in its name.
        info = yield from _described(arrival.node)
        if _is_of_doors(info):
            raise DowngradedError(
                "it opens doors, but somebody or something hid that when it joined; this may be an attack"
            )
        yield from last_chance()
    return next(each for each in STRONGEST_FIRST if each in joined.classes)


def _exchange(
    exchange: Conversation, order: Order, *, needs_access: bool, refusal: list[str], heard: list[bytes]
) -> Talking[Joined]:
    """The key exchange, with its questions put to a person or answered by the label."""
    answer: Answer | None = None
    while True:
        try:
            step = exchange.send(answer)  # type: ignore[arg-type]  # a generator is started with None
        except StopIteration as end:
            joined: Joined = end.value
            return joined
        match step:
            case AskGrant():
                answer = yield from _grant(order, step, needs_access=needs_access, refusal=refusal)
                yield from say(4, "It is told which keys it gets.")
            case AskPin():
                answer = yield from _pin(step)
            case Agree():
                yield from say(5, "It is given its keys; this takes up to a minute.")
                answer = yield step
            case _:
                answer = yield step
        if isinstance(answer, Heard):
            heard.append(answer.command[:2])


def _grant(order: Order, step: AskGrant, *, needs_access: bool, refusal: list[str]) -> Talking[Answer]:
    # The key of all S0 locks is of no use to a device that has a better one.
    offered = tuple(each for each in STRONGEST_FIRST if each in step.requested and each.is_s2)
    at = yield from say(3, "It said which keys it wants.")
    if needs_access and SecurityClass.S2_ACCESS_CONTROL not in offered:
        refusal.append("the device opens doors and does not ask for the Access Control key, so it gets none")
        return Granted(frozenset(), at)
    if order.label is not None:
        wanted = order.classes or frozenset(offered)
        chosen = frozenset(offered) & wanted
        if needs_access and SecurityClass.S2_ACCESS_CONTROL not in chosen:
            refusal.append(
                "the device opens doors and its label does not ask for the Access Control key, so it gets none"
            )
            return Granted(frozenset(), at)
        return Granted(chosen, at)
    names = tuple(each.name for each in offered)

    def check(words: str) -> None:
        chosen = words.split()
        if not chosen or not set(chosen) <= set(names):
            raise Rejected(f"choose from {', '.join(names)}")
        if needs_access and SecurityClass.S2_ACCESS_CONTROL.name not in chosen:
            raise Rejected(f"a device that opens doors needs {SecurityClass.S2_ACCESS_CONTROL.name}")

    answer = yield Ask(Asked.GRANT, "Which keys shall the device have?", step.until, check, choices=names)
    if isinstance(answer, Said):
        return Granted(frozenset(SecurityClass[name] for name in answer.words.split()), answer.at)
    return answer


def _pin(step: AskPin) -> Talking[Answer]:
    yield from say(4, "Compare the number on the device's label, and type the five digits before it.")
    sentence = "Which five digits stand before this number on the device's label?"
    answer = yield Ask(Asked.PIN, sentence, step.until, _check_pin, tail=step.tail)
    return Typed(answer.words.strip(), answer.at) if isinstance(answer, Said) else answer


def _check_pin(words: str) -> None:
    if not is_pin(words.strip()):
        raise Rejected("the PIN is the first five digits on the label")


# ---- S0 and none -------------------------------------------------------------------------------------------------------


def _s0(order: Order, node: int, came_as: NodeInfo) -> Talking[SecurityClass]:
    consented = order.consented == came_as
    if not consented:
        sentence = (
            "The device has only the old encryption (S0). Whoever listens now can open every S0 lock of this network later. "
            f"To go on, type: {CONSENT[Asked.OLD_ENCRYPTION]}"
        )
        yield from _consent(Asked.OLD_ENCRYPTION, sentence, "nobody agreed to the old encryption")
    yield from say(5, "It is given the old key.")
    asked = False
    exchange = s0_joining.include(order.keys[SecurityClass.S0])
    answer: Answer | None = None
    while True:
        try:
            step = exchange.send(answer)  # type: ignore[arg-type]  # a generator is started with None
        except StopIteration:
            break
        except Rejected as why:
            # Devices wait ten seconds after they joined (SDS10865, 5.6), and people type more slowly.
            if asked or consented or str(why) == CANCELLED:
                raise
            raise NotWaitedError(NOT_WAITED, came_as) from None
        answer = yield step
        asked = asked or isinstance(answer, Heard)
    info = yield from _described(node)
    if S2 in info.classes:
        raise DowngradedError(DOWNGRADED)
    yield from last_chance()
    return SecurityClass.S0


def _none(order: Order, node: int) -> Talking[None]:
    info = yield from _described(node)
    if S2 in info.classes or S0 in info.classes:
        raise DowngradedError(
            DOWNGRADED if S2 in info.classes else "it can encrypt, but somebody or something hid that when it joined"
        )
    if not order.unencrypted:
        sentence = (
            "The device cannot encrypt at all: anybody near can read what it says and speak in its name. "
            f"To go on, type: {CONSENT[Asked.NO_ENCRYPTION]}"
        )
        yield from _consent(Asked.NO_ENCRYPTION, sentence, "nobody agreed to go without encryption")
    yield from last_chance()


def _consent(asked: Asked, sentence: str, refused: str) -> Talking[None]:
    at = yield from say(3, "It needs somebody's consent.")
    match (yield Ask(asked, sentence, at + QUESTION_S, _anything)):
        case Said(words=words) if words.strip().casefold() == CONSENT[asked]:
            return
        case TimedOut():
            raise Rejected("nobody answered in time")
        case Cancelled():
            raise Rejected(CANCELLED)
        case _:
            raise Rejected(refused)


def _anything(_words: str) -> None:
    """All but the consent is a no, and a no is an answer too."""


def _described(node: int) -> Talking[NodeInfo]:
    """What the device says of itself once it is in. Raises Rejected: nothing, so nothing can be ruled out."""
    for _ in range(ASKED_AGAIN):
        info = yield from describe(node)
        if info is not None:
            return info
    raise Rejected("the device did not say again what it can do, so that an attack cannot be ruled out")
