import base64
import hashlib
import hmac
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Misconfigured
from hub.io.vault import Unreadable, Vault, adopt, randbelow
from hub.model.values import Pin

ONE, TWO = bytes(range(32)), bytes(range(32, 64))
PIN = Pin("048213")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "house" / "gatehouse.key"


@given(st.binary(max_size=300), st.text(max_size=40))
def test_what_is_sealed_opens_to_the_same(data: bytes, about: str) -> None:
    vault = Vault([ONE])
    sealed = vault.seal(data, about=about)
    assert vault.open(sealed, about=about) == data
    assert data not in sealed or len(data) < 3


@given(st.data())
def test_any_changed_bit_is_noticed(data: st.DataObject) -> None:
    vault = Vault([ONE])
    sealed = bytearray(vault.seal(b"guest@example.org", about="stay:1"))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises((Unreadable, Misconfigured)):
        vault.open(bytes(sealed), about="stay:1")


def test_what_is_cut_short_is_unreadable() -> None:
    vault = Vault([ONE])
    sealed = vault.seal(b"x", about="stay:1")
    for length in range(len(sealed)):
        with pytest.raises(Unreadable):
            vault.open(sealed[:length], about="stay:1")


def test_what_is_sealed_for_one_row_does_not_open_for_another() -> None:
    vault = Vault([ONE])
    with pytest.raises(Unreadable, match="grant:2"):
        vault.open(vault.seal(b"x", about="grant:1"), about="grant:2")


def test_the_same_seals_differently_each_time() -> None:
    vault = Vault([ONE])
    assert len({vault.seal(b"x", about="a") for _ in range(100)}) == 100


def test_the_seal_is_plain_aes_gcm_under_a_derived_key() -> None:
    # HKDF-SHA256 by hand (RFC 5869), and AES-GCM with the nonce and the subject where they are said to be.
    prk = hmac.digest(bytes(32), ONE, "sha256")
    key = hmac.digest(prk, b"gatehouse/1/seal\x01", "sha256")
    sealed = Vault([ONE]).seal(b"x", about="stay:1")
    assert AESGCM(key).decrypt(sealed[5:17], sealed[17:], b"stay:1") == b"x"


def test_the_tag_is_a_truncated_hmac_under_a_derived_key() -> None:
    prk = hmac.digest(bytes(32), ONE, "sha256")
    key = hmac.digest(prk, b"gatehouse/1/tag\x01", "sha256")
    assert Vault([ONE]).tag(PIN).endswith(":" + hmac.new(key, b"048213", hashlib.sha256).hexdigest()[:32])


def test_an_older_key_still_opens_and_the_newest_seals() -> None:
    old, both = Vault([ONE]), Vault([ONE, TWO])
    sealed = old.seal(b"x", about="a")
    assert both.open(sealed, about="a") == b"x"
    assert not both.is_current(sealed)
    assert both.is_current(both.seal(b"x", about="a"))
    with pytest.raises(Misconfigured, match="lacks the key"):
        old.open(both.seal(b"x", about="a"), about="a")


def test_equal_pins_have_equal_tags_that_say_nothing_without_the_key() -> None:
    vault = Vault([ONE])
    assert vault.tag(PIN) == vault.tag(Pin("048213"))
    assert vault.tag(PIN) != vault.tag(Pin("48213"))
    assert vault.tag(PIN) != Vault([TWO]).tag(PIN)


def test_a_tag_of_an_older_key_is_still_recognised() -> None:
    before, after = Vault([ONE]), Vault([ONE, TWO])
    assert before.tag(PIN) in after.tags(PIN)
    assert after.tag(PIN) in after.tags(PIN)
    assert after.tag(PIN) != before.tag(PIN)
    assert not after.tags(PIN) & after.tags(Pin("111222"))


def test_a_pin_is_sealed_and_opened_as_a_pin() -> None:
    vault = Vault([ONE])
    sealed = vault.seal_pin(PIN, about="grant:1")
    assert vault.open_pin(sealed, about="grant:1") == PIN
    assert b"048213" not in sealed


def test_keys_for_different_purposes_differ_and_stay() -> None:
    vault = Vault([ONE])
    assert len({vault.derive("sessions"), vault.derive("tokens"), Vault([TWO]).derive("sessions"), ONE}) == 4
    assert vault.derive("sessions") == Vault([ONE]).derive("sessions")


def test_a_created_key_is_kept_for_its_owner_alone_and_loads_again(file: Path) -> None:
    sealed = Vault.create(file).seal(b"x", about="a")
    assert file.stat().st_mode & 0o777 == 0o600
    assert Vault.load(file, {}).open(sealed, about="a") == b"x"


def test_an_existing_key_file_is_never_overwritten(file: Path) -> None:
    Vault.create(file)
    kept = file.read_bytes()
    with pytest.raises(Misconfigured, match="never overwritten"):
        Vault.create(file)
    assert file.read_bytes() == kept


def test_two_houses_have_different_keys(tmp_path: Path) -> None:
    sealed = Vault.create(tmp_path / "one").seal(b"x", about="a")
    with pytest.raises(Misconfigured):
        Vault.create(tmp_path / "two").open(sealed, about="a")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o620])
def test_a_key_file_that_others_could_read_is_refused(file: Path, mode: int) -> None:
    Vault.create(file)
    file.chmod(mode)
    with pytest.raises(Misconfigured, match="chmod 600"):
        Vault.load(file, {})


def test_a_missing_key_file_is_an_error_and_stays_missing(file: Path) -> None:
    with pytest.raises(Misconfigured, match="is missing"):
        Vault.load(file, {})
    assert not file.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"# only words\n",
        b"not base64!\n",
        base64.b64encode(bytes(31)) + b"\n",
        base64.b64encode(ONE) + b"\n" + base64.b64encode(bytes(5)) + b"\n",
        b"\xff\xfe\x00",
    ],
)
def test_a_file_that_holds_no_keys_is_refused(file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(Misconfigured, match="key"):
        Vault.load(file, {})


def test_rotation_keeps_the_old_key_and_survives_a_restart(file: Path) -> None:
    vault = Vault.create(file)
    before, tag = vault.seal(b"x", about="a"), vault.tag(PIN)
    vault.rotate()
    after = vault.seal(b"y", about="a")
    assert not vault.is_current(before)
    assert vault.is_current(after)
    for house in (vault, Vault.load(file, {})):
        assert house.open(before, about="a") == b"x"
        assert house.open(after, about="a") == b"y"
        assert house.is_current(after)
        assert tag in house.tags(PIN)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_systemd_credential_is_used_before_the_file_and_is_not_rotated_here(file: Path, tmp_path: Path) -> None:
    Vault.create(file)
    (tmp_path / "gatehouse.key").write_bytes(Vault([ONE]).export())
    vault = Vault.load(file, {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert vault.tag(PIN) == Vault([ONE]).tag(PIN)
    with pytest.raises(Misconfigured, match="systemd"):
        vault.rotate()


def test_without_that_credential_the_file_counts(file: Path, tmp_path: Path) -> None:
    tag = Vault.create(file).tag(PIN)
    assert Vault.load(file, {"CREDENTIALS_DIRECTORY": str(tmp_path)}).tag(PIN) == tag


def test_exported_keys_serve_a_new_machine(file: Path) -> None:
    house = Vault([ONE, TWO])
    new = adopt(file, house.export())
    assert new.open(house.seal(b"x", about="a"), about="a") == b"x"
    assert new.tags(PIN) == house.tags(PIN)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_machine_with_a_key_takes_over_others_and_keeps_its_own(file: Path) -> None:
    own, other = Vault.create(file), Vault([ONE, TWO])
    for _ in range(2):
        both = adopt(file, other.export())
        assert both.open(own.seal(b"x", about="a"), about="a") == b"x"
        assert both.open(other.seal(b"y", about="a"), about="a") == b"y"
        assert both.tags(PIN) == own.tags(PIN) | other.tags(PIN)
        assert both.tag(PIN) == own.tag(PIN)


def test_no_key_is_shown_by_a_repr() -> None:
    vault = Vault([ONE])
    shown = repr(vault) + repr(vars(vault))
    assert str(ONE) not in shown
    assert ONE.hex() not in shown


def test_chance_reaches_every_number_below_the_limit() -> None:
    assert {randbelow(10) for _ in range(1_000)} == set(range(10))
