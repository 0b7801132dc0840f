"""Reads a list of deployments that a repository or pipeline keeps: CSV, JSON lines, or what `git log` prints.

Of each deployment the time counts, and the function where one is named. A CSV begins with a header; the time stands
in the first column or key that is called `time`, `timestamp`, `date`, `created_at`, `deployed_at` or `when`, as ISO
8601 or epoch seconds, the function in `function`, `service`, `app` or `name`. Of `git log` the lines `Date:` count
(`CommitDate:` where there are both), and lines that are an ISO time alone (`--format=%cI`).
"""

import bisect
import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from sferic.model.errors import SettingsError

NEAR_US = 15 * 60_000_000
"""How far a change may lie from the deployment that it belongs to."""
_TIMES = ("time", "timestamp", "date", "created_at", "deployed_at", "when")
_FUNCTIONS = ("function", "service", "app", "name")
_GIT = re.compile(r"(Commit)?Date:\s+(.{10,60})$")


class Deployment(msgspec.Struct, frozen=True, order=True):
    """A deployment on record."""

    time: int
    function: str = ""


class Deployments:
    """All deployments on record, in order of time."""

    def __init__(self, found: Iterable[Deployment]) -> None:
        self._found = sorted(found)

    def __len__(self) -> int:
        return len(self._found)

    def lacks(self, time: int, function: str) -> bool:
        """Say whether the record covers a time and has no deployment near it, of this function or of none named."""
        if not self._found or not self._found[0].time - NEAR_US <= time <= self._found[-1].time + NEAR_US:
            return False
        low = bisect.bisect_left(self._found, Deployment(time - NEAR_US))
        high = bisect.bisect_right(self._found, Deployment(time + NEAR_US, "\U0010ffff"))
        return not any(one.function in ("", function) for one in self._found[low:high])


def load_deployments(files: Iterable[str]) -> Deployments:
    """Read and join these files; raises SettingsError for a line without a time."""
    return Deployments(one for file in files for one in _read(Path(file)))


def _read(path: Path) -> Iterator[Deployment]:
    try:
        lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        raise SettingsError(error.strerror or "cannot be read", where=str(path)) from error
    full = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not full:
        return
    first = full[0][1].strip()
    if first.startswith("{"):
        yield from (_of_record(_json(line, path, number), path, number) for number, line in full)
    elif first.startswith("commit ") or _iso(first) is not None:
        yield from _of_git(line for _, line in full)
    else:
        rows = csv.DictReader(lines)
        yield from (_of_record(row, path, rows.line_num) for row in rows)


def _json(line: str, path: Path, number: int) -> Mapping[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _refusal("is no JSON object", path, number)
    return found


def _of_record(record: Mapping[Any, Any], path: Path, number: int) -> Deployment:
    known = {str(key).strip().lower(): value for key, value in record.items()}
    time = next((found for name in _TIMES if (found := _iso(str(known.get(name) or ""))) is not None), None)
    if time is None:
        raise _refusal("names no time", path, number)
    return Deployment(time, next((str(known[name]) for name in _FUNCTIONS if known.get(name)), ""))


def _of_git(lines: Iterable[str]) -> Iterator[Deployment]:
    """Yield a deployment for each commit; where it has two dates, the later line is the commit's own."""
    time: int | None = None
    for line in lines:
        if line.startswith("commit ") and time is not None:
            yield Deployment(time)
            time = None
        if found := _GIT.match(line):
            time = _git_time(found[2].strip())
        elif (alone := _iso(line.strip())) is not None:
            yield Deployment(alone)
    if time is not None:
        yield Deployment(time)


def _git_time(text: str) -> int | None:
    try:
        return round(datetime.strptime(text, "%a %b %d %H:%M:%S %Y %z").timestamp() * 1_000_000)
    except ValueError:
        return _iso(text)


def _iso(text: str) -> int | None:
    text = text.strip()
    if re.fullmatch(r"\d{9,11}(\.\d{1,9})?", text):
        return round(float(text) * 1_000_000)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1_000_000)


def _refusal(problem: str, path: Path, number: int) -> SettingsError:
    expected = f"one of {', '.join(_TIMES)} as ISO 8601 or epoch seconds, or the text of `git log`"
    return SettingsError(problem, where=f"{path}:{number}", expected=expected)
