"""`gatehouse alerts …`: what needs somebody, who looks after it, and who is told."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hub.commandline.asking import AsJson, ConfigPath, answered
from hub.commandline.saying import as_json, table

alerts = typer.Typer(no_args_is_help=True, help="What needs somebody, who looks after it, and who is told.")

AlertArgument = Annotated[str, typer.Argument(metavar="ALERT", help="Its id, from `gatehouse alerts list`.")]

_COLUMNS = {
    "alert": "ALERT",
    "level": "LEVEL",
    "since": "SINCE",
    "sentence": "WHAT",
    "told": "TOLD",
    "acknowledged_by": "LOOKED AFTER BY",
    "over_at": "OVER",
}


@alerts.command("list")
def list_alerts(
    config: ConfigPath,
    over: Annotated[bool, typer.Option("--over", help="Those that are over instead.")] = False,
    json: AsJson = False,
) -> None:
    """Alerts, the worst first."""
    from hub.commandline.asks import Alerts

    told = answered(config, Alerts, over=over)
    if json:
        as_json(told)
        return
    table(told, _COLUMNS, empty="Nothing is over yet." if over else "Nothing needs anybody.")


@alerts.command("acknowledge")
def acknowledge(config: ConfigPath, alert: AlertArgument, json: AsJson = False) -> None:
    """Say that you look after it: nobody else is told."""
    _do(config, alert, "acknowledge", "You look after it", json=json)


@alerts.command("take-back")
def take_back(config: ConfigPath, alert: AlertArgument, json: AsJson = False) -> None:
    """Undo that: the next person is told in time."""
    _do(config, alert, "take back", "It is open again", json=json)


def _do(config: ConfigPath, alert: str, deed: str, said: str, *, json: bool) -> None:
    from hub.commandline.asks import AlertDo

    told = answered(config, AlertDo, alert=alert, deed=deed)
    if json:
        as_json(told)
        return
    typer.echo(f"{said}: {told['sentence']}")


@alerts.command("told")
def rules(
    config: ConfigPath,
    property_: Annotated[str, typer.Argument(metavar="PROPERTY", help="Its id.")],
    quiet: Annotated[
        str | None, typer.Option(help='Local, as "22:00-07:00"; "never" for none.', show_default="as it is")
    ] = None,
    person: Annotated[
        list[str] | None,
        typer.Option(
            help='Said once for each, in their order: "anna", "ben:sms", "cem:email,sms".', show_default="as it is"
        ),
    ] = None,
    managers: Annotated[bool, typer.Option("--managers", help="Empty the list: the managers are told.")] = False,
    bookings: Annotated[
        list[str] | None,
        typer.Option(
            help='Whom to tell of new, changed and cancelled bookings, said once for each: "otto:email"; '
            'or "managers", or "nobody".',
            show_default="as it is",
        ),
    ] = None,
    json: AsJson = False,
) -> None:
    """Who is told of a property's alerts and of its bookings, and when it is quiet; without options, say how it is."""
    from hub.commandline.asks import AlertRules

    people = [] if managers else person or None
    managers_read = bookings == ["managers"]
    readers = None if managers_read or not bookings else [] if bookings == ["nobody"] else bookings
    ask = {"quiet": quiet, "people": people, "bookings": readers, "managers_read": managers_read}
    told = answered(config, AlertRules, property=property_, **ask)
    if json:
        as_json(told)
        return
    typer.echo(f"Quiet hours: {told['quiet'] or 'never'}.")
    for number, each in enumerate(told["people"], start=1):
        typer.echo(f"{number}. {each['person']} ({', '.join(each['ways'])})")
    if not told["people"]:
        typer.echo("Nobody is listed: the managers are told.")
    typer.echo(f"Of bookings: {_readers(told['bookings'])}.")


def _readers(told: list[dict[str, Any]] | None) -> str:
    if told is None:
        return "the managers, by e-mail"
    return ", ".join(f"{each['person']} ({', '.join(each['ways'])})" for each in told) or "nobody"


@alerts.command("test")
def try_out(
    config: ConfigPath,
    person: Annotated[str, typer.Argument(metavar="PERSON", help="Their id, from `gatehouse people list`.")],
    json: AsJson = False,
) -> None:
    """Send somebody a test message."""
    from hub.commandline.asks import AlertTest

    told = answered(config, AlertTest, person=person)
    if json:
        as_json(told)
        return
    typer.echo(f"A test message by {' and '.join(told['ways'])} is on its way.")
