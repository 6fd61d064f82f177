"""`gatehouse emergency …`: lock down, release, a code now, an open door. Asked first, confirmed second."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hub.commandline.asking import AsJson, ConfigPath, answered
from hub.commandline.saying import as_json, table
from hub.errors import Rejected

emergency = typer.Typer(no_args_is_help=True, help="Lock down, release, draw a code, open a door: in an emergency.")

Reason = Annotated[str, typer.Option(help="Why; it stands in the audit trail.")]
OfProperty = Annotated[str | None, typer.Option("--property", help="Every lock of this property.")]
OfLock = Annotated[str | None, typer.Option("--lock", help="This lock alone.")]
TellGuest = Annotated[bool, typer.Option(help="Whether guests whom it concerns learn of it.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask again: for scripts.")]


@emergency.command("list")
def list_emergencies(config: ConfigPath, json: AsJson = False) -> None:
    """What lasts, and what is over."""
    from hub.commandline.asks import Emergencies

    told = answered(config, Emergencies)
    if json:
        as_json(told)
        return
    columns = {
        "id": "ID",
        "deed": "WHAT",
        "where": "WHERE",
        "since": "SINCE",
        "released_at": "RELEASED",
        "reason": "WHY",
        "doors": "DOORS",
        "guests": "GUESTS",
    }
    said = [{name: " ".join(row[name]) for name in ("doors", "guests")} for row in told]
    rows = [{**row, "where": row["lock"] or row["property"], **more} for row, more in zip(told, said, strict=True)]
    table(rows, columns, empty="There were no emergencies.")


@emergency.command("lock-down")
def lock_down(
    config: ConfigPath,
    reason: Reason,
    property_: OfProperty = None,
    lock: OfLock = None,
    tell_guest: TellGuest = True,
    yes: Yes = False,
) -> None:
    """Take all codes of guests out and lock the doors. Codes of staff keep working."""
    _do(config, yes, act="lock_down", reason=reason, property=property_, lock=lock, tell_guest=tell_guest)


@emergency.command("release")
def release(
    config: ConfigPath,
    lockdown: Annotated[str, typer.Argument(metavar="ID", help="From `gatehouse emergency list`.")],
    reason: Reason,
    yes: Yes = False,
) -> None:
    """End a lock-down: the codes of guests go back into the locks."""
    _do(config, yes, act="release", reason=reason, lockdown=lockdown)


@emergency.command("code")
def code(  # each is an option of the command
    config: ConfigPath,
    reason: Reason,
    property_: OfProperty = None,
    lock: OfLock = None,
    hours: Annotated[float | None, typer.Option(help="How long it works; 4 where it is not said.")] = None,
    tell_guest: TellGuest = True,
    yes: Yes = False,
) -> None:
    """Draw a code before everybody else's; it is shown once."""
    wish = {"reason": reason, "property": property_, "lock": lock, "hours": hours, "tell_guest": tell_guest}
    _do(config, yes, act="code", **wish)


@emergency.command("unlock")
def unlock(
    config: ConfigPath,
    reason: Reason,
    lock: Annotated[str, typer.Option(help="Which door.")],
    tell_guest: TellGuest = True,
    yes: Yes = False,
) -> None:
    """Open a door now."""
    _do(config, yes, act="unlock", reason=reason, lock=lock, tell_guest=tell_guest)


def _do(config: Any, yes: bool, **wish: object) -> None:
    from hub.commandline.asks import EmergencyConfirm, EmergencyPrepare

    seen = answered(config, EmergencyPrepare, **wish)
    typer.echo(f"{seen['where']}: {seen['act'].replace('_', ' ')}")
    for door in seen["doors"]:
        codes = f"{door['codes']} codes of guests" if seen["act"] in ("lock_down", "release") else ""
        typer.echo("  " + ", ".join(word for word in (door["name"], codes, door["trouble"]) if word))
    for guest in seen["guests"]:
        typer.echo(f"  guest: {guest['name']} in {guest['unit']}{', inside' if guest['inside'] else ''}")
    for note in seen["notes"]:
        typer.echo(f"  {note}")
    if not yes and not typer.confirm("Do it?", default=False):
        raise Rejected("nothing was done")
    done = answered(config, EmergencyConfirm, id=seen["id"])
    typer.echo(done["sentence"])
    for door in done["doors"]:
        typer.echo(f"  {door['sentence']}" + ("" if door["pin"] is None else f" Code: {door['pin']}"))
    for guest in done["guests"]:
        typer.echo(f"  {guest['sentence']}")
    if done["pin"] is not None:
        typer.echo(f"Code: {done['pin']}")
