"""Lets `python -m sferic` do what the `sferic` command does, exit code included."""

import sys

from sferic.cli import main

if __name__ == "__main__":
    sys.exit(main())
