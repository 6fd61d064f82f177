"""What may be said to guests through channels; hub/message_commands.py answers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hub.commandline.asks import Ask


class StayMessage(Ask):
    command = "stay message"

    stay: str
    text: Annotated[str, Field(min_length=1, repr=False)]
    channel: str | None = None


class StayMessages(Ask):
    command = "stay messages"

    stay: str
