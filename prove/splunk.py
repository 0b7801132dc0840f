"""Runs the exported SPL over raw logs, under Sferic's own interpreter of SPL, which is not Splunk."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from prove.estate import Pair
from sferic.content._contract import Text
from sferic.model.settings import Settings
from sferic.spl.app import knowledge
from sferic.spl.reading import read_events
from sferic.spl.running import Knowledge, read, run, run_parsed

Rows = Sequence[Mapping[str, object]]


def app(texts: Iterable[Text], folder: Path) -> Knowledge:
    """Write the app into a folder, and read its macros and lookups as Splunk would."""
    for text in texts:
        if isinstance(text.body, str):
            path = folder / text.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.body, encoding="utf-8")
    (place,) = [path for path in folder.iterdir() if (path / "default").is_dir()]
    return knowledge([place])


def over_logs(spl: str, paths: Sequence[str], known: Knowledge) -> Rows:
    """Run a search over log files."""
    parsed = read(spl, known)
    return run_parsed(parsed, read_events(list(paths), parsed, Settings(), None).rows, known).rows


def over_rows(spl: str, rows: Iterable[Mapping[str, object]], known: Knowledge) -> Rows:
    """Run a search over events that are already fields."""
    return run(spl, [dict(row) for row in rows], knowledge=known).rows


def pairs(rows: Rows) -> set[Pair]:
    """Return whom the alerts are about; a beacon may call several hosts of one account."""
    found: set[Pair] = set()
    for row in rows:
        hosts = row["dest_host"]
        found |= {(str(row["src"]), str(host)) for host in (hosts if isinstance(hosts, list) else [hosts])}
    return found
