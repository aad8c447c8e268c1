"""How sure a run's answers are and whether they may be, on the errors page."""

import numpy as np
import streamlit as st

from cnncore.figures.calibration import reliability_chart, sureness_chart, trend
from cnncore.inspection.calibration import BINS, reliability
from cnncore.runs.answers import sureness_by_epoch
from pages.parts.beside import beside
from pages.parts.charts import draw
from pages.parts.errors_views import Shown
from pages.parts.predict import predict

BANDS = ("fewer than 1 in 100", "1 to 5 in 100", "5 to 20 in 100", "more than 20 in 100")
_SURE = 0.9


def band(share: float) -> str:
    """Return which of `BANDS` a share lies in."""
    return BANDS[int(np.searchsorted([0.01, 0.05, 0.2], share, side="right"))]


def ask_about_sure_answers(shown: Shown) -> None:
    """Ask how many of the answers that are more than 90 % sure are wrong; nothing where there is no such answer."""
    sure = shown.given.found.confidence > _SURE
    count, wrong = int(sure.sum()), int((sure & ~shown.given.right).sum())
    if not count:
        return
    predict(
        "errors_sure",
        f"after epoch {shown.epoch}, {count:,} of {len(sure):,} answers are more than 90 % sure. How many of these "
        "are wrong?",
        BANDS,
        band(wrong / count),
        lambda _: (
            f"{wrong:,} of {count:,}, {100 * wrong / count:.1f} %. A calibrated network would be wrong in fewer than "
            "10 of 100 answers that are more than 90 % sure: compare the bar at the right end below."
        ),
    )


def show_calibration(shown: Shown) -> None:
    """Show confidence against accuracy after the epoch, and both over all epochs."""
    st.subheader("Does it know when it does not know?", anchor=False)
    ask_about_sure_answers(shown)
    found = reliability(shown.given.found.confidence, shown.given.right)
    history = sureness_by_epoch(shown.run.id)
    left, right = beside(level="errors_calibration")
    with left:
        st.markdown(f"**After epoch {shown.epoch}**: calibration error **{100 * found.error:.1f}** points.")
        draw(reliability_chart(found), "errors_reliability", "How many answers of each confidence are right")
        st.caption(
            "Bars: the share that is right, with its 95 % interval, and how many answers; ticks: their mean "
            "confidence. On the dashed line the network is as sure as it is right."
        )
    with right:
        st.markdown(trend(history))
        draw(sureness_chart(history, shown.epoch), "errors_sureness", "Confidence and accuracy by epoch")
        st.caption(
            f"All on the N = {len(shown.given.labels):,} test images, epoch 0 before training; the confidence is the "
            "answer's probability."
        )
    now = history[shown.epoch]
    st.latex(
        rf"\mathrm{{ECE}} = \sum_{{b=1}}^{{{BINS}}} \frac{{n_b}}{{N}} "
        r"\left|\,\mathrm{accuracy}_b - \mathrm{confidence}_b\right| = "
        rf"{100 * now.error:.1f}\ \%"
    )
