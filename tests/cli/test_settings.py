"""Flag beats environment beats file beats default, and nothing unknown slips through."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sferic.cli._settings import resolve
from sferic.model.errors import SettingsError
from sferic.model.settings import Settings

FILE = """
timezone = "Europe/Berlin"
since = 2026-03-02
tiers = ["core"]
min_score = 10
[limits]
ratio = 100
line_bytes = 2048
[source_options.squid_access]
timezone = "+02:00"
"""

Sferic = Callable[..., Any]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Write a settings file."""
    path = tmp_path / "sferic.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


def test_defaults() -> None:
    """With nothing given, the defaults hold."""
    assert resolve({}, None, {}) == Settings()


def test_each_layer_beats_the_one_below(file: Path) -> None:
    """A value comes from the highest layer that has it, key by key, also inside tables."""
    environ = {
        "SFERIC_MIN_SCORE": "20",
        "SFERIC_TIERS": "wide, noisy",
        "SFERIC_LIMITS__RATIO": "200",
        "PATH": "x",
    }
    assert resolve({}, file, {}).min_score == 10
    assert resolve({}, file, environ).min_score == 20
    made = resolve({"min_score": 30, "source_options": {"cisco_asa": {"a": "b"}}}, file, environ)
    assert made.min_score == 30
    assert made.tiers == ("wide", "noisy")
    assert (made.limits.ratio, made.limits.line_bytes) == (200, 2048)
    assert made.source_options == {"squid_access": {"timezone": "+02:00"}, "cisco_asa": {"a": "b"}}


def test_the_environment_can_name_the_file(file: Path) -> None:
    """SFERIC_CONFIG is `--config` for those who cannot give flags; `--config` beats it."""
    assert resolve({}, None, {"SFERIC_CONFIG": str(file)}).min_score == 10
    assert resolve({}, file, {"SFERIC_CONFIG": "/nonexistent"}).min_score == 10


def test_no_file_is_picked_up_by_itself(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A settings file in the current folder, which may be somebody's evidence, changes nothing."""
    file.rename(file.with_name(".sferic.toml"))
    monkeypatch.chdir(file.parent)
    assert resolve({}, None, {}) == Settings()


def test_times_are_read_in_the_zone_that_wins(file: Path) -> None:
    """A date without a zone is in the timezone of the run, wherever that was set; one with a zone is not moved."""
    assert resolve({}, file, {}).since == 1_772_406_000_000_000
    assert resolve({"timezone": "UTC"}, file, {}).since == 1_772_409_600_000_000
    assert resolve({}, None, {"SFERIC_UNTIL": "2026-03-02T00:00:00+01:00"}).until == 1_772_406_000_000_000


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("min_scor = 1", ("min_scor", "did you mean 'min_score'")),
        ("[limits]\nratios = 100", ("limits.ratios", "did you mean 'ratio'")),
        ("min_score = 101", (": min_score: 101 is not possible; expected: a whole number of at most 100",)),
        ('tiers = "core"', (": tiers: 'core' is not possible; expected: a list",)),
        ("min_score = ", ("not TOML",)),
        ("tiers = [1]", (": tiers: [1] is not possible; expected: a text",)),
        ("[limits]\nratio = 'x'", (": limits.ratio: 'x' is not possible; expected: a whole number",)),
        ("limits = 3", (": limits: 3 is not possible; expected: a table",)),
        ("workers = 65", (": workers: 65 is", "64")),
        ("[activity]\nper_hour = 0", (": activity.per_hour: 0 is", "a number above 0")),
        ('since = "soon"', ("soon", "ISO 8601")),
    ],
)
def test_a_wrong_file_is_named_with_the_key(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    """The error names the file, the path of the key, and what would be right."""
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        resolve({}, path, {})
    assert str(path) in caught.value.where
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize("name", ["SFERIC_MIN_SCOR", "SFERIC_LIMITS__RATIOS", "SFERIC_NOPE__X"])
def test_an_unknown_variable_is_an_error(name: str) -> None:
    """A misspelt variable does not silently do nothing."""
    with pytest.raises(SettingsError, match="no such setting") as caught:
        resolve({}, None, {name: "1"})
    assert caught.value.where in {name, "SFERIC_NOPE"}


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("--min-score", "200"), "--min-score: 200 is not possible\n  expected: a whole number of at most 100"),
        (("--workers", "-3"), "--workers: -3 is not possible\n  expected: a whole number of at least 0"),
        (("--since=soon",), "--since: soon is not a time"),
        (("--since", "2026-01-02", "--until", "2026-01-01"), "--since: no time lies at or after it and before `until`"),
        (("--analytic", "x"), "--analytic: there is no 'x'"),
        (("--set", "squid_access.x=1"), "--set: there is no 'x'"),
        (("--memory", "1"), "--memory: no hunt fits"),
        (("--tiers", "cor"), "--tiers: there is no 'cor'\n  expected: one of core, noisy, tunnel, wide\n  hint: did you"),
        (("--source", "squid"), "--source: there is no 'squid'"),
        (("--timezone=Mars/Base",), "--timezone: there is no time zone 'Mars/Base'"),
    ],
)
def test_a_wrong_flag_is_named_as_it_was_typed(sferic: Sferic, argv: tuple[str, ...], words: str) -> None:
    """An error about a value on the command line names the flag, not the setting behind it."""
    run = sferic("hunt", "no.log", *argv)
    assert (run.code, run.out) == (2, "")
    assert words in run.err


def test_a_variable_is_named_as_it_was_set(sferic: Sferic, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value in the environment is named by its variable, and a check behind it by its setting."""
    monkeypatch.setenv("SFERIC_MIN_SCORE", "high")
    assert "sferic: SFERIC_MIN_SCORE: 'high' is not possible\n  expected: a whole number" in sferic("hunt", "no.log").err
    monkeypatch.delenv("SFERIC_MIN_SCORE")
    monkeypatch.setenv("SFERIC_ANALYTICS", "x")
    assert "sferic: analytics: there is no 'x'" in sferic("hunt", "no.log").err


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    """A settings file that is not there is not taken for an empty one."""
    with pytest.raises(SettingsError, match="No such file"):
        resolve({}, tmp_path / "none.toml", {})


def test_config_prints_a_file_that_means_the_same(sferic: Sferic, file: Path, tmp_path: Path) -> None:
    """What `sferic config` prints is a settings file; read back, it gives the settings in force."""
    for given in ((), ("--config", str(file))):
        run = sferic("config", *given)
        assert run.code == 0
        copy = tmp_path / "copy.toml"
        copy.write_text(run.out, encoding="utf-8")
        assert resolve({}, copy, {}) == resolve({}, file if given else None, {})


def test_config_explains_every_setting(sferic: Sferic) -> None:
    """Each setting stands under its sentence and its default."""
    lines = sferic("config").out.splitlines()
    for field in msgspec.structs.fields(Settings):
        if not isinstance(getattr(Settings(), field.name), msgspec.Struct | dict):
            place = next(i for i, line in enumerate(lines) if line.removeprefix("# ").startswith(f"{field.name} ="))
            assert lines[place - 1].startswith("# ")
            assert "Default " in lines[place - 1]
