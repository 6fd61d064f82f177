"""How the house is, in sentences: what is wrong, since when, and what to do about it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from hub import (
    asking,
    audit,
    batteries,
    coming_back,
    conflicts,
    doorcodes,
    guessing,
    guests_told,
    late_codes,
    lockdowns,
    other_days,
    outer_places,
    pushing,
    sharing,
    standing,
    stubborn,
    syncing,
    takeovers,
    telling,
    timekeeping,
    unsigned,
)
from hub.findings import Look, Parts, Topic
from hub.model.alerts import Finding, Kind, Level
from hub.model.facts import Alarm, Mode, Trouble
from hub.model.values import Address, How, Position
from hub.store import alarms, doors, house, mail, settings
from hub.store import stays as ledger
from hub.store.doors import Door
from hub.store.engine import Tx
from hub.store.mail import Dead

RECENT: Final = timedelta(hours=24)
FEED_PATIENCE: Final = timedelta(minutes=30)


def findings(tx: Tx, hub: Parts, known: Collection[Door] | None = None) -> list[Finding]:
    """Everything worth a person's attention, the worst first. Empty: all is well.

    Args:
        known: the house's doors, where they were read in this transaction already.
    """
    return found(look_around(tx, hub, known))


def look_around(tx: Tx, hub: Parts, known: Collection[Door] | None = None) -> Look:
    return Look(tx, hub.clock, hub.plugins, hub.vault, doors.doors(tx) if known is None else known, hub.wall)


def found(look: Look) -> list[Finding]:
    order = list(Level)
    said: dict[tuple[Kind, str, str], Finding] = {}
    for each in (each for topic in _TOPICS for each in topic(look)):
        said.setdefault((each.kind, each.about, each.sentence), each)  # once, though several rows say it
    return sorted(said.values(), key=lambda found: order.index(found.level))


def _house(look: Look) -> Iterator[Finding]:
    if settings.safe_mode(look.tx):
        yield Finding(
            Kind.SAFE_MODE,
            "safe_mode",
            "This hub was restored from a backup: the locks are being read, and no new code is given.",
            "Look at the codes on the Locks page, say what becomes of those that nobody knows, then press “Leave safe mode” on "
            "the Health page. Links of guests end then; send new ones.",
        )
    if not look.clock.trusted:
        yield Finding(
            Kind.CLOCK,
            "clock",
            f"The hub does not know the time for certain (it says {look.now:%Y-%m-%d %H:%M} UTC); codes stay as they are.",
            "Connect it to the internet, or press “This is the right time”.",
        )


def _doors(look: Look) -> Iterator[Finding]:
    for door in look.doors:
        about = f"lock:{door.id}"
        if door.quarantined:
            yield Finding(
                Kind.SET_ASIDE, about, f"{door.name} was set aside: {door.quarantined}.", "Report this to support."
            )
        if doors.has_no_device(door):
            sentence = f"{door.name} has no device any more: it was taken out of the radio network."
            yield Finding(Kind.NO_DEVICE, about, sentence, "Add one on the Radio page, and let it take this place.")
        elif door.abilities is None:
            cure = f"Check that {door.driver} runs and that address {door.address} is right."
            yield Finding(Kind.NEVER_MET, about, f"{door.name} was never met by its driver.", cure)
        if door.abilities is not None and door.abilities.slots == 0 and (passing := house.units_of(look.tx, door.id)):
            units = ", ".join(unit.name for unit in passing)
            sentence = f"{door.name} takes no codes, and it is on the way to {units}."
            cure = "Take it from the unit, or let guests in there another way."
            yield Finding(Kind.NO_KEYPAD, about, sentence, cure)
        yield from _troubles(look, door, about)


def _troubles(look: Look, door: Door, about: str) -> Iterator[Finding]:
    if door.silent_since is not None:
        sentence = f"{door.name} does not answer: {door.silent_why}."
        cure = "Check its battery and its distance to the hub; codes in it keep working meanwhile."
        yield Finding(Kind.SILENT, about, sentence, cure, door.silent_since)
    if door.position is Position.JAMMED:
        cure = "Check that the door is closed and nothing blocks the bolt, then lock or unlock it once."
        yield Finding(Kind.JAMMED, about, f"{door.name}: the bolt is jammed.", cure, door.position_at)
    if door.mode in _MODE_WORDS:
        kind, words, cure = _MODE_WORDS[door.mode]
        yield Finding(kind, about, f"{door.name} {words}.", cure, door.mode_at)
    said = _TROUBLE_WORDS.get(Trouble(door.trouble)) if door.trouble else None
    over = door.trouble_at is None or look.reached(door.trouble_at + RECENT)
    if said is not None and not over and not _outlived(door):
        kind, words, cure = said
        yield Finding(kind, about, f"{door.name}: {words}.", cure, door.trouble_at)


def _outlived(door: Door) -> bool:
    """Whether a code opened it since its keypad was off."""
    if door.trouble != Trouble.KEYPAD_OFF.value or door.position_at is None or door.trouble_at is None:
        return False
    return door.position_how is How.KEYPAD and door.position_at > door.trouble_at


_MODE_WORDS: Final = {
    Mode.VACATION: (
        Kind.VACATION_MODE,
        "is in vacation mode: no code opens it, though codes in it are proven",
        "Switch it off at the lock with its programming code, as its manual says; until then let guests in another way.",
    ),
    Mode.PRIVACY: (
        Kind.PRIVACY_MODE,
        "is in privacy mode: no code opens it from outside",
        "Somebody inside switched it on, and can switch it off there. From outside, use a key.",
    ),
}


_TROUBLE_WORDS: Final = {
    Trouble.TAMPER: (Kind.TAMPERED, "the lock was tampered with", "Have a look at the door."),
    Trouble.WRONG_CODES: (
        Kind.WRONG_CODES,
        "wrong codes were tried several times",
        "Ask the guest whether the code works; look at the access log.",
    ),
    Trouble.KEYPAD_OFF: (
        Kind.KEYPAD_OFF,
        "the keypad switched itself off for a while, or somebody switched it off",
        "After too many wrong codes it comes back by itself in a few minutes. Else look at the lock.",
    ),
}


def _channels(look: Look) -> Iterator[Finding]:
    for channel, state in ledger.channel_states(look.tx).items():
        if state.failing_since is not None and look.reached(state.failing_since + FEED_PATIENCE):
            sentence = f"The calendar “{channel}” cannot be read: {state.failing_why}."
            cure = "What it said last still counts. Check its address on the Channels page."
            yield Finding(Kind.CHANNEL_FAILING, f"channel:{channel}", sentence, cure, state.failing_since)


def _plugins(look: Look) -> Iterator[Finding]:
    for condition in look.plugins.conditions.values():
        about = f"plugin:{condition.name}"
        if condition.state == "off":
            sentence = f"{condition.name} is off: {condition.why}."
            yield Finding(Kind.PLUGIN_OFF, about, sentence, "Correct the setting.", condition.since)
        if condition.state == "waiting":
            sentence = f"{condition.name} is being started again: {condition.why}."
            yield Finding(Kind.PLUGIN_WAITING, about, sentence, "Check its cable and port.", condition.since)
    named, radios = {(door.driver, door.address) for door in look.doors}, look.plugins.radios
    for driver, lock in look.plugins.met:
        if (driver, lock.address) not in named:
            sentence = (
                f"{driver} has met a lock at address {lock.address} ({lock.abilities.model}) that has no name here."
            )
            cure = (
                "Name it on the Radio page, or in the site file." if driver in radios else "Name it in the site file."
            )
            yield Finding(Kind.UNNAMED_LOCK, f"met:{driver}:{lock.address}", sentence, cure)


def _radios(look: Look) -> Iterator[Finding]:
    named = {(door.driver, door.address): door for door in look.doors}
    for row in alarms.current(look.tx):
        door = named.get((row.driver, Address(row.device)))
        if row.alarm is Alarm.DEAD and door is not None and door.silent_since is not None:
            continue  # said of the lock already
        which = f"{row.device} of {row.driver}" if door is None else door.name
        said = _ALARM_WORDS[row.alarm]
        sentence = said.sentence.format(which=which, driver=row.driver)
        sentence = f"{sentence}: {row.note}." if row.note else f"{sentence}."
        yield Finding(said.kind, f"alarm:{row.id}", sentence, said.cure, row.since)


@dataclass(frozen=True, slots=True)
class _Said:
    kind: Kind
    sentence: str
    cure: str


_ALARM_WORDS: Final = {
    Alarm.THROWN_OUT: _Said(
        Kind.RADIO_THROWN_OUT,
        "Device {which} was taken out of the network again, as it did not get the encryption it is capable of",
        "Bring it close to the stick and add it again. If that happens twice, somebody nearby may be disturbing the radio "
        "on purpose.",
    ),
    Alarm.JAMMED: _Said(
        Kind.RADIO_JAMMED,
        "The radio of {driver} is disturbed so much that locks cannot be heard",
        "Move the stick away from computers and USB 3 cables with an extension lead, and look for a new transmitter nearby. "
        "Codes already in the locks keep working.",
    ),
    Alarm.DEAD: _Said(
        Kind.RADIO_DEAD,
        "Device {which} does not answer any more",
        "Check its battery and its distance to the hub, or take it out of the network on the Radio page.",
    ),
    Alarm.STICK_GONE: _Said(
        Kind.STICK_GONE,
        "The stick of {driver} is gone",
        "Plug it in again, into the same port. Codes already in the locks keep working, and no new one reaches them.",
    ),
    Alarm.UNREADABLE: _Said(
        Kind.RADIO_UNREADABLE,
        "What {driver} had kept of its network cannot be read and was kept aside",
        "Look at the Radio page, which says what is missing now. Once all devices are well, delete the file; this ends then "
        "when the hub starts anew.",
    ),
}


_PROMISED: Final = {
    "tell_channel": "A channel was not told what became of a booking",
    "notify": "Somebody was not told of an alert",
    "push_stay": "A booking was not sent to an account",
    "give_door_code": "A door code was not shown at a platform",
    "publish_nights": "A platform was not told of nights that are taken",
    "write_to_guest": "A message to a guest was not sent, or may not have been",
}


def _given_up(letter: Dead) -> str:
    if letter.box == "inbox":
        return f"A message from {letter.about} could not be dealt with"
    return _PROMISED.get(letter.about, f"A promise ({letter.about}) could not be kept")


def _dead(look: Look) -> Iterator[Finding]:
    for letter in mail.dead(look.tx):
        sentence = f"{_given_up(letter)}: {letter.why}."
        cure = "Look at it, then press “Try again” or “Let it go”."
        yield Finding(Kind.DEAD_LETTER, f"{letter.box}:{letter.id}", sentence, cure, letter.since)


_TOPICS: Final[tuple[Topic, ...]] = (
    _house,
    audit.findings,
    sharing.findings,
    lockdowns.found,
    guessing.found,
    _radios,
    _doors,
    batteries.found,
    late_codes.of_complaints,
    conflicts.found,
    asking.found,
    doorcodes.found,
    guests_told.found,
    pushing.found,
    other_days.found,
    timekeeping.found,
    late_codes.of_stays,
    late_codes.of_people,
    late_codes.of_backups,
    standing.found,
    stubborn.found,
    outer_places.found,
    takeovers.found,
    _channels,
    unsigned.found,
    syncing.found,
    _plugins,
    _dead,
    telling.findings,
    coming_back.findings,
)
"""Who looks, at what. Each topic has its generator in its own module; what is everybody's stands here."""


def summary(found: Iterable[Finding]) -> str:
    """One word for a status line: `well`, `notice`, `problem` or `urgent`."""
    return next((finding.level.value for finding in found), "well")
