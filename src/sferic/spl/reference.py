"""The reference of what searches may use, made from the code: commands, eval functions, stats functions."""

from sferic.spl.aggregates import AGGREGATES
from sferic.spl.functions import FUNCTIONS
from sferic.spl.parsing import COMMANDS


def entries() -> list[tuple[str, str]]:
    """Return every name with what it is, in the order of a reference."""
    over_values = [
        ("mvfilter()", "mvfilter(condition): the values of a field for which it is true"),
        ("mvmap()", "mvmap(X, expression): the expression for every value of X"),
    ]
    functions = [(f"{name}()", one.sentence) for name, one in FUNCTIONS.items() if "not supported" not in one.sentence]
    counted = [(f"stats {name}()", sentence) for name, (sentence, _) in AGGREGATES.items()]
    ranked = ("stats perc<N>()", "the number at that rank, also p<N>()")
    commands = [(name, one.sentence) for name, one in sorted(COMMANDS.items())]
    return [*commands, *sorted([*functions, *over_values]), *sorted([*counted, ranked])]
