"""`gatehouse backup | restore | rotate-key`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.commandline.asking import AsJson, ConfigPath, answered
from hub.commandline.saying import as_json
from hub.errors import Misconfigured, Rejected

if TYPE_CHECKING:
    from hub.config import Config
    from hub.io.recovery import RecoveryKey
    from hub.io.vault import Vault
    from hub.store.plugin_files import Put


def backup(
    config: ConfigPath,
    to: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where to.", show_default="backups in state_dir")
    ] = None,
    new_recovery_key: Annotated[
        bool, typer.Option("--new-recovery-key", help="Draw another one; it opens this backup and later ones.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Copy the house, encrypted, and open the copy to make sure. The hub may run meanwhile.

    In it are the database, the keys that seal it, and what plugins keep beside it, the keys of a Z-Wave network too.
    The first backup prints a recovery key. Keep it on paper: with it a backup can be restored on another machine.
    """
    from hub.commandline.asks import Backup

    folder = None if to is None else str(to.absolute())
    told = answered(config, Backup, folder=folder, new_recovery_key=new_recovery_key)
    if json:
        as_json(told)
        return
    typer.echo(f"Made and opened {told['file']}.")
    for name in told["left_out"]:
        typer.echo(f"Not in it, because it is a link or too large: {name}")
    if told["recovery_key"]:
        typer.echo(
            f"\n    {told['recovery_key']}\n\nThis is the recovery key. Write it on paper; it is not shown again."
        )


def restore(
    file: Annotated[Path, typer.Argument(metavar="BACKUP", help="A file that `gatehouse backup` made.")],
    config: ConfigPath,
    recovery: Annotated[
        bool, typer.Option("--recovery", help="Ask for the recovery key, instead of using this machine's key file.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Put a backup in the place of the database, which is set aside. The hub must not run.

    What plugins kept, e.g. the keys of a Z-Wave network, is put back where it is missing: what is there is newer. With
    --recovery all of it is put back, and what was there is set aside.

    Afterwards the hub is in safe mode: it reads the locks and gives no new codes until a person has looked.
    """
    from hub.config import load
    from hub.io.tagbook import NAME
    from hub.io.vault import adopt
    from hub.store.backup import restore as put_back
    from hub.wire import become_owner

    settings = load(config)
    if not file.is_file():
        raise Rejected(f"there is no file {file}")
    key = _key(settings, recovery=recovery)
    become_owner(settings)
    if not os.access(file, os.R_OK):
        raise Rejected(f"the hub's own user cannot read {file}; copy it to {settings.state_dir} first")
    if not os.access(settings.key_file.parent, os.W_OK):
        raise Misconfigured(
            "key_file", f"the backup's keys cannot be added to it: {settings.key_file.parent} is closed"
        )
    book = settings.state_dir / NAME
    knows = book.exists() and book.stat().st_size > 0
    restored = put_back(file, key, settings.place, settings.state_dir)
    adopt(settings.key_file, restored.keys)
    made_at = f"{restored.made_at:%Y-%m-%dT%H:%M:%SZ}"
    if json:
        as_json(
            {
                "made_at": made_at,
                "set_aside": None if restored.set_aside is None else str(restored.set_aside),
                "knows_later_codes": knows,
                "files": list(restored.files.back),
                "files_kept": list(restored.files.kept),
                "files_set_aside": [str(each) for each in restored.files.set_aside],
            }
        )
        return
    typer.echo(f"Restored the house of {made_at}.")
    if restored.set_aside is not None:
        typer.echo(f"The database that was here is {restored.set_aside}.")
    _say_files(restored.files)
    typer.echo(
        "The hub starts in safe mode: it reads the locks and gives no new codes until you have looked at its pages."
    )
    if not knows:
        typer.echo(
            "This machine knows of no code that was given: those given after the backup was made are shown as somebody "
            "else's, and are not taken out by themselves. Look at each, and delete at the lock what nobody needs."
        )


def _say_files(files: Put) -> None:
    for name in files.back:
        typer.echo(f"Put back: {name}")
    for name in files.kept:
        typer.echo(f"Left as it is here: {name}")
    for folder in files.set_aside:
        typer.echo(f"What plugins had kept here is in {folder}.")


def rotate_key(config: ConfigPath, json: AsJson = False) -> None:
    """Draw a new key and seal everything anew. The older keys stay in the key file: they recognise older codes."""
    from hub.commandline.asks import RotateKey

    told = answered(config, RotateKey)
    if json:
        as_json(told)
        return
    typer.echo(f"Drew a new key and sealed {told['sealed_anew']} entries anew. Make a backup, and copy the key file.")
    for about in told["not_opened"]:
        typer.echo(f"Left as it is, since no key of this house opens it: {about}", err=True)


def _key(config: Config, *, recovery: bool) -> Vault | RecoveryKey:
    from hub.io.recovery import RecoveryKey
    from hub.io.vault import Vault

    if recovery:
        return RecoveryKey.parse(typer.prompt("Recovery key", err=True))
    if not config.key_file.exists():
        raise Rejected(f"there is no key file {config.key_file} on this machine; say --recovery")
    return Vault.load(config.key_file)
