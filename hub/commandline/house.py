"""`gatehouse apply | check | status | figures | lost-nights | codes | code now | code adopt`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from hub.commandline.asking import AsJson, ConfigPath, answered
from hub.commandline.saying import as_json, table
from hub.errors import Misconfigured, Rejected


def apply(
    site: Annotated[Path, typer.Argument(metavar="SITE.toml", help="Properties, locks, units and channels.")],
    config: ConfigPath,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    prune: Annotated[
        int,
        typer.Option(
            "--prune",
            count=True,
            show_default=False,
            help="Remove what an earlier file made; twice: even where guests need it.",
        ),
    ] = 0,
    json: AsJson = False,
) -> None:
    """Make the house as a site file describes it.

    Says what it changes, changes nothing when applied again, and never touches what was made or changed in the web pages.
    """
    from hub.commandline.asks import Apply

    told = answered(config, Apply, text=_text(site), name=str(site), prune=min(prune, 2), dry_run=dry_run)
    if json:
        as_json(told)
        return
    for change in told["changes"]:
        typer.echo(change["sentence"])
    if not told["changes"]:
        typer.echo("Nothing to change.")
    for note in told["notes"]:
        typer.echo(f"Note: {note}")


def _text(site: Path) -> str:
    """A site file that cannot be read is bad input, not a configuration that cannot work."""
    from hub.config import read_text

    try:
        return read_text(site)
    except Misconfigured as error:
        raise Rejected(str(error)) from error


def check(
    config: ConfigPath,
    site: Annotated[
        Path | None, typer.Option("--site", metavar="SITE.toml", help="Look at this site file, too.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Look at the configuration, plugins, key, database and site file without starting anything."""
    from hub.commandline.checking import checks

    found = checks(config, site)
    if json:
        as_json([{"what": each.what, "ok": each.ok, "sentence": each.sentence} for each in found])
    else:
        for each in found:
            typer.echo(f"{'ok' if each.ok else 'NOT OK':6}  {each.what}: {each.sentence}")
    worst = max((each.exit_code for each in found), default=0)
    if worst:
        raise typer.Exit(worst)


def status(config: ConfigPath, json: AsJson = False) -> None:
    """How the house is: what is wrong, since when, and what to do about it."""
    from hub.commandline.asks import Status

    told = answered(config, Status)
    if json:
        as_json(told)
        return
    trusted = "" if told["clock_trusted"] else " (not certain)"
    typer.echo(f"The hub {'runs' if told['running'] else 'does not run'}. Its time is {told['time']}{trusted}.")
    for finding in told["findings"]:
        since = f" Since {finding['since']}." if finding["since"] else ""
        typer.echo(f"{finding['level'].upper()}: {finding['sentence']}{since} {finding['cure']}")
    if not told["findings"]:
        typer.echo("All is well.")
    columns = {"id": "LOCK", "name": "NAME", "position": "BOLT", "battery": "BATTERY %", "heard_at": "LAST HEARD"}
    table(told["locks"], columns, empty="No lock is named yet; see `gatehouse apply`.")


def figures(
    config: ConfigPath,
    days: Annotated[int, typer.Option(help="Over how many days, today among them: 7 or 30.")] = 30,
    json: AsJson = False,
) -> None:
    """How well locks do: commands answered, codes in time, time connected, battery forecasts, …; each beside its goal."""
    from hub.commandline.asks import Figures

    told = answered(config, Figures, days=days)
    if json:
        as_json(told)
        return
    goals = {word: f"> {each['goal']:g} %" if each["goal"] < 100 else "all" for word, each in told["house"].items()}
    rows = [{"id": "all together", "name": "", **told["house"], "latency": told["latency"]}, *told["locks"]]
    table(
        [
            row
            | {word: _share(row[word]) if word in row else "" for word in goals}
            | {"latency": _took(row["latency"])}
            for row in rows
        ],
        {"id": "LOCK", "name": "NAME"}
        | {word: f"{_FIGURES[word]} ({goal})" for word, goal in goals.items()}
        | {"latency": "COMMANDS TAKE (HALF / 95 OF 100)"},
        empty="",
    )
    typer.echo("")
    shown = [{**row, "property": row["property"] or "all together"} for row in told["bookings"]]
    table(
        [row | {word: _share(row[word]) for word in ("stages", "syncs")} for row in shown],
        {
            "property": "PROPERTY",
            "stages": "STAGES BY THEMSELVES (> 95 %)",
            "syncs": "SYNCED BY ITSELF (> 85 %)",
            "sold_twice": "SOLD TWICE (0)",
            "asked_for": "A PERSON ASKED (<= 5 in 30 days)",
        },
        empty="",
    )
    delay = told["code_delay"]
    if delay["of"]:
        typer.echo(
            f"A code that is wanted at once is proven within {delay['p50_s']} s in half of the cases, within {delay['p95_s']} s "
            f"in 95 of 100 (of {delay['of']})."
        )


_FIGURES = {
    "answered": "ANSWERED",
    "prompt": "WITHIN 3 S",
    "codes": "CODES IN TIME",
    "connected": "CONNECTED",
    "batteries": "BATTERY FORECASTS",
    "welcomed": "GUESTS WITH A CODE",
}


def _took(latency: dict[str, Any]) -> str:
    return f"<= {latency['p50_ms'] / 1000:g} s / {latency['p95_ms'] / 1000:g} s" if latency["of"] else "-"


def _share(figure: dict[str, Any]) -> str:
    if figure["percent"] is None:
        return "-"
    return f"{figure['percent']:.1f} %" + ("" if figure["met"] else ", below")


def lost_nights(
    config: ConfigPath,
    first: Annotated[str | None, typer.Option(help="A month, as 2027-03.", show_default="this one")] = None,
    months: Annotated[int, typer.Option(help="How many.", min=1, max=24)] = 3,
    json: AsJson = False,
) -> None:
    """What the time between two stays costs: free nights of each unit that nobody can book only because of it, by month."""
    from hub.commandline.asks import LostNights

    told = answered(config, LostNights, first=None if first is None else f"{first}-01", months=months)
    if json:
        as_json(told)
        return
    columns = ("unit", "month", "nights", "booked", "shut", "lost", "percent")
    table(told, {name: name.upper() for name in columns} | {"percent": "LOST %"}, empty="There is no unit yet.")


_CODES = {
    "lock": "LOCK",
    "slot": "SLOT",
    "state": "STATE",
    "proof": "PROOF",
    "holder": "HOLDER",
    "valid_from": "FROM",
    "valid_until": "UNTIL",
}


def codes(
    config: ConfigPath,
    lock: Annotated[str | None, typer.Option(help="Only of this lock.")] = None,
    stay: Annotated[str | None, typer.Option(help="Only of this stay.")] = None,
    reveal: Annotated[bool, typer.Option("--reveal", help="With the digits. Written into the audit trail.")] = False,
    json: AsJson = False,
) -> None:
    """Which codes are, or should be, in which lock."""
    from hub.commandline.asks import Codes

    told = answered(config, Codes, lock=lock, stay=stay, reveal=reveal)
    if json:
        as_json(told)
        return
    table(told, _CODES | ({"pin": "PIN"} if reveal else {}), empty="There are no codes.")


code = typer.Typer(no_args_is_help=True, help="Codes for people who have no stay.")


@code.command("now")
def now(
    config: ConfigPath,
    lock: Annotated[list[str], typer.Option(help="A lock that it opens; may be said several times.")],
    label: Annotated[str, typer.Option("--for", help="Whose it is, e.g. a plumber's name.")],
    hours: Annotated[float | None, typer.Option(help="How long it works.", show_default="2")] = None,
    until: Annotated[
        str | None, typer.Option(help="Until when it works, with zone: 2026-11-21T18:00+01:00", metavar="TIME")
    ] = None,
    json: AsJson = False,
) -> None:
    """Draw a code that works from now on, for somebody at the door."""
    from hub.commandline.asks import CodeNow

    told: dict[str, Any] = answered(config, CodeNow, locks=lock, label=label, hours=hours, until=until)
    if json:
        as_json(told)
        return
    typer.echo(f"{told['pin']}  opens {', '.join(told['locks'])} until {told['valid_until']}.")
    typer.echo(f"It reaches the locks {told['reaches_the_locks']}.")


@code.command("adopt")
def adopt(  # noqa: PLR0913, PLR0917  # each is an option of the command
    config: ConfigPath,
    lock: Annotated[str, typer.Argument(metavar="LOCK", help="The lock it is in.")],
    slot: Annotated[int, typer.Argument(metavar="SLOT", help="Its place, from `gatehouse codes`.")],
    label: Annotated[str, typer.Option("--for", help="Whose it is.")] = "",
    person: Annotated[
        str | None,
        typer.Option(help="Whose it is, in place of --for: the id or name of somebody `gatehouse people` knows."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            help="Until when it works, with zone: 2026-11-21T18:00+01:00", metavar="TIME", show_default="open"
        ),
    ] = None,
    digits: Annotated[
        bool, typer.Option("--digits", help="Ask for its digits, not shown: for a lock that hides them.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Give a code that was in a lock already a name, and perhaps an end. Nothing is written to the lock."""
    from hub.commandline.asks import CodeAdopt

    pin = typer.prompt("Its digits", hide_input=True, err=True) if digits else None
    told: dict[str, Any] = answered(
        config, CodeAdopt, lock=lock, slot=slot, label=label, person=person, until=until, pin=pin
    )
    if json:
        as_json(told)
        return
    end = f"until {told['valid_until']}" if told["valid_until"] else "until somebody ends it"
    typer.echo(f"The code in place {told['slot']} of {told['lock']} is {told['holder']}'s, {end}.")


def setup_code(config: ConfigPath, json: AsJson = False) -> None:
    """A new code to make the first account with, or to give an account a new password."""
    from hub.commandline.asks import SetupCode

    told = answered(config, SetupCode)
    if json:
        as_json(told)
        return
    typer.echo(told["code"])
