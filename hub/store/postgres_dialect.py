"""SQLAlchemy's words for PostgreSQL, where those the store speaks mean something else there.

The store's statements are written once. Numbers are 64 bits wide, text is compared by its bytes, and LIKE does not tell
capitals of ASCII apart, as in SQLite.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import BigInteger, Integer, String
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.base import PGTypeCompiler
from sqlalchemy.dialects.postgresql.psycopg import PGCompiler_psycopg, PGDialect_psycopg

NAME = "postgresql+gatehouse"

_ANY_LANGUAGE = '"und-x-icu"'
"""Knows that Ñ is a capital ñ. Source: PostgreSQL 15, 24.2.2.3.2 "ICU Collations"."""


class _Whole(BigInteger):
    render_bind_cast = True

    def bind_processor(self, dialect: Any) -> Callable[[Any], Any]:
        return _whole


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)  # a bool is no number to PostgreSQL


class _Words(String):
    render_bind_cast = True

    def bind_processor(self, dialect: Any) -> Callable[[Any], Any]:
        return _without_nul


def _without_nul(value: Any) -> Any:
    # Source: PostgreSQL 15, 8.3 "Character Types": the character with code zero cannot be stored.
    return value.replace("\0", "\ufffd") if isinstance(value, str) and "\0" in value else value


class _Types(PGTypeCompiler):
    def visit_INTEGER(self, type_: Any, **kw: Any) -> str:  # noqa: N802
        return "BIGINT"

    def visit_TEXT(self, type_: Any, **kw: Any) -> str:  # noqa: N802
        return 'TEXT COLLATE "C"'


class _Statements(PGCompiler_psycopg):
    def _on_conflict_target(self, clause: Any, **kw: Any) -> str:
        # SQLite's INSERT … ON CONFLICT is PostgreSQL's, but that it never names a constraint.
        if not hasattr(clause, "constraint_target"):
            clause.constraint_target = None
        target: str = super()._on_conflict_target(clause, **kw)  # type: ignore[no-untyped-call]
        return target

    def visit_instr_func(self, function: Any, **kw: Any) -> str:
        return f"strpos{self.function_argspec(function, **kw)}"

    def visit_json_each_func(self, function: Any, **kw: Any) -> str:
        return f"json_array_elements_text(CAST({self.function_argspec(function, **kw)} AS JSON))"

    def visit_json_group_array_func(self, function: Any, **kw: Any) -> str:
        return f"coalesce(CAST(json_agg{self.function_argspec(function, **kw)} AS TEXT), '[]')"

    def visit_sum_func(self, function: Any, **kw: Any) -> str:
        return f"CAST(sum{self.function_argspec(function, **kw)} AS BIGINT)"

    def visit_like_op_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        said: str = super().visit_ilike_op_binary(binary, operator, **kw)  # type: ignore[no-untyped-call]
        return said

    def visit_ilike_op_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        left, right = self.process(binary.left, **kw), self.process(binary.right, **kw)
        escape = binary.modifiers.get("escape")
        said = f" ESCAPE '{escape}'" if escape else ""
        return f"{left} COLLATE {_ANY_LANGUAGE} ILIKE {right}{said}"


class Dialect(PGDialect_psycopg):
    driver = "gatehouse"
    supports_statement_cache = True
    statement_compiler = _Statements
    type_compiler_cls = _Types
    colspecs = {**PGDialect_psycopg.colspecs, Integer: _Whole, BigInteger: _Whole, String: _Words}  # noqa: RUF012


registry.register("postgresql.gatehouse", __name__, "Dialect")
