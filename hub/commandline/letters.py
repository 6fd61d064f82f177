"""`gatehouse letter …`: deliveries and promises that were given up on."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.commandline.asking import AsJson, ConfigPath, answered
from hub.commandline.saying import as_json, table

letter = typer.Typer(no_args_is_help=True, help="What was given up on and waits for a person: try again, or let go.")

LetterArgument = Annotated[str, typer.Argument(metavar="LETTER", help="Its id, from `gatehouse letter list`.")]


@letter.command("list")
def list_letters(config: ConfigPath, json: AsJson = False) -> None:
    """Deliveries that nobody understood, and promises that could not be kept."""
    from hub.commandline.asks import Letters

    told = answered(config, Letters)
    if json:
        as_json(told)
        return
    table(told, {"id": "LETTER", "about": "ABOUT", "since": "SINCE", "why": "WHY"}, empty="Nothing waits for you.")


@letter.command("retry")
def retry(config: ConfigPath, letter: LetterArgument) -> None:
    """Try it once more, now."""
    from hub.commandline.asks import LetterSettle

    answered(config, LetterSettle, letter=letter, again=True)
    typer.echo("It is tried again.")


@letter.command("dismiss")
def dismiss(config: ConfigPath, letter: LetterArgument) -> None:
    """Let it go. A channel whose delivery it was is read anew."""
    from hub.commandline.asks import LetterSettle

    answered(config, LetterSettle, letter=letter, again=False)
    typer.echo("It was let go.")
