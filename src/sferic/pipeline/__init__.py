"""The verbs of Sferic as functions: hunt, normalize. A library user starts here; the command line is a thin layer."""

from sferic.engine.progress import Progress
from sferic.pipeline.hunting import hunt
from sferic.pipeline.normalizing import Normalization, normalize

__all__ = ["Normalization", "Progress", "hunt", "normalize"]
