"""Queries for CrowdStrike LogScale; never executed, since no engine for its language is to be had."""

from collections.abc import Iterator

from sferic.content._contract import Content, Text
from sferic.content._fill import facts, fill


def texts(content: Content) -> Iterator[Text]:
    """Write a query for candidates and one for evenness by the hour."""
    for name in ("candidate", "beacon"):
        values = facts(content.detections[name]) | content.hosts.expressions
        yield Text(f"{name}.logscale", fill(f"logscale/{name}.logscale", values))
