import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncore.data.augmentation import ColourJitter, HorizontalFlip, RandomCrop, parse_augmentations
from cnncore.errors import InputError
from cnncore.training.config import Optimizer, RunConfig, Schedule, Standardization
from cnncore.training.presets import BEYOND, CLASSROOM, PRACTICAL, PRESETS, title
from cnncore.training.schedule import learning_rate

# The practical's table, written out: (dataset, network, batch, lr, epochs) and the toggles that each step adds.
PLAIN = {"dataset": "cifar10", "network": "practical", "batch_size": 128, "lr": 0.1, "epochs": 100}
TABLE = {
    "figure-1": {"dataset": "mnist", "network": "lenet5", "batch_size": 128, "lr": 0.1, "epochs": 5},
    "figure-2": PLAIN,
    "figure-3": PLAIN | {"lr": 0.01},
    "figure-4": PLAIN | {"batch_size": 512},
    "figure-5": PLAIN | {"standardize": "handout"},
    "figure-6": PLAIN | {"standardize": "handout", "augment": (RandomCrop(28), HorizontalFlip(0.5))},
}
TABLE["figure-7"] = TABLE["figure-6"] | {"schedule": "exponential", "decay": 0.95}
TABLE["figure-7-momentum"] = TABLE["figure-7"] | {"momentum": 0.9}
TABLE["figure-8"] = TABLE["figure-7"] | {"dropout": 0.5}
TABLE["figure-9"] = TABLE["figure-8"] | {"batch_norm": True}


@pytest.mark.parametrize("name", TABLE)
def test_a_preset_is_the_practicals_experiment(name):
    assert PRESETS[name] == RunConfig(**TABLE[name], preset=name)


def test_every_preset_is_the_practicals_own_its_classroom_size_or_beyond_it():
    assert list(PRACTICAL) == list(TABLE)
    assert [*PRACTICAL, *CLASSROOM, *BEYOND] == list(PRESETS)


# What the practical has not, and what must therefore be off in its presets, whatever the defaults become.
OFF = {
    "optimizer": "sgd",
    "nesterov": False,
    "weight_decay": 0,
    "label_smoothing": 0,
    "average": 0,
    "norm_bias_rate": 1,
    "logit_scale": 1,
    "identity_start": False,
    "whitened_patches": False,
    "warmup_epochs": 0,
    "validation_size": 0,
    "train_eval": False,
    "precision": "fp32",
    "train_size": None,
    "test_size": None,
    "seed": 0,
}


@pytest.mark.parametrize("name", [*PRACTICAL, *CLASSROOM])
def test_a_preset_has_nothing_that_the_practical_has_not(name):
    assert {field: getattr(PRESETS[name], field) for field in OFF} == OFF
    assert PRESETS[name].schedule in (Schedule.NONE, Schedule.EXPONENTIAL)


@pytest.mark.parametrize("step", ["2", "3", "4", "5", "6", "7", "7-momentum", "8", "9"])
def test_a_classroom_preset_has_the_toggles_of_its_figure(step):
    figure, classroom = PRESETS[f"figure-{step}"], PRESETS[f"classroom-{step}"]
    for name in ("augment", "schedule", "momentum", "dropout", "batch_norm"):
        assert getattr(classroom, name) == getattr(figure, name), name
    standardized = figure.standardize is not Standardization.NONE
    assert (classroom.standardize is Standardization.CHANNEL) == standardized
    assert classroom.dataset == "builtin"


def test_every_preset_has_a_title():
    assert title("figure-7-momentum") == "Figure 7: + momentum, same learning rate"
    assert title("practical-plus") == "Practical plus: a modern recipe"
    assert title("speedrun").startswith("Speedrun: small maps")
    assert len({title(name) for name in PRESETS}) == len(PRESETS)


@pytest.mark.parametrize(("last_step", "name"), [("figure-9", "practical-plus"), ("classroom-9", "classroom-plus")])
def test_the_modern_recipe_has_the_last_steps_data_budget(last_step, name):
    old, new = PRESETS[last_step], PRESETS[name]
    for setting in ("dataset", "network", "epochs", "batch_size", "train_size", "batch_norm", "standardize", "seed"):
        assert getattr(new, setting) == getattr(old, setting), setting
    assert (new.validation_size, new.precision) == (0, "fp32")


@given(
    lr=st.floats(1e-6, 10),
    momentum=st.floats(0, 0.99),
    schedule=st.sampled_from(Schedule),
    standardize=st.sampled_from(Standardization),
    names=st.lists(st.sampled_from(["crop", "flip", "jitter", "erase", "rotate", "pad-crop"]), unique=True),
    train_size=st.none() | st.integers(1, 50_000),
    milestones=st.lists(st.integers(1, 100), max_size=4),
    optimizer=st.sampled_from([Optimizer.SGD, Optimizer.RMSPROP]),
    average=st.floats(0, 10),
)
def test_json_gives_the_same_configuration_back(
    lr, momentum, schedule, standardize, names, train_size, milestones, optimizer, average
):
    config = RunConfig(
        lr=lr,
        momentum=momentum,
        schedule=schedule,
        standardize=standardize,
        augment=parse_augmentations(",".join(names)),
        train_size=train_size,
        milestones=tuple(milestones),
        optimizer=optimizer,
        average=average,
    )
    assert RunConfig.from_json(json.dumps(json.loads(config.to_json()))) == config
    assert config.to_dict() == json.loads(config.to_json()), "plain values, as JSON has them"


def test_transforms_are_put_into_the_order_of_application():
    config = RunConfig(augment=(ColourJitter(), RandomCrop(28)))
    assert config.augment == (RandomCrop(28), ColourJitter())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lr": float("nan")}, r"`lr` \(=nan\) must be a number between .* try 0.1"),
        ({"lr": -1.0}, r"`lr` \(=-1.0\)"),
        ({"lr": None}, r"`lr` \(=None\) must be a number between"),
        ({"epochs": None}, r"`epochs` \(=None\) must be a whole number"),
        ({"batch_norm": "no"}, r"`batch_norm` \(='no'\) must be true or false"),
        ({"train_eval": "false"}, r"`train_eval` \(='false'\) must be true or false"),
        ({"snapshots": None}, r"`snapshots` \(=None\) must be true or false"),
        ({"dataset": 5}, r"`dataset` \(=5\) must be text"),
        ({"network": None}, r"`network` \(=None\) must be text"),
        ({"preset": 9}, r"`preset` \(=9\) must be text"),
        ({"epochs": 0}, r"`epochs` \(=0\) must be a whole number between 1"),
        ({"epochs": 2.5}, r"`epochs` \(=2.5\) must be a whole number"),
        ({"batch_size": True}, r"`batch_size` \(=True\)"),
        ({"momentum": 1.0}, r"`momentum` \(=1.0\)"),
        ({"schedule": "linear"}, r"`schedule` \(='linear'\) must be one of none, exponential"),
        ({"standardize": "batch"}, r"`standardize` \(='batch'\) must be one of none, channel"),
        ({"augment": (RandomCrop(28), RandomCrop(24))}, "names crop twice"),
        ({"optimizer": "lion"}, r"`optimizer` \(='lion'\) must be one of sgd, rmsprop, adam, adamw"),
        ({"precision": "fp8"}, r"`precision` \(='fp8'\) must be one of fp32, tf32, half"),
        ({"milestones": (0,)}, r"`milestones` \(=0\) must be a whole number between 1"),
        ({"nesterov": True}, r"`nesterov` needs `optimizer` sgd with a momentum"),
        ({"nesterov": True, "momentum": 0.9, "optimizer": "rmsprop"}, r"`nesterov` needs .*here rmsprop"),
        ({"momentum": 0.9, "optimizer": "adam"}, r"`momentum` \(=0.9\) is not for adam"),
        ({"label_smoothing": 1.0}, r"`label_smoothing` \(=1.0\)"),
        ({"average": -1}, r"`average` \(=-1\)"),
    ],
)
def test_a_bad_value_is_one_sentence_with_its_name(change, message):
    with pytest.raises(InputError, match=message):
        replace(RunConfig(), **change)


def test_milestones_are_put_in_order_and_counted_once():
    assert RunConfig(milestones=(75, 50, 75)).milestones == (50, 75)


def test_an_unknown_name_in_json_is_refused():
    with pytest.raises(InputError, match="has no `learning_rate`"):
        RunConfig.from_dict({"learning_rate": 0.1})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "must be JSON"),
        ("[]", "must be an object of settings"),
        ('{"augment": 3}', r"`augment` \(=3\) must be a list"),
        ('{"augment": [3]}', r"`augment` \(=3\) must hold objects"),
        ('{"milestones": null}', r"`milestones` \(=None\) must be a list"),
        ('{"milestones": [[1]]}', r"`milestones` \(=\[1\]\) must be a whole number"),
        ('{"milestones": ["a", 1]}', r"`milestones` \(=a\) must be a whole number"),
        ('{"augment": [{"kind": []}]}', r"`kind` \(=\[\]\) must be among crop"),
        ("[" * 100_000, "must be JSON"),
    ],
)
def test_json_that_is_no_configuration_is_one_sentence(text, message):
    with pytest.raises(InputError, match=message):
        RunConfig.from_json(text)


def test_the_exponential_schedule_has_the_practicals_values():
    config = PRESETS["figure-7"]
    assert [
        round(learning_rate(config, epoch + 1), digits) for epoch, digits in [(0, 1), (10, 3), (50, 4), (100, 5)]
    ] == [
        0.1,
        0.060,
        0.0077,
        0.00059,
    ]
    # A geometric series: all steps together are worth 2.0, of which the first 60 epochs make 95 %.
    assert sum(learning_rate(config, epoch) for epoch in range(1, 101)) == pytest.approx(2.0, abs=0.02)


def test_step_and_cosine_schedules():
    step = RunConfig(schedule=Schedule.STEP, lr=1.0, epochs=8)
    assert [round(learning_rate(step, epoch), 6) for epoch in range(1, 9)] == [1, 1, 1, 1, 0.1, 0.1, 0.01, 0.01]
    cosine = RunConfig(schedule=Schedule.COSINE, lr=1.0, epochs=4)
    assert [round(learning_rate(cosine, epoch), 4) for epoch in range(1, 5)] == [1.0, 0.8536, 0.5, 0.1464]
