"""`gatehouse zwave …`: looking after the Z-Wave network from a terminal. The running hub does it; this only asks."""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from hub.contracts import Console
from hub.contracts.radio import CONSENT, Asked
from hub.errors import Disappointment, Rejected

RADIO: Final = "zwave"
LARGEST_MEMORY: Final = 2 * 1024 * 1024
"""More than any stick has: 64 KiB with 500-series chips, some 100 KiB with newer ones."""

_PLAIN: Final[dict[str, Any]] = {"no_args_is_help": True, "add_completion": False, "rich_markup_mode": None}

app = typer.Typer(help="The Z-Wave network: add and remove locks, look after its devices and keys.", **_PLAIN)
keys = typer.Typer(help="The network keys: export, import.", **_PLAIN)
app.add_typer(keys, name="keys")

ConfigPath = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        envvar="GATEHOUSE_CONFIG",
        show_default="./gatehouse.toml, else /etc/gatehouse/gatehouse.toml",
        help="The hub's configuration.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="For scripts: print JSON.")]
Node = Annotated[str, typer.Argument(metavar="NODE", help="Its address, from `gatehouse zwave status`.")]
Label = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT",
        help="What its QR code says, or the number on its label, so that nobody is asked for the PIN. “-” asks for it here.",
    ),
]
Unencrypted = Annotated[
    bool, typer.Option("--unencrypted", help="It may go without encryption: anybody near can open it.")
]


class _Hub:
    """The console of a command, with this network's name and the configuration that was given."""

    def __init__(self, context: typer.Context, config: Path | None) -> None:
        console: Console = context.obj
        self.console = console
        self.config = config

    def ask(self, command: str, **arguments: object) -> Any:
        return self.console.ask(f"radio {command}", config=self.config, radio=RADIO, **arguments)


# ---- looking -------------------------------------------------------------------------------------------------------

_COLUMNS: Final = {
    "address": "NODE",
    "name": "LOCK",
    "model": "MODEL",
    "state": "STATE",
    "security": "SECURITY",
    "rssi_dbm": "DBM",
    "sent": "SENT",
    "lost": "LOST",
    "heard_at": "LAST HEARD",
}


@app.command()
def status(context: typer.Context, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """How the stick and every device are, and what waits to be joined."""
    hub = _Hub(context, config)
    told = hub.ask("status")
    if as_json:
        _print_json(told)
        return
    if not told["running"]:
        typer.echo("The hub does not run, and only a running one sees the network.")
        return
    if told["connected"]:
        typer.echo(f"{told['stick'] or 'The stick'} keeps network {told['network']}; it is node {told['own']}.")
    else:
        typer.echo("The stick is not connected.")
    for sentence in _remarks(told):
        typer.echo(sentence)
    hub.console.table(told["nodes"], _COLUMNS, empty="No device is joined.")
    if told["prepared"]:
        typer.echo()
        columns = {"tail": "PREPARED, LABEL ENDS IN", "since": "SINCE", "joined": "JOINED AS", "trouble": "TROUBLE"}
        hub.console.table(told["prepared"], columns, empty="")


def _remarks(told: dict[str, Any]) -> Iterator[str]:
    if told["busy"]:
        yield told["busy"]
    if told["jammed"]:
        yield "Something jams the radio: commands get through late or not at all."
    yield from told["remarks"]
    if told["codes_set"]:
        frames = told["code_frames"] / told["codes_set"]
        yield f"{told['codes_set']} codes set since {told['since']}, {frames:.1f} frames each."
    for node in told["nodes"]:
        yield from (f"Node {node['address']}: {remark}" for remark in node["remarks"])


@app.command()
def trace(
    context: typer.Context,
    config: ConfigPath = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")] = False,
    as_json: AsJson = False,
) -> None:
    """The last frames in words, with every PIN and key left out."""
    hub = _Hub(context, config)
    told = hub.ask("trace")
    if as_json:
        _print_json(told)
        return
    _say_lines(told)
    last = told[-1] if told else ""
    try:
        while follow:
            told = hub.ask("trace", after=last)
            _say_lines(told)
            last = told[-1] if told else last
    except KeyboardInterrupt:
        return


def _say_lines(lines: Sequence[str]) -> None:
    for line in lines:
        typer.echo(line)


def _print_json(told: object) -> None:
    typer.echo(json.dumps(told, indent=2, ensure_ascii=False))


# ---- conversations -------------------------------------------------------------------------------------------------


@app.command()
def include(
    context: typer.Context, config: ConfigPath = None, label: Label = None, unencrypted: Unencrypted = False
) -> None:
    """Add a device. Asks for what it needs to know; Ctrl-C cancels."""
    hub = _Hub(context, config)
    _converse(hub, hub.ask("begin", wish="add", label=_label(label), unencrypted=unencrypted))


@app.command()
def exclude(context: typer.Context, config: ConfigPath = None) -> None:
    """Remove a device, also one that another network left behind. Ctrl-C cancels."""
    hub = _Hub(context, config)
    _converse(hub, hub.ask("begin", wish="remove"))


@app.command()
def replace(
    context: typer.Context,
    node: Node,
    config: ConfigPath = None,
    label: Label = None,
    unencrypted: Unencrypted = False,
) -> None:
    """Put a new device where one that failed was; the address stays. Ctrl-C cancels."""
    hub = _Hub(context, config)
    told = hub.ask("begin", wish="replace", address=node, label=_label(label), unencrypted=unencrypted)
    _converse(hub, told)


def _label(told: str | None) -> str | None:
    return typer.prompt("What the QR code or the label says") if told == "-" else told


def _converse(hub: _Hub, talk: dict[str, Any]) -> None:
    """Show how it goes on and ask what it asks, until it ends. Ctrl-C cancels it, as far as that is possible."""
    shown = ""
    while True:
        try:
            while talk["ended"] is None:
                shown = _show(talk, shown)
                seen = _answered(hub, talk) if talk["question"] else talk["stamp"]
                talk = hub.ask("follow", talk=talk["id"], seen=seen)
            break
        except (KeyboardInterrupt, typer.Abort):
            typer.echo("\nCancelling …")
            talk = _cancelled(hub, talk)
    if talk["ended"] != "done":
        raise Rejected(talk["sentence"])
    typer.echo(talk["sentence"])
    if talk["wish"] == "add":
        typer.echo(
            f'It is node {talk["address"]}. Name it on the Radio page, or in the site file: address = "{talk["address"]}"'
        )


def _show(talk: dict[str, Any], shown: str) -> str:
    sentence = f"[{talk['step']}/{talk['steps']}] {talk['sentence']}"
    if sentence != shown:
        typer.echo(sentence)
    return sentence


def _answered(hub: _Hub, talk: dict[str, Any]) -> str:
    """What was seen last: nothing where the answer was refused, so that the question is asked again."""
    try:
        hub.ask("answer", talk=talk["id"], words=_words(talk["question"]))
    except Rejected as error:
        typer.echo(f"No: {error}.", err=True)
        return ""
    return str(talk["stamp"])


def _words(question: dict[str, Any]) -> str:
    if question["sentence"]:
        typer.echo(question["sentence"])
    match Asked(question["asked"]):
        case Asked.GRANT:
            offered = " ".join(question["choices"])
            return str(typer.prompt("Keys to give, separated by spaces", default=offered))
        case Asked.PIN:
            return str(typer.prompt(f"Five digits, before -{question['tail']}")).strip()
        case asked:
            return str(typer.prompt(f"Type “{CONSENT[asked]}” to allow it, or anything else to refuse")).strip()


def _cancelled(hub: _Hub, talk: dict[str, Any]) -> dict[str, Any]:
    try:
        hub.ask("cancel", talk=talk["id"])
    except Rejected as error:
        typer.echo(f"No: {error}.", err=True)
    told: dict[str, Any] = hub.ask("follow", talk=talk["id"])
    return told


# ---- SmartStart ----------------------------------------------------------------------------------------------------


@app.command()
def prepare(
    context: typer.Context,
    label: Annotated[str, typer.Argument(metavar="TEXT", help="What its QR code says. “-” asks for it here.")],
    config: ConfigPath = None,
) -> None:
    """Have a device joined by itself when it is switched on (SmartStart)."""
    told = _Hub(context, config).ask("prepare", label=_label(label))
    typer.echo(f"The device whose label ends in {told['tail']} is joined as soon as it is switched on.")


@app.command()
def unprepare(
    context: typer.Context,
    tail: Annotated[str, typer.Argument(metavar="TAIL", help="How its label ends, from `gatehouse zwave status`.")],
    config: ConfigPath = None,
) -> None:
    """Forget a device that was prepared. One that is joined already stays."""
    _Hub(context, config).ask("unprepare", tail=tail)
    typer.echo(f"The device whose label ends in {tail} is no longer expected.")


# ---- one device ----------------------------------------------------------------------------------------------------


@app.command()
def ping(context: typer.Context, node: Node, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Ask a device for a sign of life."""
    told = _Hub(context, config).ask("work", work="ping", address=node)
    if as_json:
        _print_json(told)
        return
    typer.echo(f"Node {node}: {told['sentence']}.")


@app.command()
def interview(context: typer.Context, node: Node, config: ConfigPath = None) -> None:
    """Learn a device anew. Its codes are neither written nor cleared."""
    told = _Hub(context, config).ask("work", work="interview", address=node)
    typer.echo(f"Node {node}: {told['sentence']}.")


@app.command()
def heal(
    context: typer.Context,
    node: Annotated[
        str | None,
        typer.Argument(metavar="[NODE]", show_default=False, help="Only this one; else all, which takes minutes."),
    ] = None,
    config: ConfigPath = None,
) -> None:
    """Have devices look for their neighbours and routes again."""
    told = _Hub(context, config).ask("work", work="heal", address=node)
    typer.echo(f"Done: {told['sentence']}.")


@app.command("remove-failed")
def remove_failed(context: typer.Context, node: Node, config: ConfigPath = None) -> None:
    """Take a device that no longer answers out of the network."""
    told = _Hub(context, config).ask("work", work="forget", address=node)
    typer.echo(f"Node {node}: {told['sentence']}.")


# ---- the stick's memory and the keys -------------------------------------------------------------------------------


@app.command()
def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the stick's memory goes; must not exist yet.")],
    config: ConfigPath = None,
) -> None:
    """Save the stick's memory: its network and devices. The keys are saved by `keys export`."""
    with _new(file) as handle:
        memory = base64.b64decode(_Hub(context, config).ask("backup")["memory"])
        handle.write(memory)
    typer.echo(
        f"{len(memory)} bytes in {file}. Without the network keys it is of no use: see `gatehouse zwave keys export`."
    )


@app.command()
def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `backup` saved, of the same kind of stick.")],
    config: ConfigPath = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether it is meant.")] = False,
) -> None:
    """Write a saved memory into the stick, in place of the network that it has now."""
    memory = _read(file, LARGEST_MEMORY)
    if not yes:
        typer.confirm("The network that the stick has now is lost. Go on?", abort=True)
    told = _Hub(context, config).ask("restore", memory=base64.b64encode(memory).decode())
    typer.echo(f"Done: {told['sentence']}.")


@keys.command("export")
def export_keys(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where they go; must not exist yet. “-” prints them.")],
    config: ConfigPath = None,
) -> None:
    """Write the network keys down, as JSON. Whoever has them can open every lock; written into the audit trail."""
    if str(file) == "-":
        _print_json(_Hub(context, config).ask("keys export"))
        return
    with _new(file) as handle:
        handle.write(json.dumps(_Hub(context, config).ask("keys export"), indent=2).encode() + b"\n")
    typer.echo(
        f"The keys are in {file}, for its owner only. Keep them where the stick's backup is kept, and nowhere else."
    )


@keys.command("import")
def import_keys(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="JSON with S0_Legacy, S2_Unauthenticated, S2_Authenticated, S2_AccessControl."
        ),
    ],
    config: ConfigPath = None,
) -> None:
    """Take over a stick that another host used, with its locks as they are. Works before the hub's first start, too."""
    text = sys.stdin.buffer.read(65536) if str(file) == "-" else _read(file, 65536)
    try:
        told = text.decode()
    except UnicodeDecodeError as error:
        raise Rejected(f"{file} is no text") from error
    _Hub(context, config).ask("keys import", keys=told)
    typer.echo("The keys are kept, sealed. Delete the file now.")


@contextmanager
def _new(file: Path) -> Iterator[Any]:
    """For its owner only from its first instant, and gone again if nothing comes to stand in it."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Rejected(f"{file}: {(error.strerror or 'it cannot be written').lower()}") from error
    with os.fdopen(handle, "wb") as written:
        try:
            yield written
        except (Disappointment, KeyboardInterrupt):
            file.unlink()
            raise


def _read(file: Path, most: int) -> bytes:
    try:
        with file.open("rb") as opened:
            found = opened.read(most + 1)
    except OSError as error:
        raise Rejected(f"{file}: {(error.strerror or 'it cannot be read').lower()}") from error
    if len(found) > most:
        raise Rejected(f"{file} is larger than anything of that kind")
    return found
