"""`gatehouse channel …`: what platforms tell, are told and have heard, and a person's last word."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hub.commandline.asking import AsJson, ConfigPath, answered
from hub.commandline.connecting import (
    add_channel,
    change_channel,
    list_kinds,
    make_calendar,
    remove_channel,
    show_settings,
)
from hub.commandline.saying import as_json, table

channel = typer.Typer(
    no_args_is_help=True, help="Add and remove channels; what platforms tell, are told and have heard; sync, links."
)
channel.command("kinds")(list_kinds)
channel.command("add")(add_channel)
channel.command("settings")(show_settings)
channel.command("change")(change_channel)
channel.command("remove")(remove_channel)
channel.command("make-calendar")(make_calendar)

ChannelArgument = Annotated[str, typer.Argument(metavar="CHANNEL", help="Its id, from `gatehouse channel list`.")]
UnitArgument = Annotated[str, typer.Argument(metavar="UNIT", help="The unit's id.")]
StayArgument = Annotated[str, typer.Argument(metavar="STAY", help="Its id, from `gatehouse channel differences`.")]

_TOLD = {
    "channel": "CHANNEL",
    "unit": "UNIT",
    "heard": "HEARD",
    "entries": "ENTRIES",
    "published_at": "PUBLISHED",
    "confirmed_at": "CONFIRMED",
    "how": "HOW",
    "why": "WHY NOT",
}
_LOG = {
    "at": "WHEN",
    "direction": "",
    "outcome": "OUTCOME",
    "unit": "UNIT",
    "what": "WHAT",
    "words": "THEIR WORDS",
    "by": "BY",
}
_DIFFERENCES = {
    "stay": "STAY",
    "unit": "UNIT",
    "arrival": "ARRIVAL",
    "departure": "DEPARTURE",
    "doubt": "DOUBT",
    "theirs": "THEIR DAYS",
}


@channel.command("list")
def list_channels(config: ConfigPath, json: AsJson = False) -> None:
    """What each platform is told of the nights taken here, and since when it is known to have it."""
    from hub.commandline.asks_channels import Channels

    _show(answered(config, Channels), _TOLD, "No platform is told of anything.", json=json)


@channel.command("log")
def show_log(config: ConfigPath, channel_id: ChannelArgument, json: AsJson = False) -> None:
    """What passed between the hub and a platform, newest first."""
    from hub.commandline.asks_channels import ChannelLog

    _show(answered(config, ChannelLog, channel=channel_id), _LOG, "Nothing yet.", json=json)


@channel.command("differences")
def show_differences(config: ConfigPath, channel_id: ChannelArgument, json: AsJson = False) -> None:
    """Bookings on which a platform and the hub are of two minds."""
    from hub.commandline.asks_channels import ChannelDifferences

    _show(answered(config, ChannelDifferences, channel=channel_id), _DIFFERENCES, "They are of one mind.", json=json)


@channel.command("sync")
def sync_now(config: ConfigPath, channel_id: ChannelArgument, json: AsJson = False) -> None:
    """Read a channel now, and bring the platform what it should have."""
    _do(config, channel_id, "sync", "It is being done now", json=json)


_ASKED = {
    "channel": "CHANNEL",
    "read": "READ",
    "brought": "UNITS BROUGHT",
    "pushed": "BOOKINGS SENT AGAIN",
    "why": "WHY NOT",
}


@channel.command("sync-all")
def sync_all(
    config: ConfigPath,
    channel_id: Annotated[str | None, typer.Option("--channel", help="Only this one.")] = None,
    kind: Annotated[
        str | None,
        typer.Option(help="Only what has to do with stays of this kind: reservation, owner, block, unknown."),
    ] = None,
    first: Annotated[
        str | None,
        typer.Option("--from", metavar="YYYY-MM-DD", help="Only with stays that have this night or a later one."),
    ] = None,
    last: Annotated[
        str | None,
        typer.Option("--to", metavar="YYYY-MM-DD", help="Only with stays that have this night or an earlier one."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Read all channels now, or some, and bring them what they should have; what came of it: `gatehouse channel log`."""
    from hub.commandline.asks_channels import ChannelSyncAll

    told = answered(config, ChannelSyncAll, channel=channel_id, kind=kind, first=first, last=last)
    _show(told, _ASKED, "No channel has to do with that.", json=json)


def sync_stay(
    config: ConfigPath,
    stay_id: Annotated[str, typer.Argument(metavar="STAY", help="Its id, from `gatehouse stay list`.")],
    json: AsJson = False,
) -> None:
    """Read the channels that tell of a stay, and tell those of its unit once more which nights are taken."""
    from hub.commandline.asks_channels import StaySync

    _show(answered(config, StaySync, stay=stay_id), _ASKED, "No channel has to do with this stay.", json=json)


@channel.command("accept")
def accept(config: ConfigPath, channel_id: ChannelArgument, stay: StayArgument, json: AsJson = False) -> None:
    """The platform is right about a booking: do at once what it says."""
    _do(config, channel_id, "accept", "Done as the platform says", stay=stay, json=json)


@channel.command("reject")
def reject(config: ConfigPath, channel_id: ChannelArgument, stay: StayArgument, json: AsJson = False) -> None:
    """The hub is right about a booking: leave it as it is, and do not ask again."""
    _do(config, channel_id, "reject", "Left as it is here", stay=stay, json=json)


@channel.command("confirm")
def confirm(config: ConfigPath, channel_id: ChannelArgument, unit: UnitArgument, json: AsJson = False) -> None:
    """Somebody has looked: the platform shows all nights of a unit as taken that it should."""
    _do(config, channel_id, "confirm", "Noted", unit=unit, json=json)


@channel.command("link")
def link(
    config: ConfigPath,
    channel_id: ChannelArgument,
    unit: UnitArgument,
    anew: Annotated[bool, typer.Option("--anew", help="Another one: the link before leads nowhere.")] = False,
    json: AsJson = False,
) -> None:
    """The secret link under which a platform fetches which nights of a unit are taken; made if there is none."""
    from hub.commandline.asks_channels import ChannelLink

    told = answered(config, ChannelLink, channel=channel_id, unit=unit, anew=anew)
    if json:
        as_json(told)
        return
    typer.echo(told["url"] or told["path"])


@channel.command("unlink")
def unlink(config: ConfigPath, channel_id: ChannelArgument, unit: UnitArgument, json: AsJson = False) -> None:
    """Revoke that link: it leads nowhere any more."""
    _do(config, channel_id, "unlink", "The link leads nowhere any more", unit=unit, json=json)


def _show(told: list[dict[str, Any]], columns: dict[str, str], empty: str, *, json: bool) -> None:
    if json:
        as_json(told)
        return
    table(told, columns, empty=empty)


def _do(
    config: ConfigPath,
    channel_id: str,
    deed: str,
    said: str,
    *,
    json: bool,
    stay: str | None = None,
    unit: str | None = None,
) -> None:
    from hub.commandline.asks_channels import ChannelDo

    told = answered(config, ChannelDo, channel=channel_id, deed=deed, stay=stay, unit=unit)
    if json:
        as_json(told)
        return
    typer.echo(f"{said}.")
