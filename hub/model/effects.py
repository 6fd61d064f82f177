"""Everything that leaves: promises made in a transaction and kept by hub/outbox.py, at least once.

A promised effect holds ids, never digits or addresses: what is needed is asked of the store at the moment of performing. What
a service is handed then (`SendEmail`, `SendSms`) is never promised and never stored.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hub.model.values import ChannelId, PersonId, StayId


@dataclass(frozen=True, slots=True)
class TellChannel:
    """Tell a source what became of a stay of its own, e.g. that its code is proven in every lock."""

    channel: ChannelId
    stay: StayId
    reference: str
    """The source's own word for the stay, so that the performer needs no store."""
    what: str
    """`code_ready` | `code_gone` | `guest_arrived`"""


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell one person of an alert. If it is over before it could be told, nobody is told."""

    person: PersonId
    way: str
    """`email` | `sms`"""
    alert: str
    """Empty: a test message."""
    what: str
    """`raised` | `escalated` | `reminder` | `over` | `test`"""


@dataclass(frozen=True, slots=True)
class SendEmail:
    to: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class SendSms:
    to: str = field(repr=False)
    text: str = field(repr=False)


Promised = TellChannel | Notify
Effect = Promised | SendEmail | SendSms
