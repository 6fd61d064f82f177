"""hub.io.digest, by the examples of the documents that say how it is done."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.io.digest import Digest, challenge

_NEW = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
_OURS = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
_OPAQUE = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
_OLD = "dcd98b7102dd2f0e8b11d0f600bfb0c093"


def _asks(algorithm: str) -> str:
    return (
        f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, '
        f'nonce="{_NEW}", opaque="{_OPAQUE}"'
    )


def _answer(header: str, password: str, ours: str) -> str:
    asked = challenge(header)
    assert asked is not None
    return Digest(asked, "Mufasa", password, lambda: ours).answer("GET", "http://www.example.org/dir/index.html")


@pytest.mark.parametrize(
    ("header", "password", "ours", "response"),
    [
        # RFC 7616, 3.9.1: both challenges stand in one answer, and the better one is taken.
        (
            f"{_asks('SHA-256')}, {_asks('MD5')}",
            "Circle of Life",
            _OURS,
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        ),
        (_asks("MD5"), "Circle of Life", _OURS, "8ca523f5e9506fed4657c9700eebdbec"),
        # RFC 2617, 3.5.
        (
            f'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="{_OLD}", opaque="5ccc069c403ebaf9f0171e9517f40e41"',
            "Circle Of Life",
            "0a4f113b",
            "6629fae49393a05397450978507c4ef1",
        ),
        # The same without qop: as RFC 2069 has it.
        (
            f'Digest realm="testrealm@host.com", nonce="{_OLD}"',
            "Circle Of Life",
            "",
            "670fd8c2df070c60b045671b8b24ff02",
        ),
    ],
)
def test_the_answer_is_that_of_the_document(header: str, password: str, ours: str, response: str) -> None:
    said = _answer(header, password, ours)
    assert f'response="{response}"' in said
    assert said.startswith('Digest username="Mufasa", realm="')
    assert 'uri="/dir/index.html"' in said
    assert password not in said


def test_each_answer_is_counted_and_bears_what_was_asked_for() -> None:
    asked = challenge(_asks("MD5"))
    assert asked is not None
    digest = Digest(asked, "Mufasa", "Circle of Life")
    said = [digest.answer("GET", "http://www.example.org/") for _ in range(2)]
    assert [re.findall(r"nc=(\w+)", each) for each in said] == [["00000001"], ["00000002"]]
    assert len({each.partition("cnonce=")[2] for each in said}) == 2
    assert all(f'opaque="{_OPAQUE}"' in each and "qop=auth" in each and "algorithm=MD5" in each for each in said)
    assert "Circle of Life" not in repr(digest)


def test_a_session_has_a_secret_of_its_own() -> None:
    header = f'Digest realm="r", nonce="{_OLD}", algorithm=MD5-sess, qop="auth"'
    assert _answer(header, "x", "a").partition("response=")[2] != _answer(header, "x", "b").partition("response=")[2]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic realm=house",
        'Digest realm="r"',
        'Digest realm="r", nonce="n", qop="auth-int"',
        'Digest realm="r", nonce="n", algorithm=SHA-512-256',
        "Negotiate",
    ],
)
def test_what_cannot_be_answered_is_no_challenge(header: str) -> None:
    assert challenge(header) is None


def test_it_is_found_beside_others_and_quotes_come_back_as_they_are() -> None:
    asked = challenge(
        'Basic realm="a, Digest nonce=x", Digest realm="say \\"friend\\"", nonce="n", stale=TRUE, qop="auth"'
    )
    assert asked is not None
    assert (asked.realm, asked.nonce, asked.stale) == ('say "friend"', "n", True)
    assert 'realm="say \\"friend\\""' in Digest(asked, "u", "p").answer("GET", "http://h/")


@given(st.text(max_size=200) | st.text(alphabet='Digest realm="no,c=\\ ', max_size=60))
def test_any_header_is_a_challenge_or_none(header: str) -> None:
    asked = challenge(header)
    assert asked is None or asked.nonce
