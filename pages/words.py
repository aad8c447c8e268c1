"""Bag of words: the method that the practical compares with, stage after stage.

A quarter of the file is what the page says: the prompts and the explanation.
"""

from contextlib import suppress
from typing import Any

import streamlit as st

from cnncore.baselines.config import (
    CELLS,
    ORIENTATIONS,
    PRESETS,
    BagOfWordsConfig,
    Descriptor,
    classifier_numbers,
    dictionary_numbers,
)
from cnncore.baselines.stored import load_model, results
from cnncore.data.prepared import datasets
from cnncore.errors import InputError
from pages.parts.address import explain, remember
from pages.parts.folded import folded, why
from pages.parts.header import header
from pages.parts.image_choice import from_data
from pages.parts.plain import with_code
from pages.parts.questions import questions
from pages.parts.words_compared import rows_for, show_comparison, show_result
from pages.parts.words_job import begin, running, show_job
from pages.parts.words_pictures import show_patch, show_words

THOUSAND = 1000
WORDS = (50, 100, 200, 500, 1000, 2000)
BASE = PRESETS["classroom-words"]
FIRST: dict[str, Any] = {
    "bow_descriptor": BASE.descriptor,
    "bow_words": BASE.words,
    "bow_pyramid": BASE.pyramid,
    "bow_patch": BASE.patch,
    "bow_spacing": BASE.stride,
    "bow_shuffled": False,
}
ADDRESS = (*FIRST, "bow_svm_c", "bow_seed", "bow_train_images")
# What to press, the setting, and what to notice once it is there.
SHUFFLE = "Shuffle the patches"
TRY: dict[str, tuple[dict[str, Any], str]] = {
    SHUFFLE: (
        {"bow_pyramid": False, "bow_shuffled": True},
        "The picture is destroyed, its histogram is the same to the last patch, and so is the answer: a bag forgets "
        "where its words were. The pyramid is there to remember a little of it.",
    ),
    "Pixels instead of gradients": (
        {"bow_descriptor": Descriptor.PATCHES, "bow_patch": 6},
        "A descriptor is *designed*. **Start** with raw pixels, and see what the choice of gradient histograms was "
        "worth on these images. A network has to find its own first layer, from labels.",
    ),
    "The course's thousand words": (
        {"bow_words": THOUSAND, "bow_pyramid": False},
        "{words:,} × {dimensions} = {dictionary:,} numbers in the dictionary, {classes} × {weights:,} = "
        "{classifier:,} in the classifier: {share:.0f} % of what is learned never saw a label.",
    ),
}
WHY = """
**Four stages.** *Descriptors*: each patch becomes a vector by a rule that a person designed. *Dictionary*: k-means
puts words where descriptors are dense; it sees no labels. *Encoding*: each patch is replaced by its nearest word, and
the image by how often each word occurs. *Classifier*: a linear SVM for each class, one against all others, learns
from labels.

**Learned apart, or end to end.** If two classes differ only in a detail that k-means has merged into one word, the SVM
can never tell them apart, and has no way to ask for a better word. In a network the loss reaches every layer: what the
classifier needs, the first convolution learns.

**The zero word.** A patch without contrast has no direction to speak of. All such patches get a word of their own,
the zero vector, which is fixed. So the SVM has words + 1 weights and a bias for each class, five times the weights
with the pyramid (the whole image and its quarters).

**Descriptors here.** Patches lie on a regular grid, and nothing searches for interest points or turns them upright.
*Gradients*: 4 × 4 cells of 8 orientations, each gradient shared between the nearest cells and orientations, less at the
patch's border; scaled to length 1, clipped at 0.2, scaled to length 1 again. *Patches*: the pixels, mean 0, length 1.
Histograms: divided by their sum, then the square root.
"""


def set_all(values: dict[str, Any]) -> None:
    """Set the controls to `values`, all others to their first values."""
    st.session_state.update(FIRST | values)


def more_settings() -> None:
    """Show the settings that only a few need."""
    with st.grid(columns=5, min_column_width=140, vertical_alignment="bottom"):
        st.slider("Side of a patch", 4, 28, BASE.patch, key="bow_patch", bind="query-params")
        st.slider("Pixels between patches", 1, 12, BASE.stride, key="bow_spacing", bind="query-params")
        st.number_input("C of the SVM", 0.001, 1000.0, BASE.c, key="bow_svm_c", bind="query-params", format="%g")
        st.number_input("Train images (0: all)", 0, 10**6, 0, key="bow_train_images", bind="query-params")
        st.number_input("Seed", 0, 2**31 - 1, BASE.seed, key="bow_seed", bind="query-params")


def chosen_data() -> str:
    """Return the data set that the image is from: where there is no choice, the first one."""
    return st.session_state.get("bow_data") or next(info.name for info in datasets() if info.prepared)


def configuration(dataset: str) -> BagOfWordsConfig:
    """Return what the controls describe."""
    state = st.session_state
    return BagOfWordsConfig(
        dataset=dataset,
        descriptor=state.bow_descriptor,
        words=state.bow_words,
        patch=state.bow_patch,
        stride=state.bow_spacing,
        pyramid=state.bow_pyramid,
        c=state.bow_svm_c,
        train_size=state.bow_train_images or None,
        seed=state.bow_seed,
    )


def begin_shown() -> None:
    """Start what the controls describe when Start is pressed: a number may have been typed since they were drawn."""
    with suppress(InputError):  # settings that do not go together: the page says so itself
        begin(configuration(chosen_data()))


def counts(classes: int) -> dict[str, float]:
    """Return the numbers of the course's thousand words on a data set: what is learned, in which part."""
    described = CELLS * CELLS * ORIENTATIONS
    dictionary, classifier = dictionary_numbers(THOUSAND, described), classifier_numbers(classes, THOUSAND)
    return {
        "words": THOUSAND,
        "dimensions": described,
        "dictionary": dictionary,
        "classes": classes,
        "weights": classifier // classes,
        "classifier": classifier,
        "share": 100 * dictionary / (dictionary + classifier),
    }


def show_try(classes: int, learned: bool) -> None:
    """Show settings that lead to a surprise, and what to notice where one of them is set.

    There is something to shuffle once a dictionary is `learned` with these settings.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown("**Try**", width="content")
        for name, (values, _) in TRY.items():
            st.button(name, key=f"try_{name}", on_click=set_all, args=(values,))
    for name, (values, notice) in TRY.items():
        if name == SHUFFLE and not learned:
            notice = (
                "**Start** first: no dictionary has been learned with these settings, without the pyramid, yet. Then "
                "the words can be drawn, and shuffled."
            )
        if all(st.session_state[key] == (FIRST | values)[key] for key in FIRST):
            st.info(notice.format(**counts(classes)), icon=":material/lightbulb:")


header("Bag of words", "What if each stage is finished before the next begins, and only the last one sees a label?")
remember(*ADDRESS)
try:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width=260):
            image = from_data("bow").image
        st.segmented_control(
            "Descriptor",
            list(Descriptor),
            default=BASE.descriptor,
            required=True,
            key="bow_descriptor",
            bind="query-params",
        )
        st.selectbox("Words", WORDS, WORDS.index(BASE.words), key="bow_words", bind="query-params", width=100)
        st.toggle(
            "Pyramid", BASE.pyramid, key="bow_pyramid", bind="query-params", help="Count in the four quarters as well."
        )
        start = st.container(width="content")
    pictures = st.container()
    with st.expander("More settings", icon=":material/tune:"):
        more_settings()
    state = st.session_state
    dataset = chosen_data()
    config = configuration(dataset)
    stored = [result for result in results(dataset) if result.shape == image.shape]
    current = next((result for result in stored if result.config == config), None)
    start.button(
        "Start",
        key="words_start",
        type="primary",
        icon=":material/play_arrow:",
        on_click=begin_shown,
        disabled=running(),
        help="Learns the dictionary and the classifier in a process of its own: you can close this page.",
    )
    with pictures:
        patch = st.container()
        with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
            place = st.container(width=220)
            st.toggle(SHUFFLE, key="bow_shuffled", bind="query-params", disabled=current is None)
        with patch:
            show_patch(image, config, place)
        show_job()
        if current is not None:
            show_words(image, state.bow_class, load_model(current), current)
        elif not running():
            st.info("**Start** learns a dictionary with these settings: then this image is drawn as its words.")
    explain({key: state[key] for key in ADDRESS})
    show_try(next(len(about.classes) for about in datasets() if about.name == dataset), current is not None)
    st.subheader("Stages learned apart, beside a network learned end to end", anchor=False)
    show_comparison(rows_for(dataset, current, stored))
    if current is not None:
        folded("words_numbers", "This bag of words in numbers", show_result, current, icon=":material/table_rows:")
except InputError as error:
    st.error(with_code(error), icon=":material/block:")
why(WHY)
questions("words")
