"""Time `sferic normalize --to` against DuckDB's own reading of the same file: `python benchmarks/normalize.py FILE…`.

Why: both write Parquet with zstd, so the ratio says what it costs to bring every line into one schema, with its
place, by the same rules as line by line. DuckDB's side is what a user would type: `read_json` or `read_csv` with
types found out by itself, or, where a form is neither (CEF), the lines as they are; it keeps the log's own columns.
Every command is a process of its own; they take turns; the table gives medians. DuckDB must be installed beside
Sferic for its row (`pip install duckdb`). Numbers are printed, never tested.
"""

import argparse
import shutil
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
con.execute(f"copy (from {source}) to '{target}' (format parquet, compression zstd)").fetchall()
"""


def source_of(file: Path) -> str:
    """DuckDB's words for reading the file, by its first lines."""
    with file.open(encoding="utf-8") as text:
        head = [line.rstrip("\n") for line, _ in zip(text, range(20), strict=False)]
    if head[0].startswith("{"):
        return f"read_json('{file}', format = 'newline_delimited')"
    if fields := next((line for line in head if line.startswith("#fields\t")), None):
        names = fields.split("\t")[1:]
        how = "delim = '\\t', quote = '', escape = '', comment = '#', header = false, nullstr = '-'"
        return f"read_csv('{file}', {how}, names = {names})"
    return (
        f"read_csv('{file}', columns = {{'line': 'VARCHAR'}}, delim = '\\x01', quote = '', escape = '', header = false)"
    )


def contenders(file: Path, folder: Path) -> list[Contender]:
    """DuckDB and Sferic, each writing into the folder."""
    where = source_of(file).replace("'\\t'", "'\t'").replace("'\\x01'", "'\x01'")
    return [
        Contender("DuckDB", [sys.executable, "-c", _DUCKDB, where, str(folder / "duckdb.parquet")]),
        Contender("sferic", [sys.executable, "-c", _SFERIC, "normalize", str(file), "--to", str(folder / "sferic")]),
    ]


def main() -> None:
    """Time both for each file, several rounds, and print a table for each."""
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
        best = [min(cost.wall_s for cost in runs) for runs in costs.values()]
        print(f"\nspeed of DuckDB's that Sferic reaches: {best[0] / best[1]:.0%} by the best wall times\n")


if __name__ == "__main__":
    main()
