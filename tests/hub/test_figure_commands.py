"""`gatehouse figures`, on the database of a hub that does not run."""

from __future__ import annotations

from tests.hub.test_main import Gatehouse, gatehouse, home, quiet

__all__ = ["gatehouse", "home", "quiet"]
"""The operator's folder and terminal, as fixtures."""


def test_figures_stand_beside_their_goals(gatehouse: Gatehouse) -> None:
    gatehouse("apply", "site.toml")
    said = gatehouse("figures")
    assert said.code == 0
    assert "ANSWERED (> 99 %)  WITHIN 3 S (> 95 %)  CODES IN TIME (> 99.5 %)  CONNECTED (> 98 %)" in said.out
    assert "BATTERY FORECASTS (> 95 %)  GUESTS WITH A CODE (all)" in said.out
    told = gatehouse("figures", "--days", "7", "--json").json
    assert told["days"] == 7
    assert told["house"]["answered"] == {"good": 0, "of": 0, "percent": None, "goal": 99.0, "met": None}
    assert "STAGES BY THEMSELVES (> 95 %)" in said.out
    assert [row["property"] for row in told["bookings"]] == [None, "home"]
    assert told["bookings"][0]["sold_twice"] == 0
    assert "COMMANDS TAKE (HALF / 95 OF 100)" in said.out
    assert told["latency"] == {"of": 0, "p50_ms": None, "p95_ms": None}
    assert told["code_delay"] == {"of": 0, "p50_s": None, "p95_s": None}
    assert [lock["id"] for lock in told["locks"]] == sorted(lock["id"] for lock in told["locks"])


def test_other_spans_are_refused_with_a_sentence(gatehouse: Gatehouse) -> None:
    gatehouse("apply", "site.toml")
    said = gatehouse("figures", "--days", "8")
    assert said.code != 0
    assert "days" in said.err


def test_nights_that_are_lost_are_listed_by_unit_and_month(gatehouse: Gatehouse) -> None:
    gatehouse("apply", "site.toml")
    said = gatehouse("lost-nights", "--first", "2028-02")
    assert said.code == 0
    assert "LOST %" in said.out
    (february, april) = gatehouse("lost-nights", "--first", "2028-02", "--months", "3", "--json").json[:3:2]
    assert (february["month"], february["nights"], february["lost"]) == ("2028-02", 29, 0)
    assert (april["month"], april["nights"]) == ("2028-04", 30)
    assert gatehouse("lost-nights", "--first", "soon").code != 0
