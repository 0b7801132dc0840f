"""A folder of Parquet parts: whole or not there, divided by table and day, and never mixed with anything else."""

from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest

from sferic.engine import parquet_writing
from sferic.engine.inputs import MANIFEST
from sferic.engine.parquet_writing import DAY_US, Archive, Manifest
from sferic.engine.tables import SCHEMA, SCHEMA_KEY, TABLE_KEY, flat
from sferic.model.errors import UsageError
from sferic.model.event import DNS, HTTP, Event
from sferic.model.report import FileAccount


def some(*, days: int = 2, tables: tuple[str, ...] = (HTTP, DNS)) -> list[Event]:
    """Give an event for each table and day."""
    return [
        Event(table=t, time=d * DAY_US + 5, source="squid_access", file="a.log", line=d + 1)
        for d in range(days)
        for t in tables
    ]


def parts(folder: Path) -> list[str]:
    """Name the folders that hold a part, with as many repetitions."""
    return sorted(path.parent.relative_to(folder).as_posix() for path in folder.rglob("*.parquet"))


def write(folder: Path, *batches: list[Event], path: str = "a.log") -> None:
    """Write events and publish them."""
    archive = Archive(folder)
    for batch in batches:
        archive.add(flat(batch))
    archive.finish([FileAccount(path=path, lines=9, events=sum(map(len, batches)))])
    archive.close()


def test_a_part_for_each_table_and_day(tmp_path: Path) -> None:
    """Parts lie as Hive's layout says, with the schema and the table in their metadata, zstd inside."""
    folder = tmp_path / "new" / "events"
    write(folder, some())
    assert parts(folder) == [f"table={t}/day=1970-01-0{d}" for t in (DNS, HTTP) for d in (1, 2)]
    [first, *_] = sorted(folder.rglob("*.parquet"))
    said = pq.read_metadata(first)
    assert said.metadata[SCHEMA_KEY.encode()] == SCHEMA.encode()
    assert said.metadata[TABLE_KEY.encode()] == DNS.encode()
    assert said.row_group(0).column(0).compression == "ZSTD"
    columns = [said.row_group(0).column(number) for number in range(said.num_columns)]
    assert {c.path_in_schema for c in columns if c.is_stats_set} == {"time", "line"}
    assert msgspec.json.decode((folder / MANIFEST).read_bytes())["inputs"] == [
        {"path": "a.log", "lines": 9, "events": 4}
    ]


def test_nothing_is_seen_before_the_end(tmp_path: Path) -> None:
    """Until it is published a part is hidden; what is given up leaves neither part nor folder."""
    archive = Archive(tmp_path / "x")
    archive.add(flat(some()))
    archive._write((HTTP, 0))
    assert [p.parts[-2][:8] for p in (tmp_path / "x").rglob("*.parquet")] == [".sferic-"]
    archive.close()
    assert not (tmp_path / "x").exists()


def test_a_second_run_adds(tmp_path: Path) -> None:
    """Other inputs go into the same folder; the same input twice, or one that lies in the folder, is refused."""
    write(tmp_path, some())
    write(tmp_path, some(days=1), path="b.log")
    assert len(parts(tmp_path)) == 6
    archive = Archive(tmp_path)
    archive.expect(["c.log", "-"])
    for bad in ("b.log", str(tmp_path / "table=x" / "a.parquet")):
        with pytest.raises(UsageError):
            archive.expect([bad])
    archive.close()
    assert len(parts(tmp_path)) == 6


@pytest.mark.parametrize("content", [{"notes.txt": "x"}, {MANIFEST: "{"}, {MANIFEST: '{"schema":"other/1"}'}])
def test_a_folder_with_something_else_is_refused(tmp_path: Path, content: dict[str, str]) -> None:
    """Where anything else lies nothing is written, and the refusal names the folder."""
    for name, text in content.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=tmp_path.name):
        Archive(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(content)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    """A path that is a file, or lies below one, is refused."""
    (tmp_path / "x").write_text("x")
    for path in (tmp_path / "x", tmp_path / "x" / "y"):
        with pytest.raises(UsageError):
            Archive(path)


def test_what_a_killed_run_left_is_no_hindrance(tmp_path: Path) -> None:
    """A hidden draft of a run that was killed does not count as something else."""
    (tmp_path / ".sferic-0000").mkdir()
    write(tmp_path, some(days=1))
    assert len(parts(tmp_path)) == 2


def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many days there are, few rows wait and few parts are open; no row is lost."""
    monkeypatch.setattr(parquet_writing, "MOST_ROWS", 10)
    monkeypatch.setattr(parquet_writing, "MOST_OPEN", 3)
    archive = Archive(tmp_path / "x")
    most: dict[str, Any] = {"rows": 0, "open": 0}
    for _ in range(3):
        for event in some(days=12):
            archive.add(flat([event]))
            most["rows"] = max(most["rows"], sum(archive._rows.values()))
            most["open"] = max(most["open"], len(archive._open))
    archive.finish([])
    archive.close()
    assert most == {"rows": 10, "open": 3}
    assert pq.ParquetDataset(tmp_path / "x").read().num_rows == 3 * 24
    assert Manifest(SCHEMA) == msgspec.json.decode((tmp_path / "x" / MANIFEST).read_bytes(), type=Manifest)
