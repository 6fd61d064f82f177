"""What we did not write is what its authors published, byte for byte."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

VENDOR = Path(__file__).parents[2] / "web" / "static" / "vendor"


def _locked() -> dict[str, tuple[str, str]]:
    lines = (VENDOR / "vendor.lock").read_text().splitlines()
    return {file: (version, digest) for _, version, file, digest in (line.split() for line in lines)}


def test_every_vendored_script_has_the_hash_it_is_locked_to() -> None:
    for file, (_, locked) in _locked().items():
        digest = hashlib.sha384((VENDOR / file).read_bytes()).digest()
        assert locked == f"sha384-{base64.b64encode(digest).decode()}", file


def test_every_vendored_script_is_locked_and_licensed_and_named_by_its_version() -> None:
    locked = _locked()
    scripts = sorted(path.name for path in VENDOR.glob("*.js"))
    assert sorted(locked) == scripts
    for file, (version, _) in locked.items():
        assert version in file
        licence = file.removesuffix(".js").removesuffix(".min") + ".LICENSE.txt"
        assert (VENDOR / licence).is_file(), file
