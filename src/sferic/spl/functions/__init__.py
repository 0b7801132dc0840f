"""All functions of `eval` and `where`, by name."""

from sferic.spl.function import FUNCTIONS
from sferic.spl.functions import deciding, texts

__all__ = ["FUNCTIONS", "deciding", "texts"]
