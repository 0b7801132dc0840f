"""Signals about bytes: even, small, task then result, a trickle; and what they say where directions are unknown."""

import numpy as np
import pytest

from sferic.model.event import Event
from tests.signals.timelines import HOUR, WORKER, calls, every, rng, says, segment, window

ME = "10.0.0.5"
DRAWN = [int(n) for n in rng().integers(300, 9000, 100)]


def heard(name: str, *stories: list[Event]) -> tuple[float, str]:
    """Return a signal's value and sentence for this machine's calls to the Worker."""
    made = window(*stories)
    value, words = says(name, made, segment(made, ME, WORKER))
    return value, words.text


def test_size_hears_idle_check_ins() -> None:
    """Uploads of 600 bytes, give or take eight, are one size; the sentence gives share, number and size."""
    value, text = heard("size", calls(ME, WORKER, every(60, 40), up=[600, 604, 608], down=100))
    assert value == 1.0
    assert "100% of 40 uploads are within 2% of 600 bytes" in text


def test_size_hears_telemetry_vary() -> None:
    """What grows with use has no common size."""
    value, _ = heard("size", calls(ME, WORKER, every(60, 100), up=DRAWN, down=100))
    assert value < 0.2


def test_size_allows_for_tls_in_tunnels() -> None:
    """In a CONNECT tunnel ninety bytes of difference are TLS, in a request they are content."""
    sizes = [1800, 1890]
    tunnel, _ = heard("size", calls(ME, WORKER, every(60, 40), up=sizes, method="CONNECT"))
    request, _ = heard("size", calls(ME, WORKER, every(60, 40), up=sizes, method="GET"))
    assert tunnel == 1.0
    assert request == pytest.approx(0.5)


def test_size_speaks_of_transfers_where_there_are_no_uploads() -> None:
    """A log with totals only gets a sentence about transfers, none about uploads."""
    _, text = heard("size", calls(ME, WORKER, every(60, 40), total=900))
    assert "40 transfers" in text
    assert "upload" not in text


def test_volume_tells_small_from_large() -> None:
    """The median check-in of 850 bytes is small, the median page of 90 kB is not."""
    value, text = heard("volume", calls(ME, WORKER, every(60, 40), up=600, down=250))
    assert 10**value == pytest.approx(850)
    assert "600 bytes up and 250 bytes down" in text
    value, _ = heard("volume", calls(ME, WORKER, every(60, 40), up=900, down=89_100))
    assert 10**value == pytest.approx(90_000)


def test_volume_withstands_one_large_result() -> None:
    """One upload of a gigabyte does not make a channel of small check-ins large."""
    value, _ = heard("volume", calls(ME, WORKER, every(60, 40), up=[600] * 39 + [10**9], down=250))
    assert 10**value == pytest.approx(850)


def test_volume_claims_no_direction_that_the_log_does_not_know() -> None:
    """A log with totals gets a sentence about totals."""
    _, text = heard("volume", calls(ME, WORKER, every(60, 40), total=900))
    assert "900 bytes in all" in text
    assert "down" not in text
    assert "up" not in text


def test_tasking_hears_a_task_and_its_result() -> None:
    """Three times a large answer is followed by a large upload one check-in later."""
    up, down = [600] * 60, [200] * 60
    for k in (10, 25, 40):
        down[k], up[k + 1] = 5000, 40_000
    value, text = heard("tasking", calls(ME, WORKER, every(60, 60), up=up, down=down))
    assert value == 3
    assert "3 times a large answer is followed by a large upload" in text


@pytest.mark.parametrize(("grows", "why"), [("up", "telemetry uploads more when there is more"), ("down", "updates")])
def test_tasking_does_not_hear_one_direction(grows: str, why: str) -> None:
    """What grows in one direction only is no task with a result."""
    sizes = {"up": [600] * 60, "down": [200] * 60}
    for k in (10, 25, 40):
        sizes[grows][k] = 50_000
    value, text = heard("tasking", calls(ME, WORKER, every(60, 60), up=sizes["up"], down=sizes["down"]))
    assert value == 0, why
    assert "no large answer" in text


def test_tasking_does_not_hear_the_other_order() -> None:
    """A large upload answered by a large page is a form, not a task."""
    up, down = [600] * 60, [200] * 60
    for k in (10, 25, 40):
        up[k], down[k + 1] = 40_000, 5000
    value, _ = heard("tasking", calls(ME, WORKER, every(60, 60), up=up, down=down))
    assert value == 0


def test_trickle_tells_check_ins_from_a_stream() -> None:
    """A kept tunnel of ten bytes a second is a trickle, a video of half a megabyte a second is none."""
    lasts_s = 9 * HOUR
    value, text = heard("trickle", calls(ME, WORKER, every(60, 4), lasts_s=lasts_s, up=200_000, down=124_000))
    assert 10**value == pytest.approx(10)
    assert "10 bytes per second" in text
    value, _ = heard("trickle", calls(ME, WORKER, every(60, 4), lasts_s=lasts_s, up=10**7, down=16 * 10**9))
    assert 10**value > 400_000


@pytest.mark.parametrize("name", ["size", "volume", "tasking", "trickle"])
def test_nothing_is_said_without_bytes(name: str) -> None:
    """A log without bytes makes every signal about bytes silent."""
    value, _ = heard(name, calls(ME, WORKER, every(60, 40), lasts_s=100))
    assert np.isnan(value)


def test_tasking_is_silent_without_directions() -> None:
    """Totals show no order of directions."""
    value, _ = heard("tasking", calls(ME, WORKER, every(60, 60), total=[300] * 59 + [9000]))
    assert np.isnan(value)
