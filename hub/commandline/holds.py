"""`gatehouse stay hold…`: nights kept for somebody who has not decided yet."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hub.commandline.asking import AsJson, ConfigPath, answered
from hub.commandline.saying import as_json

HoldArgument = Annotated[str, typer.Argument(metavar="HOLD", help="Its id, as `stay list` says.")]
Anyway = Annotated[
    bool, typer.Option("--anyway", help="In spite of the house's own rules; never of others who stay there.")
]


def hold_nights(  # noqa: PLR0913, PLR0917  # each is an option of the command
    config: ConfigPath,
    unit: Annotated[str, typer.Option(help="The unit's id.")],
    arrival: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="The day of arrival.")],
    departure: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="The day of leaving.")],
    label: Annotated[str, typer.Option("--for", metavar="NAME", help="For whom.")] = "",
    minutes: Annotated[int, typer.Option(min=1, max=10080, help="It ends by itself then.")] = 15,
    anyway: Anyway = False,
    json: AsJson = False,
) -> None:
    """Keep nights for somebody who has not decided yet."""
    from hub.commandline.asks_stays import StayHold

    told = answered(
        config, StayHold, unit=unit, arrival=arrival, departure=departure, label=label, minutes=minutes, anyway=anyway
    )
    _say(told, f"Held until {told['expires_at']}", json=json)


def confirm_hold(
    config: ConfigPath,
    hold: HoldArgument,
    guest: Annotated[str, typer.Option(help="Who comes; else for whom it is held.")] = "",
    guests: Annotated[int | None, typer.Option(min=1, help="How many come, children among them.")] = None,
    anyway: Anyway = False,
    json: AsJson = False,
) -> None:
    """A hold becomes a booking. Its code is drawn at once."""
    from hub.commandline.asks_stays import HoldConfirm

    told = answered(config, HoldConfirm, hold=hold, guest=guest, guests=guests, anyway=anyway)
    _say(told, "Booked", json=json)


def let_hold_go(config: ConfigPath, hold: HoldArgument, json: AsJson = False) -> None:
    """End a hold before its time. Its nights are free again."""
    from hub.commandline.asks_stays import HoldLetGo

    _say(answered(config, HoldLetGo, hold=hold), "Let go", json=json)


def _say(told: dict[str, Any], verb: str, *, json: bool) -> None:
    if json:
        as_json(told)
        return
    typer.echo(
        f"{verb}: {told['id']}, {told['guest'] or 'nobody named'} in {told['unit']}, {told['arrival']} to {told['departure']}."
    )
