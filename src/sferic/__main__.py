"""Lets `python -m sferic` do what the `sferic` command does."""

from sferic.cli import main

main()
