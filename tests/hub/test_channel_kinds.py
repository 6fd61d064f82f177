"""Every kind of channel is asked for in words, and every word asks for something that is there."""

from __future__ import annotations

import pytest

from hub.channel_kinds import FILLED_IN, Shape, kind_called, kinds
from hub.errors import Misconfigured
from hub.manifests import discover
from hub.plugins import settings_model

KINDS = [each.name for each in kinds()]


@pytest.mark.parametrize("name", KINDS)
def test_a_form_asks_for_every_setting_by_a_name_that_people_know(name: str) -> None:
    said = {each.name for each in discover()[f"integration/{name}"].settings}
    assert said == settings_model("integration", name, name).model_fields.keys() - FILLED_IN
    for each in kind_called(name).settings:
        assert each.label[:1].isupper(), each.name
        assert each.shape is not Shape.CHOICE or all(word[:1].isupper() for word in each.words.values()), each.name


@pytest.mark.parametrize("name", KINDS)
def test_what_is_needed_is_not_hidden(name: str) -> None:
    assert not [each.name for each in kind_called(name).settings if each.needed and each.seldom]


def test_a_feed_comes_first_and_services_are_no_channels() -> None:
    assert KINDS[0] == "ical"
    assert "email" not in KINDS
    with pytest.raises(Misconfigured, match="no kind of channel called “email”"):
        kind_called("email")


def test_the_shape_of_a_setting_is_what_its_plugin_takes() -> None:
    shapes = {each.name: (each.shape, each.secret, each.needed) for each in kind_called("guesty").settings}
    assert shapes["client_secret"] == (Shape.TEXT, True, True)
    assert shapes["door_codes"] == (Shape.YES, False, False)
    assert shapes["push_pending_as"] == (Shape.CHOICE, False, False)
    readers = next(each for each in kind_called("webdav").settings if each.name == "readers")
    assert readers.shape is Shape.LIST
    key = next(each for each in kind_called("google_calendar").settings if each.name == "service_account")
    assert (key.shape, key.secret) == (Shape.LONG, True)
