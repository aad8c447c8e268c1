"""Numbers and times as people write them."""


def counted(count: float, noun: str) -> str:
    """Return a number with its noun: `counted(1, "file")` is '1 file', `counted(1200, "file")` '1,200 files'."""
    number = f"{count:,}" if isinstance(count, int) else f"{count:,g}"
    return f"{number} {noun}" if count == 1 else f"{number} {noun}s"


def duration(seconds: float) -> str:
    """Return a time for people: `duration(155)` is '2 min 35 s', `duration(4000)` '1 h 6 min'."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
