"""Every text colour on every ground it is used on has the contrast of WCAG 2.1 AA, in both themes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).parents[2] / "web" / "static" / "app.css").read_text()
THEMES = ("light", "dark")

TEXT = [
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3", "link") for ground in ("bg", "surface", "sunk", "hover")),
    *((tone, f"{tone}-bg") for tone in ("ok", "warn", "bad", "info", "quiet")),
    *((tone, ground) for tone in ("ok", "warn", "bad", "info", "quiet") for ground in ("surface", "bg")),
    *((ink, f"{tone}-bg") for ink in ("ink", "ink-2") for tone in ("ok", "warn", "bad", "info", "quiet")),
    ("on-act", "act"),
    ("on-act", "act-hover"),
    ("on-danger", "danger"),
    ("on-danger", "danger-hover"),
    ("danger", "surface"),
    ("on-night", "night"),
    ("on-night-2", "night"),
]
"""(text, ground)"""

SHAPES = [("field", "surface"), ("field", "bg"), ("focus", "surface"), ("focus", "bg")]
"""Edges that must be seen: 3:1. Source: WCAG 2.1, success criterion 1.4.11."""


def _token(name: str, theme: str) -> str:
    found = re.search(rf"--{name}: (?:light-dark\((#\w{{6}}), (#\w{{6}})\)|(#\w{{6}}));", CSS)
    assert found is not None, name
    light, dark, both = found.groups()
    return str(both or (light if theme == "light" else dark))


def _luminance(colour: str) -> float:
    """Source: WCAG 2.1, "relative luminance"."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("text", "ground"), TEXT)
def test_text_can_be_read(text: str, ground: str, theme: str) -> None:
    assert _contrast(_token(text, theme), _token(ground, theme)) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("edge", "ground"), SHAPES)
def test_edges_can_be_seen(edge: str, ground: str, theme: str) -> None:
    assert _contrast(_token(edge, theme), _token(ground, theme)) >= 3
