"""The page 1989 to today: what each ingredient of a modern recipe is worth."""

import streamlit as st

from cnncore.figures.recipe import Measurement, measurement, worth_chart, worth_table
from pages.parts.charts import draw
from pages.parts.folded import folded
from pages.parts.tabulate import tabulate

# Of which the ingredients were measured: the modern recipe, and the network for the clock.
FAMILIES = {"Built-in": "classroom", "CIFAR-10": "practical"}
CLOCKS = {"Built-in": "classroom-clock", "CIFAR-10": "clock"}


def show_ingredients(family: str, old_is: str) -> None:
    """Show what each ingredient of a recipe is worth, left out and added alone; `old_is` says what it is without."""
    found = measurement(family)
    if found is None:
        st.info(
            f"Not measured here, or the results are not installed: `python -m benchmarks.recipe --family {family}` "
            "measures it."
        )
        return
    old, new = (f"{100 * mean:.1f} %" for mean, _, _ in (found.old, found.new))
    st.markdown(
        f"Old recipe ({old_is}) **{old}**, new one **{new}**, on {found.validation:,} validation images taken out of "
        "the train set, each seen once. The test set chose nothing."
    )
    alt = "What each ingredient adds to the validation accuracy, with its spread"
    draw(worth_chart(found.worths), f"worth_{family}", alt)
    count = found.new[2]
    what = "Difference" if count == 1 else "Mean difference and one standard deviation"
    seeds = "One seed" if count == 1 else f"Up to {count} seeds"
    st.caption(
        f"{what}. {seeds}, each compared with the same seed, after "
        f"{found.epochs} epochs on {found.images:,} train images. {found.machine}. {found.copies}"
    )
    table = worth_table(found.worths)
    sentences = table.pop("what it does")
    tabulate(table)
    show_sentences(table["ingredient"], sentences)
    if found.trials:
        label = f"What was chosen from: {len(found.trials)} trials"
        folded(f"records_trials_{family}", label, show_trials, family, found, icon=":material/science:")


def show_trials(family: str, found: Measurement) -> None:
    """Show what was tried before the new recipe was settled."""
    rows = [
        {
            "changed in the new recipe": trial.changes,
            "epochs": trial.epochs,
            "validation accuracy (%)": round(100 * trial.accuracy, 1),
            "seeds": trial.seeds,
        }
        for trial in found.trials
    ]
    tabulate(rows, width="content")
    usual = shifted(found) if family == FAMILIES["Built-in"] else ""
    st.caption("On the validation images; what a trial says holds for this data. " + usual)


def shifted(found: Measurement) -> str:
    """Return what the usual shift of CIFAR-10 did to the built-in images in place of the crop; empty if not tried."""
    tried = (one for one in found.trials if one.changes == "augment pad-crop + flip" and one.epochs == found.epochs)
    trial = next(tried, None)
    if trial is None:
        return ""
    return (
        f"Shifts by up to four pixels, usual on CIFAR-10, gave {100 * trial.accuracy:.1f} % in place of the "
        f"crop's {100 * found.new[0]:.1f} %: look at both on the page Augmentation."
    )


def show_sentences(names: list[str], sentences: list[str]) -> None:
    """Show a sentence for each name, as a list: a table's cells have one line, which a column at its end cuts off."""
    st.markdown("\n".join(f"- **{name}**: {sentence}" for name, sentence in zip(names, sentences, strict=True)))
