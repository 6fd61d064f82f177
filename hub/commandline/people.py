"""`gatehouse people …`: who comes again and is no guest, and what they may open when."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hub.commandline.asking import AsJson, ConfigPath, answered
from hub.commandline.saying import as_json, table

people = typer.Typer(no_args_is_help=True, help="Staff, cleaners, vendors and owners, and the passes that let them in.")

PersonArgument = Annotated[
    str, typer.Argument(metavar="PERSON", help="Their id or name, from `gatehouse people list`.")
]
PassArgument = Annotated[str, typer.Argument(metavar="PASS", help="Its id, from `gatehouse people list`.")]

_COLUMNS = {
    "pass": "PASS",
    "name": "PERSON",
    "kind": "KIND",
    "locks": "LOCKS",
    "when": "WHEN",
    "state": "STATE",
    "opens_from": "OPENS FROM",
    "opens_until": "UNTIL",
    "uses": "USES",
    "proven": "PROVEN IN",
    "told": "MESSAGE",
}


@people.command("list")
def list_people(
    config: ConfigPath,
    past: Annotated[bool, typer.Option("--past", help="Also who has left, and what is over.")] = False,
    json: AsJson = False,
) -> None:
    """People and their passes."""
    from hub.commandline.asks import People

    told = answered(config, People, past=past)
    if json:
        as_json(told)
        return
    table(told, _COLUMNS, empty="There is nobody yet; see `gatehouse people add`.")


@people.command("add")
def add_person(  # noqa: PLR0913, PLR0917  # each is an option of the command
    config: ConfigPath,
    name: Annotated[str, typer.Argument(help="As the access log is to name them.")],
    kind: Annotated[str, typer.Option(help="manager, staff, cleaner, vendor or owner.")],
    property_: Annotated[str | None, typer.Option("--property", help="Only of this one.", show_default="all")] = None,
    phone: Annotated[str, typer.Option(help="Kept sealed.")] = "",
    email: Annotated[str, typer.Option(help="Kept sealed.")] = "",
    told_by: Annotated[
        str | None, typer.Option(help="How they are told their codes: email, sms or hand.", show_default="email")
    ] = None,
    json: AsJson = False,
) -> None:
    """Add a person. They open nothing before they are given a pass."""
    from hub.commandline.asks import PersonAdd

    who = {"name": name, "what": kind, "property": property_, "phone": phone, "email": email, "told_by": told_by}
    told = answered(config, PersonAdd, **who)
    if json:
        as_json(told)
        return
    typer.echo(f"Added {told['name']} ({told['kind']}): {told['person']}.")


@people.command("told-by")
def told_by(
    config: ConfigPath,
    person: PersonArgument,
    way: Annotated[str, typer.Argument(help="email, sms or hand.")],
    json: AsJson = False,
) -> None:
    """How somebody is told the codes of their passes. By hand, too, where no address or no service is known."""
    from hub.commandline.asks import PersonToldBy

    told = answered(config, PersonToldBy, person=person, told_by=way)
    if json:
        as_json(told)
        return
    by = {"email": "by e-mail", "sms": "by SMS", "hand": "by hand"}[told["told_by"]]
    why = told["by_hand_because"]
    but = f" For now by hand: {why}." if why and told["told_by"] != "hand" else ""
    typer.echo(f"{told['name']} is told codes {by}.{but}")


@people.command("leave")
def leave(config: ConfigPath, person: PersonArgument, json: AsJson = False) -> None:
    """None of their passes opens anything any more."""
    _do(config, person, "leave", "has left", json=json)


@people.command("return")
def come_back(config: ConfigPath, person: PersonArgument, json: AsJson = False) -> None:
    """Undo that they left; their codes are the same."""
    _do(config, person, "return", "is back", json=json)


@people.command("remove")
def remove(
    config: ConfigPath,
    person: PersonArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: AsJson = False,
) -> None:
    """Take out who somebody was that has left: what they did remains, of nobody. Cannot be undone."""
    if not yes:
        typer.confirm(f"Remove {person}, their passes and their name from what is kept", abort=True, err=True)
    _do(config, person, "remove", "is removed", json=json)


@people.command("export")
def export(config: ConfigPath, person: PersonArgument) -> None:
    """Print everything that is kept of a person, as JSON, with why and how long. It is written down that you did."""
    from hub.commandline.asks import PersonExport

    as_json(answered(config, PersonExport, person=person))


def _do(config: ConfigPath, person: str, deed: str, said: str, *, json: bool) -> None:
    from hub.commandline.asks import PersonDo

    told = answered(config, PersonDo, person=person, deed=deed)
    if json:
        as_json(told)
        return
    typer.echo(f"{told['name']} {said}.")


@people.command("give")
def give(  # noqa: PLR0913, PLR0917  # each is an option of the command
    config: ConfigPath,
    person: PersonArgument,
    lock: Annotated[list[str], typer.Option(help="A lock that it opens; may be said several times.")],
    hours: Annotated[
        str | None, typer.Option(help='Of the week: "Mon-Fri 08:00-17:00; Sat 22:00-02:00".', show_default="always")
    ] = None,
    between_stays: Annotated[
        str | None, typer.Option(metavar="UNIT", help="From each check-out of this unit to the next check-in.")
    ] = None,
    longest: Annotated[float | None, typer.Option(help="Hours after a check-out.", show_default="8")] = None,
    start: Annotated[str | None, typer.Option(metavar="TIME", help="With zone.", show_default="now")] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="With zone: 2026-11-21T18:00+01:00", show_default="open")
    ] = None,
    uses: Annotated[int | None, typer.Option(help="How often it opens each door; 1: one time.")] = None,
    name: Annotated[str, typer.Option("--for", help="What it is for.")] = "",
    note: Annotated[str, typer.Option(help="For them, in what they are told: where to park.")] = "",
    json: AsJson = False,
) -> None:
    """Give a person a pass: doors, hours, an end, a number of uses. Its digits stay theirs for as long as it lasts."""
    from hub.commandline.asks import PassGive

    told = answered(
        config,
        PassGive,
        person=person,
        locks=lock,
        hours=hours,
        between_stays=between_stays,
        longest_hours=longest,
        start=start,
        until=until,
        uses=uses,
        name=name,
        note=note,
    )
    _say_digits(told, json=json)


@people.command("pause")
def pause(config: ConfigPath, pass_: PassArgument, json: AsJson = False) -> None:
    """Take its codes out of the locks until it is resumed."""
    _on_pass(config, pass_, "pause", json=json)


@people.command("resume")
def resume(config: ConfigPath, pass_: PassArgument, json: AsJson = False) -> None:
    """Go on with the same digits."""
    _on_pass(config, pass_, "resume", json=json)


@people.command("end")
def end(config: ConfigPath, pass_: PassArgument, json: AsJson = False) -> None:
    """End a pass; its codes leave the locks at once."""
    _on_pass(config, pass_, "end", json=json)


@people.command("reopen")
def reopen(config: ConfigPath, pass_: PassArgument, json: AsJson = False) -> None:
    """Undo that a pass was ended."""
    _on_pass(config, pass_, "reopen", json=json)


@people.command("redraw")
def redraw(config: ConfigPath, pass_: PassArgument, json: AsJson = False) -> None:
    """Other digits at every door; the old ones leave the locks at once."""
    _on_pass(config, pass_, "redraw", json=json)


@people.command("tell")
def tell(config: ConfigPath, pass_: PassArgument, json: AsJson = False) -> None:
    """Send the person the code, or send it again, by the way that they chose."""
    _on_pass(config, pass_, "tell", json=json)


@people.command("reveal")
def reveal(config: ConfigPath, pass_: PassArgument, json: AsJson = False) -> None:
    """The digits. Written into the audit trail."""
    _on_pass(config, pass_, "reveal", json=json)


def _on_pass(config: ConfigPath, pass_: str, deed: str, *, json: bool) -> None:
    from hub.commandline.asks import PassDo

    told: dict[str, Any] = answered(config, PassDo, pass_=pass_, deed=deed)
    if "pins" in told:
        _say_digits(told, json=json)
    elif json:
        as_json(told)
    else:
        typer.echo(f"The pass of {told['name']} is {told['state'].replace('_', ' ')}.")


def _say_digits(told: dict[str, Any], *, json: bool) -> None:
    if json:
        as_json(told)
        return
    by_pin: dict[str, list[str]] = {}
    for lock, pin in told["pins"].items():
        by_pin.setdefault(pin, []).append(lock)
    for pin, locks in by_pin.items():
        typer.echo(f"{pin}  opens {', '.join(locks)} for {told['name']}: {told['when']}.")
    if told["opens_from"]:
        typer.echo(f"The pass {told['pass']} opens from {told['opens_from']} on.")
