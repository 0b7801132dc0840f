"""The fuzzer damages lines: within bounds, in each of its ways, and from every golden log."""

import pytest
from hypothesis import find, given
from hypothesis import strategies as st

from fuzz.cases import Case, cases, damaged, seeds
from fuzz.contract import MAX_BYTES

SQUID = next(case for case in cases() if case.source == "squid_access")


@given(st.sampled_from(cases()).flatmap(lambda case: st.tuples(st.just(case), damaged(case))))
def test_damaged_lines_are_few_and_bounded(drawn: tuple[Case, list[bytes]]) -> None:
    """At most a header and a line, none longer than the limit, and the undamaged one is the log's."""
    case, lines = drawn
    assert 1 <= len(lines) <= 2
    assert max(map(len, lines)) <= MAX_BYTES
    assert len(lines) == 1 or any(line in case.lines for line in lines)


@pytest.mark.parametrize("piece", [b"[[[[[[[[", b"\xff", b"99999999999999999999", b"%ASA-6-302013"])
def test_every_kind_of_damage_occurs(piece: bytes) -> None:
    """Nesting, broken encodings, huge numbers and other formats' marks get into a line that had none."""
    assert find(damaged(SQUID), lambda lines: any(piece in line for line in lines))


def test_seeds_cover_every_log() -> None:
    """The coverage-guided fuzzer starts from every golden line."""
    names = [name for name, _ in seeds()]
    assert len(names) == sum(len(case.lines) for case in cases())
    assert set(names) == {f"{case.source}/{case.name}" for case in cases()}
