"""`gatehouse stay message …`: words to a guest through the channel that they booked by."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from hub.commandline.asking import AsJson, ConfigPath, answered
from hub.commandline.saying import as_json, table

StayArgument = Annotated[str, typer.Argument(metavar="STAY", help="Its id, from `gatehouse stay list`.")]


def write_message(
    config: ConfigPath,
    stay_id: StayArgument,
    text: Annotated[
        str,
        typer.Argument(
            metavar="TEXT", help="At most 2,000 characters; {code} stands for the guest's code; - reads it."
        ),
    ],
    channel: Annotated[str | None, typer.Option(help="Where several reach the guest: which one.")] = None,
    json: AsJson = False,
) -> None:
    """Write to the guest of a stay through its channel. What became of it: `gatehouse stay messages`."""
    from hub.commandline.asks_stays import StayMessage

    said = sys.stdin.read() if text == "-" else text
    told = answered(config, StayMessage, stay=stay_id, text=said, channel=channel)
    if json:
        as_json(told)
        return
    typer.echo(f"Kept as {told['id']}; it goes through {told['channel']}.")


def list_messages(config: ConfigPath, stay_id: StayArgument, json: AsJson = False) -> None:
    """What the guest of a stay was written through its channel, and what became of it."""
    from hub.commandline.asks_stays import StayMessages

    told = answered(config, StayMessages, stay=stay_id)
    if json:
        as_json(told)
        return
    if not told["open"]:
        typer.echo(f"The guest cannot be written to from here: {told['why']}.")
    columns = {
        "id": "MESSAGE",
        "written_at": "WRITTEN",
        "channel": "CHANNEL",
        "state": "STATE",
        "why": "WHY",
        "text": "TEXT",
    }
    table(told["messages"], columns, empty="Nothing was written.")


def tell_guest(
    config: ConfigPath,
    stay_id: StayArgument,
    by_hand: Annotated[bool, typer.Option("--by-hand", help="Nothing is sent: you have told them.")] = False,
    json: AsJson = False,
) -> None:
    """Tell the guest of a stay their code, now or again: by e-mail where there is an address, else through its channel."""
    from hub.commandline.asks_stays import StayTell

    told = answered(config, StayTell, stay=stay_id, by_hand=by_hand)
    if json:
        as_json(told)
        return
    typer.echo("Noted." if by_hand else f"Kept as {told['id']}; it goes through {told['channel']}.")
