import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
from scipy.stats import fisher_exact

from cnncore.architecture import named_network
from cnncore.architecture.build import build
from cnncore.course import QUESTIONS, questions_for
from cnncore.course.facts import REPORT, facts
from cnncore.course.questions import fill
from cnncore.data.augmentation import (
    AUGMENTATIONS,
    AutoAugment,
    ColourJitter,
    CutMix,
    GaussianNoise,
    Mixup,
    PadCrop,
    RandAugment,
    RandomErasing,
    Rotation,
    TrivialAugment,
)
from cnncore.figures.results import RESULTS
from cnncore.training.config import Schedule
from pages.parts.navigation import COURSE

PAGES = Path(__file__).parents[2] / "pages"


def test_all_34_are_there_in_order_and_find_a_page():
    assert [question.number for question in QUESTIONS] == list(range(1, 35))
    assert [question.part for question in QUESTIONS] == [1] * 7 + [2] * 11 + [3] * 16
    pages = [entry.name for entry in COURSE]
    assert [q.number for q in QUESTIONS if q.page not in pages] == []
    shown = {page: [q.number for q in questions_for(page)] for page in pages}
    for question in QUESTIONS:
        assert [page for page in pages if question.number in shown[page]] == sorted(
            {question.page, *question.also}, key=pages.index
        )
        assert question.page not in question.also


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: f"Q{question.number}")
def test_every_question_is_complete_and_its_markup_is_balanced(question):
    for text in (question.text, question.answer(), question.mistake):
        assert len(text) > 20
        assert text.count("$") % 2 == 0
        assert text.count("`") % 2 == 0
        assert not re.search(r"<<|>>", text)


# What each number is by hand, or as others have published it.
LITERALS = {
    "one.weights": "75",
    "one.dense_weights": "3,145,728",
    "one.dense_biases": "1,024",
    "practical.parameters": "1,191,170",
    "practical.macs": "23.15",
    "conv.macs": "22.12",
    "conv.parameter_share": "13.1",
    "conv.mac_share": "95.5",
    "fc4.parameter_share": "86.0",
    "practical.per_image": "23.8",
    "vgg16.dense_parameters": "123,642,856",
    "updates.128": "391",
    "updates.512": "98",
    "views": "50",
    "crop.saving": "22",
    "practical.fields": "5, 6, 14, 16, 32, 36, 60",
    "practical.jumps": "1, 2, 2, 4, 4, 8, 8",
    "ln10": "2.3026",
    "lr.10": "0.060",
    "lr.50": "0.0077",
    "lr.100": "0.00059",
    "lr.sum": "2.0",
    "dropout.noise": "0.11, 1, 9",
    "zca.numbers": "9,437,184",
    "words.dictionary": "128,000",
    "words.classifier": "15,030",
    "words.learned": "143,030",
    "report.intervals": "62.7 to 78.2, 66.0 to 81.0, 74.5 to 87.7, 78.0 to 90.3, 82.5 to 93.4, 84.3 to 94.6",
    "vgg16.maps": "224: 1 × 1, 256: 2 × 2, 288: 3 × 3, 320: 4 × 4, 384: 6 × 6, 448: 8 × 8, 512: 10 × 10",
    "vgg16.oblong": "2 × 6",
    "vgg16.fc6": "404",
    "practical.maps": "32: 1 × 1, 40: 2 × 2, 48: 3 × 3, 64: 5 × 5, 96: 9 × 9, 128: 13 × 13",
    "conv1.weights": "2,400",
    "conv1.unshared": "2,457,600",
    "conv1.dense_weights": "100,663,296",
    "conv3.sees": "30 × 30",
    "norm.parameters": "320",
    "crop.sides": "14, 7, 4",
    "crop.macs": "17.97",
    "words.classifier10": "10,020",
    "momentum.bore": "0.05",
    "vgg16.fields": "3, 5, 6, 10, 14, 16, 24, 32, 40, 44, 60, 76, 92, 100, 132, 164, 196, 212",
}


@pytest.mark.parametrize(("name", "literal"), LITERALS.items())
def test_computed_facts_are_the_practicals_numbers(name, literal):
    assert facts()[name] == literal


# From the results, which may be measured again.
MEASURED = {"norm.time", "dropout.without", "dropout.with", "mirrored.digits"}


def test_what_answers_say_was_measured_is_in_the_results():
    runs = json.loads((RESULTS / "gpu-nvidia-h200.json").read_text(encoding="utf-8"))["presets"]
    added = [
        100 * (runs["figure-9"][name]["graph"][0]["seconds"] / runs["figure-8"][name]["graph"][0]["seconds"] - 1)
        for name in ("tf32", "half")
    ]
    assert facts()["norm.time"] == "{:.0f} to {:.0f} % on NVIDIA H200".format(*sorted(added))
    ladder = json.loads((RESULTS / "ladder-classroom-cpu.json").read_text(encoding="utf-8"))["presets"]
    without, with_it = (ladder[f"classroom-{step}"]["test_accuracy"]["mean"] for step in (7, 8))
    assert facts()["dropout.without"].startswith(f"{100 * without:.1f} ")
    assert facts()["dropout.with"].startswith(f"{100 * with_it:.1f} ")
    assert with_it < without
    part = json.loads((RESULTS / "ladder-figure-cpu-part.json").read_text(encoding="utf-8"))["presets"]
    [large] = part["figure-7-momentum"]["runs"]
    assert "stopped being a number in epoch 1" in large["diverged"]
    small = ladder["classroom-7-momentum"]
    assert [run["diverged"] for run in small["runs"]] == [None] * 3
    assert small["test_accuracy"]["mean"] > without
    assert small["config"]["lr"] == 0.05
    digits = json.loads((RESULTS / "label-safety-cpu.json").read_text(encoding="utf-8"))["presets"]["figure-1"]["runs"]
    stored, mirrored = (
        sum(run["views"][view]["right"] for run in digits) / sum(run["views"][view]["images"] for run in digits)
        for view in ("as stored", "mirrored")
    )
    assert len(digits) == 3
    assert facts()["mirrored.digits"] == f"from {100 * stored:.1f} to {100 * mirrored:.1f} %"


def test_no_two_neighbours_of_the_report_can_be_told_apart_and_its_ends_can():
    def p(one, other):
        return fisher_exact([[one, 128 - one], [other, 128 - other]]).pvalue

    right = list(REPORT.values())
    assert min(p(*pair) for pair in pairwise(right)) > 0.1
    assert p(right[0], right[-1]) < 0.001


def test_every_schedule_and_augmentation_that_an_answer_promises_is_there():
    schedules = QUESTIONS[27].worked.partition(";")[2]
    others = set(Schedule) - {Schedule.NONE, Schedule.EXPONENTIAL}
    assert [kind for kind in others if kind not in schedules] == []
    promised = {PadCrop, Rotation, ColourJitter, RandomErasing, Mixup, CutMix, GaussianNoise}
    assert promised | {AutoAugment, RandAugment, TrivialAugment} <= set(AUGMENTATIONS.values())
    assert "*More settings*" not in " ".join(question.worked for question in QUESTIONS)


def test_an_unknown_fact_is_an_error():
    with pytest.raises(KeyError):
        fill("<<nosuch>>")
    assert fill("a <<ln10>> b") == "a 2.3026 b"


def test_every_fact_stands_in_a_text_and_is_checked_here():
    pages = "".join(path.read_text(encoding="utf-8") for path in PAGES.rglob("*.py"))
    asked = re.findall(r"<<([\w.]+)>>", " ".join(question.worked for question in QUESTIONS))
    asked += re.findall(r"""facts\(\)\[['"]([\w.]+)['"]\]""", pages)
    assert set(asked) == facts().keys() == LITERALS.keys() | {"practical.table"} | MEASURED


def test_sizes_are_written_one_way_and_found_however_they_are_typed():
    texts = [f"{question.text} {question.answer()} {question.mistake}" for question in QUESTIONS]
    assert not [text for text in texts if re.search(r"\d ?x ?\d", text)]
    found = [
        [q.number for q in QUESTIONS if q.mentions(typed.split())] for typed in ("224x224", "224 × 224", "224×224")
    ]
    assert found == [[4, 6]] * 3
    assert not [q for q in QUESTIONS if q.mentions(["28x29"])]


def test_the_practicals_table_is_pytorchs():
    parameters = dict(build(named_network("practical")).named_parameters())
    places = {"conv1": 32 * 32, "conv2": 16 * 16, "conv3": 8 * 8, "fc4": 1, "fc5": 1}
    total = sum(p.numel() for p in parameters.values())
    lines, macs = facts()["practical.table"].splitlines(), 0
    for name, positions in places.items():
        weights, biases = (parameters[f"{name}.{kind}"].numel() for kind in ("weight", "bias"))
        macs += weights * positions
        cells = (
            f"{weights:,} | {biases:,} | {100 * (weights + biases) / total:.2f} % | {weights * positions / 1e6:.3f} M |"
        )
        assert [line for line in lines if line.startswith(f"| {name} ") and line.endswith(cells)]
    biases = sum(p.numel() for name, p in parameters.items() if name.endswith("bias"))
    assert lines[-1] == f"| total | | {total - biases:,} | {biases:,} | | {macs / 1e6:.3f} M |"
