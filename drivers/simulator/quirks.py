"""What real locks and real radio do wrong, as switches. Each is off unless somebody turns it on."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field


class Chance(Protocol):
    """Handed-in randomness; `random.Random` is one."""

    def random(self) -> float: ...

    def randrange(self, start: int, stop: int) -> int: ...


class Fate(StrEnum):
    """What the radio does to one command."""

    OK = "ok"
    LOST = "lost"
    """The lock never hears it; the stick reports that nobody acknowledged."""
    ANSWER_LOST = "answer_lost"
    """The lock hears, obeys and acknowledges; its report does not arrive."""
    ACK_LOST = "ack_lost"
    """The lock hears and obeys; the stick reports that nobody acknowledged."""


class Supervision(StrEnum):
    NONE = "none"
    WORKS = "works"
    MUTE = "mute"
    """Advertised and obeyed, never reported."""
    SESSION_0 = "session_0"
    """Seen: a Yale module (fw 33.16) always answers session 0 (zwave-js #5417)."""
    SPAM = "spam"
    """Seen: an HC620 goes on repeating its Supervision Report (zwave-js #6155)."""


class Empty(StrEnum):
    """How User Code v1 reports a slot that holds nothing."""

    ZEROS = "zeros"
    """Four bytes of 00, as CC:0063.01.01.11.009 asks."""
    NOTHING = "nothing"
    """No code bytes at all."""
    DIGITS = "digits"
    """Seen: BE469 reports "0000" (keymaster #515)."""
    MASKED = "masked"
    """Seen: BE469 masks empty slots too (keymaster #515)."""


class SlotAs(StrEnum):
    """Where a notification tells the slot."""

    REPORT = "report"
    """A nested User Code Report (ZWA AWG 2024A §2.2.74.6.1)."""
    BYTE = "byte"
    """Only the User Identifier."""
    LEVEL = "level"
    """In the V1 alarm level, with no parameter."""
    NOWHERE = "nowhere"


class V1(StrEnum):
    """Whose alarm types a lock uses; what a brand has no type for it does not tell."""

    ANY = "any"
    KWIKSET = "kwikset"
    YALE = "yale"
    SCHLAGE = "schlage"
    """FE599: 96 for a keypad that is off."""


class JoinsBadly(StrEnum):
    SILENT_FROM_START = "silent_from_start"
    """Never answers KEX Get."""
    SILENT_AFTER_REPORT = "silent_after_report"
    SILENT_AFTER_PUBLIC_KEY = "silent_after_public_key"
    SILENT_AFTER_CONFIRMING = "silent_after_confirming"
    SILENT_AFTER_ASKING = "silent_after_asking"
    SILENT_AFTER_PROOF = "silent_after_proof"
    NEW_SCHEME = "new_scheme"
    NEW_CURVE = "new_curve"
    WANTS_PIN_ITSELF = "wants_pin_itself"
    """Asks for client-side authentication."""
    CONFIRMS_OTHER_KEYS = "confirms_other_keys"
    CONFIRMS_OPENLY = "confirms_openly"
    """In the clear, as somebody between the two would."""
    ASKS_FOR_MORE = "asks_for_more"
    """Asks for a key that it was not granted."""
    CANCELS = "cancels"


class Quirks(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    lose_commands: float = Field(default=0, ge=0, le=1)
    lose_acks: float = Field(default=0, ge=0, le=1)
    lose_answers: float = Field(default=0, ge=0, le=1)
    lose_events: float = Field(default=0, ge=0, le=1)
    """What the lock tells without being asked, and nobody hears."""
    repeat_events: float = Field(default=0, ge=0, le=1)
    """Seen: 21 % of what a BE469ZP tells comes again after 4.2 to 4.5 s (zwave-js #9134)."""
    script: tuple[Fate, ...] = ()
    """One fate for each command, in order, before chance decides."""
    only: tuple[str, ...] = ()
    """Hex beginnings, e.g. `6301`: script and losses touch only commands that begin so. Empty: all."""
    silent: bool = False
    """Hears nothing and says nothing."""
    slow: float = Field(default=0, ge=0)
    """Seconds from acknowledging a command to answering it."""
    reply_first: bool = False
    """The report reaches the host before the callback of the command that asked for it."""
    stops: float = Field(default=0, ge=0, le=1)
    """For each command: the lock does it and reacts to nothing more until somebody opens it (seen: ASL-03, asl-03.json)."""
    drops_codes: float = Field(default=0, ge=0)
    """Seconds after which a code that came by radio is gone, without a word (seen: NF-YRD612-ZW2, zwave-js #9188)."""
    fails_joining: bool = False
    """Is found and never comes in."""
    forgets: bool = False
    """Acknowledges a code and does not store it."""
    masked: bool = False
    """Reports codes as asterisks."""
    takes_duplicates: bool = False
    """Stores the same digits twice instead of refusing them with event 15."""
    empty: Empty = Empty.ZEROS
    slot_as: SlotAs = SlotAs.REPORT
    quiet_codes: bool = False
    """Tells nobody when its codes change."""
    quiet_bolt: bool = False
    """Sends no Door Lock Operation Report of its own accord."""
    v1_alarms: bool = False
    """Tells events as Alarm v1 type and level only."""
    v1_as: V1 = V1.ANY
    low_warning: bool = False
    """Reports a low battery as 0xFF instead of a percentage."""
    no_clock: bool = False
    """What it writes into its own log has no time, and its clock cannot be asked or set."""
    numbered_ring: bool = False
    """The lines of its log keep their numbers, and the newest takes that of the oldest."""
    stale_records: bool = False
    """A line that does not count still tells what once stood there."""
    quiet_records: bool = False
    """Leaves the question for a line that does not count unanswered."""
    record_status: int = Field(default=1, ge=1, le=7)
    """How a line says that it holds something; all but 0 do."""
    supervision: Supervision | None = None
    """None: as the model has it."""
    wrong_key: bool = False
    """Holds other keys than the host believes."""
    forgets_stream: int = Field(default=0, ge=0)
    """Loses the S2 nonces it shares with the host before every so many frames that it hears; 0: never."""
    repeats_nonces: bool = False
    """Seen: an ID Lock gives the same S0 nonce twice (zwave-js #1037)."""
    nonce_flood: int = Field(default=0, ge=0, le=50)
    """Asks for so many S0 nonces too many, each time (seen: YRD430, zwave-js #5756)."""
    unencrypted: bool = False
    """Tells events in the clear although it holds keys."""
    joins: JoinsBadly | None = None
    """What goes wrong while it is given keys."""

    def touches(self, command: bytes) -> bool:
        return not self.only or command.hex().startswith(self.only)
