"""A log that looks like one, and of which no line can be read, is a problem with one message, however it is read."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sferic.engine.wholesale import LEAST_BYTES
from sferic.model.report import Account
from sferic.model.settings import Settings
from sferic.pipeline import hunt
from sferic.pipeline.archiving import archive
from sferic.pipeline.normalizing import normalize

CUT = "{}.123 57 10.1.0.5 TCP_TUNNEL/200 3721 CONNECT www.example.com:443"
SAID = "no line of it could be read as squid_access: 7 fields, expected 10; expected: the whole log"


def lines(count: int) -> list[str]:
    """Give lines of a proxy that lost their ends; none of them matters to a hunt."""
    return [CUT.format(1_772_445_600 + n) for n in range(count)]


def normalized(path: Path) -> Account:
    """Normalise line by line."""
    found = normalize([str(path)])
    assert list(found) == []
    return found.account


def archived(path: Path) -> Account:
    """Normalise into Parquet, which reads a large log by columns."""
    return archive([str(path)], path.parent / "parquet")


def hunted(path: Path) -> Account:
    """Hunt."""
    return hunt([str(path)]).account


@pytest.mark.parametrize("kind", ["small", "large", "splunk"])
@pytest.mark.parametrize("read", [hunted, normalized, archived])
def test_it_is_refused_with_the_same_words(tmp_path: Path, kind: str, read: Callable[[Path], Account]) -> None:
    """A plain log, one large enough for columns, and an export from Splunk end with code 8 and the reason."""
    path = tmp_path / ("x.csv" if kind == "splunk" else "x.log")
    rows = lines(LEAST_BYTES // 60 if kind == "large" else 100)
    if kind == "splunk":
        rows = ['"_raw","_time"', *(f'"{row}","1772445600"' for row in rows)]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert (path.stat().st_size >= LEAST_BYTES) == (kind == "large")
    (file,) = read(path).files
    assert file.exit_code == 8
    assert SAID in file.problem
    assert file.sources == {}


def test_one_line_that_can_be_read_is_enough(tmp_path: Path) -> None:
    """An export from Splunk with a good line among bad ones is a log, with rejects."""
    good = f"{CUT.format(1_772_445_600)} - HIER_DIRECT/192.0.2.1 -"
    rows = ['"_raw","_time"', *(f'"{row}","1772445600"' for row in (*lines(9), good))]
    (tmp_path / "x.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (file,) = hunted(tmp_path / "x.csv").files
    assert (file.problem, file.exit_code) == ("", 0)


def test_parquet_of_somebody_else(tmp_path: Path) -> None:
    """Rows of which a mapping makes no event are told by a hunt, too, although none of them names a platform."""
    (tmp_path / "m.toml").write_text('[fields]\ntime = "when"\ndst_host = "host"\n', encoding="utf-8")
    pq.write_table(pa.table({"when": ["never"] * 30, "host": ["www.example.com"] * 30}), tmp_path / "x.parquet")
    settings = Settings(source_options={"user_mapping": {"file": str(tmp_path / "m.toml")}})
    (file,) = hunt([str(tmp_path / "x.parquet")], settings).account.files
    assert file.exit_code == 8
    assert "no line of it could be read as user_mapping: " in file.problem
