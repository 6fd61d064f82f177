"""The command line. Knows everything, decides nothing, and imports what a command needs only when it is given."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from hub.commandline import backups, house
from hub.commandline.alerts import alerts
from hub.commandline.asking import ConfigPath, Terminal
from hub.commandline.audit import audit
from hub.commandline.channels import channel
from hub.commandline.emergency import emergency
from hub.commandline.exits import WORDS, exit_code
from hub.commandline.guest import guest
from hub.commandline.letters import letter
from hub.commandline.people import people
from hub.commandline.push import push
from hub.commandline.stays import stay
from hub.commandline.tokens import token
from hub.errors import Disappointment


class Commands(TyperGroup):
    """Ours, and those that plugins bring: named by their manifests, imported only when they are given."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *sorted(_brought())]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        ours = super().get_command(ctx, cmd_name)
        if ours is not None or cmd_name not in (brought := _brought()):
            return ours
        summary, _ = brought[cmd_name]
        return TyperCommand(cmd_name, help=summary)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] in self.commands or args[0] not in (brought := _brought()):
            return super().resolve_command(ctx, args)
        module, _, attribute = brought[args[0]][1].partition(":")
        given = typer.main.get_command(getattr(import_module(module), attribute))
        return args[0], given, args[1:]


def _brought() -> dict[str, tuple[str, str]]:
    """What plugins bring: a summary and `module:attribute` of a typer application, by command group."""
    from hub.manifests import discover

    return {
        group: (plugin.summary, where) for plugin in discover().values() for group, where in plugin.commands.items()
    }


app = typer.Typer(
    cls=Commands,
    name="gatehouse",
    help="The hub of the house's locks.",
    epilog=WORDS,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.command()
def run(
    config: ConfigPath,
    clock: Annotated[
        str | None,
        typer.Option("--clock", metavar="START", help="For rehearsals: the time to begin at, e.g. 2026-11-21T14:00Z."),
    ] = None,
    speed: Annotated[float, typer.Option(min=0.1, max=100_000, help="For rehearsals: let its clock run faster.")] = 1.0,
) -> None:
    """Run the hub until it is told to stop (Ctrl-C or SIGTERM)."""
    start = None if clock is None else _instant(clock)
    if start is None and speed != 1.0:
        raise typer.BadParameter("--speed needs --clock")

    # Nearly all that a start makes stays: looking through it for garbage took a twelfth of it. On again in spare_what_stays.
    gc.disable()

    from hub.commandline.journal import set_up
    from hub.commandline.running import run_until_stopped, running
    from hub.config import load
    from hub.running import Turned
    from web.app import serve

    settings = load(config)
    set_up(settings.log.level)
    run_until_stopped(running(settings, serve, None if start is None else Turned(start, speed)))


def _instant(text: str) -> datetime:
    """UTC where no zone is said."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("--clock needs a time, e.g. 2026-11-21T14:00Z") from error
    return at.replace(tzinfo=at.tzinfo or UTC)


@app.command()
def demo(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where the pages are, on this machine only.")] = 8080,
    speed: Annotated[float, typer.Option(min=0.1, max=100_000, help="600: ten hours pass in a minute.")] = 1.0,
) -> None:
    """Show a house with simulated locks and guests. Needs no radio and no network, and leaves nothing behind."""
    from hub.commandline.journal import set_up
    from hub.commandline.running import demonstrating, run_until_stopped
    from web.app import serve

    set_up("warning")
    run_until_stopped(demonstrating(port, speed, serve))


for command in (
    house.apply,
    house.check,
    house.status,
    house.figures,
    house.lost_nights,
    house.codes,
    house.setup_code,
    backups.backup,
    backups.restore,
    backups.rotate_key,
):
    app.command()(command)
app.add_typer(emergency, name="emergency")
app.add_typer(stay, name="stay")
app.add_typer(house.code, name="code")
app.add_typer(people, name="people")
app.add_typer(alerts, name="alerts")
app.add_typer(channel, name="channel")
app.add_typer(letter, name="letter")
app.add_typer(push, name="push")
app.add_typer(token, name="token")
app.add_typer(audit, name="audit")
app.add_typer(guest, name="guest")


def main(words: list[str] | None = None) -> None:
    """`words` are what stands after `gatehouse`; None: what this process was given."""
    try:
        app(words, prog_name="gatehouse", obj=Terminal())
    except Disappointment as error:
        _give_up([error])
    except BaseExceptionGroup as group:
        expected, unexpected = group.split(Disappointment)
        if expected is None or unexpected is not None:
            raise
        _give_up(list(_leaves(expected)))


def _leaves(group: BaseExceptionGroup[Disappointment]) -> Iterator[Disappointment]:
    for each in group.exceptions:
        if isinstance(each, BaseExceptionGroup):
            yield from _leaves(each)
        else:
            yield each


def _give_up(errors: list[Disappointment]) -> NoReturn:
    for error in errors:
        print(f"gatehouse: {error}", file=sys.stderr)
    sys.exit(max(exit_code(error) for error in errors))


if __name__ == "__main__":
    main()
