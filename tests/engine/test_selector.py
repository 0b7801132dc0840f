"""The fast search and the plain one select the same lines; a selection misses no line that names a platform."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.catalog.platforms import load_catalogue
from sferic.engine.selector import Selector, as_word
from sferic.sources._contract import sources

CATALOGUE = load_catalogue()
NAMELESS = [mark for source in sources().values() for mark in source.nameless_marks]
EXPRESSIONS = [*CATALOGUE.expressions(), *(mark for source in sources().values() for mark in source.marks)]
FAST, PLAIN = Selector(EXPRESSIONS, NAMELESS), Selector(EXPRESSIONS, NAMELESS, plain=True)
WORDS = [
    b"sferic-test.example.workers.dev", b"WORKERS.DEV", b"workersXdev", b"notworkers.dev.example", b"x.lambda-url.",
    b"us-east-1.on.aws", b"script.google.com", b"#Fields: c-ip", b"# Fields:", b",TRAFFIC,end,", b"|TRAFFIC|",
    b"%ASA-6-302013: ", b" ", b"\t", b"\x00", b"\xff\xfe", b"\r", b"\n", b"\n", b"\n", b"\r\n", b"\x1b[2J", b"10.1.0.5",
]  # fmt: skip
many_blocks = st.lists(st.sampled_from(WORDS), min_size=1, max_size=60).map(b"".join)


@pytest.mark.skipif(FAST._plain, reason="no Hyperscan here: there is only the plain search")
@given(many_blocks)
def test_fast_and_plain_agree(block: bytes) -> None:
    """Whatever a block holds, both searches give the same lines, numbers, count and marks."""
    assert FAST.select(block) == PLAIN.select(block)


@given(many_blocks)
def test_lines_are_the_lines_of_the_block(block: bytes) -> None:
    """A candidate is the line at its number, without its line end; the count is that of the lines."""
    lines = block.split(b"\n")
    if not lines[-1]:
        lines.pop()
    found = FAST.select(block)
    assert found.count == len(lines)
    assert found.numbers == sorted(set(found.numbers))
    assert found.lines == [lines[number].removesuffix(b"\r") for number in found.numbers]
    assert FAST.select(block, whole=True).numbers == list(range(len(lines)))


@given(many_blocks, st.data())
def test_a_platform_is_never_missed(block: bytes, data: st.DataObject) -> None:
    """A line that names a host of the catalogue is a candidate, in any case and wherever it stands."""
    platform = data.draw(st.sampled_from(sorted(CATALOGUE.platforms)))
    suffixes = [s for s in CATALOGUE.platforms[platform].suffixes if "*" not in s]
    if not suffixes or not CATALOGUE.platforms[platform].is_selected(frozenset({"core", "wide"})):
        return
    host = f"label.{data.draw(st.sampled_from(suffixes))}".encode()
    line = b"GET https://" + data.draw(st.sampled_from([host, host.upper()])) + b"/x"
    number = block.count(b"\n")
    assert number in FAST.select(block + line + b"\r\n" + block).numbers


TEXTS = ["192.0.2.1", "2001:db8::7", "2001:db8::", "f3b5a10-1c2d", "MTIz+/=", "a_b", "x", "_y_", "a b", "é1", ".z", "T10:00:00.5Z"]
PIECES = st.sampled_from([*TEXTS, *(text.upper() for text in TEXTS), "0", "_", "é", ".", " ", ":", "\n", "Q"])


@given(st.sets(st.sampled_from(TEXTS), min_size=1), st.lists(PIECES, max_size=12).map("".join))
def test_words_are_found_between_their_borders(words: set[str], block: str) -> None:
    """Words are looked for without their borders, which are looked at after that: the same lines are selected."""
    expressions = [as_word(word) for word in sorted(words)]
    fast, plain = Selector([*expressions, r"\.dev\b"]), Selector([*expressions, r"\.dev\b"], plain=True)
    assert fast.select(block.encode()) == plain.select(block.encode())


def test_a_word_is_no_part_of_a_longer_one() -> None:
    """An address does not stand in a longer one, on either side, and does after another sign."""
    for plain in (True, False):
        selector = Selector([as_word("192.0.2.1")], plain=plain)
        assert not [text for text in (b"192.0.2.11", b"1192.0.2.1", b"_192.0.2.1", b"192.0.2.1a") if selector.holds(text)]
        assert all(map(selector.holds, (b"192.0.2.1", b"::ffff:192.0.2.1", b"x=192.0.2.1:443", b"192.0.2.11,192.0.2.1")))


def test_one_line_without_its_end() -> None:
    """A file of one line without a newline is a line."""
    for selector in (FAST, PLAIN):
        found = selector.select(b"to sferic-test.example.workers.dev")
        assert (found.numbers, found.lines, found.count) == ([0], [b"to sferic-test.example.workers.dev"], 1)
        assert selector.holds(b"to sferic-test.example.workers.dev")
        assert not selector.holds(b"to www.example.com")


def test_a_line_that_names_its_fields_has_to_hold_more() -> None:
    """Of JSON and XML only lines that hold one of the further expressions are selected; of tables all, and any other."""
    lines = [b'{"guid": "a-1", "parent": 1}', b'{"guid": "a-1"}', b"<e>a-1</e>", b"<e>a-1 PARENT</e>", b"a-1,x", b"parent", b"<13>a-1,x"]
    for plain in (True, False):
        selector = Selector(["a-1"], ["x"], [r"\bparent\b"], plain=plain)
        found = selector.select(b"\n".join(lines))
        assert (found.numbers, found.lines) == ([0, 3, 4, 6], [lines[n] for n in (0, 3, 4, 6)])
        assert (found.count, found.marks) == (7, frozenset({0}))
        assert [selector.holds(line) for line in lines] == [n in {0, 3, 4, 6} for n in range(7)]
