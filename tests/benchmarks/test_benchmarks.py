"""The benchmark tools themselves: the big files are what they claim, the table computes what it says."""

import csv
import gzip
import importlib.util
import re
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import duckdb
import pytest

from sferic.pipeline import normalize

FOLDER = Path(__file__).parents[2] / "benchmarks"


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"benchmarks_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


GENERATE, RUN = _load("generate"), _load("run")


def _beside(name: str) -> ModuleType:
    """A benchmark that imports its neighbours by their own names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "generate", GENERATE)
        patch.setitem(sys.modules, "run", RUN)
        return _load(name)


GROWTH, NORMALIZE = _beside("growth"), _beside("normalize")
with pytest.MonkeyPatch.context() as known:
    known.setitem(sys.modules, "growth", GROWTH)
    SPARK = _beside("spark")


@pytest.mark.parametrize("form", sorted(GENERATE.FORMATS))
def test_big_files_have_their_size_and_share_of_functions(form: str) -> None:
    """A file is about as large as asked for, reproducible, and one line in a hundred calls a function."""
    text = b"".join(GENERATE.chunks(form, 2_000_000, seed=3))
    assert text == b"".join(GENERATE.chunks(form, 2_000_000, seed=3))
    assert len(text) == pytest.approx(2_000_000, rel=0.05)
    lines = text.decode().splitlines()
    called = sum(re.search(r"\bfn\d{3}xxxxx\.|\b203\.0\.113\.(?!250)", line) is not None for line in lines)
    assert called / len(lines) == pytest.approx(0.01, rel=0.35)


def test_big_files_hold_decoys() -> None:
    """Some hosts hold a platform's name without belonging to it."""
    text = b"".join(GENERATE.chunks("squid_access", 2_000_000, seed=3)).decode()
    assert re.search(r"workers\.dev\.host\d+\.example\.com:443", text)


def test_the_url_log_has_its_columns() -> None:
    """The generated PAN-OS line has the name at the place of the URL and as many fields as the lab's."""
    [line, *_] = b"".join(GENERATE.chunks("panos_threat", 10_000, seed=1)).decode().splitlines()
    row = next(csv.reader([line]))
    assert row[3:5] == ["THREAT", "url"]
    assert row[31].endswith("/")
    assert len(row) == 80


@pytest.mark.parametrize(("text", "size"), [("2GB", 2 * 10**9), ("1.5 mb", 1_500_000), ("17", 17)])
def test_sizes_are_read(text: str, size: int) -> None:
    """Sizes may carry decimal units."""
    assert GENERATE.parse_size(text) == size


def test_literals_are_cut_before_the_first_star() -> None:
    """Patterns for ripgrep are plain text: no star, no leading dot, and the well-known ones are there."""
    literals = RUN.literals()
    assert {"workers.dev", "lambda-url.", "execute-api."} <= set(literals)
    assert not [text for text in literals if "*" in text or not text]


def test_a_process_is_measured_and_a_failed_one_refused() -> None:
    """Wall time, CPU time and memory are above zero; a command that fails stops the run."""
    command = [sys.executable, "-c", "sum(range(10**6))"]
    cost = RUN.measure(RUN.Contender("sum", command))
    assert min(cost.wall_s, cost.cpu_s, cost.peak_rss_bytes) > 0
    with pytest.raises(SystemExit, match="ended with 2"):
        RUN.measure(RUN.Contender("bad", [sys.executable, "-c", "raise SystemExit(2)"]))


def test_the_table_shows_medians_and_ratios() -> None:
    """Ratios are medians over the first row's medians."""
    costs = {
        "base": [RUN.Cost(1.0, 1.0, 10**6), RUN.Cost(9.0, 9.0, 10**6), RUN.Cost(2.0, 2.0, 10**6)],
        "ours": [RUN.Cost(1.0, 3.0, 5 * 10**6)],
    }
    rows = RUN.table(costs, 10**9).splitlines()
    assert rows[2] == "| base | 2.00 | 2.00 | 1 | 500 | 1.00 | 1.00 |"
    assert rows[3] == "| ours | 1.00 | 3.00 | 5 | 1,000 | 0.50 | 1.50 |"


def test_a_later_day_is_the_same_lines_a_day_later(tmp_path: Path) -> None:
    """Days differ by the time at the start of each line and by nothing else, and are not written twice."""
    paths = GROWTH.days(tmp_path, 100_000, 3)
    texts = [gzip.decompress(path.read_bytes()).decode().splitlines() for path in paths]
    assert len(texts[0]) > 500
    for day, lines in enumerate(texts):
        moved = [f"{float(line[:14]) + day * 86_400:.3f}{line[14:]}" for line in texts[0]]
        assert lines == moved
    stamps = [path.stat().st_mtime_ns for path in paths]
    assert GROWTH.days(tmp_path, 100_000, 3) == paths
    assert [path.stat().st_mtime_ns for path in paths] == stamps


def test_the_models_of_a_cluster_find_their_parts() -> None:
    """Runs that cost what a model says give its seconds back; what would be below 0 is left out."""
    sizes = [(0.5, 40_000), (1, 80_000), (2, 160_000), (1, 800_000)]
    runs = [SPARK.Run(size, events, cores, 0.0, 0.0, 0.0) for size, events in sizes for cores in (1, 2)]
    paid = [run.wall() for run in runs]
    for wanted in ([9.0, 4.0, 3.0, 2.0], [9.0, 4.0, 0.0, 2.0]):
        seconds = [sum(n * s for n, s in zip(times, wanted, strict=True)) for times in paid]
        assert SPARK.fitted(paid, seconds) == pytest.approx(wanted, abs=1e-6)
    assert min(SPARK.fitted(paid, [20 - run.events / 1e6 for run in runs])) == 0
    rows = SPARK.table([replace(run, wall_s=9.0, workers_cpu_s=4.0 * run.cores) for run in runs]).splitlines()
    assert rows[2] == "| 0.50 | 40,000 | 1 | 9.0 | 9.0 | 4.0 | 4.0 | 0.0 |"
    assert rows[-2].startswith("wall: 9.00 s a hunt, 0.00 s a GB a core")
    assert rows[-1].startswith("workers' CPU: 4.00 s a core, 0.00 s a GB")


def test_hours_of_a_log_are_an_hour_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files hold the same lines, each an hour later, and are written once."""
    monkeypatch.setattr(SPARK, "_FILE_BYTES", 20_000)
    first, second = SPARK.files(tmp_path, 2, 0.5)
    stamps = [[float(line.split()[0]) for line in path.read_text().splitlines()] for path in (first, second)]
    assert [later - earlier for earlier, later in zip(*stamps, strict=True)] == pytest.approx([3600] * len(stamps[0]))
    first.write_text("kept")
    assert SPARK.files(tmp_path, 2, 0.5)[0].read_text() == "kept"


def test_the_rival_cuts_the_same_values_out_of_cef(tmp_path: Path) -> None:
    """The query that Sferic is compared with gives what Sferic gives, so it is the same work."""
    file = tmp_path / "x.cef"
    file.write_bytes(b"".join(GENERATE.chunks("generic_cef", 50_000, seed=3)))
    queries = NORMALIZE.queries(file)
    assert list(queries) == ["DuckDB, keys", "DuckDB, lines"]
    wanted = 'src, spt, dst, dhost, dpt, out, "in", vendor'
    found = duckdb.connect().sql(queries["DuckDB, keys"]).project(wanted).fetchall()
    events = [
        (e.src_ip, e.src_port, e.dst_ip, e.dst_host, e.dst_port, e.bytes_up, e.bytes_down, "Fortinet")
        for e in normalize([str(file)])
    ]
    assert len(events) > 50
    assert found == events


@pytest.mark.parametrize(
    ("head", "row"), [('{"a":1}\n', "read_json"), ("#path\tx\n#fields\ta\tb\n1\t2\n", "names = ['a', 'b']"), ("x\n", "line")]
)
def test_the_rival_reads_what_it_knows(head: str, row: str, tmp_path: Path) -> None:
    """JSON and tables are read by DuckDB's own readers, anything else as lines."""
    (tmp_path / "x.log").write_text(head)
    [(name, query)] = NORMALIZE.queries(tmp_path / "x.log").items()
    assert name == "DuckDB"
    assert row in query
