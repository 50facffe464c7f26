from __future__ import annotations

import pytest

from backend.server.live.admission import Admission

CAPACITY = {"pictures": 7, "layers": 8, "keypoints": 100}


def _admitted(admission: Admission, ways: dict) -> int:
    """Count the sessions with pictures that are admitted one after another."""
    ways, count = dict(ways), 0
    while admission.free(ways):
        ways["pictures"] = ways.get("pictures", 0) + 1
        count += 1
    return count


def test_an_empty_server_has_as_many_places_as_it_serves_with_pictures():
    assert Admission(CAPACITY).free({}) == Admission(CAPACITY).places({}) == 7


@pytest.mark.parametrize("ways", [{}, {"pictures": 3}, {"layers": 5}, {"keypoints": 60, "layers": 2}, {"keypoints": 99}])
def test_places_are_free_while_all_sessions_fit_together(ways):
    admission = Admission(CAPACITY)
    assert _admitted(admission, ways) == admission.free(ways)
    more = admission.free(ways)
    assert sum(ways.get(way, 0) / CAPACITY[way] for way in CAPACITY) + more / 7 <= 1 + 1e-6
    assert sum(ways.get(way, 0) / CAPACITY[way] for way in CAPACITY) + (more + 1) / 7 > 1


@pytest.mark.parametrize("count", range(1, 101))
def test_a_capacity_is_reached_exactly(count):
    admission = Admission(dict.fromkeys(CAPACITY, count))
    assert admission.free({"pictures": count - 1}) == 1
    assert admission.free({"pictures": count}) == 0


def test_an_overloaded_server_has_no_place_left():
    assert Admission(CAPACITY).free({"pictures": 9}) == 0
    assert Admission(CAPACITY).places({"pictures": 9}) == 9
    assert Admission(CAPACITY).load({"pictures": 14}) == pytest.approx(2)


def test_a_given_number_of_places_counts_and_not_the_measured_one():
    assert Admission(CAPACITY, 20).free({"pictures": 12}) == 8
    assert Admission(CAPACITY, 2).free({"keypoints": 2}) == 0
    assert Admission(CAPACITY, 2).free({"keypoints": 3}) == 0
