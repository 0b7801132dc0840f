"""Sferic finds command-and-control that hides behind serverless functions, in the logs you already have.

This module holds the version and nothing else, so that importing the package costs nothing.
The command line is `sferic.cli`; code that embeds Sferic starts at `sferic.pipeline`.
"""

__version__ = "0.1.0"
