"""Events of one schema, a line each."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sferic.model.event import Event
from sferic.model.report import FileAccount

Sferic = Callable[..., Any]


def test_json_lines(sferic: Sferic, pipeline: Any) -> None:
    """Each event is a line of JSON, in the order of the log; the ledger is on stderr."""
    run = sferic("normalize", "x.log")
    assert [json.loads(line)["time"][-10:] for line in run.out.splitlines()] == [
        "00.000000Z",
        "01.000000Z",
        "02.000000Z",
    ]
    assert json.loads(run.out.splitlines()[0])["user_agent"] == "é\x1b"
    assert run.err.startswith("read ")
    assert pipeline.paths == ["x.log"]


@pytest.mark.usefixtures("pipeline")
def test_csv(sferic: Sferic) -> None:
    """CSV has a column for every field of an event; unknown is an empty cell."""
    rows = list(csv.DictReader(io.StringIO(sferic("normalize", "x.log", "--format", "csv", "--quiet").out)))
    assert tuple(rows[0]) == Event.__struct_fields__
    assert (rows[0]["user_agent"], rows[0]["bytes_up"]) == ("é\\x1b", "")
    assert len(rows) == 3


def test_into_a_file(sferic: Sferic, pipeline: Any, tmp_path: Path) -> None:
    """`--output` takes the events; a bad file shows in the exit code although the good ones were read."""
    pipeline.report.account.files += (FileAccount(path="a", problem="cut", exit_code=6),)
    for form in ("ndjson", "csv"):
        target = tmp_path / f"events.{form}"
        run = sferic("normalize", "x.log", "--format", form, "--output", str(target), "--quiet")
        assert (run.code, run.out) == (6, "")
        assert "1 file with a problem" in run.err
        assert len(target.read_text(encoding="utf-8").splitlines()) == 3 + (form == "csv")


def test_into_a_folder(sferic: Sferic, tmp_path: Path) -> None:
    """`--to` writes Parquet and a manifest, prints nothing on standard output, and is refused beside other forms."""
    log = tmp_path / "access.log"
    log.write_text(
        "1772445601.250     57 10.1.0.5 TCP_TUNNEL/200 3721 CONNECT www.example.com:443 - HIER_DIRECT/192.0.2.10 -\n"
    )
    run = sferic("normalize", str(log), "--to", str(tmp_path / "events"))
    assert (run.code, run.out) == (0, "")
    [part] = (tmp_path / "events").rglob("*.parquet")
    assert part.parent.relative_to(tmp_path).as_posix() == "events/table=http_activity/day=2026-03-02"
    for other in (("--format", "csv"), ("--output", "x")):
        assert sferic("normalize", str(log), "--to", str(tmp_path / "more"), *other).code == 2
    assert not (tmp_path / "more").exists()


def test_an_empty_run_leaves_no_folder(sferic: Sferic, tmp_path: Path) -> None:
    """Where no event was read nothing is published, and the exit code says why."""
    assert sferic("normalize", str(tmp_path / "gone.log"), "--to", str(tmp_path / "events"), "-q").code == 4
    assert not (tmp_path / "events").exists()
