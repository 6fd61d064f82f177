"""What was kept and cannot be read: renamed, never overwritten, and told of for as long as it lies there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Final

import structlog

from hub.errors import Misconfigured
from hub.io.files import sync_folder

_MARK: Final = ".unreadable-"
_WHAT: Final = MappingProxyType(
    {
        "nodes.json": "What was known of the devices could not be read and is learnt again, the keys that they hold too",
        "prepared.sealed": "Who is prepared and who is half joined could not be read: prepare devices anew, and remove "
        "whom you do not know",
    }
)
log = structlog.get_logger("zwave")


def put(file: Path, why: Exception) -> None:
    """Make room for a new file under the same name.

    Raises:
        Misconfigured: it cannot be renamed either.
    """
    names = (file.with_name(f"{file.name}{_MARK}{number}") for number in range(1, 1000))
    aside = next(name for name in names if not os.path.lexists(name))
    try:
        file.rename(aside)
        sync_folder(file.parent)
    except OSError as error:
        raise Misconfigured("drivers.zwave", f"{file} can neither be read nor renamed: {error.strerror}") from error
    log.warning("a file cannot be read and is kept aside", file=file.name, aside=aside.name, why=type(why).__name__)


def lying(folder: Path, name: str = "") -> tuple[str, ...]:
    """Names of files that lie there unread; those of one file, or of any."""
    return tuple(sorted(each.name for each in folder.glob(f"{name or '*'}{_MARK}*")))


def sentences(folder: Path) -> Iterator[str]:
    """For a person who looks at the network."""
    for name, what in _WHAT.items():
        if found := lying(folder, name):
            yield f"{what}. The old file is kept as {', '.join(found)}; delete it when all devices are well."
