"""Words of many products in one form."""

import pytest

from sferic.sources._fields import transport, verdict


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Accept", "allowed"),
        ("permitted", "allowed"),
        ("allowedOnNoPolicyMatch", "allowed"),
        ("not blocked", "allowed"),
        ("DENY", "blocked"),
        ("blockedByCategory", "blocked"),
        ("reset-both", "blocked"),
        ("Isolate", "isolate"),
        ("-", None),
        (None, None),
    ],
)
def test_verdicts_have_one_form(word: str | None, expected: str | None) -> None:
    """Words for allowing and blocking become two; another word stays, in lower case; no word is None."""
    assert verdict(word) == expected


@pytest.mark.parametrize(
    ("word", "expected"), [("6", "tcp"), ("17", "udp"), ("TCP", "tcp"), ("132", "132"), ("", None)]
)
def test_transports_have_names(word: str, expected: str | None) -> None:
    """IANA's numbers for the usual transports become names; other words stay, in lower case."""
    assert transport(word) == expected
