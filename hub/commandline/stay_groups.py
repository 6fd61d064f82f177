"""`gatehouse stay group…`: all stays of one booking at once."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hub.commandline.asking import AsJson, ConfigPath, answered
from hub.commandline.messages import StayArgument
from hub.commandline.saying import as_json, table
from hub.errors import Rejected

Anyway = Annotated[
    bool, typer.Option("--anyway", help="In spite of the house's own rules; never of others who stay there.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def show_group(config: ConfigPath, stay_id: StayArgument, json: AsJson = False) -> None:
    """All stays of the booking that a stay belongs to, and what they are in all."""
    _say(_group(config, stay_id), json=json)


def move_group(  # noqa: PLR0913, PLR0917  # each is an option of the command
    config: ConfigPath,
    stay_id: StayArgument,
    arrival: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Another day of arrival.")] = None,
    departure: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Another day of leaving.")] = None,
    check_in: Annotated[str | None, typer.Option(metavar="HH:MM", help="Another time than the house rules'.")] = None,
    check_out: Annotated[str | None, typer.Option(metavar="HH:MM", help="Another time than the house rules'.")] = None,
    anyway: Anyway = False,
    yes: Yes = False,
    json: AsJson = False,
) -> None:
    """Other days or hours for all stays of a booking, or for none. Those with other days than this one move as far."""
    from hub.commandline.asks_stays import StayGroupMove

    anew = {"arrival": arrival, "departure": departure, "check_in": check_in, "check_out": check_out}
    seen = _asked(config, stay_id, "to_change", "Move them all?", yes=yes)
    _say(answered(config, StayGroupMove, stay=stay_id, stays=seen, anyway=anyway, **anew), json=json)


def cancel_group(
    config: ConfigPath,
    stay_id: StayArgument,
    in_full: Annotated[
        bool,
        typer.Option("--in-full", help="All of their prices are to be given back, whatever the house's rules say."),
    ] = False,
    yes: Yes = False,
    json: AsJson = False,
) -> None:
    """Cancel all stays of a booking that are not over. Their codes leave the locks at once."""
    from hub.commandline.asks_stays import StayGroupCancel

    seen = _asked(config, stay_id, "to_change", "Cancel them all?", yes=yes)
    _say(answered(config, StayGroupCancel, stay=stay_id, stays=seen, in_full=in_full), json=json)


def restore_group(config: ConfigPath, stay_id: StayArgument, anyway: Anyway = False, json: AsJson = False) -> None:
    """Take all cancellations of a booking back, where every unit is still free."""
    from hub.commandline.asks_stays import StayGroupRestore

    _say(answered(config, StayGroupRestore, stay=stay_id, anyway=anyway), json=json)


def _group(config: Any, stay_id: str) -> Any:
    from hub.commandline.asks_stays import StayGroup

    return answered(config, StayGroup, stay=stay_id)


def _asked(config: Any, stay_id: str, which: str, question: str, *, yes: bool) -> list[str]:
    """What would be touched. Raises Rejected where there is nothing; ends the command where the answer is no."""
    told = _group(config, stay_id)
    seen: list[str] = told[which]
    if not seen:
        raise Rejected("no stay of this booking is left for that")
    if not yes:
        _lines([each for each in told["stays"] if each["id"] in seen], err=True)
        typer.confirm(question, abort=True, err=True)
    return seen


def _say(told: Any, *, json: bool) -> None:
    if json:
        as_json(told)
        return
    _lines(told["stays"])
    guests = "" if told["guests"] is None else f", {told['guests']} guests"
    prices = "".join(f", {each}" for each in told["prices"])
    typer.echo(f"In all {told['units']} units{guests}{prices}.")


def _lines(rows: list[dict[str, Any]], *, err: bool = False) -> None:
    if err:
        for row in rows:
            typer.echo(f"{row['id']}  {row['unit']}  {row['guest']}  {row['arrival']} to {row['departure']}", err=True)
        return
    columns = {
        "id": "STAY",
        "unit": "UNIT",
        "guest": "GUEST",
        "status": "STATUS",
        "arrival": "FROM",
        "departure": "UNTIL",
    }
    table(rows, columns, empty="There are no stays.")
