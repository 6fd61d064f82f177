"""What the documents say is what the code does: every setting, command and plugin is documented, every example works."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import BaseModel
from typer.testing import CliRunner

from hub import site
from hub.__main__ import app
from hub.commandline.exits import WORDS
from hub.commands import read_site
from hub.config import Config, parse
from hub.manifests import Manifest, discover
from hub.plugins import settings_of

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
EXAMPLE = (ROOT / "config" / "gatehouse.toml").read_text()
SITES = sorted((ROOT / "config").glob("site-*.toml"))
PLUGINS = tuple(discover().values())
HOUSE = {"timezone": "Europe/Lisbon"}
SETTING_IN_A_COMMENT = re.compile(r"^# (?=\[[a-z.]+\]$|[a-z0-9_]+ = )", re.MULTILINE)


def _readme(plugin: Manifest) -> str:
    return ROOT.joinpath(*plugin.module.split("."), "README.md").read_text()


def _sections(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """A model and every model inside it."""
    yield model
    for field in model.model_fields.values():
        inside = (field.annotation, *getattr(field.annotation, "__args__", ()))
        for kind in inside:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from _sections(kind)


def _keys(model: type[BaseModel]) -> set[str]:
    return {key for section in _sections(model) for key in section.model_fields}


def _undocumented(model: type[BaseModel], text: str) -> set[str]:
    return {key for key in _keys(model) if not re.search(rf"\b{key}( += |\])|\[{key}\.|`{key}`", text)}


def _blocks(text: str) -> list[dict[str, Any]]:
    return [tomllib.loads(block) for block in re.findall(r"```toml\n(.*?)```", text, re.DOTALL)]


# ---- settings ------------------------------------------------------------------------------------------------------


def test_the_commented_configuration_works_as_it_is_and_with_every_comment_made_a_setting() -> None:
    everything = SETTING_IN_A_COMMENT.sub("", EXAMPLE)

    parse(tomllib.loads(EXAMPLE), Path("/etc/gatehouse"))
    told = tomllib.loads(everything)
    config = parse(told, Path("/etc/gatehouse"))
    assert config.web.tls is not None
    assert config.public_url is not None
    for driver, settings in config.drivers.items():
        settings_of("driver", driver, settings, f"drivers.{driver}")


def test_every_setting_of_the_configuration_is_in_the_commented_example() -> None:
    assert _undocumented(Config, SETTING_IN_A_COMMENT.sub("", EXAMPLE)) == set()


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin.module)
def test_every_setting_of_a_plugin_is_in_its_readme(plugin: Manifest) -> None:
    config = import_module(plugin.module).Config

    assert _undocumented(config, _readme(plugin)) - {"timezone"} == set()


@pytest.mark.parametrize("file", SITES, ids=lambda file: file.name)
def test_a_site_example_works_as_it_is_and_with_every_comment_made_a_setting(file: Path) -> None:
    config = parse(tomllib.loads(EXAMPLE), Path("/etc/gatehouse"))

    for text in (file.read_text(), SETTING_IN_A_COMMENT.sub("", file.read_text())):
        assert read_site(config, text, file.name).units


def test_every_setting_of_the_site_file_is_in_an_example_and_in_what_the_parser_says_of_itself() -> None:
    examples = "\n".join(SETTING_IN_A_COMMENT.sub("", file.read_text()) for file in SITES)
    for kind, model in site.KINDS.items():
        for key in model.model_fields:
            assert re.search(rf"^{key} += ", examples, re.MULTILINE), f"{kind}.{key}"
            assert re.search(rf"\[\[{kind}\]\][^\[]*\b{key}\b", site.__doc__ or ""), f"{kind}.{key}"


# ---- examples in prose ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["README.md", *(plugin.module for plugin in PLUGINS)])
def test_every_example_in_a_readme_works(place: str) -> None:
    text = README if place == "README.md" else _readme(next(each for each in PLUGINS if each.module == place))
    found = _blocks(text)
    assert found
    config = parse(next(each for each in _blocks(README) if "database" in each), Path("/etc/gatehouse"))
    for told in found:
        if "database" in told:
            parse(told, Path("/etc/gatehouse"))
        for driver, settings in told.get("drivers", {}).items():
            settings_of("driver", driver, settings, f"drivers.{driver}")
        for channel in told.get("channel", []):
            own = {key: value for key, value in channel.items() if key not in site.KINDS["channel"].model_fields}
            settings_of("integration", channel["integration"], own, "channel", HOUSE)
        if "property" in told:
            assert site.parse(told, drivers=config.drivers, check_channel=lambda *_: None).units


def test_every_link_of_the_readme_leads_somewhere() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)

    assert [link for link in links if not (ROOT / link).exists()] == []


# ---- commands ------------------------------------------------------------------------------------------------------


def _commands() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command by the words that call it, those that plugins bring included."""
    root = typer.main.get_command(app)
    context = root.make_context("gatehouse", [], resilient_parsing=True)
    for name in root.list_commands(context):  # type: ignore[attr-defined]  # a group has them
        _, command, _ = root.resolve_command(context, [name])  # type: ignore[attr-defined]
        yield from _leaves((name,), command)


def _leaves(words: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    inside = getattr(command, "commands", {})
    if not inside:
        yield words, command
    for name, each in inside.items():
        yield from _leaves((*words, name), each)


COMMANDS = tuple(_commands())


@pytest.mark.parametrize("words", [words for words, _ in COMMANDS], ids=" ".join)
def test_every_command_is_in_the_readme(words: tuple[str, ...]) -> None:
    rows = [line for line in README.splitlines() if line.startswith("| `gatehouse")]

    assert any(words[0] in row and all(f"{word}`" in row for word in words[-1:]) for row in rows)


@pytest.mark.parametrize(("words", "command"), COMMANDS, ids=[" ".join(words) for words, _ in COMMANDS])
def test_every_command_and_every_option_says_what_it_does_in_plain_text(words: tuple[str, ...], command: Any) -> None:
    assert (command.help or "").strip()
    silent = [each.name for each in command.params if not getattr(each, "help", None) and each.name != "help"]
    assert silent == []
    shown = CliRunner().invoke(app, [*words, "--help"])
    assert shown.exit_code == 0
    assert not set("╭│╰") & set(shown.stdout)
    assert "--install-completion" not in shown.stdout


def test_the_readme_tells_the_exit_codes_in_the_words_of_the_help() -> None:
    assert " ".join(WORDS.split()) in " ".join(README.split())


# ---- plugins -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin.module)
def test_every_plugin_says_what_it_needs_can_and_cannot_and_how_far_it_is(plugin: Manifest) -> None:
    headings = re.findall(r"^## (.+)$", _readme(plugin), re.MULTILINE)

    assert {"What it needs", "What it can do", "What it cannot do"} <= set(headings)
    assert plugin.level in {"works", "robust", "complete"}
    assert plugin.summary
    assert not plugin.summary.endswith(".")
    assert f"`{plugin.name}`" in README, "the map of the rooms names it"
    is_channel = plugin.kind == "integration" and not plugin.service
    assert bool(plugin.can) == bool(plugin.cannot) == is_channel, "its card on the page Channels says both"
    assert not any(line.endswith(".") for line in (*plugin.can, *plugin.cannot))


def test_a_plugin_is_named_as_its_folder() -> None:
    assert [replace(each, name=each.module.rpartition(".")[2]) for each in PLUGINS] == list(PLUGINS)
