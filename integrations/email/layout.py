"""A message as a page: the same words, in the house's colours. Whoever reads plain text misses nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from hub.model.effects import SendEmail

_LINK: Final = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]]")


class Layout:
    """The template is read once, as the service starts."""

    def __init__(self) -> None:
        loader = FileSystemLoader(Path(__file__).parent)
        environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
        self._page = environment.get_template("letter.html")

    def page(self, effect: SendEmail) -> str:
        first, *others = _paragraphs(effect.text) or [[[(effect.subject, False)]]]
        return self._page.render(subject=effect.subject, urgent=effect.urgent, first=first, others=others)


_Line = list[tuple[str, bool]]
"""Pieces of a line, and which of them are links."""


def _paragraphs(text: str) -> list[list[_Line]]:
    told = (part.strip("\n") for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n")))
    return [[list(_pieces(line)) for line in part.split("\n")] for part in told if part.strip()]


def _pieces(line: str) -> Iterator[tuple[str, bool]]:
    at = 0
    for link in _LINK.finditer(line):
        if link.start() > at:
            yield line[at : link.start()], False
        yield link[0], True
        at = link.end()
    if at < len(line) or not line:
        yield line[at:], False
