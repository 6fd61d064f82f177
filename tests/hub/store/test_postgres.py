"""What a house is promised when it is kept in PostgreSQL, shown on Debian's own."""

from __future__ import annotations

import ast
import asyncio
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Integer, LargeBinary, create_engine, inspect
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.pool import NullPool

from hub.errors import Misconfigured, Unavailable
from hub.store.engine import Store, Tx
from hub.store.migrate import MIGRATIONS, migrate, newest
from hub.store.places import place_of
from hub.store.postgres import SCHEMA, Postgres
from hub.store.postgres_tables import FOLLOWING
from hub.store.prepared import Prepared
from hub.store.sqlite import InUse
from hub.store.tables import Instant, metadata
from hub.store.tables.kinds import Day
from tests.cluster import Cluster
from tests.hub.store.statements import Statement, modules, statements
from tests.hub.store.tiny import Refused, add, make_tables, words
from tests.simulators.vloop import run

pytestmark = pytest.mark.peer

ROOT = Path(__file__).parents[3]


@pytest.fixture
def url(postgres: Cluster) -> Iterator[str]:
    with postgres.database() as address:
        yield address


def opened(url: str, *, inline: bool = True) -> Store:
    return Store.open(url, inline=inline, prepare=lambda new: migrate(new, back_up=lambda _: None))


# ---- one house, one hub --------------------------------------------------------------------------------------------


def test_only_one_hub_has_the_house(url: str) -> None:
    with opened(url), pytest.raises(InUse, match="in use by another Gatehouse process"):
        opened(url)
    opened(url).close()


def test_a_password_is_in_no_sentence() -> None:
    place = place_of("postgresql://hub:h-u-n-t-e-r-2@127.0.0.1:1/house")
    with pytest.raises(Unavailable) as raised:
        Store.open("postgresql://hub:h-u-n-t-e-r-2@127.0.0.1:1/house")
    with pytest.raises(Misconfigured) as misread:
        Store.open("postgresql://hub:h-u-n-t-e-r-2@127.0.0.1:port/house")
    assert "house at 127.0.0.1 does not answer" in str(raised.value)
    told = (place, raised.value, raised.value.__cause__, misread.value, misread.value.__cause__)
    assert all("h-u-n-t-e-r" not in f"{each} {each!r}" for each in told)


def test_a_database_that_is_not_there_is_named_with_the_cure(postgres: Cluster) -> None:
    with pytest.raises(Misconfigured, match="does not exist; make it with createdb"):
        Store.open(postgres.url("nowhere"))


# ---- a transaction is a function -----------------------------------------------------------------------------------


@pytest.mark.parametrize("inline", [True, False])
async def test_one_that_fails_is_taken_back_alone(url: str, inline: bool) -> None:
    async def attempt(store: Store, word: str) -> object:
        try:
            return await store.write(add(word))
        except Refused:
            return "refused"

    with opened(url, inline=inline) as store:
        await store.write(make_tables)
        outcomes = await asyncio.gather(*(attempt(store, word) for word in ("one", "two", "one", "three")))
        assert await store.read(words) == ["one", "two", "three"]
    assert outcomes.count("refused") == 1


async def test_an_error_that_somebody_passes_over_is_never_taken_for_a_commit(url: str) -> None:
    def pass_over(tx: Tx) -> None:
        add("two")(tx)
        try:
            add("one")(tx)
        except Refused:
            return

    with opened(url) as store:
        await store.write(make_tables)
        await store.write(add("one"))
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            await store.write(pass_over)
        assert await store.read(words) == ["one"]


async def test_what_may_fail_is_attempted_and_the_rest_stands(url: str) -> None:
    def attempt(tx: Tx) -> None:
        add("two")(tx)
        with pytest.raises(Refused), tx.attempt():
            add("one")(tx)
        add("three")(tx)

    with opened(url) as store:
        await store.write(make_tables)
        await store.write(add("one"))
        await store.write(attempt)
        assert await store.read(words) == ["one", "two", "three"]


async def test_the_store_comes_back_when_the_server_has_ended_its_connections(url: str, postgres: Cluster) -> None:
    with opened(url) as store:
        await store.write(make_tables)
        await store.write(add("one"))
        with postgres.asked() as raw:
            raw.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'house'")
        assert await store.read(words) == ["one"]
        await store.write(add("two"))
        assert await store.read(words) == ["one", "two"]
        with pytest.raises(InUse):
            opened(url)


def test_an_error_says_nothing_of_a_guest(url: str) -> None:
    def twice(tx: Tx) -> None:
        for _ in range(2):
            tx.sql.execute(metadata.tables["accounts"].insert(), ACCOUNT)

    with opened(url) as store, pytest.raises(IntegrityError) as raised:
        run(store.write(twice))
    assert "accounts_pkey" in str(raised.value)
    assert "Lovelace" not in f"{raised.value} {raised.value!r} {raised.value.orig!r}"


ACCOUNT = {
    "id": "Ada Lovelace",
    "name": "ada",
    "password": "x",
    "role": "manager",
    "made_at": datetime(2026, 1, 1, tzinfo=UTC),
}


# ---- the same tables ------------------------------------------------------------------------------------------------


def test_both_databases_have_the_same_tables_and_columns(url: str, tmp_path: Path) -> None:
    def form(address: str, schema: str | None) -> dict[str, list[tuple[str, bool, bool]]]:
        engine = create_engine(address, poolclass=NullPool)
        look = inspect(engine)
        found = {}
        for name in look.get_table_names(schema=schema):
            keys = look.get_pk_constraint(name, schema=schema)["constrained_columns"]
            columns = look.get_columns(name, schema=schema)
            found[name] = sorted((each["name"], each["nullable"], each["name"] in keys) for each in columns)
        return found

    opened(str(tmp_path / "house.db")).close()
    theirs = form(f"sqlite:///{tmp_path}/house.db", None)
    ours = form(url.replace("postgresql:", "postgresql+psycopg:"), SCHEMA)
    for name in FOLLOWING:
        del ours[name]
    assert ours == theirs
    assert set(ours) == {*metadata.tables, "alembic_version"}


def test_both_databases_have_the_same_indexes(url: str, tmp_path: Path) -> None:
    def indexes(tx: Tx) -> set[str]:
        theirs = "SELECT indexname FROM pg_indexes WHERE schemaname = 'gatehouse' AND indexname NOT LIKE '%key'"
        ours = "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"
        query = theirs if tx.sql.dialect.name == "postgresql" else ours
        return {name for (name,) in tx.sql.exec_driver_sql(query.replace("%", "%%") if query is theirs else query)}

    with opened(url) as there, opened(str(tmp_path / "house.db")) as here:
        assert run(there.read(indexes)) - {"kept_nights_no_overlap"} == run(here.read(indexes))


# ---- no night twice, whoever asks -----------------------------------------------------------------------------------

_HOUSE = """
INSERT INTO properties (id, name, timezone, check_in, check_out, origin) VALUES ('home', 'Home', 'UTC', '15:00', '11:00', 'site');
INSERT INTO units (id, property_id, name, origin) VALUES ('flat', 'home', 'Flat', 'site')"""
_STAY = """
INSERT INTO stays (id, unit_id, channel_id, kind, status, arrival, departure, check_in, check_out, made_at, changed_at)
VALUES (%s, 'flat', NULL, 'reservation', 'confirmed', %s, %s, %s, %s, 1, 1)"""


def furnished(url: str) -> Postgres:
    place = place_of(url)
    assert isinstance(place, Postgres)
    with place.connect().connection as raw:
        for statement in _HOUSE.split(";"):
            raw.execute(statement)
    return place


def nights(number: int, *, first: int = 1, last: int = 2) -> tuple[object, ...]:
    day = 86_400_000
    return (f"stay-{number}", f"2026-12-{first:02}", f"2026-12-{last:02}", first * day, last * day)


CALLERS, BOOKINGS = 50, 500


def test_of_500_who_ask_for_one_night_at_once_one_gets_it_and_nobody_waits_long(url: str) -> None:
    """Fifty programs beside the hub, each on a connection of its own: nothing but the database stands between them."""
    place = furnished(url)
    told: list[tuple[str | None, float]] = []
    start = threading.Barrier(CALLERS)

    def ask(caller: int) -> None:
        with place.connect().connection as raw:
            start.wait(60)
            for number in range(caller, BOOKINGS, CALLERS):
                asked = time.monotonic()
                try:
                    raw.execute(_STAY, nights(number))
                    answer = None
                except psycopg.Error as error:
                    answer = error.sqlstate
                told.append((answer, time.monotonic() - asked))

    callers = [threading.Thread(target=ask, args=(caller,)) for caller in range(CALLERS)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(120)
    assert Counter(answer for answer, _ in told) == {None: 1, "23P01": BOOKINGS - 1}  # no deadlock (40P01) among them
    assert max(waited for _, waited in told) < 20


@pytest.mark.parametrize("level", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
def test_who_looked_before_the_other_committed_does_not_get_the_night(url: str, level: str) -> None:
    place = furnished(url)
    one, other = place.connect(), place.connect()
    other.execute(f"BEGIN ISOLATION LEVEL {level}")
    assert other.execute("SELECT count(*) FROM stays").fetchone() == (0,)
    one.connection.execute(_STAY, nights(1))
    with pytest.raises(psycopg.IntegrityError, match="overlap"):
        other.connection.execute(_STAY, nights(2))
    one.close()
    other.close()


def test_nights_of_a_stay_that_is_cancelled_or_moved_are_free_again(url: str) -> None:
    with furnished(url).connect().connection as raw:
        raw.execute(_STAY, nights(1, first=1, last=4))
        raw.execute("UPDATE stays SET departure = '2026-12-03', check_out = 259200000 WHERE id = 'stay-1'")
        raw.execute(_STAY, nights(2, first=3, last=4))
        raw.execute("UPDATE stays SET status = 'cancelled' WHERE id = 'stay-1'")
        raw.execute(_STAY, nights(3, first=1, last=3))
        with pytest.raises(psycopg.IntegrityError, match="overlap"):
            raw.execute("UPDATE stays SET status = 'confirmed' WHERE id = 'stay-1'")
        assert raw.execute("SELECT stay_id FROM kept_nights ORDER BY 1").fetchall() == [("stay-2",), ("stay-3",)]


def test_the_constraint_stands_where_the_rule_does_not_look(url: str) -> None:
    with furnished(url).connect().connection as raw:
        raw.execute("ALTER TABLE stays DISABLE TRIGGER stays_no_overlap_new")
        raw.execute(_STAY, nights(1))
        with pytest.raises(psycopg.errors.ExclusionViolation, match="kept_nights_no_overlap"):
            raw.execute(_STAY, nights(2))


def test_what_channels_sold_twice_is_kept_and_stays_when_the_channel_goes(url: str) -> None:
    with furnished(url).connect().connection as raw:
        raw.execute("INSERT INTO channels (id, integration, settings, origin) VALUES ('feed', 'ical', '', 'site')")
        for number in (1, 2):
            raw.execute(_STAY.replace("NULL", "'feed'"), nights(number))
        raw.execute("DELETE FROM channels")
        assert raw.execute("SELECT count(*) FROM stays WHERE channel_id IS NULL").fetchone() == (2,)
        raw.execute("UPDATE stays SET guest = 'Ada' WHERE id = 'stay-2'")


# ---- every statement -----------------------------------------------------------------------------------------------


def _ask(tx: Tx, statement: Prepared[Any] | Statement, values: Callable[[Any], object]) -> None:
    """With a value for each of its parameters; what it would have changed is taken back."""
    form = statement._statement if isinstance(statement, Prepared) else statement
    binds = form.compile(dialect=tx.sql.dialect).binds.items()  # type: ignore[attr-defined]
    told = {name: [] if each.expanding else values(each.type) for name, each in binds if each.required}
    if isinstance(statement, Prepared):
        statement._run(tx, told)
    else:
        tx.sql.execute(statement, told)
    raise Undo


class Undo(Exception):
    pass


def _nothing(kind: Any) -> object:
    return None


def _something(kind: Any) -> object:
    match kind:
        case Instant():
            return datetime(2026, 12, 1, tzinfo=UTC)
        case Day():
            return date(2026, 12, 1)
        case Integer():
            return 1
        case LargeBinary():
            return b"1"
        case _:
            return "[]"  # an empty list of keys, or a word


@pytest.mark.parametrize("values", [_nothing, _something])
def test_postgresql_understands_every_statement_that_is_made_once(url: str, values: Callable[[Any], object]) -> None:
    """Its words and types are asked about, not its answers."""
    strange, asked = {}, 0
    with opened(url) as store:
        for module in modules():
            for name, statement in statements(module):
                try:
                    run(store.write(lambda tx, of=statement: _ask(tx, of, values)))  # type: ignore[misc]
                except (Undo, IntegrityError, psycopg.IntegrityError):
                    asked += isinstance(statement, Prepared)
                except (DBAPIError, psycopg.Error) as error:
                    strange[name] = str(error)
    assert strange == {}
    assert asked > 100


def test_every_prepared_statement_is_one_that_is_asked_above() -> None:
    """None is made where it would be made anew, or where this page does not look."""
    kept = {module.__name__: module for module in modules()}
    for file in sorted(ROOT.glob("hub/**/*.py")):
        name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        if name == "hub.store.prepared":
            continue
        calls = [each for each in ast.walk(ast.parse(file.read_text())) if isinstance(each, ast.Call)]
        made = sum(isinstance(each.func, ast.Name) and each.func.id in ("Prepared", "upsert") for each in calls)
        found = {id(each) for _, each in statements(kept[name]) if isinstance(each, Prepared)} if name in kept else ()
        assert len(found) >= made, f"{name} makes {made} statements, and {len(found)} of them are found"


# ---- migrations to come ---------------------------------------------------------------------------------------------


def test_a_migration_runs_whole_or_not_at_all_and_after_a_backup(url: str, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    steps = ["CREATE TABLE kites (id TEXT)", "ALTER TABLE stays ADD COLUMN kite TEXT"]

    def say(*statements: str) -> None:
        text = f"from alembic import op\nrevision = '9999'\ndown_revision = {newest()!r}\n"
        text += (
            f"def upgrade():\n    for statement in {statements!r}:\n        op.get_bind().exec_driver_sql(statement)\n"
        )
        (folder / "versions" / "9999_kites.py").write_text(text)

    place = place_of(url)
    saved: list[object] = []
    say(*steps, "SELECT nonsense")
    with pytest.raises(ProgrammingError):
        migrate(place, back_up=saved.append, migrations=folder)
    say(*steps)
    assert migrate(place, back_up=saved.append, migrations=folder)
    assert not migrate(place, back_up=saved.append, migrations=folder)
    assert saved == [place, place]
    with pytest.raises(Misconfigured, match="newer Gatehouse"):
        migrate(place, back_up=saved.append)
