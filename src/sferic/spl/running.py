"""Runs a search over rows: parse, set the rows out in the database, let each command add its SELECT, fetch."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, tzinfo

import duckdb
import msgspec

from sferic.spl.bench import Bench, Lookup, Row
from sferic.spl.errors import SearchError
from sferic.spl.macros import Macro, written_out
from sferic.spl.parsing import Search, parse


class Knowledge(msgspec.Struct, frozen=True):
    """What a search may ask for besides events: macros by name (`name(2)` with two arguments), lookups by name."""

    macros: Mapping[str, Macro] = {}
    lookups: Mapping[str, Lookup] = {}


class Result(msgspec.Struct, frozen=True):
    """What a search returned: rows of numbers, texts and lists of texts, None where there is no value."""

    fields: tuple[str, ...]
    rows: Sequence[Mapping[str, object]]
    notes: tuple[str, ...] = ()


def read(text: str, knowledge: Knowledge | None = None) -> Search:
    """Parse a search with its macros, without running it; raises SearchError."""
    return parse(written_out(text, (knowledge or Knowledge()).macros))


def run(
    text: str,
    rows: Iterable[Row],
    *,
    knowledge: Knowledge | None = None,
    zone: tzinfo = UTC,
    now: float | None = None,
) -> Result:
    """Run a search over rows and return what it gives.

    Args:
        text: The search.
        rows: Events as field → value: `_time` in epoch seconds, texts, numbers, lists of texts; None is no value.
        knowledge: Macros and lookups.
        zone: Time zone of the searcher.
        now: Epoch seconds that `now()` and `-24h` mean; the time of the newest event unless given.

    Raises:
        SearchError: The search cannot be parsed or run; it says where and why.
    """
    knowledge = knowledge or Knowledge()
    return run_parsed(read(text, knowledge), rows, knowledge, zone=zone, now=now)


def run_parsed(
    search: Search, rows: Iterable[Row], knowledge: Knowledge, *, zone: tzinfo = UTC, now: float | None = None
) -> Result:
    """Run a parsed search; see `run`."""
    held = list(rows)
    moment = now if now is not None else max((_time(row) for row in held), default=0.0)
    with Bench(zone, moment, knowledge.lookups) as bench:
        bench.set_out(held)
        found = bench.events
        try:
            for command in search.commands:
                found = command.apply(found, bench)
            result = bench.rows(found)
        except duckdb.Error as error:
            reason = str(error).splitlines()[0][:200]
            raise SearchError(f"the database cannot run this: {reason}", search.text, 0) from error
        return Result(tuple(found.fields), result, tuple(bench.notes))


def _time(row: Row) -> float:
    value = row.get("_time")
    return float(value) if isinstance(value, int | float) else 0.0
