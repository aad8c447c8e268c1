"""The same data, 1989 to today: what networks and recipes of seven times reach on one data set, and what it cost."""

import streamlit as st

from cnncore.course.eras import RECORDS
from cnncore.figures.measured import measured
from cnncore.figures.records import NOT_MEASURED, Across, Step, said, said_again, steps, steps_chart, steps_table
from cnncore.training.presets import PRESETS
from pages.parts.address import explain, remember
from pages.parts.charts import draw
from pages.parts.folded import why
from pages.parts.header import header
from pages.parts.link_to import link_to
from pages.parts.questions import questions
from pages.parts.recipe_worth import CLOCKS, FAMILIES, show_ingredients, show_sentences
from pages.parts.tabulate import tabulate
from pages.parts.tries import Tries, show_tries

SETS = {"Built-in": "builtin", "CIFAR-10": "cifar10"}
FIRST = {"records_data": "Built-in", "records_across": Across.YEAR}
WHY = """
**One network, three recipes.** 2012, 2015 and 2017 train the same convolutions on the same images for the same number
of epochs. Batch norm adds a handful of parameters, the modern recipe none.

**Fair to the old ones?** The two LeNets get today's standardized pixels and the ladder's learning rate, and no
augmentation, though LeNet-5 was trained on distorted digits as well (LeCun et al. 1998). Their data were 16 and 28
pixels wide and grey; here they see 32 pixels in colour.

**What a spread is.** The line through a dot is one standard deviation over the seeds: other first weights, another
order of the images, everything else the same. A dot without a line is one seed: nothing is known of its spread. With
one to three seeds, lines that overlap or not are no test: they say which differences to doubt.
"""


def tries(found: list[Step]) -> Tries:
    """Return the settings that lead to a surprise, with what to notice in the numbers shown."""
    lenet, ours = (next(step for step in found if step.era.name == name) for name in ("LeNet-5", "AlexNet's ideas"))
    share, work = lenet.parameters / ours.parameters, lenet.macs / ours.macs
    return {
        "What did accuracy cost?": (
            {"records_across": Across.MACS},
            "One network stands here three times: 2012, 2015 and 2017 have the same convolutions. What lies between "
            "its lowest and its highest dot is not a larger network, but how it was trained.",
        ),
        "Is it the parameters?": (
            {"records_across": Across.PARAMETERS},
            f"LeNet-5 has {100 * share:.0f} % of the parameters of the network of 2012, and {100 * work:.0f} % of its "
            "multiply-adds. The count that most tables print is not the one that costs time.",
        ),
        "And the real data?": (
            {"records_data": "CIFAR-10"},
            "CIFAR-10 at full length takes a CPU an hour and more. What was measured on a part of it says so; the rest "
            "is marked as not measured, and is not copied from elsewhere.",
        ),
    }


def show_records() -> None:
    """Show the published times to 94 % beside what was measured of the speedrun here."""
    st.subheader("CIFAR-10 against the clock", anchor=False)
    mine = measured(PRESETS["speedrun"])
    rows = [
        {"year": str(r.year), "by": r.name, "seconds to 94 %": f"{r.seconds:g}", "on": r.gpu, "source": r.source}
        for r in RECORDS
    ]
    seconds = NOT_MEASURED if mine is None else f"{mine.seconds:,.1f} for {said_again(mine) or said(mine)}"
    where = mine.machine.partition(",")[0] if mine else ""  # the versions are in the caption
    rows.append({"year": "", "by": "preset speedrun", "seconds to 94 %": seconds, "on": where, "source": ""})
    tabulate(
        rows,
        column_config={
            "seconds to 94 %": st.column_config.TextColumn(width=190),  # the last row says to how many instead
            "on": st.column_config.TextColumn(width=110),
            "source": st.column_config.LinkColumn("published at"),
        },
    )
    st.caption(
        "Published by their authors, not measured here, except the last row, which names its own GPU and accuracy. "
        "On a machine with CUDA, `python -m benchmarks.speedrun` measures it. These clocks start when the data "
        "are on the GPU, after a run to warm up; what is compiled was compiled before. Two GPUs are two rows that "
        f"cannot be compared.{f' The last row: {mine.machine}. {mine.copies}' if mine else ''}"
    )


def say_machines(found: list[Step]) -> None:
    """Say on what the chart's figures were measured, and on which images if not on the original ones."""
    best = [step.best for step in found if step.best is not None]
    machines, images = (sorted({getattr(one, name) for one in best} - {""}) for name in ("machine", "copies"))
    again = [
        f"*{step.era.name}* has {said_again(step.best)} where it is asked about several views of each (test-time "
        "augmentation)."
        for step in found
        if step.best is not None and step.best.again
    ]
    st.caption(
        "All test images, each seen once, last epoch, mean and standard deviation over the seeds. "
        + " ".join([*again, f"{'; '.join(machines)}.", *images])
    )


header(
    "The same data, 1989 to today", "How much of thirty years of progress is the network, and how much the training?"
)
remember(*FIRST)
with st.container(horizontal=True, vertical_alignment="bottom"):
    shown = st.segmented_control(
        "Data", list(SETS), default="Built-in", required=True, key="records_data", bind="query-params"
    )
    across = st.segmented_control(
        "Along", list(Across), default=Across.YEAR, required=True, key="records_across", bind="query-params"
    )
explain({"records_data": shown, "records_across": across})
found = steps(SETS[shown])
chart = steps_chart(found, Across(across))
if chart is None:
    st.info("None of this has been measured here yet: `python -m benchmarks.records` does it.")
else:
    draw(chart, f"eras_{shown}_{across}", f"Test accuracy of each era by {across}, with its spread over the seeds")
    say_machines(found)
show_tries(tries(found), FIRST)
table = steps_table(found)
new = table.pop("new")
tabulate(
    table,
    column_config={
        "year": st.column_config.NumberColumn(format="%d"),
        "parameters": st.column_config.NumberColumn(format="localized"),
        "multiply-adds": st.column_config.NumberColumn("multiply-adds per image", format="localized"),
        "whole training": st.column_config.TextColumn(
            "whole training (multiply-adds)",
            help="About three forward passes for each image and epoch: one forward, and a backward one that costs two.",
        ),
    },
)
show_sentences(table["era"], new)
link_to("training", "Train one of them: Classroom plus, Classroom speedrun")
st.subheader("What each ingredient of the modern recipe is worth", anchor=False)
show_ingredients(FAMILIES[shown], "the ladder's last step")
clock = st.expander("... and of the speedrun network", icon=":material/timer:", on_change="rerun")
if clock.open:
    with clock:
        show_ingredients(CLOCKS[shown], "the same network, initialised and trained with PyTorch's defaults")
show_records()
why(WHY)
questions("records")
