"""The numbers of the page, worked by hand."""

import pytest

from sferic.lab.evaluate.measures import (
    Ranked,
    Share,
    average_precision,
    false_high,
    ordered,
    precision_at,
    recall_at_high,
)


def _alerts(*names: str | None) -> list[Ranked]:
    """Alerts ranked in this order, the first two above the threshold."""
    return [Ranked(float(-place), place < 2, name) for place, name in enumerate(names)]


def test_wilson_interval() -> None:
    """8 of 10 is known to lie between 49 % and 94 %; nothing of nothing is unknown."""
    low, high = Share(8, 10).interval
    assert (low, high) == pytest.approx((0.490, 0.943), abs=0.001)
    assert Share(0, 0).interval == (0.0, 1.0)


def test_average_precision() -> None:
    """First and third place of two implants give (1 + 2/3) / 2; an implant never named counts as nothing."""
    alerts = _alerts("a", None, "b")
    assert average_precision(alerts, 2) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision(alerts, 4) == pytest.approx((1 + 2 / 3) / 4)
    assert average_precision([], 3) == 0


def test_a_second_alert_about_an_implant_changes_nothing() -> None:
    """Naming an implant again neither raises nor lowers average precision."""
    assert average_precision(_alerts("a", "a", None, "b"), 2) == pytest.approx(
        average_precision(_alerts("a", None, "b"), 2)
    )


def test_ties_favour_nobody() -> None:
    """A detector that says the same of all is as good as chance: 20 implants among 2,000 give about 1 %."""
    same = [Ranked(1.0, high=True, implant=f"i{n}" if n < 20 else None) for n in range(2_000)]
    assert 0.003 < average_precision(same, 20) < 0.04
    assert ordered(same) == ordered(same)


def test_thresholds() -> None:
    """Recall and false alarms count what is above the threshold; a short list is divided by the whole count."""
    alerts = _alerts("a", None, "b")
    assert recall_at_high(alerts, 2) == Share(1, 2)
    assert false_high(alerts, 500) == 2
    assert precision_at(alerts, 20) == Share(2, 20)
