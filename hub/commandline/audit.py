"""`gatehouse audit verify | export`: whether anybody changed what was written down, and a copy of it."""

from __future__ import annotations

import json as json_
from typing import Annotated

import typer

from hub.commandline.asking import AsJson, ConfigPath, answered
from hub.commandline.saying import as_json

audit = typer.Typer(no_args_is_help=True, help="The audit chain: verify, export.")


@audit.command("verify")
def verify(config: ConfigPath, json: AsJson = False) -> None:
    """Look at every link of the audit chain, whether the hub runs or not. Exits with 1 and names the first one that is wrong.

    Also compared are the heads that are kept outside the database: in a file in state_dir, and in every backup there.
    """
    from hub.commandline.asks import AuditVerify

    told = answered(config, AuditVerify)
    if json:
        as_json(told)
    elif told["whole"]:
        typer.echo(f"The audit chain is whole: {told['links']} links, head {told['head']}.")
    else:
        typer.echo(f"The audit chain is not what it was: {told['wrong']}.", err=True)
    if not told["whole"]:
        raise typer.Exit(1)


@audit.command("export")
def export(
    config: ConfigPath,
    after: Annotated[int, typer.Option(min=0, help="Only links behind this number.")] = 0,
) -> None:
    """Print the audit chain, one link a line, as JSON. Names stand in it for nobody; every line can be checked on its own.

    The seal of a line is the SHA-256 of the line without its seal: keys sorted, no white space.
    """
    from hub.commandline.asks import AuditLinks

    while links := answered(config, AuditLinks, after=after):
        for link in links:
            typer.echo(json_.dumps(link, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
        after = links[-1]["number"]
