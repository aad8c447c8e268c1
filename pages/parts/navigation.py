"""The list of pages: where each lies, its title, its icon and its section of the course."""

from dataclasses import dataclass
from pathlib import Path

PAGES = Path(__file__).parents[1]


@dataclass(frozen=True)
class Entry:
    """One page; `name` is its file and its address."""

    name: str
    title: str
    symbol: str
    section: str = ""

    @property
    def path(self) -> Path:
        """Where the page's script lies: an absolute path, so that no folder of the shell's own is searched."""
        return PAGES / f"{self.name}.py"

    @property
    def icon(self) -> str:
        """The page's Material symbol, as Streamlit writes it."""
        return f":material/{self.symbol}:"


COURSE = (
    Entry("home", "Home", "home"),
    Entry("convolution", "Convolution", "grid_on", "Layers"),
    Entry("kernels", "Kernels", "grain", "Layers"),
    Entry("pooling", "Pooling", "grid_view", "Layers"),
    Entry("receptive_field", "Receptive field", "center_focus_strong", "Layers"),
    Entry("architecture", "Architecture", "account_tree", "Layers"),
    Entry("builder", "Builder", "construction", "Layers"),
    Entry("words", "Bag of words", "category", "Layers"),
    Entry("datasets", "Data sets", "photo_library", "Data"),
    Entry("standardization", "Standardization", "bar_chart", "Data"),
    Entry("augmentation", "Augmentation", "flip", "Data"),
    Entry("label_safety", "Label safety", "swap_horiz", "Data"),
    Entry("training", "Train", "show_chart", "Training"),
    Entry("optimization", "Optimization", "trending_down", "Training"),
    Entry("dropout", "Dropout", "blur_on", "Training"),
    Entry("batch_norm", "Batch norm", "equalizer", "Training"),
    Entry("compare", "Compare", "compare_arrows", "Results"),
    Entry("ladder", "The ladder", "stairs", "Results"),
    Entry("records", "1989 to today", "timeline", "Results"),
    Entry("lottery", "The 128-image lottery", "casino", "Results"),
    Entry("errors", "Errors", "rule", "Results"),
    Entry("inside", "Inside a network", "visibility", "Results"),
    Entry("course", "Questions", "school", "Course"),
    Entry("report", "Report", "edit_note", "Course"),
    Entry("vote", "Vote", "how_to_vote", "Course"),
    Entry("teacher", "In class", "cast_for_education", "Teacher"),
)


def existing() -> list[Entry]:
    """Return the pages that are there, in the course's order."""
    return [entry for entry in COURSE if entry.path.exists()]
