"""`gatehouse push …`: bookings that are made here and that an account is to know."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.commandline.asking import AsJson, ConfigPath, answered
from hub.commandline.saying import as_json, table

push = typer.Typer(no_args_is_help=True, help="Bookings made here that an account is told of: how far, and again.")

ChannelArgument = Annotated[str, typer.Argument(metavar="CHANNEL", help="The account, as the site file names it.")]

_COLUMNS = {
    "stay": "STAY",
    "guest": "GUEST",
    "reference": "REFERENCE",
    "unit": "UNIT",
    "arrival": "FROM",
    "state": "STATE",
    "attempts": "TRIES",
    "error": "WHY",
}


@push.command("list")
def list_pushes(config: ConfigPath, channel: ChannelArgument, json: AsJson = False) -> None:
    """What the account knows of bookings made here; those that failed come first."""
    from hub.commandline.asks import Pushes

    told = answered(config, Pushes, channel=channel)
    if json:
        as_json(told)
        return
    if not told["on"]:
        typer.echo("Bookings are not pushed to this account: set push_bookings.")
    elif told["rehearses"]:
        typer.echo("Rehearsal: nothing is sent. Set push_test = false to send for real.")
    typer.echo(f"{told['pending']} pending, {told['synced']} synced, {told['failed']} failed.")
    table(told["bookings"], _COLUMNS, empty="No bookings yet.")


@push.command("retry")
def retry(
    config: ConfigPath,
    channel: ChannelArgument,
    stay: Annotated[str | None, typer.Option(help="Only this one; else all that failed.")] = None,
) -> None:
    """Send again what failed."""
    from hub.commandline.asks import PushAgain

    count = answered(config, PushAgain, channel=channel, stay=stay)
    typer.echo(f"Sent again: {count}.")


@push.command("real")
def real(
    config: ConfigPath,
    channel: ChannelArgument,
    stay: Annotated[str, typer.Argument(metavar="STAY", help="Its id, from `gatehouse push list`.")],
) -> None:
    """Send one booking for real while the account only rehearses, to see how it looks there."""
    from hub.commandline.asks import PushAgain

    answered(config, PushAgain, channel=channel, stay=stay, real=True)
    typer.echo("It is being sent for real.")
