"""Phrases that several signals and the correlation share."""


def span(seconds: float) -> str:
    """Write a duration in the unit a reader expects."""
    if seconds < 120:
        return f"{seconds:.3g} s"
    if seconds < 7200:
        return f"{seconds / 60:.3g} min"
    return f"{seconds / 3600:.3g} h" if seconds < 172_800 else f"{seconds / 86_400:.3g} d"
