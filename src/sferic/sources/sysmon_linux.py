"""Sysmon on Linux: which program was started and whom it called, as XML in syslog or in files.

Format: https://github.com/microsoft/SysmonForLinux (the events are those of
https://learn.microsoft.com/en-us/sysinternals/downloads/sysmon)
Events 1 (a process was started) and 3 (it connected) are read; others are known and give no event. The time is
`UtcTime`, when the thing happened. A connection that came in has the machine as `observer`.

Cannot show: bytes, durations, URLs; names, because there is no event for look-ups on Linux; whatever the configuration
filters.
"""

from sferic.model.event import NETWORK, PROCESS, Event, Line, Reject
from sferic.sources import _sysmon
from sferic.sources._contract import CERTAIN, NO, Setup

TABLES = (PROCESS, NETWORK)
FIELDS = _sysmon.FIELDS - {"answers", "outcome", "company"}
STAMP = "start"
START_MARKS = _sysmon.START_MARKS
NAMELESS_MARKS = (r"\bLinux-Sysmon\b",)


class Reader:
    """Reads the lines of one file; each stands alone."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock

    def claims(self, line: Line) -> int:
        """Claim XML events of Linux's provider, whatever stands before them."""
        return CERTAIN if "<Event" in line.text and "Linux-Sysmon" in line.text else NO

    def read(self, line: Line) -> Event | Reject | None:
        """Turn an event into a started process or a connection; None for others."""
        return _sysmon.meaning(_sysmon.from_xml(line.text), self._clock, line)
