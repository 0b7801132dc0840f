import re

import pytest

from sferic.catalog.suffixes import SuffixIndex, as_expressions

INDEX = SuffixIndex(
    [
        ("workers.dev", "workers"),
        ("lab.workers.dev", "lab"),
        ("api.*.example.com", "regional"),
        ("api.eu.example.com", "european"),
        ("gateway-*.example.com", "gateway"),
        ("alias-0*.com", "alias"),
        ("*.hosting.test", "hosting"),
    ]
)


@pytest.mark.parametrize(
    ("host", "value"),
    [
        ("workers.dev", "workers"),
        ("a.b.c.workers.dev", "workers"),
        ("x.lab.workers.dev", "lab"),
        ("xlab.workers.dev", "workers"),
        ("notworkers.dev", None),
        ("workers.dev.evil.example", None),
        ("x.api.us.example.com", "regional"),
        ("x.api.eu.example.com", "european"),
        ("x.api.us.west.example.com", None),
        ("x.xapi.us.example.com", None),
        ("api.example.com", None),
        ("x.gateway-eu-1.example.com", "gateway"),
        ("x.gateway-eu.1.example.com", None),
        ("a.alias-017.com", "alias"),
        ("a.alias-17.com", None),
        ("a.hosting.test", "hosting"),
        ("hosting.test", None),
        ("com", None),
        ("", None),
    ],
)
def test_longest_suffix_on_a_label_border(host: str, value: str | None) -> None:
    """The longest suffix counts, only on label borders, a star stays in its label, and a literal beats a star."""
    match = INDEX.find(host)
    assert (match.value if match else None) == value


@pytest.mark.parametrize(
    ("host", "whole"), [("workers.dev", True), ("x.workers.dev", False), ("api.us.example.com", True)]
)
def test_whole_host_is_told_from_a_host_below(host: str, whole: bool) -> None:
    """A host that is nothing but the suffix is marked, because it belongs to the vendor."""
    match = INDEX.find(host)
    assert match is not None
    assert match.is_whole_host is whole


def test_later_entry_replaces_an_equal_one() -> None:
    """A user's suffix, which comes later, counts instead of the built-in one."""
    match = SuffixIndex([("workers.dev", 1), ("workers.dev", 2)]).find("x.workers.dev")
    assert match is not None
    assert match.value == 2


ALONE = {"script.test", "lambda-url.*.on.test"}
EXPRESSIONS = as_expressions(["functions.test", "script.test", "*.code.test", "lambda-url.*.on.test"], ALONE)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("GET https://a.functions.test/x", True),
        ("CONNECT a.FUNCTIONS.test:443", True),
        ("a.functions.test", True),
        ("a.functions.test..", True),
        ('"a.functions.test"', True),
        ("a.functions.test%2Fx", True),
        ("a.functions.test\\u002fx", True),
        ("functions.test/", False),
        ("afunctions.test/", False),
        ("a.functions.test.evil.example/", False),
        ("a.functions.test-evil.example/", False),
        ("a.functions.testing/", False),
        ("a.functionsXtest/", False),
        ("\\tscript.test\\t", True),
        ("%2F%2Fscript.test%2F", True),
        ("a.code.test ", True),
        ("code.test ", False),
        ("lambda-url.eu-1.on.test ", True),
        ("lambda-url.eu.1.on.test ", False),
    ],
)
def test_expressions_look_at_label_borders(line: str, found: bool) -> None:
    """A line is found if a host with the suffix can stand in it, however it is escaped, and not for look-alikes."""
    assert any(re.search(expression, line, re.IGNORECASE) for expression in EXPRESSIONS) is found


def test_suffixes_share_expressions() -> None:
    """Many suffixes become a few expressions, and each one is still found."""
    suffixes = [f"platform{number}.test" for number in range(100)]
    expressions = as_expressions(suffixes)
    assert len(expressions) < 10
    for suffix in suffixes:
        assert sum(re.search(e, f"x.{suffix}/") is not None for e in expressions) == 1
