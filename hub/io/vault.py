"""Sealing what must be kept but not shown: PINs, guests' contacts, other services' secrets.

A key file holds one or more master keys; the newest seals, all of them open. What is sealed names its key, carries a
fresh nonce and is bound to what it is about, so that it cannot be moved to another row unnoticed.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import secrets
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub.errors import Garbled, Misconfigured
from hub.io.files import sync_folder
from hub.model.values import CodeTag, Pin

CREDENTIAL = "gatehouse.key"
"""The name of the systemd credential. Source: systemd.exec(5), "LoadCredential="."""

randbelow: Callable[[int], int] = secrets.randbelow
"""The hub's one source of chance where a guess must not help."""

_KEY_BYTES = 32
_ID_BYTES = 4
_NONCE_BYTES = 12  # Source: NIST SP 800-38D, section 8.2: 96 bits.
_FORM = b"\x01"
_HEAD = """\
# Gatehouse key file. Without it the codes and contacts in the database cannot be read, and neither can backups
# other than with the recovery key. Keep it to yourself. One key a line, the newest last.
"""


class Unreadable(Garbled):
    """What is sealed was changed, cut short, or belongs somewhere else."""


NOT_OPENED: Final = (Unreadable, Misconfigured)
"""What `Vault.open` raises, for those who can go on without what is sealed."""


@dataclass(frozen=True, slots=True)
class _Master:
    id: bytes
    seals: AESGCM
    tags: bytes
    marks: bytes
    key: bytes

    @classmethod
    def of(cls, key: bytes) -> _Master:
        seals, tags, marks = AESGCM(_derived(key, "seal")), _derived(key, "tag"), _derived(key, "mark")
        return cls(_derived(key, "key id")[:_ID_BYTES], seals, tags, marks, key)

    def __repr__(self) -> str:
        return f"_Master({self.id.hex()})"


def _derived(key: bytes, purpose: str) -> bytes:
    # Source: RFC 5869. No salt: the master key is uniformly random.
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"gatehouse/1/{purpose}".encode()).derive(key)


class Vault:
    """The keys of one house.

    Args:
        keys: master keys, the newest last.
        file: where they are kept; None if systemd hands them in, and then they cannot be rotated here.
        nonce: draws that many bytes; handed in only where every run must be alike.
    """

    def __init__(
        self, keys: list[bytes], file: Path | None = None, *, nonce: Callable[[int], bytes] = os.urandom
    ) -> None:
        self._masters = {master.id: master for master in map(_Master.of, keys)}
        self._newest = _Master.of(keys[-1])
        self._file = file
        self._nonce = nonce

    @classmethod
    def create(cls, file: Path, *, draw: Callable[[int], bytes] = secrets.token_bytes) -> Vault:
        """Draw the first key and keep it. To be called only while there is no database yet.

        Raises:
            Misconfigured: the file exists; it is never overwritten.
        """
        keys = [draw(_KEY_BYTES)]
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            _write_new(file, keys)
        except FileExistsError as error:
            raise Misconfigured("key_file", f"{file} exists already and is never overwritten") from error
        return cls(keys, file)

    @classmethod
    def load(cls, file: Path, environ: Mapping[str, str] = os.environ) -> Vault:
        """The keys from the systemd credential if there is one, else from the key file.

        Raises:
            Misconfigured: there are none, others could read them, or they are not keys.
        """
        credentials = environ.get("CREDENTIALS_DIRECTORY")
        if credentials and (credential := Path(credentials) / CREDENTIAL).exists():
            return cls(_parsed(credential, credential.read_text()))
        try:
            with file.open() as opened:
                _refuse_if_others_may_read(file, os.fstat(opened.fileno()))
                return cls(_parsed(file, opened.read()), file)
        except FileNotFoundError as error:
            raise Misconfigured("key_file", f"{file} is missing; put it back, or restore a backup") from error
        except OSError as error:
            raise Misconfigured("key_file", f"{file} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise Misconfigured("key_file", f"{file} is not a Gatehouse key file") from error

    def seal(self, data: bytes, *, about: str) -> bytes:
        """Encrypt with the newest key. Opens only as what it is `about`, e.g. `grant:01J…`."""
        nonce = self._nonce(_NONCE_BYTES)
        return _FORM + self._newest.id + nonce + self._newest.seals.encrypt(nonce, data, about.encode())

    def open(self, sealed: bytes, *, about: str) -> bytes:
        """
        Raises:
            Misconfigured: this house does not hold the key that sealed it.
            Unreadable: it was changed, cut short, or is about something else.
        """
        if sealed[:1] != _FORM or len(sealed) < 1 + _ID_BYTES + _NONCE_BYTES + 16:
            raise Unreadable(f"what is kept for {about} is not something this hub sealed")
        master = self._masters.get(sealed[1 : 1 + _ID_BYTES])
        if master is None:
            raise Misconfigured("key_file", f"lacks the key {sealed[1:5].hex()}, under which {about} was sealed")
        nonce, box = sealed[5 : 5 + _NONCE_BYTES], sealed[5 + _NONCE_BYTES :]
        try:
            return master.seals.decrypt(nonce, box, about.encode())
        except InvalidTag as error:
            raise Unreadable(f"what is kept for {about} was changed or belongs elsewhere") from error

    def is_current(self, sealed: bytes) -> bool:
        """Whether the newest key sealed it; if not, it can be opened and sealed anew."""
        return sealed[1 : 1 + _ID_BYTES] == self._newest.id

    def seal_pin(self, pin: Pin, *, about: str) -> bytes:
        return self.seal(pin.reveal().encode(), about=about)

    def open_pin(self, sealed: bytes, *, about: str) -> Pin:
        """Raises as `open`."""
        return Pin(self.open(sealed, about=about).decode())

    def tag(self, pin: Pin) -> CodeTag:
        """Under the newest key. To recognise a tag that may be older, look for it in `tags`."""
        return _tag(self._newest, pin)

    def tags(self, pin: Pin) -> frozenset[CodeTag]:
        """Under every key of the house."""
        return frozenset(_tag(master, pin) for master in self._masters.values())

    def mark(self, text: str) -> str:
        """By which the same text is known again, and nothing else of it. As with `tag`: to look for one, use `marks`."""
        return _mark(self._newest, text)

    def marks(self, text: str) -> frozenset[str]:
        """Under every key of the house."""
        return frozenset(_mark(master, text) for master in self._masters.values())

    def derive(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose, e.g. `sessions`. Changes when the keys are rotated."""
        return _derived(self._newest.key, f"for {purpose}")

    def rotate(self) -> None:
        """Draw a new key, keep it, and seal with it from now on.

        Raises:
            Misconfigured: the keys come from systemd and are rotated there.
        """
        if self._file is None:
            raise Misconfigured(CREDENTIAL, "the key is a systemd credential; add a line to it there")
        keys = [*(master.key for master in self._masters.values()), secrets.token_bytes(_KEY_BYTES)]
        _replace(self._file, keys)
        self._newest = _Master.of(keys[-1])
        self._masters[self._newest.id] = self._newest

    def export(self) -> bytes:
        """The key file's text, for the inside of a backup and nowhere else."""
        return _text([master.key for master in self._masters.values()]).encode()


def _tag(master: _Master, pin: Pin) -> CodeTag:
    digest = hmac.digest(master.tags, pin.reveal().encode(), "sha256")
    return CodeTag(f"{master.id.hex()}:{digest[:16].hex()}")


def _mark(master: _Master, text: str) -> str:
    return hmac.digest(master.marks, text.encode(), "sha256")[:16].hex()


def _text(keys: list[bytes]) -> str:
    return _HEAD + "".join(f"{base64.b64encode(key).decode()}\n" for key in keys)


def _parsed(source: Path, text: str) -> list[bytes]:
    lines = [line.strip() for line in text.splitlines()]
    try:
        keys = [base64.b64decode(line, validate=True) for line in lines if line and not line.startswith("#")]
    except binascii.Error as error:
        raise Misconfigured("key_file", f"{source} is not a Gatehouse key file") from error
    if not keys or any(len(key) != _KEY_BYTES for key in keys):
        raise Misconfigured("key_file", f"{source} holds no whole key; put the right file back")
    return keys


def _refuse_if_others_may_read(file: Path, status: os.stat_result) -> None:
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise Misconfigured("key_file", f"others may read {file}; run: chmod 600 {file}")


def adopt(file: Path, exported: bytes) -> Vault:
    """Take over the keys of a restored backup: beside the machine's own, which go on sealing, or as its first."""
    theirs = _parsed(file, exported.decode())
    if file.exists():
        ours = _parsed(file, file.read_text())
        _replace(file, [*(key for key in theirs if key not in ours), *ours])
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        _write_new(file, theirs)
    return Vault.load(file, {})


def _replace(file: Path, keys: list[bytes]) -> None:
    beside = file.with_name(file.name + ".new")
    beside.unlink(missing_ok=True)
    _write_new(beside, keys)
    beside.rename(file)
    sync_folder(file.parent)


def _write_new(file: Path, keys: list[bytes]) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, _text(keys).encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    sync_folder(file.parent)
