import pytest

from sferic.catalog.suffixes import SuffixIndex, as_expression

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


@pytest.mark.parametrize(
    ("suffix", "expression"),
    [
        ("workers.dev", r"workers\.dev"),
        ("lambda-url.*.on.aws", r"lambda-url\.[a-z0-9_-]+\.on\.aws"),
        ("*.code.run", r"code\.run"),
    ],
)
def test_expression_escapes_dots_and_opens_stars(suffix: str, expression: str) -> None:
    """A suffix becomes a fragment for the line selector, without its leading star."""
    assert as_expression(suffix) == expression
