"""The network's keys: taken over from another host once, and kept sealed beside the database from then on."""

from __future__ import annotations

import os
from pathlib import Path

from drivers.zwave.secured import Keyring
from drivers.zwave.security.keys import export_keys, import_keys
from hub.contracts import Host
from hub.errors import Garbled, Misconfigured
from hub.io.files import sync_folder

_SETTING = "drivers.zwave.keys"
_FILE = "keys.sealed"


def load(path: Path | None, host: Host) -> Keyring:
    """The keys of the file that the operator named, else those taken over before, else none.

    Raises:
        Misconfigured: the file cannot be used.
    """
    sealed = host.state_dir / _FILE
    try:
        if path is not None and path.exists():
            keys = import_keys(path.read_bytes())
            _write(sealed, host.seal(export_keys(keys).encode()))
            return keys
        if sealed.exists():
            return import_keys(host.open(sealed.read_bytes()))
    except (OSError, Garbled) as error:
        raise Misconfigured(_SETTING, str(error)) from error
    if path is not None:
        raise Misconfigured(_SETTING, "there is no such file")
    return {}


def _write(file: Path, content: bytes) -> None:
    """Whole or not at all, for nobody else to read."""
    beside = file.with_suffix(".new")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as written:
        written.write(content)
        written.flush()
        os.fsync(written.fileno())
    beside.replace(file)
    sync_folder(file.parent)
