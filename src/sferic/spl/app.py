"""Reads what a Splunk app brings for its searches: macros.conf, transforms.conf and lookup tables.

Of a .conf file the sections with `name = value` lines are understood, values that go on behind a backslash too.
"""

import csv
import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from sferic.model.errors import UsageError
from sferic.spl.bench import Lookup
from sferic.spl.macros import Macro
from sferic.spl.running import Knowledge

MAX_ROWS = 200_000
_SECTION = re.compile(r"\[(.*)\]")
_MATCH = re.compile(r"(WILDCARD|CIDR)\(\s*([^()]+?)\s*\)", re.IGNORECASE)

Conf = dict[str, dict[str, str]]


def knowledge(apps: Iterable[Path], lookups: Iterable[tuple[str, Path]] = ()) -> Knowledge:
    """Read apps and single lookup tables; what comes later counts."""
    macros: dict[str, Macro] = {}
    tables: dict[str, Lookup] = {}
    for app in apps:
        if not app.is_dir():
            raise UsageError("is not the folder of an app", where=str(app))
        macros |= {name: _macro(values) for name, values in _conf(app, "macros").items()}
        files = {path.name: Lookup(rows(path)) for path in sorted((app / "lookups").glob("*.csv"))}
        tables |= files
        for name, values in _conf(app, "transforms").items():
            if values.get("filename") in files:
                tables[name] = _lookup(values, files[values["filename"]])
    tables |= {name: Lookup(rows(path)) for name, path in lookups}
    return Knowledge(macros, tables)


def rows(path: Path) -> list[dict[str, str]]:
    """Read a CSV table; empty cells are no value."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            found = [
                {name: cell for name, cell in row.items() if isinstance(name, str) and cell}
                for _, row in zip(range(MAX_ROWS + 1), csv.DictReader(file), strict=False)
            ]
    except (OSError, csv.Error) as error:
        raise UsageError(f"the lookup cannot be read: {error}", where=str(path), expected="a CSV file") from error
    if len(found) > MAX_ROWS:
        raise UsageError(f"the lookup has more than {MAX_ROWS:,} rows", where=str(path))
    return found


def _conf(app: Path, name: str) -> Conf:
    found: Conf = {}
    for place in ("default", "local"):
        path = app / place / f"{name}.conf"
        if path.is_file():
            for section, values in _sections(path.read_text(encoding="utf-8", errors="replace")).items():
                found.setdefault(section, {}).update(values)
    return found


def _sections(text: str) -> Conf:
    found: Conf = {}
    here: dict[str, str] = {}
    for line in re.sub(r"\\\r?\n", "\n\x00", text).split("\n"):
        section = _SECTION.fullmatch(line.strip())
        if section:
            here = found.setdefault(section[1], {})
        elif line.startswith("\x00") and here:
            here[next(reversed(here))] += "\n" + line[1:]
        elif "=" in line and not line.lstrip().startswith("#"):
            name, _, value = line.partition("=")
            here[name.strip()] = value.strip()
    return found


def _macro(values: dict[str, str]) -> Macro:
    args = tuple(name.strip() for name in values.get("args", "").split(",") if name.strip())
    return Macro(values.get("definition", "").strip(), args)


def _lookup(values: dict[str, str], table: Lookup) -> Lookup:
    most = values.get("max_matches", "1")
    return msgspec.structs.replace(
        table,
        match={field: how.upper() for how, field in _MATCH.findall(values.get("match_type", ""))},
        case_sensitive=values.get("case_sensitive_match", "true").lower() in {"true", "1", "t"},
        max_matches=min(int(most), 1000) if most.isdecimal() and int(most) else 1,
        default=values.get("default_match") or None,
    )
