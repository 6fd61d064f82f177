"""Everything that leaves: promises made in a transaction and kept by hub/outbox.py, at least once.

An effect holds ids, never digits: whoever performs it asks the store for what it needs at that moment.
"""

from __future__ import annotations

from dataclasses import dataclass

from hub.model.values import ChannelId, StayId


@dataclass(frozen=True, slots=True)
class TellChannel:
    """Tell a source what became of a stay of its own, e.g. that its code is proven in every lock."""

    channel: ChannelId
    stay: StayId
    reference: str
    """The source's own word for the stay, so that the performer needs no store."""
    what: str
    """`code_ready` | `code_gone` | `guest_arrived`"""


Effect = TellChannel
