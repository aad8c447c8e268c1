import pytest

from pages.parts.pace import PAUSES, SHARE, Pace


def watch(pace, clock, viewers, seconds, rounds=60):
    for _ in range(rounds):
        for viewer in range(viewers):
            pace.took(str(viewer), seconds)
        clock.now += pace.pause


def test_one_viewer_gets_the_shortest_pause(clock):
    pace = Pace(clock)
    watch(pace, clock, 1, 0.03)
    assert pace.pause == PAUSES[0]


@pytest.mark.parametrize(("viewers", "seconds"), [(30, 0.01), (30, 0.04), (5, 0.1), (100, 0.02)])
def test_the_pause_is_the_shortest_that_leaves_the_server_its_share(clock, viewers, seconds):
    pace = Pace(clock)
    watch(pace, clock, viewers, seconds)
    assert viewers * seconds <= SHARE * pace.pause
    shorter = [pause for pause in PAUSES if pause < pace.pause]
    assert not shorter or viewers * seconds > SHARE * shorter[-1]


def test_no_pause_is_longer_than_the_longest(clock):
    pace = Pace(clock)
    watch(pace, clock, 200, 1.0, rounds=3)
    assert pace.pause == PAUSES[-1]


def test_those_who_are_gone_are_no_burden(clock):
    pace = Pace(clock)
    watch(pace, clock, 30, 0.04)
    assert pace.pause > PAUSES[0]
    clock.now += 60
    watch(pace, clock, 1, 0.04)
    assert pace.pause == PAUSES[0]


def test_a_moment_of_rest_does_not_shorten_the_pause(clock):
    pace = Pace(clock)
    watch(pace, clock, 30, 0.04, rounds=3)
    before = pace.pause
    watch(pace, clock, 30, 0.001, rounds=4)
    assert pace.pause == before


def test_it_does_not_go_to_and_fro_between_two_pauses(clock):
    pace = Pace(clock)
    watch(pace, clock, 30, 0.01)
    before, seen = pace.pause, set()
    for number in range(200):
        watch(pace, clock, 30, 0.006 if number % 8 else 0.02, rounds=1)
        seen.add(pace.pause)
    assert seen == {before}
