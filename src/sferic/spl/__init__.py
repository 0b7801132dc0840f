"""Runs Splunk searches over raw logs, without Splunk: the part of SPL that detection searches use.

`run(text, rows)` is the whole interface for rows of your own; `sferic.spl.reading` makes rows of log files.
It is not Splunk: docs/how-to/run-spl.md says what differs, and a command that is not known is refused by name.
"""

from sferic.spl.errors import SearchError
from sferic.spl.running import Knowledge, Result, run

__all__ = ["Knowledge", "Result", "SearchError", "run"]
