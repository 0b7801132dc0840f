"""A YARA-L rule for Google Security Operations; never executed, since no engine for its language is to be had."""

from collections.abc import Iterator

from sferic.content._contract import Content, Text
from sferic.content._fill import facts, fill


def texts(content: Content) -> Iterator[Text]:
    """Write the rule for candidates: YARA-L counts in windows and does not measure gaps."""
    values = facts(content.detections["candidate"]) | content.hosts.expressions
    yield Text("candidate.yaral", fill("secops/candidate.yaral", values))
