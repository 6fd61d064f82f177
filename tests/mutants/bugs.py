"""The bugs of bugs.toml: small changes of one file each."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIST = Path(__file__).parent / "bugs.toml"


@dataclass(frozen=True, slots=True)
class Bug:
    name: str
    file: str
    old: str
    new: str
    days: int | None = None
    """How long it takes to show, where that is longer than usual."""
    seed: int | None = None
    """Of a year that begins as the bug needs it: with the clocks put forward (odd), or back."""

    def put_into(self, tree: Path) -> None:
        """Raises ValueError: the code is not as it was when the bug was written."""
        file = tree / self.file
        text = file.read_text()
        if text.count(self.old) != 1:
            raise ValueError(f"“{self.name}” fits {text.count(self.old)} places of {self.file}, not one")
        file.write_text(text.replace(self.old, self.new))


def bugs() -> list[Bug]:
    return [Bug(**row) for row in tomllib.loads(LIST.read_text())["bug"]]
