"""Scaffolds a log source: one module and one golden case, both to be filled in; no existing file changes.

Usage: make new-source id=acme_gateway_web
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

MODULE = '''"""One sentence: which product writes this log, and what one line of it is.

Format: the vendor's page that defines the fields, as a full address.

Cannot show:
"""

from sferic.model.event import HTTP, Event, Line, Reject
from sferic.sources._contract import NO, Setup

TABLES = (HTTP,)
FIELDS = frozenset({"time", "src_ip", "dst_host"})
STAMP = "end"


class Reader:
    """Reads the lines of one file."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock

    def claims(self, line: Line) -> int:
        """Say how surely the line is of this format."""
        return NO

    def read(self, line: Line) -> Event | Reject | None:
        """Read one line."""
        return Reject("not written yet")
'''

ORIGIN = """Where these lines come from, what was changed in them, and which of them are special.
"""


def scaffold(source_id: str, root: Path = ROOT) -> list[Path]:
    """Create the files of a new source and return them; refuse a bad id and never overwrite."""
    if not re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+", source_id):
        raise ValueError(f"{source_id!r} is no source id; expected vendor_product_stream")
    case = root / "tests" / "golden" / "sources" / source_id / "ordinary"
    files = {
        root / "src" / "sferic" / "sources" / f"{source_id}.py": MODULE,
        case / "README.md": ORIGIN,
        case / "raw.log": "",
    }
    for path in files:
        if path.exists():
            raise ValueError(f"{path.relative_to(root)} exists already")
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(files)


def main() -> int:
    """Scaffold the source named on the command line."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        for path in scaffold(sys.argv[1]):
            print(f"created {path.relative_to(ROOT)}")
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    print("Next: docs/how-to/add-a-source.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
