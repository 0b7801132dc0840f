"""Lookups: which row of the table is taken, and that every event gets its own."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from sferic.spl import run
from sferic.spl.bench import Lookup
from sferic.spl.running import Knowledge

PLATFORMS: Sequence[Mapping[str, str]] = [
    {"host": "*.workers.dev", "platform": "workers", "owner": "a"},
    {"host": "x.workers.dev", "platform": "never reached"},
    {"host": "*.on.aws", "platform": "lambda"},
]


USUAL = Lookup(PLATFORMS, {"host": "WILDCARD"})


def looked_up(search: str, rows: Sequence[Mapping[str, object]], lookup: Lookup = USUAL) -> list[Mapping[str, object]]:
    """Run a search that knows the table above as `platforms`."""
    return list(run(search, rows, knowledge=Knowledge(lookups={"platforms": lookup})).rows)


def test_every_event_gets_what_its_own_value_means() -> None:
    """However many events there are, none gets another one's platform, also after a second lookup."""
    rows = [{"h": f"n{n % 97}.{('workers.dev', 'on.aws', 'example.com')[n % 3]}", "n": str(n)} for n in range(20_000)]
    search = "* | lookup platforms host as h output platform | lookup platforms host as h output platform as again"
    found = looked_up(f'{search} | eval end=mvindex(split(h, "."), -1) | stats count by end platform again', rows)
    assert found == [
        {"end": "aws", "platform": "lambda", "again": "lambda", "count": 6667},
        {"end": "dev", "platform": "workers", "again": "workers", "count": 6667},
    ]


def test_the_first_row_of_the_table_counts() -> None:
    """One match is the first that fits; more are several values; a wildcard is anchored at both ends."""
    rows = [{"h": "x.workers.dev"}, {"h": "x.workers.dev.example.com"}, {"h": "X.WORKERS.DEV"}]
    search = "* | lookup platforms host as h output platform | table h platform"
    assert [row["platform"] for row in looked_up(search, rows)] == ["workers", None, None]
    assert looked_up(search, rows, replace(USUAL, max_matches=2))[0]["platform"] == ["workers", "never reached"]
    loose = looked_up(search, rows, replace(USUAL, case_sensitive=False, default="no"))
    assert [row["platform"] for row in loose] == ["workers", "no", "workers"]


def test_output_replaces_and_outputnew_does_not() -> None:
    """`output` writes over a field, `outputnew` fills it only where it is empty; without either all columns come."""
    rows = [{"host": "x.on.aws", "platform": "known"}, {"host": "y.on.aws"}, {"host": "z"}]
    assert [r["platform"] for r in looked_up("* | lookup platforms host output platform", rows)] == ["lambda", "lambda", None]
    found = looked_up("* | lookup platforms host outputnew platform", rows)
    assert [r["platform"] for r in found] == ["known", "lambda", None]
    assert set(looked_up("* | lookup platforms host", rows)[0]) == {"host", "platform", "owner"}
