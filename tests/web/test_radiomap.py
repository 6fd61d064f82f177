"""The map of a radio network: everything is on it once, apart from everything else, and readable on a telephone."""

from __future__ import annotations

import math
from itertools import combinations

import pytest

from hub.contracts.radio import NodeState, Survey
from hub.model.values import Address
from tests.simulators.radio import node
from web.radiomap import WIDTH, Map, draw, signal_of

OWN = Address("1")


def network(*nodes: object, **told: object) -> Survey:
    return Survey(connected=True, own=OWN, nodes=nodes, **told)  # type: ignore[arg-type]


def crowd(size: int) -> Survey:
    return network(*(node(number, rssi_dbm=-60) for number in range(2, size + 2)))


def apart(drawn: Map) -> float:
    """How near any two spots are."""
    return min(math.dist((a.x, a.y), (b.x, b.y)) for a, b in combinations(drawn.spots, 2))


@pytest.mark.parametrize("size", [2, 5, 6, 7, 12, 14, 22, 30])
def test_any_number_of_devices_stands_apart_and_inside(size: int) -> None:
    drawn = draw(crowd(size), {})

    assert len({spot.address for spot in drawn.spots}) == size
    assert apart(drawn) > 2 * 18, "two circles overlap"
    for spot in drawn.spots:
        assert 18 <= spot.x <= WIDTH - 18
        assert drawn.top <= min(spot.y - 18, spot.name_y - 12)
        assert max(spot.y + 18, spot.note_y) <= drawn.top + drawn.height


def test_a_house_without_devices_has_a_map_of_its_stick() -> None:
    drawn = draw(network(), {})

    assert drawn.spots == ()
    assert drawn.sentence == "The stick, and no device yet."
    assert drawn.height > 52


def test_a_device_stands_outside_of_the_one_that_repeats_for_it_and_its_line_leads_there() -> None:
    far = node(6, route=(Address("3"),), rssi_dbm=-70)
    drawn = draw(network(node(2, rssi_dbm=-60), node(3, rssi_dbm=-60), far), {})
    at = {spot.address: spot for spot in drawn.spots}

    middle = drawn.stick
    assert math.dist((at["6"].x, at["6"].y), middle) > math.dist((at["3"].x, at["3"].y), middle)  # type: ignore[index]
    last = drawn.lines[-1]
    assert (last.x1, last.y1, last.x2, last.y2) == (at["3"].x, at["3"].y, at["6"].x, at["6"].y)  # type: ignore[index]


def test_a_route_over_devices_that_are_gone_is_drawn_as_far_as_it_is_known() -> None:
    drawn = draw(network(node(2, route=(Address("9"),), rssi_dbm=-60)), {})

    assert [line.signal for line in drawn.lines] == ["good"]


def test_neighbours_that_carry_nothing_are_drawn_once_and_beneath_the_rest() -> None:
    two, three = node(2, neighbours=frozenset({OWN, Address("3")})), node(3, neighbours=frozenset({Address("2"), OWN}))

    assert [line.signal for line in draw(network(two, three), {}).lines] == ["near", "unknown", "unknown"]


@pytest.mark.parametrize(
    ("rssi", "noise", "signal"),
    [(-60, (), "good"), (-83, (), "good"), (-84, (), "fair"), (-92, (), "fair"), (-93, (), "weak"), (None, (), "unknown"),
     (-83, (-98, -95), "fair")],
)  # fmt: skip
def test_a_signal_is_as_good_as_it_stands_out_from_the_noise(
    rssi: int | None, noise: tuple[int, ...], signal: str
) -> None:
    assert signal_of(node(2, rssi_dbm=rssi), noise) == signal


def test_whoever_does_not_answer_is_dead_however_well_it_was_heard() -> None:
    assert signal_of(node(2, rssi_dbm=-40, state=NodeState.DEAD), ()) == "dead"


def test_a_long_name_is_cut_and_the_stick_is_no_device() -> None:
    drawn = draw(crowd(1), {Address("2"): "Boathouse by the old jetty"})

    (spot,) = drawn.spots
    assert spot.name == "Boathouse by…"
