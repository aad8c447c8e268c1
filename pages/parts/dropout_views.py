"""What the dropout page shows: one mask and the books over a thousand, twenty predictions, the measured ladder."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore.course.ballots import claim
from cnncore.figures.dropout import books_chart, noise_chart, passes_chart, units_chart
from cnncore.figures.ladder import step_measured
from cnncore.figures.measured import time_added
from cnncore.inspection.masks import MASKS, Account, Books, kept, noise_variance
from cnncore.training.presets import title
from pages.parts.beside import beside
from pages.parts.charts import draw
from pages.parts.pictures import Tile, row
from pages.parts.plain import plain
from pages.parts.predict import predict, true_or_false
from pages.parts.subject import Subject
from pages.parts.tabulate import tabulate

TRAIN_MODE, EVAL_MODE = "train()", "eval()"


def show_layer(subject: Subject, activations: NDArray[np.float64], found: list[Account], best: str) -> None:
    """Show one mask on the layer, and beside it the books over a thousand."""
    state = st.session_state
    mask = kept(len(activations), state.dropout_p, seed=state.dropout_mask)[0]
    factor, _ = Books(state.dropout_books).scales(state.dropout_p)
    left, right = beside()
    with left:
        picture, text = st.columns([1, 6], vertical_alignment="center")
        picture.html(row([Tile(subject.image, alt=subject.caption)], 64 / subject.image.shape[2]))
        text.markdown(
            f"**{len(activations)} units before the last layer**, {int((~mask).sum())} dropped, survivors "
            f"{'as they are' if factor == 1 else f'times {factor:.3g}'}, of {subject.words}."
        )
        draw(units_chart(activations, mask, factor), "units", "The units of the layer, dropped ones crossed")
    with right:
        st.markdown(f"**The score of *{plain(best)}* over {MASKS:,} masks**, and in testing")
        draw(books_chart(found, f"score of {best}"), "books_chart", "Mean, std and test score by convention")
        account = next(entry for entry in found if entry.books == state.dropout_books)
        verdict = "Training and test agree." if account.agrees else "**Training and test do not agree.**"
        st.markdown(
            f"*{account.books}*: training {account.mean:.3f} ± {2 * account.error:.3f} (two standard errors; by "
            f"formula {account.expected:.3f}), std {account.spread:.3f} (by formula {account.deviation:.3f}), test "
            f"{account.test:.3f}. {verdict}"
        )


def show_modes(still: NDArray[np.float64], moving: NDArray[np.float64], classes: tuple[str, ...], best: int) -> None:
    """Show twenty passes (20, classes) of the image in the chosen mode, `still` in eval(), and the noise over p."""
    state = st.session_state
    left, right = beside(level="dropout_modes")
    with left:
        shown = moving if state.dropout_mode == TRAIN_MODE else still
        st.markdown(f"**Twenty passes of one image in {state.dropout_mode}**, eval() as a tick")
        draw(passes_chart(shown, still[0], classes), "passes", "Probability of each class in twenty passes")
        spread = 100 * float(shown[:, best].std())
        winners = len(set(shown.argmax(1).tolist()))
        st.markdown(
            f"The probability of *{plain(classes[best])}* is {100 * shown[:, best].mean():.1f} % ± {spread:.1f} over "
            f"them, and {winners} {'class wins' if winners == 1 else 'different classes win'}. In eval() it is "
            f"{100 * still[0, best]:.1f} %, all twenty times."
        )
    with right:
        st.markdown("**The noise on every unit:** variance p/(1 − p)")
        p = state.dropout_p
        draw(noise_chart(p), "noise", "Variance of the dropout noise over p, measured and by formula")
        st.markdown(
            f"At p = {p:g}: measured {noise_variance(p):.3f}, by formula {p / (1 - p):.3f}. "
            f"Points: {MASKS:,} masks each, the line is the formula."
        )


def ask_about(found: list[Account]) -> None:
    """Ask what to predict; `found` are the books of the layer shown above."""
    by_name = {account.books: account for account in found}
    share = st.session_state.dropout_p
    predict(
        "predict_books",
        "survivors are divided by 1 − p in training. What has to be done to the layer in testing, so that the next "
        "layer meets the same on average?",
        ("times 1 − p", "nothing", "divide by 1 − p"),
        "nothing",
        lambda _: (
            f"Above, at p = {share:g}: training averages {by_name[Books.PYTORCH].mean:.3f} over {MASKS:,} masks, test "
            f"as it is gives {by_name[Books.PYTORCH].test:.3f}, and times 1 − p {by_name[Books.BOTH].test:.3f} (all "
            "but its bias is scaled). The factor must be applied only once."
        ),
    )
    true_or_false(
        "claim_test",
        claim("dropout-test"),
        lambda: claim("dropout-test").because,
    )
    true_or_false(
        "claim_faster",
        claim("dropout-faster"),
        _faster,
    )


def _faster() -> str:
    text = claim("dropout-faster").because
    added = time_added("figure-7", "figure-8")
    return text + (
        f" Whole runs, {title('figure-8')} against {title('figure-7')}, take longer by {added}." if added else ""
    )


def show_measured() -> None:
    """Show what dropout did on the measured ladder (Q29)."""
    measured = step_measured("classroom-7", "classroom-8")
    if measured is not None:
        tabulate(measured)
        st.caption(
            "The ladder on the built-in data, 50 epochs, mean and standard deviation over three seeds. Train is "
            "measured *with* units missing, which is one reason why it falls; the gap between train and test closes."
        )
