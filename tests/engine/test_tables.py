"""Events keep every field on their way through Arrow, flat and nested."""

from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.engine.tables import FLAT, PATHS, events, flat, nested, unnested
from sferic.model.event import DNS, TABLES, Event

_VALUES: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(st.characters(codec="utf-8"), max_size=12),
    int: st.integers(-(2**63), 2**63 - 1),
    tuple: st.lists(st.text(st.characters(codec="utf-8"), max_size=5), max_size=3).map(tuple),
}


def _values(field: msgspec.structs.FieldInfo) -> st.SearchStrategy[Any]:
    kind = next((k for k in (int, tuple) if k.__name__ in str(field.type)), str)
    needed = field.default is msgspec.NODEFAULT or field.default is not None
    return _VALUES[kind] if needed else st.none() | _VALUES[kind]


ANY_EVENT = st.builds(
    Event, **{f.name: _values(f) for f in msgspec.structs.fields(Event)} | {"table": st.sampled_from(TABLES)}
)


@given(st.lists(ANY_EVENT, max_size=8))
def test_columns_keep_everything(found: list[Event]) -> None:
    """What goes into flat columns comes out again, whatever it holds."""
    assert list(events(flat(found))) == found


@given(st.lists(ANY_EVENT, min_size=1, max_size=8), st.sampled_from(TABLES))
def test_nesting_keeps_everything(found: list[Event], name: str) -> None:
    """What goes under OCSF's names comes out again, in every table."""
    for event in found:
        event.table = name
    assert list(events(unnested(nested(flat(found), name), name))) == found


def test_every_field_has_its_attribute() -> None:
    """Each field but the table, which the folder names, has an attribute of its own."""
    assert {*PATHS, "table"} == set(Event.__struct_fields__) == set(FLAT.names)
    assert len(set(PATHS.values())) == len(PATHS)


def test_names_are_those_of_ocsf() -> None:
    """Structs, timestamps and lists are what an OCSF reader expects; a name asked for is not a server's."""
    [row] = nested(
        flat([Event(table=DNS, time=1_500_000, src_ip="192.0.2.1", dst_host="a.example", answers=("b", "c"))]), DNS
    ).to_pylist()
    assert row["src_endpoint"]["ip"] == "192.0.2.1"
    assert (row["query"]["hostname"], row["dst_endpoint"]["hostname"]) == ("a.example", None)
    assert (row["answers"], row["class_uid"]) == ([{"rdata": "b"}, {"rdata": "c"}], 4003)
    assert row["time"].isoformat() == "1970-01-01T00:00:01.500000+00:00"


def test_a_lone_surrogate_is_written_out() -> None:
    """Text that UTF-8 cannot carry is kept in a readable form instead of ending the run."""
    assert flat([Event(table=DNS, time=0, user="a\ud800")]).column("user").to_pylist() == ["a\\ud800"]


def test_a_missing_attribute_is_told() -> None:
    """Columns of another schema are a KeyError, which the reader of files turns into a refusal."""
    with pytest.raises(KeyError):
        unnested(pa.table({"time": [1]}), DNS)
