"""Addresses have one form here, and several in logs."""

import pytest

from sferic.model.hosts import address, spellings


@pytest.mark.parametrize(("known", "written"), [
    ("192.0.2.7", ["192.0.2.7"]),
    ("2001:db8::9", ["2001:db8::9", "2001:db8:0:0:0:0:0:9", "2001:0db8:0000:0000:0000:0000:0000:0009"]),
    ("2001:db8:1:2:3:4:5:6", ["2001:db8:1:2:3:4:5:6", "2001:0db8:0001:0002:0003:0004:0005:0006"]),
])  # fmt: skip
def test_an_address_is_written_in_several_ways(known: str, written: list[str]) -> None:
    """IPv6 stands abbreviated or in full, with zeros before its groups or without; all are the same address."""
    assert spellings(known) == written
    assert {address(text) for text in written} == {known}
