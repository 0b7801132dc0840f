"""The weights: well-formed, explained, and with the properties that the scoring page promises."""

import itertools
import shutil
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.catalog import weights as module
from sferic.catalog.weights import MIN_ESTATE, load_weights
from sferic.model.errors import SettingsError

HOME = Path(module.__file__).parent
ROOT = Path(__file__).parents[2]
WEIGHTS = load_weights()
every_signal = pytest.mark.parametrize("name", sorted(WEIGHTS.signal))


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """Give a copy of the weights that a test may spoil."""
    shutil.copy(HOME / "weights.toml", tmp_path)
    shutil.copytree(HOME / "signals", tmp_path / "signals")
    return tmp_path


@every_signal
def test_a_curve_is_sane(name: str) -> None:
    """Measurements rise from knot to knot, points are within 15 decibans and no jump is steeper than 8 a knot."""
    knots = WEIGHTS.signal[name].knots
    assert [x for x, _ in knots] == sorted({x for x, _ in knots})
    assert all(abs(y) <= 15 for _, y in knots)
    assert all(abs(b - a) <= 8 for (_, a), (_, b) in itertools.pairwise(knots))


@every_signal
def test_a_curve_is_explained_and_dated(name: str) -> None:
    """Each curve says in a sentence why its numbers are what they are, and when somebody last looked."""
    weight = WEIGHTS.signal[name]
    assert len(weight.why) > 25
    assert weight.why.endswith(".")
    assert weight.verified >= "2026-01-01"


@every_signal
def test_a_curve_can_use_its_group(name: str) -> None:
    """No single curve goes beyond the cap of its group, which would make its ends meaningless."""
    weight = WEIGHTS.signal[name]
    group = WEIGHTS.group[weight.group]
    assert all(group.low - 4 <= y <= group.high for _, y in weight.knots)


def test_groups_are_used_and_enclose_zero() -> None:
    """Every group has signals, and none of them punishes or rewards silence."""
    used = {weight.group for weight in WEIGHTS.signal.values()}
    assert used == set(WEIGHTS.group)
    assert all(group.low < 0 < group.high for group in WEIGHTS.group.values())


def test_each_analytic_has_signals_of_several_groups() -> None:
    """No analytic rests on one kind of evidence."""
    for analytic in ("beacon", "long_connection"):
        groups = {WEIGHTS.signal[name].group for name in WEIGHTS.weighed_by(analytic)}
        assert len(groups) >= 4, analytic
    assert WEIGHTS.weighed_by("nothing") == ()


def test_severities_descend() -> None:
    """The cut-offs fall from critical to low, and even odds are medium."""
    cut = WEIGHTS.severity
    assert cut.critical > cut.high > cut.medium > cut.low > 0
    assert cut.score(0.0) == 50
    assert cut.severity(50) == "medium"
    assert cut.severity(cut.low - 1) == "informational"


@given(st.integers(0, 100))
def test_the_least_points_of_a_score_round_to_it(score: int) -> None:
    """The floor that a lowest score stands for is exact: it reaches the score, a little less does not."""
    least = WEIGHTS.severity.points(score)
    if score:
        assert WEIGHTS.severity.score(least + 1e-6) == score
        assert WEIGHTS.severity.score(least - 0.01) <= score
        assert WEIGHTS.severity.score(least - 2.0) < score
    else:
        assert least == float("-inf")


def test_the_prior_depends_on_the_estate() -> None:
    """Below the smallest estate the prior is milder; from there on it is the ordinary one."""
    assert WEIGHTS.prior.of(MIN_ESTATE - 1)[0] > WEIGHTS.prior.of(MIN_ESTATE)[0]
    steps = [WEIGHTS.prior.of(machines)[0] for machines in range(1, 60)]
    assert max(a - b for a, b in pairwise(steps)) < 0.5
    assert WEIGHTS.prior.of(10_000) == (WEIGHTS.prior.points, WEIGHTS.prior.why)


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("signals/timing.toml", 'group = "rhythm"', 'group = "rythm"', "unknown group 'rythm'"),
        ("signals/timing.toml", "[5.0, -4.0]", "[-20.0, -4.0]", "knots must rise"),
        ("signals/timing.toml", 'why = "', 'reason = "', "reason"),
        ("weights.toml", "points = -25.0", 'points = "-25"', "points"),
    ],
)
def test_a_mistake_is_an_error_that_names_the_place(catalogue: Path, file: str, old: str, new: str, says: str) -> None:
    """An unknown group, a falling knot, an unknown key and a wrong type stop the run and name the file."""
    path = catalogue / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SettingsError, match=says) as failure:
        load_weights(catalogue / "weights.toml")
    assert Path(file).name in str(failure.value)


@every_signal
def test_the_scoring_page_names_every_signal(name: str) -> None:
    """Whoever reads a reason finds its signal on the page that explains scores."""
    page = (ROOT / "docs" / "explanation" / "scoring.md").read_text(encoding="utf-8")
    assert f"| `{name}` | {WEIGHTS.signal[name].group} |" in page


def test_the_scoring_page_has_the_groups_and_cut_offs_in_force() -> None:
    """The tables of groups and severities on the page are those of the catalogue."""
    page = (ROOT / "docs" / "explanation" / "scoring.md").read_text(encoding="utf-8")
    for name, group in WEIGHTS.group.items():
        assert f"| {name} | {group.low:.0f} | +{group.high:.0f} |" in page
    for severity in ("critical", "high", "medium", "low"):
        assert f"| {severity} | {getattr(WEIGHTS.severity, severity)} |" in page
    assert f"The **prior** is {WEIGHTS.prior.points:.0f}" in page
    assert f"it is {WEIGHTS.prior.few_machines:.0f}" in page


@every_signal
def test_the_scoring_page_has_the_range_in_force(name: str) -> None:
    """The range of points on the page is that of the curve."""
    page = (ROOT / "docs" / "explanation" / "scoring.md").read_text(encoding="utf-8")
    ends = [y for _, y in WEIGHTS.signal[name].knots]
    row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
    low, high = row.split("|")[3].strip().split(" to ")
    assert (float(low), float(high)) == (min(ends), max(ends))
