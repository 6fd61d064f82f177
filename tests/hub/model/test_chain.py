"""The audit chain: nothing in it can be changed, left out or moved unnoticed."""

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.model.chain import BEFORE_THE_FIRST, Head, Link, Wrong, canonical, cut, evidence, first_wrong, sealed

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)

words = st.text(max_size=8).filter(lambda text: not any("\ud800" <= ch <= "\udfff" for ch in text))


@st.composite
def chains(draw: st.DrawFn) -> list[Link]:
    said = draw(st.lists(st.tuples(words, words, words, st.none() | st.integers(1, 250)), min_size=1, max_size=12))
    links, last = list[Link](), Head()
    for kind, what, subject, slot in said:
        at = NOON + timedelta(milliseconds=draw(st.integers(0, 10**9)))
        link = Link(last.number + 1, last.seal, at, kind, what, "done", lock="front", slot=slot, subject=subject)
        links.append(sealed(link))
        last = Head(links[-1].number, links[-1].seal)
    return links


def other(value: object) -> object:
    match value:
        case int():
            return value + 1
        case datetime():
            return value + timedelta(milliseconds=1)
        case None:
            return 1
        case _:
            return f"{value}x"


@given(chains())
def test_a_chain_that_nobody_touched_is_whole(links: list[Link]) -> None:
    assert first_wrong(links, Head()) == Head(links[-1].number, links[-1].seal)


@given(chains(), st.data())
def test_whatever_is_changed_in_a_link_is_found(links: list[Link], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(links) - 1))
    name = data.draw(st.sampled_from([field.name for field in fields(Link)]))
    told: dict[str, Any] = {name: other(getattr(links[at], name))}
    changed = replace(links[at], **told)
    found = first_wrong([*links[:at], changed, *links[at + 1 :]], Head())
    assert isinstance(found, Wrong)
    assert found.number in {links[at].number, links[at].number + 1}


@given(chains(), st.data())
def test_a_link_that_is_sealed_anew_does_not_fit_the_next(links: list[Link], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(links) - 1))
    forged = sealed(replace(links[at], outcome="forged"))
    found = first_wrong([*links[:at], forged, *links[at + 1 :]], Head())
    if at == len(links) - 1:
        assert found != Head(links[-1].number, links[-1].seal), "the head that is kept elsewhere tells"
    else:
        assert found == Wrong(links[at + 1].number, f"link {at + 2} does not follow on link {at + 1}")


@given(chains(), st.data())
def test_a_link_that_is_taken_out_is_missed(links: list[Link], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(links) - 1))
    found = first_wrong([*links[:at], *links[at + 1 :]], Head())
    if at == len(links) - 1:
        assert found == (Head(links[-2].number, links[-2].seal) if at else Head()), (
            "the head that is kept elsewhere tells"
        )
    else:
        assert found == Wrong(at + 1, f"link {at + 1} is missing")


@given(chains(), st.randoms())
def test_links_in_another_order_are_found(links: list[Link], random) -> None:  # type: ignore[no-untyped-def]
    mixed = list(links)
    random.shuffle(mixed)
    assert (first_wrong(mixed, Head()) == first_wrong(links, Head())) is (mixed == links)


def test_a_seal_can_be_worked_out_by_any_program() -> None:
    """The bytes, as the docstring promises them."""
    link = Link(1, BEFORE_THE_FIRST, NOON, "code", "write", "asked", lock="front", slot=4, subject="guest-é")
    assert canonical(link).decode() == (
        '{"actor":"","at":"2027-03-01T12:00:00.000Z","evidence":"","kind":"code","lock":"front","number":1,"outcome":"asked",'
        f'"previous":"{BEFORE_THE_FIRST}","slot":4,"subject":"guest-é","what":"write"}}'
    )
    assert sealed(link).seal == sha256(canonical(link)).hexdigest()
    assert list(json.loads(canonical(link))) == sorted(json.loads(canonical(link)))


def test_a_time_is_sealed_as_it_is_kept() -> None:
    assert cut(NOON + timedelta(microseconds=1999)) == NOON + timedelta(milliseconds=1)


@pytest.mark.parametrize("changed", ["at", "words", "salt"])
def test_evidence_stands_for_the_whole_line(changed: str) -> None:
    at = NOON + timedelta(seconds=1) if changed == "at" else NOON
    words = ("console", "unlock", "done") if changed != "words" else ("console", "unlock", "refused")
    assert evidence("salt", NOON, "console", "unlock", "done") != evidence(
        "pepper" if changed == "salt" else "salt", at, *words
    )
