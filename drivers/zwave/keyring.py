"""The network's keys: made when the first device joins or taken over from another host, and kept sealed from then on."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, MutableMapping
from pathlib import Path

from drivers.zwave import aside, known, sealed
from drivers.zwave.security.keys import (
    NetworkKey,
    Randomness,
    SecurityClass,
    export_keys,
    generate_keys,
    import_keys,
)
from hub.contracts import Host
from hub.errors import Garbled, Misconfigured, Rejected

_SETTING = "drivers.zwave.keys"
_FILE = "keys.sealed"
_REPLACE = "replace"
"""An entry of the imported JSON: the keys in use may be replaced, and who holds them is given up."""


def load(path: Path | None, host: Host) -> dict[SecurityClass, NetworkKey]:
    """The keys kept before, with those of the file that the operator named.

    Raises:
        Misconfigured: the file cannot be used.
    """
    try:
        kept = sealed.read(host, _FILE)
        keys = import_keys(kept) if kept is not None else {}
        if path is not None and path.exists():
            keys = merge(keys, path.read_bytes(), in_use(host))
            save(keys, host)
            return keys
    except (OSError, Garbled, Rejected) as error:
        raise Misconfigured(_SETTING, str(error)) from error
    if path is not None and not keys:
        raise Misconfigured(_SETTING, "there is no such file")
    return keys


def save(keys: Mapping[SecurityClass, NetworkKey], host: Host) -> None:
    sealed.write(host, _FILE, export_keys(keys).encode())


def complete(
    keys: MutableMapping[SecurityClass, NetworkKey], strangers: Collection[int], host: Host, randomness: Randomness
) -> None:
    """Make what is missing before a device is given a key.

    Args:
        strangers: nodes that hold keys of this network which are not here.

    Raises:
        Rejected: there are such nodes: new keys would part them from the network for good.
    """
    missing = {each: key for each, key in generate_keys(randomness).items() if each not in keys}
    if not missing:
        return
    if strangers:
        nodes = ", ".join(str(node) for node in sorted(strangers))
        raise Rejected(
            f"devices of this network ({nodes}) hold keys that the hub lacks: import them, or remove the devices"
        )
    keys.update(missing)
    save(keys, host)


def merge(
    keys: Mapping[SecurityClass, NetworkKey], text: str | bytes, in_use: Collection[SecurityClass] | None
) -> dict[SecurityClass, NetworkKey]:
    """The keys with those of an import over them.

    Args:
        in_use: None: it is not known which are, so each may be.

    Raises:
        Garbled: the import cannot be read; no key is shown.
        Rejected: it has another key than joined devices hold, and does not say `"replace": true`.
    """
    text, replace = _instruction(text)
    imported = import_keys(text)
    changed = [each for each, key in imported.items() if keys.get(each) not in {None, key}]
    held = changed if in_use is None else [each for each in changed if each in in_use]
    if held and not replace:
        names = ", ".join(each.name for each in held)
        lost = f"joined devices hold another key ({names}) and would be lost"
        if in_use is None:
            lost = f"it cannot be known which keys are in use, for {known.FILE} was unreadable; the hub has other ones ({names})"
        raise Rejected(f'{lost}; to give them up, add "{_REPLACE}": true to the file')
    merged = {**keys, **imported}
    if len(set(merged.values())) != len(merged):
        raise Rejected("two security classes would have the same key")
    return merged


def _instruction(text: str | bytes) -> tuple[str | bytes, bool]:
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return text, False
    if not isinstance(parsed, dict) or _REPLACE not in parsed:
        return text, False
    replace = parsed.pop(_REPLACE) is True
    return json.dumps(parsed), replace


def in_use(host: Host) -> set[SecurityClass] | None:
    """The classes whose key a joined device holds, as far as it is written down: the stick need not be there.

    None: that is not known, for what was written down could not be read.
    """
    network = known.load(host.state_dir)
    if aside.lying(host.state_dir, known.FILE):
        return None
    if network is None:
        return set()
    held = {each.granted for each in network.nodes.values()} | {each.granted for each in network.notes.values()}
    return {SecurityClass[name] for name in held if name}
