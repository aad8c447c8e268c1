"""The weights of a convolution beside those of a dense layer with the same output, as two areas to scale."""

from cnncore.architecture import LayerFacts
from cnncore.figures.palette import KERNEL

SIDE = 132.0  # pixels of the larger square
SMALLEST = 2.0  # what the eye still finds; a smaller square is drawn as large as this, and the text says so


def ratio_words(larger: int, smaller: int) -> str:
    """Return how many times as many in words: "41,943 times as many"; below ten with one decimal.

    >>> ratio_words(3145728, 75)
    '41,943 times as many'
    """
    times = larger / smaller
    if round(times, 1) == 1:
        return "about as many" if larger != smaller else "as many"
    return f"{times:,.0f} times as many" if times >= 9.95 else f"{times:.1f} times as many"


def bill_sentence(facts: LayerFacts) -> str:
    """Return the comparison in one sentence of Markdown."""
    if facts.dense_weights >= facts.weights:
        words = ratio_words(facts.dense_weights, facts.weights)
        return f"A dense layer with the same output needs **{words}** weights."
    words = ratio_words(facts.weights, facts.dense_weights)
    return f"Here a dense layer would be the smaller one: the convolution has **{words}** weights."


def true_to_scale(facts: LayerFacts) -> bool:
    """Return whether the smaller square of `bill_picture` is large enough to be drawn as it is."""
    small, large = sorted((facts.weights, facts.dense_weights))
    return bool(SIDE * (small / large) ** 0.5 >= SMALLEST)


def bill_picture(facts: LayerFacts) -> str:
    """Return HTML with two squares whose areas are the numbers of weights (see `true_to_scale`)."""
    largest = max(facts.weights, facts.dense_weights)
    squares = (
        ("convolution", facts.weights, f"background:{KERNEL}"),
        ("dense layer", facts.dense_weights, "background:color-mix(in oklab,currentColor 20%,transparent)"),
    )
    return "".join(
        (
            '<div style="display:flex;gap:2rem;align-items:flex-end;justify-content:center">',
            *(
                f'<div style="text-align:center;min-width:6.5rem"><div style="width:{_side(n, largest):.1f}px;'
                f'height:{_side(n, largest):.1f}px;margin:0 auto 0.5rem;{colour}"></div>'
                f'<div style="font-weight:650">{n:,}</div>'
                f'<div style="font-size:0.85rem;opacity:0.75">{name}</div></div>'
                for name, n, colour in squares
            ),
            "</div>",
        )
    )


def _side(weights: int, largest: int) -> float:
    return max(SMALLEST, SIDE * float((weights / largest) ** 0.5))
