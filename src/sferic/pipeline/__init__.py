"""The verbs of Sferic as functions: hunt, normalize. The command line is a thin layer above; a library user starts here."""

from sferic.pipeline.hunting import hunt
from sferic.pipeline.normalizing import Normalization, normalize

__all__ = ["Normalization", "hunt", "normalize"]
