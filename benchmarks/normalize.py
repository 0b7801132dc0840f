"""Time `sferic normalize --to` against DuckDB's own reading of the same file: `python benchmarks/normalize.py FILE…`.

Why: both write Parquet with zstd, so the ratio says what it costs to bring every line into one schema, with its
place, by the same rules as line by line. DuckDB's side is what a user would type: `read_json` or `read_csv` with
types found out by itself; it keeps the log's own columns. It reads no CEF, so there it has two rows: one cuts the keys
that Sferic writes out of each line with regular expressions and gives them types, which is the same work; the other
copies whole lines into one column, which is less than that and only says how fast lines can be had at all.
Every command is a process of its own; they take turns; the table gives medians. DuckDB must be installed beside
Sferic for its row (`pip install duckdb`). Numbers are printed, never tested.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from run import Contender, Cost, measure, table, text_bytes

_SFERIC = "import sys; from sferic.cli import main; sys.exit(main())"
_DUCKDB = """
import sys, duckdb
source, target = sys.argv[1:]
con = duckdb.connect()
con.execute("set enable_progress_bar = false")
con.execute(f"copy ({source}) to '{target}' (format parquet, compression zstd)").fetchall()
"""
_LINES = (
    "from read_csv('{file}', columns = {{'line': 'VARCHAR'}}, delim = '\x01', quote = '', escape = '', header = false)"
)
_CEF_HEADER = r"CEF:\d+\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|"
_CEF_PARTS = ["vendor", "product", "version", "event_id", "name", "severity"]
_CEF_TEXTS = ["src", "dst", "dhost", "shost", "suser", "duser", "dvchost", "FTNTFGTdevname", "act", "proto", "app",
              "deviceExternalId", "externalId"]  # fmt: skip
_CEF_COUNTS = ["spt", "dpt", "in", "out", "FTNTFGTduration", "FTNTFGTeventtime"]


def queries(file: Path) -> dict[str, str]:
    """DuckDB's words for reading the file, by its first lines, each under the name of its row."""
    with file.open(encoding="utf-8") as text:
        head = [line.rstrip("\n") for line, _ in zip(text, range(20), strict=False)]
    if head[0].startswith("{"):
        return {"DuckDB": f"from read_json('{file}', format = 'newline_delimited')"}
    if fields := next((line for line in head if line.startswith("#fields\t")), None):
        names = fields.split("\t")[1:]
        how = "delim = '\t', quote = '', escape = '', comment = '#', header = false, nullstr = '-'"
        return {"DuckDB": f"from read_csv('{file}', {how}, names = {names})"}
    lines = _LINES.format(file=file)
    return {"DuckDB, keys": _cef_keys(lines), "DuckDB, lines": lines} if "CEF:" in head[0] else {"DuckDB": lines}


def _cef_keys(lines: str) -> str:
    """Cut out the header's parts and the keys that Sferic reads of a FortiGate's flow; a value ends at a space."""
    columns = [f"unnest(regexp_extract(line, '{_CEF_HEADER}', {_CEF_PARTS}))"]
    columns += [f"nullif({_value(key)}, '') as \"{key}\"" for key in _CEF_TEXTS]
    columns += [f'try_cast({_value(key)} as bigint) as "{key}"' for key in _CEF_COUNTS]
    return f"select {', '.join(columns)} {lines}"


def _value(key: str) -> str:
    return f"regexp_extract(line, '[ |]{key}=([^ ]*)', 1)"


def contenders(file: Path, folder: Path) -> list[Contender]:
    """DuckDB and Sferic, each writing into the folder."""
    return [
        *(
            Contender(name, [sys.executable, "-c", _DUCKDB, query, str(folder / f"{name}.parquet")])
            for name, query in queries(file).items()
        ),
        Contender("sferic", [sys.executable, "-c", _SFERIC, "normalize", str(file), "--to", str(folder / "sferic")]),
    ]


def speeds(costs: dict[str, list[Cost]]) -> list[str]:
    """Sferic's speed as a share of each of the others', by the medians."""
    *others, (_, ours) = costs.items()
    return [
        f"Sferic reaches {_median(runs, 'wall_s') / _median(ours, 'wall_s'):.0%} by wall and"
        f" {_median(runs, 'cpu_s') / _median(ours, 'cpu_s'):.0%} by CPU of the speed of: {name}"
        for name, runs in others
    ]


def _median(runs: list[Cost], what: str) -> float:
    median: float = statistics.median(getattr(run, what) for run in runs)
    return median


def main() -> None:
    """Time all for each file, several rounds, and print a table for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    for file in given.files:
        costs: dict[str, list[Cost]] = {}
        for _round in range(given.rounds):
            with tempfile.TemporaryDirectory() as folder:
                for contender in contenders(file, Path(folder)):
                    costs.setdefault(contender.name, []).append(measure(contender))
                shutil.rmtree(Path(folder) / "sferic")
        size_bytes = text_bytes(file)
        print(f"{file.name}: {size_bytes / 1e6:,.0f} MB, medians of {given.rounds}\n")
        print(table(costs, size_bytes))
        print("", *speeds(costs), "", sep="\n")


if __name__ == "__main__":
    main()
