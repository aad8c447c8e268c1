"""What two sides of a comparison are to each other. Without torch: a reading imports no more than it measures."""

import statistics


def compare(rounds: list[dict[str, float]], above: str, below: str) -> dict[str, float]:
    """Return the median, least and largest ratio of two sides, round by round."""
    ratios = [entry[above] / entry[below] for entry in rounds]
    return {
        "median": round(statistics.median(ratios), 3),
        "least": round(min(ratios), 3),
        "most": round(max(ratios), 3),
    }
