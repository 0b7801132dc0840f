"""`python -m prove`: run and check everything that is exported, and write the page about it."""

import sys
from pathlib import Path

from prove import checks, runs
from prove.estate import read
from prove.page import page
from sferic.catalog.platforms import load_catalogue
from sferic.content._contract import Content

EXAMPLE = Path("examples/estate")
PAGE = Path("docs/explanation/content-proof.md")


def main() -> None:
    """Prove and write."""
    content = Content(load_catalogue([]))
    estate = read(EXAMPLE)
    found = [runs.ours(EXAMPLE)]
    for run in runs.executed(content, estate, EXAMPLE):
        sys.stderr.write(f"{run.text}: {len(run.alerts)} alerts\n")
        found.append(run)
    told = list(checks.checked(content))
    sys.stderr.writelines(f"{one.checker}: {one.said}\n" for one in told)
    PAGE.write_text(page(estate, found, told), encoding="utf-8")


if __name__ == "__main__":
    main()
