"""How numbers, amounts and lengths of time are written, the same in a reason and in every report."""


def duration_text(seconds: float) -> str:
    """Write a length of time in one unit, at most three digits: `45.2 s`, `105 s`, `5 min`, `1.5 h`, `2 d`."""
    for unit_s, unit, below_s in ((1, "s", 119.95), (60, "min", 3599), (3600, "h", 172_800)):
        if seconds < below_s:
            return f"{short_text(seconds / unit_s)} {unit}"
    return f"{short_text(seconds / 86_400)} d"


def short_text(number: float) -> str:
    """Write a number with few decimals, the fewer the larger it is: `0.125`, `7.5`, `1,200`."""
    decimals = 0 if abs(number) >= 99.95 else 1 if abs(number) >= 1 else 3
    text = f"{number:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def counted(number: int, noun: str, plural: str = "") -> str:
    """Write a number with its noun: `1 line`, `2,000 lines`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
