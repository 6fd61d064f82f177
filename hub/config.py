"""gatehouse.toml: only what must be known before the database is open.

Everything a person may get wrong is answered with the key as they wrote it, and with the cure.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, NamedTuple, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from hub.errors import Misconfigured
from hub.manifests import integration_called

if TYPE_CHECKING:
    from hub.store.places import Place

Model = TypeVar("Model", bound=BaseModel)

SQLITE: Final = "sqlite:///"
POSTGRESQL: Final = "postgresql://"


# ---- saying what is wrong ------------------------------------------------------------------------------------------


class Problem(NamedTuple):
    """`key` relative to what was checked; empty for the whole of it."""

    key: str
    why: str

    def under(self, prefix: str) -> Problem:
        return Problem(".".join(part for part in (prefix, self.key) if part), self.why)


def nearest(word: str, known: Iterable[str]) -> str | None:
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return close[0] if close else None


def unknown(word: str, known: Iterable[str]) -> str:
    """A clause for a word that is not among the known ones, with the nearest of them or all."""
    names = sorted(known)
    near = nearest(word, names)
    if near is not None:
        return f'is not known; did you mean "{near}"?'
    return f"is not known; known here: {', '.join(names)}" if names else "is not known; nothing is known here"


_PLAIN: Final[dict[str, str]] = {
    "missing": "is missing",
    "string_type": "must be text in quotes",
    "string_too_short": "must not be empty",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "datetime_parsing": "must be a time with its zone, e.g. 2026-11-21T18:00+01:00",
    "datetime_from_date_parsing": "must be a time with its zone, e.g. 2026-11-21T18:00+01:00",
    "timezone_aware": "must be a time with its zone, e.g. 2026-11-21T18:00+01:00",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be a section",
    "model_type": "must be a section",
    "invalid-json-value": "must be text, a number, true or false, a list or a section",
}


def problems(error: ValidationError, model: type[BaseModel]) -> list[Problem]:
    """What pydantic found, in the operator's words; never the values, which may be secrets."""
    found = [_problem(details, model) for details in error.errors(include_url=False, include_input=False)]
    misspelt = {near for details in error.errors(include_input=False) if (near := _meant(details, model)) is not None}
    clear = [problem for problem in found if not (problem.why == _PLAIN["missing"] and problem.key in misspelt)]
    return sorted(clear, key=lambda problem: "is not known" not in problem.why)


def _problem(details: Mapping[str, Any], model: type[BaseModel]) -> Problem:
    key = ".".join(str(part) for part in details["loc"])
    match details["type"]:
        case "extra_forbidden":
            return Problem(key, unknown(str(details["loc"][-1]), _keys_at(model, details["loc"][:-1])))
        case "value_error":
            return Problem(key, str(details["ctx"]["error"]))
        case kind if kind in _PLAIN:
            return Problem(key, _PLAIN[kind])
        case _:
            words = str(details["msg"])
            return Problem(key, words.replace("Input should be", "must be").replace("String should", "must"))


def _meant(details: Mapping[str, Any], model: type[BaseModel]) -> str | None:
    if details["type"] != "extra_forbidden":
        return None
    *section, word = details["loc"]
    near = nearest(str(word), _keys_at(model, section))
    return None if near is None else ".".join([*map(str, section), near])


def _keys_at(model: type[BaseModel], section: Iterable[Any]) -> list[str]:
    """The keys that the model knows in one of its sections."""
    for part in section:
        field = model.model_fields.get(str(part))
        inner = None if field is None else field.annotation
        choices = [inner, *getattr(inner, "__args__", ())]
        models = [kind for kind in choices if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if not models:
            return []
        model = models[0]
    return [field.alias or name for name, field in model.model_fields.items()]


def misconfigured(found: list[Problem]) -> Misconfigured:
    """All of them in one; the first names the key."""
    first, *others = found
    return Misconfigured(first.key, "\n".join([first.why, *(f"{other.key}: {other.why}" for other in others)]))


def explain(error: ValidationError, model: type[BaseModel], key_prefix: str) -> Misconfigured:
    """A plugin's own settings, refused: `key_prefix` is the section, e.g. `drivers.zwave`."""
    return misconfigured([problem.under(key_prefix) for problem in problems(error, model)])


def checked(model: type[Model], settings: Mapping[str, Any], key_prefix: str) -> Model:
    """The settings of one section, parsed.

    Raises:
        Misconfigured: with every key that is wrong, and the nearest known one for a key that is not known.
    """
    try:
        return model.model_validate(settings)
    except ValidationError as error:
        raise explain(error, model, key_prefix) from None


# ---- the file ------------------------------------------------------------------------------------------------------


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)


class Listen(NamedTuple):
    host: str
    port: int

    @property
    def loopback(self) -> bool:
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _listen(value: object) -> Listen:
    if isinstance(value, Listen):
        return value
    host, separator, port = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    host = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
    if not separator or not port.isdecimal() or int(port) > 65535 or not host:
        raise ValueError('must be an address and a port, e.g. "127.0.0.1:8080" or "[::1]:8080"')
    return Listen(host, int(port))


class Tls(Section):
    cert: Path
    key: Path


class AvailabilityCheck(Section):
    """Whether units are free, for anybody who asks without a token."""

    per_minute: Annotated[int, Field(ge=1, le=6000)] = 60
    """So many questions of one address. A proxy on this machine is one address, whoever stands behind it."""


class Web(Section):
    listen: Annotated[Listen, BeforeValidator(_listen)] = Listen("127.0.0.1", 8080)
    tls: Tls | None = None
    insecure_listen: bool = False
    """Said explicitly: pages and passwords may cross the network unprotected, because something else protects them."""
    availability: AvailabilityCheck | None = None


class Log(Section):
    level: Literal["debug", "info", "warning", "error"] = "info"


def _public_url(value: object) -> object:
    if isinstance(value, str):
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise ValueError('must be a web address such as "https://house.example"')
        if parts.path.rstrip("/") or "@" in parts.netloc:
            raise ValueError('must be a host name of its own, without a path, such as "https://house.example"')
        return value.rstrip("/")
    return value


Settings = dict[str, Any]
"""A plugin's own section: checked by the plugin's own model when it is loaded (hub/plugins.py)."""


def _by_own_name(told: dict[str, Settings]) -> dict[str, Settings]:
    found: dict[str, Settings] = {}
    for name, settings in told.items():
        own = integration_called(name)
        if own in found:
            raise ValueError(f"“{own}” is there under two names; write one of them")
        found[own] = settings
    return found


class Config(Section):
    database: str = Field(repr=False, min_length=1)
    """The absolute path of an SQLite file, or the address of a PostgreSQL database."""
    state_dir: Path
    key_file: Path
    public_url: Annotated[str | None, BeforeValidator(_public_url)] = None
    web: Web = Web()
    log: Log = Log()
    drivers: dict[str, Settings] = Field(default={}, repr=False)
    integrations: Annotated[dict[str, Settings], AfterValidator(_by_own_name)] = Field(default={}, repr=False)
    """What all channels of an integration have in common, unless a channel says otherwise."""

    @property
    def database_file(self) -> Path:
        """Of a house that is kept in one."""
        assert self.is_a_file
        return Path(self.database)

    @property
    def is_a_file(self) -> bool:
        return not self.database.startswith(POSTGRESQL)

    @property
    def place(self) -> Place:
        """For the store. Raises Misconfigured."""
        from hub.store.places import place_of

        return place_of(self.database)

    @property
    def has_house(self) -> bool:
        """There is one in the database. Raises Unavailable where the database cannot be asked."""
        from hub.store.places import database_of

        return Path(self.database).exists() if self.is_a_file else database_of(self.place).exists()

    @property
    def socket(self) -> Path:
        """Where a running hub listens for commands."""
        return self.state_dir / "gatehouse.sock"


def load(path: Path) -> Config:
    """Read gatehouse.toml; relative paths in it are relative to the file.

    Raises:
        Misconfigured: the file, or something in it, cannot work.
    """
    return parse(read_toml(path), path.absolute().parent)


def read_toml(path: Path) -> dict[str, Any]:
    """Raises Misconfigured, with line and column where the file is not TOML."""
    return toml(read_text(path), str(path))


def read_text(path: Path) -> str:
    """Raises Misconfigured."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Misconfigured(str(path), f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Misconfigured(str(path), "is not UTF-8 text; save it as UTF-8") from error


def toml(text: str, name: str) -> dict[str, Any]:
    """Raises Misconfigured; `name` is what the operator calls the text."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(name, f"is not TOML: {error}") from error


def parse(settings: Mapping[str, Any], home: Path) -> Config:
    """As `load`, without looking at any file; `home` is what relative paths are relative to."""
    config = checked(Config, settings, "")
    _refuse_open_ears(config.web)
    tls = config.web.tls
    placed = None if tls is None else Tls(cert=home / tls.cert, key=home / tls.key)
    return config.model_copy(
        update={
            "database": _database(config.database, home),
            "state_dir": home / config.state_dir,
            "key_file": home / config.key_file,
            "web": config.web.model_copy(update={"tls": placed}),
        }
    )


def _refuse_open_ears(web: Web) -> None:
    if not (web.listen.loopback or web.tls is not None or web.insecure_listen):
        raise Misconfigured(
            "web.listen",
            f"{web.listen} is open to the network without TLS; give [web.tls] cert and key, listen on 127.0.0.1, "
            "or say insecure_listen = true",
        )


def _database(given: str, home: Path) -> str:
    if "://" not in given or given.startswith(SQLITE):
        return str(home / given.removeprefix(SQLITE))
    if given.startswith(POSTGRESQL):
        return given
    raise Misconfigured(
        "database",
        'must be the path of an SQLite file, e.g. "gatehouse.db", or the address of a PostgreSQL database, '
        'e.g. "postgresql:///gatehouse"',
    )


def check_key_file(config: Config, environ: Mapping[str, str] = os.environ) -> None:
    """A new key is made only for a new house.

    Raises:
        Misconfigured: there is a database but no key; a new one could not read what the old one sealed.
    """
    from hub.io.vault import CREDENTIAL

    credential = Path(environ.get("CREDENTIALS_DIRECTORY", "/nowhere"), CREDENTIAL)
    if not config.key_file.exists() and not credential.exists() and config.has_house:
        raise Misconfigured(
            "key_file",
            f"{config.key_file} is missing, but the database {config.place} exists and was sealed with it; "
            "put the key file back from where you keep its copy, or restore a backup",
        )


def check_tls_files(config: Config) -> None:
    """Raises Misconfigured when a certificate or its key is named and cannot be read."""
    tls = config.web.tls
    if tls is not None:
        for key, file in (("web.tls.cert", tls.cert), ("web.tls.key", tls.key)):
            if not os.access(file, os.R_OK):
                raise Misconfigured(key, f"{file} cannot be read")
