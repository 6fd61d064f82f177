"""`gatehouse token …`: what programs use the API with."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.commandline.asking import AsJson, ConfigPath, answered
from hub.commandline.saying import as_json, table

token = typer.Typer(no_args_is_help=True, help="Tokens for programs that use the API: list, add, revoke.")


@token.command("list")
def list_tokens(config: ConfigPath, json: AsJson = False) -> None:
    """All tokens, without the part that opens anything."""
    from hub.commandline.asks import Tokens

    told = answered(config, Tokens)
    if json:
        as_json(told)
        return
    columns = {"id": "TOKEN", "name": "NAME", "scopes": "SCOPES", "expires_at": "EXPIRES", "used_at": "LAST USED"}
    table(told, columns | {"revoked_at": "REVOKED"}, empty="There are no tokens.")


@token.command("add")
def add_token(
    config: ConfigPath,
    name: Annotated[str, typer.Argument(help="The program that will use it.")],
    scope: Annotated[
        list[str],
        typer.Option(
            help="read, stays:write, codes:read, people:write, unlock, questions:write or admin; may be said several times."
        ),
    ],
    days: Annotated[int, typer.Option(help="How long it lasts, 1 to 365.")] = 90,
    json: AsJson = False,
) -> None:
    """Make a token. It is shown this once."""
    from hub.commandline.asks import TokenAdd

    told = answered(config, TokenAdd, name=name, scopes=scope, days=days)
    if json:
        as_json(told)
        return
    typer.echo(told["token"])
    typer.echo(f"For {told['name']}, until {told['expires_at']}. It is not shown again.", err=True)


@token.command("revoke")
def revoke_token(
    config: ConfigPath,
    id_: Annotated[str, typer.Argument(metavar="TOKEN", help="Its id, from `gatehouse token list`.")],
    json: AsJson = False,
) -> None:
    """End a token at once."""
    from hub.commandline.asks import TokenRevoke

    told = answered(config, TokenRevoke, token=id_)
    if json:
        as_json(told)
        return
    typer.echo(f"Revoked {told['revoked']}.")
