"""The training page before a run: the form, the address, and what Start does."""

from dataclasses import replace

import pytest

from cnncore.architecture import named_network
from cnncore.architecture.link import link_text
from cnncore.architecture.saved import save_network
from cnncore.data.augmentation import PadCrop
from cnncore.data.prepared import folder
from cnncore.runs.record import Status
from cnncore.training.config import TTA, Schedule, Standardization
from cnncore.training.presets import PRESETS
from pages.parts import run_settings
from tests.pages.reading import said
from tests.pages.training_page import filled, opened


def test_it_opens_with_a_preset_and_says_what_start_would_do(store):
    app = opened()
    assert not app.exception
    assert app.selectbox(key="preset").value == "classroom-5"
    assert "173,578 parameters" in said(app)
    assert "5,000 train images" in said(app)
    assert not app.button(key="start").disabled


def test_start_queues_the_run_that_the_form_describes(store):
    app = opened()
    app.toggle(key="drop").set_value(True)
    app.toggle(key="sched").set_value(True)
    app.number_input(key="lr").set_value(0.03)
    app.number_input(key="seed").set_value(7)
    app.run()
    app.button(key="start").click().run()
    assert not app.exception
    [run] = store.runs()
    assert (run.config.lr, run.config.seed, run.config.dropout) == (0.03, 7, 0.5)
    assert run.config.schedule is Schedule.EXPONENTIAL
    assert run.config.standardize is Standardization.CHANNEL
    assert (run.config.preset, run.status) == (None, Status.QUEUED)
    assert app.query_params["run"] in (run.id, [run.id])


@pytest.mark.parametrize("name", ["classroom-2", "classroom-9", "classroom-plus", "classroom-speedrun"])
def test_a_preset_sets_every_control_and_starts_exactly_itself(store, name):
    app = opened()
    app.selectbox(key="preset").select(name).run()
    app.button(key="start").click().run()
    assert store.runs()[0].config == PRESETS[name]


class Values(dict):
    __getattr__ = dict.__getitem__


@pytest.mark.parametrize("name", PRESETS)
def test_what_the_controls_show_of_a_preset_is_all_of_it(monkeypatch, name):
    shown = Values(run_settings.values_of(PRESETS[name]), preset=name)
    monkeypatch.setattr(run_settings.st, "session_state", shown)
    assert run_settings.configuration() == PRESETS[name]


def test_a_changed_toggle_makes_the_preset_what_it_then_is(store):
    app = opened(preset="classroom-5")
    app.toggle(key="std").set_value(False).run()
    assert app.selectbox(key="preset").value == "classroom-2"
    app.number_input(key="epochs").set_value(3).run()
    assert app.selectbox(key="preset").value == "own"


def test_an_address_is_a_setting(store):
    app = opened(preset="classroom-9", epochs="3", seed="5", mom="true")
    assert app.number_input(key="epochs").value == 3
    assert app.toggle(key="bn").value
    assert app.toggle(key="mom").value
    again = opened(**{key: value if isinstance(value, str) else value[0] for key, value in app.query_params.items()})
    app.button(key="start").click().run()
    again.button(key="start").click().run()
    first, second = store.runs()
    assert first.config == second.config
    assert (first.config.epochs, first.config.seed, first.config.batch_norm) == (3, 5, True)


@pytest.mark.parametrize(
    ("key", "value", "default"),
    [
        ("epochs", "-3", 50),
        ("lr", "abc", 0.05),
        ("lr", "inf", 0.05),
        ("preset", "figure-77", "classroom-5"),
        ("network", "nosuch", "classroom"),
        ("network", "/etc/hostname", "classroom"),
        ("milestones", "9" * 400, ""),
        ("aug_kinds", "foo,bar", ["crop", "flip"]),
        ("aug_kinds", "flip,foo", ["crop", "flip"]),
    ],
)
def test_a_wrong_address_is_said_and_the_default_is_shown(store, key, value, default):
    app = opened(**{key: value})
    assert not app.exception
    assert f"{key}={value[:20]}" in said(app)
    assert app.session_state[key] == default


def test_an_address_opens_no_file_of_the_machine_that_serves(store, tmp_path):
    file = tmp_path / "mine.json"
    file.write_text(named_network("lenet5").to_json(), encoding="utf-8")
    app = opened(network=str(file))
    assert app.session_state.network == "classroom"
    assert "LeNet" not in said(app)


def test_a_batch_that_cannot_be_normalized_is_one_sentence_and_no_start(store):
    app = opened(preset="classroom-2", network="resnet18", batch="1")
    assert "`batch_size` (=1) makes a batch of one image" in said(app)
    assert app.button(key="start").disabled


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ({"validation_size": "500"}, "4,500 train images · 141 updates an epoch"),
        ({"train_size": "1000", "validation_size": "200"}, "1,000 train images · 32 updates an epoch"),
        ({"train_size": "1", "batch": "32"}, "1 train image · 1 update an epoch"),
    ],
)
def test_the_plan_knows_the_validation_split(store, address, words):
    app = opened(preset="classroom-5", **address)
    assert words in said(app)
    assert not app.button(key="start").disabled


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ({"train_size": "99999"}, "`train_size` (=99999) must not exceed the 5000 images"),
        ({"validation_size": "5000"}, "`validation_size` (=5000) must leave some of the 5000"),
    ],
)
def test_more_images_than_there_are_is_a_sentence_and_no_start(store, address, words):
    filled(store)
    app = opened(**address)
    assert not app.exception
    assert words in said(app)
    assert app.button(key="start").disabled
    assert len(app.get("vega_lite_chart")) == 2, "the run that is shown stays"


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [("lr", 99999.0, "`lr` (=99999.0) must be a number between 1e-08 and 10000"), ("epochs", 0, "`epochs` (=0) must")],
)
def test_a_number_that_cannot_be_is_said_and_is_not_started_as_another(store, key, value, words):
    filled(store)
    app = opened()
    app.number_input(key=key).set_value(value)
    app.button(key="start").click().run()  # typed and pressed before the page was drawn anew
    assert not app.exception
    assert words in said(app)
    assert app.button(key="start").disabled
    assert len(store.runs()) == 1
    assert len(app.get("vega_lite_chart")) == 2, "the run that is shown stays"
    app.number_input(key=key).set_value(1).run()
    assert not app.button(key="start").disabled


def test_two_networks_of_one_name_are_two_choices(store):
    """The form holds an own network as it was, the home the same as it was edited since."""
    first = replace(named_network("classroom"), name="mine")
    save_network(later := replace(first, layers=first.layers[1:]))
    app = opened(network=link_text(first))
    networks = app.selectbox(key="network")
    assert {"mine", "mine (2)"} <= set(networks.options)
    assert len(set(networks.options)) == len(networks.options)
    assert networks.value == first.to_json()
    networks.set_value("mine").run()
    assert app.session_state.network == later.to_json()


def test_start_begins_with_what_was_typed_a_moment_before(store):
    app = opened()
    app.number_input(key="lr").set_value(0.2)
    app.number_input(key="train_size").set_value(1000)
    app.button(key="start").click().run()
    [run] = store.runs()
    assert (run.config.lr, run.config.train_size, run.config.preset) == (0.2, 1000, None)
    app.number_input(key="train_size").set_value(99999)
    app.button(key="start").click().run()
    assert len(store.runs()) == 1


def test_a_toggle_that_does_nothing_is_told(store):
    app = opened(aug="true", aug_kinds="", drop="true", drop_p="0", mom="true", mom_value="0")
    assert not app.exception
    for label in ("Crop and flip", "Dropout", "Momentum"):
        assert f"**{label}** is on and does nothing" in said(app)
    app.multiselect(key="aug_kinds").set_value(["flip"]).run()
    assert "**Crop and flip** is on" not in said(app)
    app.toggle(key="drop").set_value(False).run()
    assert "**Dropout** is on" not in said(app)


def test_a_data_set_that_is_not_there_is_one_sentence_and_no_start(store):
    app = opened(preset="figure-9")
    assert "`dataset` (=cifar10) is not prepared: open the page Data sets" in said(app)
    assert app.button(key="start").disabled


@pytest.mark.parametrize(
    ("name", "words"), [("../x", "small letters, digits"), ("flowers", "`dataset` (=flowers) has a damaged")]
)
def test_a_data_set_that_cannot_be_one_is_a_sentence_and_the_run_that_is_shown_stays(store, name, words):
    folder("flowers").mkdir(parents=True)
    (folder("flowers") / "about.json").write_text("{broken")
    filled(store)
    app = opened(dataset=name)
    assert not app.exception
    assert words in said(app)
    assert app.button(key="start").disabled
    assert app.dataframe, "what stands below the plan is there too"


def test_every_setting_is_in_the_address_and_in_the_run(store):
    asked = {
        "preset": "classroom-7",
        "mom": "true",
        "nesterov": "true",
        "weight_decay": "0.0005",
        "label_smoothing": "0.1",
        "average": "1.5",
        "sched_kind": "step",
        "milestones": "3, 40",
        "factor": "0.5",
        "patience": "2",
        "warmup_epochs": "2.0",
        "validation_size": "500",
        "train_eval": "true",
        "tta": "mirror-shift",
        "std_kind": "zca",
        "whitening_eps": "0.01",
        "epochs": "20",
        "norm_bias_rate": "8.0",
        "logit_scale": "0.5",
        "identity_start": "true",
        "whitened_patches": "true",
        "aug": "true",
        "aug_kinds": "pad-crop",
        "padding": "3",
    }
    app = opened(**asked)
    assert not app.exception
    assert "never reached" in said(app)  # 40 of 20 epochs
    app.button(key="start").click().run()
    config = store.runs()[0].config
    assert (config.momentum, config.nesterov, config.weight_decay, config.label_smoothing) == (0.9, True, 5e-4, 0.1)
    assert (config.average, config.milestones, config.warmup_epochs) == (1.5, (3, 40), 2.0)
    assert (config.validation_size, config.train_eval, config.whitening_eps) == (500, True, 0.01)
    assert config.tta is TTA.SHIFTS
    assert (config.norm_bias_rate, config.logit_scale) == (8.0, 0.5)
    assert config.identity_start
    assert config.augment == (PadCrop(3),)
    assert config.whitened_patches
    assert config.schedule is Schedule.STEP
    assert (config.factor, config.patience) == (0.5, 2)
    assert config.standardize is Standardization.ZCA


def test_what_plays_no_part_is_greyed_out_and_what_is_needed_to_go_on_is_not(store):
    app = opened(preset="classroom-plus")

    def dead():
        kinds = (app.number_input, app.text_input, app.selectbox, app.multiselect, app.toggle)
        return {widget.key for kind in kinds for widget in kind if widget.disabled}

    assert dead() == {"whitening_eps", "padding", "drop_p", "milestones", "factor", "decay", "patience"}
    app.selectbox(key="sched_kind").set_value("plateau").run()
    app.selectbox(key="std_kind").set_value("zca").run()
    app.toggle(key="drop").set_value(True).run()
    assert dead() == {"padding", "milestones", "decay"}
    for toggle in ("std", "aug", "mom", "sched"):
        app.toggle(key=toggle).set_value(False).run()
        assert not app.exception
    more = {"std_kind", "whitening_eps", "aug_kinds", "mom_value", "nesterov", "sched_kind", "factor", "patience"}
    assert dead() == {"padding", "milestones", "decay"} | more
    app.button(key="start").click().run()
    config = store.runs()[0].config
    assert (config.momentum, config.nesterov, config.schedule) == (0.0, False, Schedule.NONE)


def test_settings_that_do_not_go_together_are_a_sentence(store):
    app = opened(preset="classroom-7-momentum")
    app.selectbox(key="optimizer").set_value("adam").run()
    assert not app.exception
    assert "`momentum` (=0.9) is not for adam" in said(app)
    app.toggle(key="mom").set_value(False).run()
    assert "is not for adam" not in said(app)


def test_the_plan_says_how_long_all_epochs_would_take(store):
    filled(store)  # 100 images a second, says `epoch_end`
    app = opened(dataset="tiny", network="classroom", epochs="50")
    # 140 train images in 50 epochs are 7,000: 70 seconds.
    assert "140 train images" in said(app)
    assert "about 1 min 10 s of training, as fast as the last such run" in said(app)


def test_seeds_beyond_the_largest_are_a_sentence(store):
    app = opened(seed="2147483646")
    assert not app.exception
    assert any("`seed`" in caption.value for caption in app.caption)
    assert app.button(key="start_seeds").disabled
    assert not app.button(key="start").disabled


@pytest.mark.parametrize("key", ["batch", "lr", "epochs", "seed", "decay"])
def test_a_field_that_is_emptied_has_its_number_again(store, key):
    app = opened(preset="classroom-7")
    field = app.number_input(key=key)
    before = field.value
    field.set_value(field.min).run()  # what a browser makes of an empty field
    assert not app.error
    assert app.number_input(key=key).value == before


@pytest.mark.parametrize("address", [{"sched": "true", "sched_kind": "none"}, {"std_kind": "none"}])
def test_a_kind_that_is_none_is_refused(store, address):
    app = opened(**address)
    assert not app.exception
    assert "kind=none`, which this page does not know" in app.warning[0].value


def test_what_was_typed_is_no_markdown_in_an_error(store):
    app = opened(preset="own", sched="true", sched_kind="step")
    app.text_input(key="milestones").set_value("![x](http://host/a.png)").run()
    assert "![x](http" not in app.error[0].value
    assert "x" in app.error[0].value
