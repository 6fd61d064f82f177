"""`gatehouse guest export | erase | keep`: what is kept of guests, told and taken out on request, and how long it is kept."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.commandline.asking import AsJson, ConfigPath, answered
from hub.commandline.saying import as_json

guest = typer.Typer(no_args_is_help=True, help="What is kept of guests: export, erase, keep.")

StayArgument = Annotated[str, typer.Argument(metavar="STAY", help="Its id, from `gatehouse stay list --past`.")]


@guest.command("export")
def export(config: ConfigPath, stay: StayArgument) -> None:
    """Print everything that is kept of the guest of a stay, as JSON, with why and how long. It is written down that you did."""
    from hub.commandline.asks import GuestExport

    as_json(answered(config, GuestExport, stay=stay))


@guest.command("erase")
def erase(
    config: ConfigPath,
    stay: StayArgument,
    confirm: Annotated[
        str | None, typer.Option(metavar="STAY", help="Do not ask: the id of the stay, said once more.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Take out who the guest of a stay was. Says first what goes and what remains, and asks. Cannot be undone."""
    from hub.commandline.asks import GuestErase, GuestForesee

    if confirm is None:
        found = answered(config, GuestForesee, stay=stay)
        lines, received = found["log_lines"], found["reports"] + found["deliveries"]
        whose = found["guest"] or "a guest without a name"
        goes = f"name, contact and note of the stay, {lines} lines of the access log, {received} messages"
        typer.echo(f"{whose}: {goes}.", err=True)
        for other in found["others"]:
            typer.echo(f"Not touched: the stay {other} under the same name.", err=True)
        typer.echo("What remains:", err=True)
        for each in found["remains"]:
            typer.echo(f"  {each}", err=True)
        confirm = typer.prompt("Type the id of the stay to erase its guest", err=True)
    told = answered(config, GuestErase, stay=stay, confirm=confirm)
    if json:
        as_json(told)
        return
    typer.echo(f"Erased the guest of {told['stay']}.")


@guest.command("keep")
def keep(
    config: ConfigPath,
    property_: Annotated[str, typer.Argument(metavar="PROPERTY", help="Its id.")],
    log_days: Annotated[int | None, typer.Option(help="Of the access log.", show_default="as before")] = None,
    guest_days: Annotated[
        int | None,
        typer.Option(
            help="After departure, of who a guest was; 0: until somebody erases it.", show_default="as before"
        ),
    ] = None,
    json: AsJson = False,
) -> None:
    """For how many days the access log is kept, and who guests were. Without an option it is only said."""
    from hub.commandline.asks import GuestKeep

    told = answered(config, GuestKeep, property=property_, log_days=log_days, guest_days=guest_days)
    if json:
        as_json(told)
        return
    names = f"{told['guest_days']} days after departure" if told["guest_days"] else "until somebody erases them"
    typer.echo(f"The access log is kept for {told['log_days']} days, who a guest was {names}.")
