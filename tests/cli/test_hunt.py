"""The main command: what it asks of the pipeline, where its words go, and how it ends."""

import csv
import io
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sferic.cli._streams import look
from sferic.model.finding import ActivityRow
from sferic.model.report import FileAccount, Report
from sferic.pipeline.checking import ANALYTICS

Sferic = Callable[..., Any]

ROW = ActivityRow("a", "b", "192.0.2.1", "u", ("x.example",), 12, 3, 4.0, 1, 2, 1)


def test_data_on_stdout_words_on_stderr(sferic: Sferic, pipeline: Any) -> None:
    """Without a terminal the findings are NDJSON on stdout; the ledger and the next command are on stderr."""
    pipeline.report.activity_notes = ()
    run = sferic("hunt", "x.log")
    assert run.code == 0
    assert [json.loads(line)["id"] for line in run.out.splitlines()] == [f.id for f in pipeline.report.findings]
    assert run.err.startswith("read ")
    assert run.err.rstrip().endswith("sferic explain 3fa9c1d27b40")


def test_quiet_says_nothing(sferic: Sferic, pipeline: Any) -> None:
    """`--quiet` leaves stderr empty when everything could be read."""
    pipeline.report.account.files = pipeline.report.account.files[1:]
    assert sferic("hunt", "x.log", "--quiet").err == ""
    assert pipeline.paths == ["x.log"]


@pytest.mark.parametrize("command", ["hunt", "normalize"])
def test_quiet_still_warns_of_what_could_not_be_read(sferic: Sferic, pipeline: Any, command: str) -> None:
    """`--quiet` hides the ledger, not that lines were lost: one line says so, and the code stays 0."""
    assert pipeline.report.account.files[0].rejected == 12
    run = sferic(command, "x.log", "--quiet")
    assert run.code == 0
    assert run.err == (
        "sferic: 12 lines rejected, 28 lines of no known source; the ledger, without `--quiet`, says why\n"
    )


def test_flags_reach_the_pipeline(sferic: Sferic, pipeline: Any) -> None:
    """Every flag changes the setting it is for, and paths come through, standard input among them."""
    words = (
        "hunt - a.log --since 2026-03-02 --until 2026-03-03T12:00:00Z --timezone Europe/Berlin --tiers core,wide --tiers noisy "
        "--platforms own.toml --analytic beacon --min-score 55 --source squid_access,cisco_asa --set squid_access.timezone=+02:00 "
        "--set squid_access.a.b=c=d --strict --workers 4"
    )
    assert sferic(*words.split()).code == 0
    assert pipeline.paths == ["-", "a.log"]
    settings = pipeline.settings
    assert settings.since == 1_772_406_000_000_000  # midnight in Berlin, an hour before midnight UTC
    assert settings.until == 1_772_539_200_000_000
    assert settings.tiers == ("core", "wide", "noisy")
    assert settings.platform_files == ("own.toml",)
    assert settings.analytics == ("beacon",)
    assert settings.min_score == 55
    assert settings.only_sources == ("squid_access", "cisco_asa")
    assert settings.source_options == {"squid_access": {"timezone": "+02:00", "a.b": "c=d"}}
    assert (settings.strict, settings.workers) == (True, 4)


@pytest.mark.parametrize(
    ("argv", "word"),
    [
        (("hunt",), "nothing to read"),
        (("hunt", "x", "--set", "squid_access"), "SOURCE.OPTION=VALUE"),
        (("hunt", "x", "--min-score", "400"), "at most 100"),
        (("hunt", "x", "--since", "yesterday"), "ISO 8601"),
        (("hunt", "x", "--timezone", "Mars/Base", "--since", "2026-03-02"), "Mars/Base"),
        (("hunt", "x", "--format", "xml"), "xml"),
        (("hunt", "x", "--fail-on", "grave"), "grave"),
        (("hunt", "x", "--analytic", "activity", "--format", "ocsf"), "no ocsf form"),
        (("hunt", "x", "--analytic", "activity,beacon", "--format", "csv"), "together"),
    ],
)
def test_contradictions_are_refused_before_work(
    sferic: Sferic, pipeline: Any, argv: tuple[str, ...], word: str
) -> None:
    """A command line that cannot be right ends with 2 before a log is opened, and says what is wrong."""
    run = sferic(*argv)
    assert (run.code, run.out) == (2, "")
    assert word in run.err
    assert pipeline.paths == ()


@pytest.mark.parametrize(("severity", "code"), [("critical", 3), ("informational", 3)])
def test_fail_on_met(sferic: Sferic, pipeline: Any, severity: str, code: int) -> None:
    """A finding at least as severe as asked for ends with 3, results printed all the same."""
    run = sferic("hunt", "x", "--fail-on", severity)
    assert run.code == code
    assert len(run.out.splitlines()) == len(pipeline.report.findings)


def test_fail_on_not_met(sferic: Sferic, pipeline: Any) -> None:
    """Findings below the asked severity do not fail the run."""
    pipeline.report.findings = pipeline.report.findings[1:]
    assert sferic("hunt", "x", "--fail-on", "critical").code == 0


def test_a_damaged_file_shows_in_the_code(sferic: Sferic, pipeline: Any) -> None:
    """Results are printed although a file was bad; the code is the first bad file's, unless `--fail-on` speaks."""
    bad = (
        FileAccount(path="a", problem="cut", exit_code=6),
        FileAccount(path="b", problem="binary", exit_code=7),
    )
    pipeline.report.account.files += bad
    run = sferic("hunt", "x")
    assert run.code == 6
    assert run.out
    assert "a: cut" in run.err
    assert sferic("hunt", "x", "--fail-on", "high").code == 3


def test_the_published_search_alone(sferic: Sferic, pipeline: Any) -> None:
    """`--as-published` asks for that search only, and its rows are the output."""
    pipeline.report = msgspec.structs.replace(pipeline.report, findings=(), activity=(ROW,))
    pipeline.report.activity_notes = ("3 events were dropped.",)
    run = sferic("hunt", "x", "--as-published", "--format", "csv")
    assert pipeline.settings.analytics == ("activity_as_published",)
    assert next(csv.DictReader(io.StringIO(run.out)))["connection_count"] == "12"
    assert run.err.startswith("note: 3 events were dropped.\n")
    assert "1 row of steady activity" in run.err


def test_fields_are_assumed_only_when_asked(sferic: Sferic, pipeline: Any) -> None:
    """`--assume-fields` reaches the pipeline, and leaving it out leaves a settings file's choice alone."""
    assert sferic("hunt", "x", "--as-published").code == 0
    assert not pipeline.settings.assume_fields
    assert sferic("hunt", "x", "--as-published", "--assume-fields").code == 0
    assert pipeline.settings.assume_fields


def test_both_searches_in_one_stream(sferic: Sferic, pipeline: Any) -> None:
    """NDJSON can hold findings and rows together; `schema` tells them apart."""
    pipeline.report.activity = (ROW,)
    run = sferic("hunt", "x", "--analytic", "beacon,activity")
    schemas = [json.loads(line)["schema"] for line in run.out.splitlines()]
    assert schemas == ["sferic.finding/1"] * 5 + ["sferic.activity/1"]


def test_output_goes_to_a_file_whole(sferic: Sferic, pipeline: Any, tmp_path: Path) -> None:
    """`--output` writes the file and nothing to stdout; when the hunt fails, an older file stays as it was."""
    target = tmp_path / "found.csv"
    run = sferic("hunt", "x", "--format", "csv", "--output", str(target))
    assert run.out == ""
    assert len(target.read_text(encoding="utf-8").splitlines()) == 6
    before = target.read_bytes()
    pipeline.report.findings = (None,)  # no renderer can write that
    assert sferic("hunt", "x", "--no-save", "--format", "csv", "--output", str(target)).code == 1
    assert target.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if "found" in path.name] == ["found.csv"]


@pytest.mark.parametrize("flag", ["--output", "--save"])
def test_output_to_nowhere_is_refused(sferic: Sferic, pipeline: Any, tmp_path: Path, flag: str) -> None:
    """A folder in place of a file, or one that does not exist, is named before anything is read."""
    for path, problem in ((tmp_path / "no" / "f.csv", f"there is no folder {tmp_path / 'no'}"), (tmp_path, "is a folder")):
        run = sferic("hunt", "x", flag, str(path))
        assert run.code == 2
        assert f"sferic: {path}: {problem}\n" in run.err
    assert not pipeline.paths


def test_a_dash_is_standard_output(sferic: Sferic, pipeline: Any) -> None:
    """`-o -` is standard output, as everywhere."""
    assert len(sferic("hunt", "x", "-o", "-").out.splitlines()) == len(pipeline.report.findings)


def test_the_report_is_kept_for_its_owner(sferic: Sferic, pipeline: Any, tmp_path: Path) -> None:
    """The report is kept whole, readable by its owner only; `--no-save` keeps none."""
    kept = tmp_path / "state" / "sferic" / "last-hunt.json"
    assert sferic("hunt", "x", "--no-save").code == 0
    assert not kept.exists()
    assert sferic("hunt", "x").code == 0
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert msgspec.json.decode(kept.read_bytes(), type=Report) == pipeline.report


def test_a_mistyped_hunt_leaves_the_last_report(sferic: Sferic, tmp_path: Path) -> None:
    """A hunt that read no log, for want of the path or of its kind, keeps nothing and says what `explain` shows."""
    (tmp_path / "good.log").write_text(
        "1772445600.123 90 10.0.0.5 TCP_TUNNEL/200 900 CONNECT a.lab.workers.dev:443 - HIER_DIRECT/192.0.2.1 -\n",
        encoding="utf-8",
    )
    (tmp_path / "list.txt").write_text("milk\nbread\n", encoding="utf-8")
    kept = tmp_path / "state" / "sferic" / "last-hunt.json"
    assert "still shows" not in sferic("hunt", str(tmp_path / "nope.log")).err
    assert not kept.exists()
    assert sferic("hunt", str(tmp_path / "good.log")).code == 0
    before = kept.read_bytes()
    for name, code in (("nope.log", 4), ("list.txt", 8)):
        run = sferic("hunt", str(tmp_path / name))
        assert run.code == code
        assert "`sferic explain` still shows the hunt before" in run.err
        assert kept.read_bytes() == before


def test_quiet_names_the_files_with_a_problem(sferic: Sferic, tmp_path: Path) -> None:
    """`--quiet` says what is wrong with up to three files and counts the others."""
    err = sferic("hunt", *(str(tmp_path / f"no{n}.log") for n in range(5)), "--quiet").err
    named = ", ".join(f"{tmp_path / f'no{n}.log'}: there is no such file or folder" for n in range(3))
    assert f"5 files with a problem ({named} and 2 more)" in err


def test_every_analytic_is_in_the_help(sferic: Sferic) -> None:
    """The help and the error of a wrong analytic name the same ones."""
    shown = sferic("hunt", "--help").out
    assert [name for name in ANALYTICS if name not in shown] == []


def test_a_full_disk_does_not_lose_the_result(sferic: Sferic, pipeline: Any, tmp_path: Path) -> None:
    """If the state folder cannot be written, the findings are printed and a note says so; `--save` is an error."""
    (tmp_path / "state").write_text("in the way", encoding="utf-8")
    run = sferic("hunt", "x")
    assert run.code == 0
    assert len(run.out.splitlines()) == len(pipeline.report.findings)
    assert "was not kept" in run.err
    assert sferic("hunt", "x", "--no-save", "--save", str(tmp_path / "no" / "r.json")).code == 2


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def test_when_there_are_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Colours need a terminal, and nobody who asked for none."""
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "xterm")
    assert look(Terminal()).color
    assert not look(Terminal(), no_color=True).color
    assert not look(io.StringIO()).color
    monkeypatch.setenv("NO_COLOR", "1")
    assert not look(Terminal()).color
    monkeypatch.setenv("NO_COLOR", "")
    monkeypatch.setenv("TERM", "dumb")
    assert not look(Terminal()).color


def test_a_table_for_people(sferic: Sferic, pipeline: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--format table` into a pipe has no colours and the width that COLUMNS asks for."""
    monkeypatch.setenv("COLUMNS", "80")
    run = sferic("hunt", "x", "--format", "table")
    assert "\x1b" not in run.out + run.err
    assert run.out.startswith("SCORE              CHANNEL AND WHY")
    assert pipeline.report.findings[0].id in run.out


def test_a_file_tells_the_form(sferic: Sferic, tmp_path: Path) -> None:
    """Without `--format` the output's name decides; a page is refused before anything is read."""
    log = str(tmp_path / "a.log")
    Path(log).write_text("1772445600.250     57 10.1.0.5 TCP_TUNNEL/200 3721 CONNECT a.example:443 - HIER_DIRECT/192.0.2.1 -\n")
    assert sferic("hunt", log, "-o", str(tmp_path / "out.html")).code == 2
    for name, begin in (("out.csv", "id,"), ("out.md", "#")):
        sferic("hunt", log, "-o", str(tmp_path / name))
        assert (tmp_path / name).read_text().startswith(begin)
