"""What may be asked about channels; hub/channel_commands.py answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from hub.commandline.asks import Ask, Day


class Channels(Ask):
    command = "channel list"


class ChannelLog(Ask):
    command = "channel log"

    channel: str


class ChannelDifferences(Ask):
    command = "channel differences"

    channel: str


class ChannelDo(Ask):
    command = "channel do"

    channel: str
    deed: Literal["sync", "accept", "reject", "confirm", "unlink"]
    stay: str | None = None
    unit: str | None = None


class ChannelSyncAll(Ask):
    command = "channel sync-all"

    channel: str | None = None
    kind: Literal["reservation", "owner", "block", "unknown"] | None = None
    first: Day | None = None
    last: Day | None = None


class StaySync(Ask):
    command = "stay sync"

    stay: str


class ChannelLink(Ask):
    command = "channel link"

    channel: str
    unit: str
    anew: bool = False


# ---- added, tried, changed and removed --------------------------------------------------------------------------------


class ChannelTry(Ask):
    command = "channel try"
    patience = timedelta(seconds=90)

    integration: str
    id: str = ""
    unit: str | None = None
    settings: dict[str, str] = Field(repr=False)
    """As they were typed; empty ones count as not given."""


class ChannelAdd(Ask):
    command = "channel add"

    integration: str
    id: str = ""
    unit: str | None = None
    settings: dict[str, str] = Field(repr=False)


class ChannelMake(Ask):
    command = "channel make-calendar"
    patience = timedelta(seconds=90)

    integration: str
    id: str = ""
    unit: str
    settings: dict[str, str] = Field(repr=False)


class ChannelChange(Ask):
    command = "channel change"

    channel: str
    settings: dict[str, str] = Field(repr=False)
    """In place of those that it has; an empty one takes it away."""


class ChannelSettings(Ask):
    command = "channel settings"

    channel: str


class ChannelRemove(Ask):
    command = "channel remove"

    channel: str
    stays: Literal["keep", "cancel"] = "keep"
