from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hub.config import Config, Listen, check_key_file, check_tls_files, explain, load
from hub.errors import Misconfigured

PATHS = 'database = "gatehouse.db"\nstate_dir = "state"\nkey_file = "key"\n'


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def written(text: str) -> Path:
        path = tmp_path / "gatehouse.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def test_three_paths_are_enough_and_are_relative_to_the_file(write: Callable[[str], Path], tmp_path: Path) -> None:
    config = load(write(PATHS))

    assert config.database == f"{tmp_path}/gatehouse.db"
    assert config.database_file == tmp_path / "gatehouse.db"
    assert config.state_dir == tmp_path / "state"
    assert config.socket == tmp_path / "state/gatehouse.sock"
    assert config.key_file == tmp_path / "key"
    assert config.web.listen == Listen("127.0.0.1", 8080)
    assert config.log.level == "info"


def test_an_integration_may_be_called_by_its_other_name(write: Callable[[str], Path]) -> None:
    """Ruling C19: the plans say Guestly."""
    config = load(write(PATHS + '[integrations.guestly]\ncurrency = "EUR"\n'))
    assert config.integrations == {"guesty": {"currency": "EUR"}}
    with pytest.raises(Misconfigured, match="under two names"):
        load(write(PATHS + '[integrations.guestly]\ncurrency = "EUR"\n[integrations.guesty]\n'))


def test_absolute_paths_and_sqlite_addresses_stay_what_they_are(write: Callable[[str], Path]) -> None:
    config = load(write('database = "sqlite:////var/lib/g/g.db"\nstate_dir = "/var/lib/g"\nkey_file = "/etc/g/key"'))

    assert config.database_file == Path("/var/lib/g/g.db")
    assert config.state_dir == Path("/var/lib/g")
    assert config.key_file == Path("/etc/g/key")


def test_everything_the_file_may_say_is_understood(write: Callable[[str], Path], tmp_path: Path) -> None:
    config = load(
        write(
            'public_url = "https://house.example/"\n' + PATHS + '[web]\nlisten = "0.0.0.0:443"\n'
            '[web.tls]\ncert = "cert.pem"\nkey = "key.pem"\n[log]\nlevel = "debug"\n'
            '[drivers.zwave]\nport = "socket://127.0.0.1:5555"\n[integrations.ical]\nevery = "10m"\n'
        )
    )

    assert config.public_url == "https://house.example"
    assert config.web.tls is not None
    assert config.web.tls.cert == tmp_path / "cert.pem"
    assert config.log.level == "debug"
    assert config.drivers == {"zwave": {"port": "socket://127.0.0.1:5555"}}
    assert config.integrations == {"ical": {"every": "10m"}}


@pytest.mark.parametrize("listen", ["127.0.0.1:8080", "[::1]:8080", "localhost:0", "127.9.9.9:1"])
def test_loopback_needs_no_protection(write: Callable[[str], Path], listen: str) -> None:
    assert load(write(f'{PATHS}[web]\nlisten = "{listen}"')).web.listen.loopback


@pytest.mark.parametrize("listen", ["0.0.0.0:8080", "[::]:8080", "192.168.1.4:80", "house.local:8080"])
def test_an_open_address_without_tls_is_refused_unless_said(write: Callable[[str], Path], listen: str) -> None:
    section = f'{PATHS}[web]\nlisten = "{listen}"\n'

    with pytest.raises(Misconfigured, match="without TLS") as refusal:
        load(write(section))
    assert refusal.value.key == "web.listen"
    assert load(write(section + "insecure_listen = true")).web.insecure_listen


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("", "database", "is missing"),
        (PATHS + "key_fil = 3", "key_fil", 'did you mean "key_file"'),
        (PATHS.replace("state_dir", "sate_dir"), "sate_dir", 'did you mean "state_dir"'),
        (PATHS + '[wbe]\nlisten = "x"', "wbe", 'did you mean "web"'),
        (PATHS + '[web]\nlistn = "127.0.0.1:1"', "web.listn", 'did you mean "listen"'),
        (PATHS + '[web.tls]\nq = "a"\nkey = "b"', "web.tls.q", "known here: cert, key"),
        (PATHS + '[web.tls]\ncerts = "a"\nkey = "b"', "web.tls.certs", 'did you mean "cert"'),
        (PATHS + "[web]\nzzzz = 1", "web.zzzz", "known here: availability, insecure_listen, listen, tls"),
        (PATHS + '[web]\nlisten = "8080"', "web.listen", "an address and a port"),
        (PATHS + "[web]\nlisten = 8080", "web.listen", "an address and a port"),
        (PATHS + '[web]\nlisten = "127.0.0.1:99999"', "web.listen", "an address and a port"),
        (PATHS + '[web]\nlisten = ":8080"', "web.listen", "an address and a port"),
        (PATHS + '[web]\ninsecure_listen = "perhaps"', "web.insecure_listen", "true or false"),
        (PATHS + '[web.tls]\ncert = "a"', "web.tls.key", "is missing"),
        (PATHS + '[log]\nlevel = "loud"', "log.level", "'debug', 'info', 'warning' or 'error'"),
        (PATHS + 'drivers = "zwave"', "drivers", "must be a section"),
        (PATHS + "[drivers]\nzwave = 5", "drivers.zwave", "must be a section"),
        (PATHS.replace('"gatehouse.db"', "7"), "database", "text in quotes"),
        (PATHS.replace('"gatehouse.db"', '""'), "database", "must not be empty"),
        (PATHS.replace("gatehouse.db", "mysql://u:geheim@h/d"), "database", "the path of an SQLite file"),
        ('public_url = "house.example"\n' + PATHS, "public_url", "must be a web address"),
    ],
)
def test_a_setting_that_cannot_work_names_its_key_and_the_cure(
    write: Callable[[str], Path], text: str, key: str, words: str
) -> None:
    with pytest.raises(Misconfigured) as refusal:
        load(write(text))

    assert refusal.value.key == key
    assert words in refusal.value.why
    assert "geheim" not in str(refusal.value)


def test_a_misspelt_key_is_not_reported_as_missing_too(write: Callable[[str], Path]) -> None:
    with pytest.raises(Misconfigured) as refusal:
        load(write(PATHS.replace("database", "databse")))

    assert str(refusal.value) == 'databse: is not known; did you mean "database"?'


def test_all_that_is_wrong_is_said_at_once(write: Callable[[str], Path]) -> None:
    with pytest.raises(Misconfigured) as refusal:
        load(write('database = "a"\nlgo = 1\n[web]\nlisten = 3\n'))

    said = str(refusal.value).splitlines()
    assert [line.split(":")[0] for line in said] == ["lgo", "state_dir", "key_file", "web.listen"]


def test_a_file_that_is_not_toml_is_answered_with_the_line(write: Callable[[str], Path]) -> None:
    with pytest.raises(Misconfigured, match=r"gatehouse\.toml: is not TOML: .*line 2"):
        load(write('database = "a"\nstate_dir = = 3'))


def test_a_missing_file_and_other_bytes_are_answered_plainly(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be read: No such file"):
        load(tmp_path / "gatehouse.toml")
    (tmp_path / "gatehouse.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Misconfigured, match="save it as UTF-8"):
        load(tmp_path / "gatehouse.toml")


def test_tls_files_that_cannot_be_read_are_named(write: Callable[[str], Path], tmp_path: Path) -> None:
    config = load(write(PATHS + '[web.tls]\ncert = "cert.pem"\nkey = "key.pem"'))
    (tmp_path / "cert.pem").write_text("")

    with pytest.raises(Misconfigured, match=r"key\.pem cannot be read") as refusal:
        check_tls_files(config)
    assert refusal.value.key == "web.tls.key"

    (tmp_path / "key.pem").write_text("")
    check_tls_files(config)


class Retry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    attempts: int = 3


class Radio(BaseModel):
    model_config = ConfigDict(extra="forbid")

    port: str
    retry: Retry | None = None
    region: Annotated[str, Field(alias="rf_region")] = "EU"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"prot": "x"}, 'drivers.zwave.prot: is not known; did you mean "port"?'),
        ({"port": "x", "retry": {"attemps": 1}}, 'drivers.zwave.retry.attemps: is not known; did you mean "attempts"?'),
        ({"port": "x", "rf_regio": "US"}, 'drivers.zwave.rf_regio: is not known; did you mean "rf_region"?'),
        ({"port": 3}, "drivers.zwave.port: must be text in quotes"),
        ({}, "drivers.zwave.port: is missing"),
    ],
)
def test_a_drivers_own_settings_are_explained_the_same_way(settings: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError) as error:
        Radio.model_validate(settings)

    assert str(explain(error.value, Radio, "drivers.zwave")) == said


def test_settings_do_not_show_in_the_repr(write: Callable[[str], Path]) -> None:
    config = load(write(PATHS + '[integrations.partner]\nsecret = "geheim"'))

    assert "geheim" not in repr(config)


def config_at(home: Path) -> Config:
    (home / "gatehouse.toml").write_text(PATHS)
    return load(home / "gatehouse.toml")


def test_a_new_house_may_start_without_a_key_file(tmp_path: Path) -> None:
    check_key_file(config_at(tmp_path))


def test_a_missing_key_file_beside_a_database_is_an_error(tmp_path: Path) -> None:
    config = config_at(tmp_path)
    (tmp_path / "gatehouse.db").write_bytes(b"")

    with pytest.raises(Misconfigured, match="put the key file back") as refusal:
        check_key_file(config)
    assert refusal.value.key == "key_file"

    (tmp_path / "key").write_bytes(b"")
    check_key_file(config)


def test_a_key_handed_in_by_systemd_stands_for_the_key_file(tmp_path: Path) -> None:
    config = config_at(tmp_path)
    (tmp_path / "gatehouse.db").write_bytes(b"")
    (tmp_path / "gatehouse.key").write_bytes(b"")

    check_key_file(config, {"CREDENTIALS_DIRECTORY": str(tmp_path)})


def test_the_commented_file_that_comes_along_is_right() -> None:
    config = load(Path(__file__).parents[2] / "config/gatehouse.toml")

    assert config.web.listen.loopback
    assert "zwave" in config.drivers
