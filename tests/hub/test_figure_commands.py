"""`gatehouse figures`, on the database of a hub that does not run."""

from __future__ import annotations

from tests.hub.test_main import Gatehouse, gatehouse, home, quiet

__all__ = ["gatehouse", "home", "quiet"]
"""The operator's folder and terminal, as fixtures."""


def test_figures_stand_beside_their_goals(gatehouse: Gatehouse) -> None:
    gatehouse("apply", "site.toml")
    said = gatehouse("figures")
    assert said.code == 0
    assert "ANSWERED (> 99 %)  CODES IN TIME (> 99.5 %)  CONNECTED (> 98 %)" in said.out
    told = gatehouse("figures", "--days", "7", "--json").json
    assert told["days"] == 7
    assert told["house"]["answered"] == {"good": 0, "of": 0, "percent": None, "goal": 99.0, "met": None}
    assert [lock["id"] for lock in told["locks"]] == sorted(lock["id"] for lock in told["locks"])


def test_other_spans_are_refused_with_a_sentence(gatehouse: Gatehouse) -> None:
    gatehouse("apply", "site.toml")
    said = gatehouse("figures", "--days", "8")
    assert said.code != 0
    assert "days" in said.err
