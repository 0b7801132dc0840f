"""What a rule's condition says of a record, as Sigma has it, and what is refused with a reason."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sigma.rule import SigmaRule

from sferic.rules.matching import Fields, Test, Unsupported, _fits, compiled
from tests.sources.single_lines import VALUES

RULE = """
title: t
logsource: {product: aws, service: cloudtrail}
detection:
    selection:
        %s
    condition: selection
"""
RECORD: dict[str, Any] = {
    "name": "UpdateFunctionCode", "count": 3, "live": True, "none": None, "empty": "", "ip": "198.51.100.7",
    "who": {"type": "IAMUser", "arn": "arn:aws:iam::1:user/dev"}, "same": "iamuser", "star": "*", "path": r"a\b",
    "list": [{"n": "a"}, {"n": "b", "deep": [{"x": 1}, {"x": 2}]}, "loose"], "a.b": "flat",
}  # fmt: skip

FIELDS = Fields({"alias": ("missing", "who.type"), "long": ["who.type"]}, {"long": ".example"})


def made(field: str) -> Test:
    """Make a test of one line of a selection."""
    rule = SigmaRule.from_yaml(RULE % field)
    return compiled(rule.detection.parsed_condition[0].parsed, FIELDS)


@pytest.mark.parametrize("field", [
    "name: updatefunctioncode", "name|startswith: UPDATE", "name|endswith: Code", "name|contains: Function",
    "name|contains|all: [Update, Code]", "name: 'Up*tion*de'", "name: 'Update?unctionCode'", "name|re: '^Update.*Code$'",
    "name|re|i: ^update", "name|cased: UpdateFunctionCode", "name: [x, UpdateFunctionCode]", "count: 3", "count|gt: 2",
    "count|lte: 3", "live: true", "none: null", "missing: null", "missing|exists: false", "who|exists: true", "empty: ''",
    "ip|cidr: 198.51.100.0/24", "who.type: IAMUser", "who|contains: iamuser", "who.type|fieldref: same",
    "who.arn|contains: ':user/'", r"star: '\*'", r"path: 'a\b'", "list.n: b", "list.deep.x: 2", "list: loose", "a.b: flat",
    "alias: IAMUser", "long: iamuser.example",
])  # fmt: skip
def test_fits(field: str) -> None:
    """These say something that is true of the record."""
    assert made(field)(RECORD)


@pytest.mark.parametrize("field", [
    "name: Update", "name|startswith: Function", "name|contains|all: [Update, x]", "name|cased: updatefunctioncode",
    "name|re: ^update", "count: 4", "count|lt: 3", "name|gt: 2", "live: false", "name: null", "none|exists: true",
    "who|exists: false", "empty: null", "ip|cidr: 10.0.0.0/8", "name|cidr: 10.0.0.0/8", "who.type|fieldref: missing",
    r"name: '\*'", "list.n: c", "list.deep.x: 3", "who.type.deeper: x", "alias: x", "long: IAMUser",
])  # fmt: skip
def test_does_not_fit(field: str) -> None:
    """These say something that is not true of the record."""
    assert not made(field)(RECORD)


@pytest.mark.parametrize("field", [
    r"name|re: '(a)\1'", "name|re: '(?P<x>a)(?P=x)'", "name|re: 'a(?=b)'", "name|re: '(?<!a)b'", "time|hour: 3",
    "name|re: '(a{999}){999}'", "name|expand: '%admins%'", f"name|re: '{'a' * 1001}'",
])  # fmt: skip
def test_is_refused(field: str) -> None:
    """What a record cannot answer, or an expression that RE2 does not know, is refused when the rule is read."""
    with pytest.raises(Unsupported):
        made(field)


@pytest.mark.parametrize("field", [
    "name|re: '(a+)+$'", "name|re: '^(a|a)*$'", "name|re: '(a|b*)*c'", "name|re: '(.*)*x'", "name: '*a*a*a*a*a*a*a*?z'",
])  # fmt: skip
def test_no_expression_takes_for_ever(field: str) -> None:
    """Expressions on which a search with backtracking would never end say no to a long text at once."""
    assert not made(field)({"name": "a" * 4000 + "!"})


def test_keywords_are_refused() -> None:
    """Words without a field are refused with a reason."""
    text = RULE.replace("        %s", "        - word\n        - other")
    with pytest.raises(Unsupported, match="keywords"):
        compiled(SigmaRule.from_yaml(text).detection.parsed_condition[0].parsed, Fields())


@given(st.text("ab*", max_size=12), st.lists(st.text("ab", max_size=3), min_size=2, max_size=4))
def test_pieces_fit_as_an_expression_would(text: str, pieces: list[str]) -> None:
    """Finding pieces one after the other is what a pattern with `*` between them means."""
    assert _fits(text, pieces) == bool(re.fullmatch(".*".join(map(re.escape, pieces)), text, re.DOTALL))


@given(
    VALUES,
    st.sampled_from(["name|contains: a", "name.a|re: x.*y", "name|gt: 1", "name.ip|cidr: 10.0.0.0/8", "name: null"]),
)
def test_any_record_has_an_answer(value: Any, field: str) -> None:
    """Whatever a record holds, asking it raises nothing."""
    assert made(field)({"name": value}) in (True, False)
