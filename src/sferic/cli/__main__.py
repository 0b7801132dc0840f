"""`python -m sferic.cli` is `sferic`."""

import sys

from sferic.cli import main

sys.exit(main())
