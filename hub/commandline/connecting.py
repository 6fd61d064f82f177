"""`gatehouse channel add …`: channels tried, added, changed, removed. Secrets are asked for, so that no shell remembers them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hub.commandline.asking import AsJson, ConfigPath, answered
from hub.commandline.saying import as_json, table
from hub.errors import Misconfigured, Rejected

Pairs = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUE", help="A setting, from `gatehouse channel kinds KIND`; may be repeated."
    ),
]


def list_kinds(
    kind: Annotated[str | None, typer.Argument(metavar="KIND", help="What this one must be told.")] = None,
    json: AsJson = False,
) -> None:
    """What kinds of channels there are, or what one of them must be told."""
    from hub.channel_kinds import kinds

    if kind is None:
        rows = [{"kind": each.name, "title": each.title, "summary": each.summary} for each in kinds()]
        columns = {"kind": "KIND", "title": "", "summary": ""}
    else:
        rows = [
            {
                "name": each.name,
                "what": f"{each.label}{'' if each.words or not each.hint else f'. {each.hint}'}",
                "how": ", ".join(
                    filter(None, ("needed" * each.needed, "secret" * each.secret, " | ".join(each.words)))
                ),
            }
            for each in _kind(kind).settings
        ]
        columns = {"name": "SETTING", "how": "", "what": ""}
    if json:
        as_json(rows)
        return
    table(rows, columns, empty="There are none.")


def add_channel(  # noqa: PLR0913, PLR0917  # each is an option of the command
    config: ConfigPath,
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help="From `gatehouse channel kinds`; ical: a calendar address.")
    ],
    unit: Annotated[str | None, typer.Option(help="Whose bookings they are; left out for an account.")] = None,
    name: Annotated[str, typer.Option("--id", help="What it is called here; else after its platform and unit.")] = "",
    settings: Pairs = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only try it, and say what was read.")] = False,
    untried: Annotated[bool, typer.Option("--untried", help="Add it without trying it first.")] = False,
    json: AsJson = False,
) -> None:
    """Try a channel, say what was read, and add it. Needed secrets that are not given are asked for."""
    from hub.commandline.asks_channels import ChannelAdd, ChannelTry

    told = _asked_for(kind, _pairs(settings))
    what = {"integration": kind, "unit": unit, "id": name, "settings": told}
    trial = None if untried else answered(config, ChannelTry, **what)
    added = None if dry_run else answered(config, ChannelAdd, **what)
    if json:
        as_json({"trial": trial, "added": added})
        return
    if trial is not None:
        _say(trial)
    if added is not None:
        typer.echo(f"Added {added['channel']}.")


def make_calendar(  # each is an option of the command
    config: ConfigPath,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="caldav or google_calendar.")],
    unit: Annotated[str, typer.Option(help="Whose calendar it is.")],
    name: Annotated[str, typer.Option("--id", help="What it is called here; else after its kind and unit.")] = "",
    settings: Pairs = None,
    json: AsJson = False,
) -> None:
    """Make a calendar for a unit that has none and add it; asked again, it is the same one. Needed secrets are asked for."""
    from hub.commandline.asks_channels import ChannelMake
    from hub.contracts.diaries import ANY

    given = _pairs(settings)
    makes = _kind(kind).makes
    told = _asked_for(kind, {makes: ANY, **given} if makes else given)
    made = answered(config, ChannelMake, integration=kind, unit=unit, id=name, settings=told)
    if json:
        as_json(made)
        return
    typer.echo(f"The calendar of {made['unit']} is {made['channel']}.")


def show_settings(
    config: ConfigPath,
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="Its id.")],
    json: AsJson = False,
) -> None:
    """What a channel is told, without its secrets."""
    from hub.commandline.asks_channels import ChannelSettings

    _settings(answered(config, ChannelSettings, channel=channel), json=json)


def change_channel(
    config: ConfigPath,
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="Its id.")],
    settings: Pairs = None,
    ask: Annotated[
        list[str] | None,
        typer.Option("--ask", metavar="NAME", help="A secret setting to be asked for; may be repeated."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Other settings for a channel, which is then read anew. NAME= takes one away; what is not named stays."""
    from hub.commandline.asks_channels import ChannelChange

    told = _pairs(settings) | {name: _secret(name) for name in ask or ()}
    _settings(answered(config, ChannelChange, channel=channel, settings=told), json=json)


def remove_channel(
    config: ConfigPath,
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="Its id.")],
    cancel: Annotated[
        bool,
        typer.Option("--cancel-stays", help="Cancel its stays that have not begun and that no other channel tells of."),
    ] = False,
    json: AsJson = False,
) -> None:
    """Remove a channel. Its stays are kept with their codes, unless you say otherwise."""
    from hub.commandline.asks_channels import ChannelRemove

    told = answered(config, ChannelRemove, channel=channel, stays="cancel" if cancel else "keep")
    if json:
        as_json(told)
        return
    coming = "cancelled" if cancel else "kept"
    typer.echo(f"Removed {channel}. Yet to come: {told['coming']} stays and {told['closures']} closures, {coming}.")
    if told["here"] or told["shared"]:
        typer.echo(f"Here now: {told['here']}. Told of by another channel as well: {told['shared']}. They go on.")


# ---- words ----------------------------------------------------------------------------------------------------------


def _pairs(given: list[str] | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in given or ():
        name, equals, value = each.partition("=")
        if not equals or not name:
            raise Rejected(f"“{name}” is no setting; write it as NAME=VALUE")
        found[name] = value
    return found


def _kind(name: str) -> Any:
    from hub.channel_kinds import kind_called

    try:
        return kind_called(name)
    except Misconfigured as error:
        raise Rejected(error.why) from error


def _asked_for(kind: str, told: dict[str, str]) -> dict[str, str]:
    missing = [each.name for each in _kind(kind).settings if each.needed and each.secret and each.name not in told]
    return told | {name: _secret(name) for name in missing}


def _secret(name: str) -> str:
    return str(typer.prompt(name, hide_input=True, err=True))


def _say(trial: dict[str, Any]) -> None:
    if trial["words"]:
        typer.echo(trial["words"])
    elif not trial["asked"]:
        typer.echo("There is nothing to read: such a channel is not asked.")
    else:
        nights = f", nights from {trial['first_night']} to {trial['last_night']}" if trial["first_night"] else ""
        typer.echo(f"It answers: {trial['stays']} stays and {trial['closures']} closures{nights}.")
    for each in trial["unclear"]:
        typer.echo(f"Not clear: {each['why']} ({each['entries']}).")
    for each in trial["listings"]:
        typer.echo(f"It lets: {each}.")


def _settings(told: dict[str, Any], *, json: bool) -> None:
    if json:
        as_json(told)
        return
    rows = [{"name": name, "value": value} for name, value in told["settings"].items()]
    rows += [{"name": name, "value": "(kept, not shown)"} for name in told["secrets"]]
    table(rows, {"name": "SETTING", "value": "VALUE"}, empty="It needs no settings.")
