"""Documents of many records become lines of one record each, however they are written and wherever they are cut."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.engine.documents import are_joined, is_document, is_spread, one_a_line

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text('a"\\}],{[: \n', max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["k", "eventVersion"]), inner, max_size=2)
    ),
    max_leaves=6,
)
RECORDS = st.lists(
    VALUES.map(lambda value: {"eventVersion": "1.09", "requestParameters": value}), min_size=1, max_size=8
)
FRAMES = [
    ("{%s}", '"Records":'), ('{"records" : ', "%s}"), ('{"value":', '%s,"nextLink":"https://api.example/?a=b"}'),
    ('{"success":true,"errors":[],"messages":[],"result":', '%s,"result_info":{"page":1,"count":2}}'),
    ('{"Stats":{"a":1,"b":{"c":[]}},"Schema":[{"Name":"x","Type":"y"}, {"Name":"z","Type":"y"}],"Results":', "%s}"),
    ('{"@odata.context":"c#","schema":[{"name":"x","type":"String"}],"results":', "%s}"),
    ('{"kind":"admin#reports#activities","etag":"x","items":', "%s}\n"), ("", "%s\n"),
    ('{"took":3,"timed_out":false,"_shards":{"total":1},"hits":{"total":{"value":9},"max_score":null,"hits":', "%s}}"),
]  # fmt: skip


def written(records: list[Any], frame: tuple[str, str], indent: int | None) -> bytes:
    """Write a document."""
    array = json.dumps(records, indent=indent)
    before, after = frame
    text = before % (after + array) if "%s" in before else before + after % array
    return text.encode()


def cut(data: bytes, size: int, line_bytes: int = 1 << 20) -> list[bytes]:
    """Cut a document that arrives in chunks of a size; the first chunk holds its head."""

    def chunks() -> Iterator[bytes]:
        yield data[: max(size, 400)]
        for at in range(max(size, 400), len(data), size):
            yield data[at : at + size]

    return [line for line in b"".join(one_a_line(chunks(), line_bytes)).split(b"\n") if line.strip()]


@given(RECORDS, st.sampled_from(FRAMES), st.sampled_from([None, 1]), st.integers(1, 600))
def test_each_record_is_a_line(records: list[Any], frame: tuple[str, str], indent: int | None, size: int) -> None:
    """The lines are the records, in order, whatever stands in them and wherever a chunk ends."""
    assert [json.loads(line) for line in cut(written(records, frame, indent), size)] == records


@given(RECORDS, RECORDS, st.integers(50, 600))
def test_documents_one_after_the_other(one: list[Any], other: list[Any], size: int) -> None:
    """Files of S3 have no line end: put together they are cut like one; other lines behind them pass."""
    data = written(one, FRAMES[0], None) + written(other, FRAMES[0], None) + b"\nplain line\n"
    *records, last = cut(data, size)
    assert last == b"plain line"
    assert [json.loads(line) for line in records] == one + other


@pytest.mark.parametrize("text", [
    b"", b"{", b"plain\n", b'{"a":[{"b":1}]}\n', b'{"Records":[]}', b'{"Records":{"a":1}}', b'[{"a":1},\n{"a":2}]\n',
    b'{"kind":"admin#reports#activity","id":{},"events":[{"name":"x"}]}\n', b'{"result":{"_raw":"x"}}\n', b"[1,2]",
])  # fmt: skip
def test_anything_else_passes(text: bytes) -> None:
    """Other logs, also arrays with a record in each line, are not touched."""
    assert not is_document(text)
    assert b"".join(one_a_line(iter([text]), 1024)) == text


def test_a_damaged_record_costs_itself() -> None:
    """A record that is no JSON becomes a line of its own; those around it are whole."""
    records = [json.dumps({"eventVersion": "1", "n": n, "pad": "x" * 300}) for n in range(60)]
    records[20] = records[20].replace('"n": 20', '"n": ')
    data = ('{"Records":[' + ",".join(records) + "]}").encode()
    lines = cut(data, 1000, 2048)
    good = [json.loads(line)["n"] for line in lines if b'"n": ,' not in line]
    assert good == [n for n in range(60) if n != 20]
    assert len(lines) == 60


def test_a_cut_document_gives_what_was_whole() -> None:
    """Of a file that ends too early the last record is a broken line, the others are whole."""
    data = written([{"eventVersion": "1", "n": n} for n in range(9)], FRAMES[0], None)[:-20]
    *whole, broken = cut(data, 5000)
    assert [json.loads(line)["n"] for line in whole] == list(range(8))
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        json.loads(broken)


def test_an_endless_record_is_one_long_line() -> None:
    """A record beyond the cap is not held: it streams through as one line, and the next record is whole."""
    data = ('{"Records":[{"eventVersion":"' + "x" * 50_000 + '"},' + '{"eventVersion":"2","n":1}]}').encode()
    long, last = cut(data, 700, 2048)
    assert len(long) > 50_000
    assert json.loads(last)["n"] == 1


@given(RECORDS, st.integers(1, 60), st.sampled_from(["", " ", "\t  "]))
def test_joined_records_are_lines(records: list[Any], size: int, between: str) -> None:
    """Records without anything between them become lines, wherever the stream is cut; borders inside texts do not count."""
    texts = [json.dumps({"a": "}{", "b}{": '}{"a', **record}, separators=(",", ":")) for record in records]
    data = between.join(texts).encode()
    if len(texts) == 1:
        assert not are_joined(data)
        return
    assert are_joined(data)
    pieces = iter([data[: len(texts[0]) + 8], *(data[at : at + size] for at in range(len(texts[0]) + 8, len(data), size))])
    assert b"".join(one_a_line(pieces, 1 << 20)).decode().split("\n") == texts


@pytest.mark.parametrize("text", [b'{"a":1}\n{"b":2}{"c":3}\n', b'{"a":["}{",1]}{}', b'x {"a":1}{"b":2}', b"", b"{"])
def test_other_text_is_not_joined(text: bytes) -> None:
    """A line end after the first record, or no object at the beginning, means lines as they are."""
    assert not are_joined(text)
    assert b"".join(one_a_line(iter([text]), 1 << 20)) == text


@given(RECORDS, st.integers(1, 600), st.sampled_from([1, 4]), st.sampled_from(["\n", "\r\n", ",\n"]))
def test_spread_objects_are_lines(records: list[Any], size: int, indent: int, between: str) -> None:
    """Objects over several lines, one after the other, become compact lines, wherever the stream is cut."""
    data = "".join(json.dumps(record, indent=indent) + between for record in records).encode()
    assert is_spread(data)
    lines = cut(data, size)
    assert [json.loads(line) for line in lines] == records
    assert lines == [json.dumps(json.loads(line), separators=(",", ":")).encode() for line in lines]


def test_lines_between_spread_objects_stay() -> None:
    """A file of both kinds keeps both; an object that never ends is left as lines."""
    data = b'{\n  "a": 1\n}\n{"b": 2}\nplain\n{\n  "c": 3\n}\n{\n  "d": 4,\n'
    assert cut(data, 7) == [b'{"a":1}', b'{"b": 2}', b"plain", b'{"c":3}', b"{", b'  "d": 4,']
    assert cut(b'{\n  "a": 1,\n' * 300, 50, 1024) == [b"{", b'  "a": 1,'] * 300
