"""What an address asks for and cannot have is said, on whichever page."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cnncore import compute
from cnncore.data.catalogue import BUILTIN
from cnncore.data.prepared import save
from pages.parts import awaited
from pages.parts.address import SEVERAL
from pages.parts.image_choice import drawn
from tests.conftest import tiny_images
from tests.pages.stored_run import store_run
from tests.pages.test_compare import filled
from tests.pages.test_compare import store as store

PAGES = Path(__file__).parents[2] / "pages"


def warned(page, **address):
    app = AppTest.from_file(str(PAGES / f"{page}.py"), default_timeout=120)
    for key, value in address.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    return [warning.value for warning in app.warning if "The address asks for" in warning.value]


@pytest.mark.parametrize(
    ("page", "address", "shown"),
    [
        ("lottery", {"lottery_acc": "999"}, ["`lottery_acc=999` (shown: 75.0)"]),
        ("records", {"records_data": "zz"}, ["`records_data=zz` (shown: Built-in)"]),
        (
            "ladder",
            {"size": "huge", "seeds": "7", "shown": "x"},
            ["`ladder_size=huge`", "`ladder_seeds=7`", "`ladder_shown=x`"],
        ),
        ("optimization", {"opt_rules": ["Foo", "SGD"]}, ["`opt_rules=Foo` (shown: SGD)"]),
        ("convolution", {"inverse_from": "0", "inverse_to": "8"}, ["`conv_inverse_from=0` (shown: 32)"]),
        ("augmentation", {"aug_transforms": ["Foo", "Mixup"]}, ["`aug_transforms=Foo` (shown: Mixup)"]),
    ],
)
def test_a_bad_address_is_told(app_home, page, address, shown):
    [text] = warned(page, **address)
    for part in shown:
        assert part in text


@pytest.mark.parametrize(
    ("page", "address"),
    [
        ("optimization", {"rules": ["SGD", "Nesterov"]}),
        ("records", {"across": "parameters"}),
        ("lottery", {"acc": "60"}),
        ("convolution", {"inverse_from": "64", "inverse_to": "16"}),
        ("augmentation", {"transforms": ["Random crop"]}),
    ],
)
def test_a_good_address_is_not(app_home, page, address):
    assert not warned(page, **address)


def test_runs_and_a_metric_that_are_not_there_are_told(store):
    filled(store)
    [text] = warned("compare", metric="nope", runs=["nope"])
    assert "`compare_runs=nope` (shown: none)" in text
    assert "`compare_metric=nope` (shown: Test accuracy)" in text
    assert not warned("compare", metric="Test loss")


@pytest.mark.parametrize(
    ("page", "prefix"), [("kernels", "kernels"), ("pooling", "pool"), ("receptive_field", "field")]
)
def test_an_image_that_is_not_there_is_told(drawn_once, page, prefix):
    address = {f"{prefix}_class": "yeti", f"{prefix}_number": "99999"}
    if page == "pooling":
        address["pool_scene"] = "Image of a data set"
    [text] = warned(page, **address)
    assert f"`{prefix}_class=yeti` (shown: car)" in text
    assert f"`{prefix}_number=99999`" in text


@pytest.mark.parametrize(
    ("page", "address", "words"),
    [
        ("augmentation", {"aug_crop": "900"}, "`aug_crop=900` (shown: 28)"),
        ("batch_norm", {"bn_batch": "7"}, "`bn_batch=7` (shown: 8)"),
        ("dropout", {"dropout_p": "7"}, "`dropout_p=7` (shown: 0.5)"),
        ("inside", {"inside_source": "x"}, "`inside_source=x`"),
        ("label_safety", {"flip_seed": "x"}, "`flip_seed=x` (shown: 0)"),
        ("receptive_field", {"field_gradient": "x"}, "`field_gradient=x`"),
        ("receptive_field", {"field_unit": "middle"}, "`field_unit` that is not row,column"),
        ("receptive_field", {"network": "nosuch"}, "`network` (='nosuch')"),
        ("standardization", {"std_eps": "7"}, "`std_eps=7`"),
    ],
)
def test_what_was_said_is_still_there_when_what_is_awaited_has_come(drawn_once, monkeypatch, page, address, words):
    drawn(BUILTIN.name)
    monkeypatch.setattr(awaited, "SOON", 0.0)
    app = AppTest.from_file(str(PAGES / f"{page}.py"), default_timeout=120)
    for key, value in address.items():
        app.query_params[key] = value
    app.run()
    if page == "inside":  # says it beside its first answer; more of them follow
        app.session_state["awaited_looked_at"][1].result(60)
        app.run()
    for time in ("at first", "drawn once more"):
        assert not app.exception
        assert any(words in warning.value for warning in app.warning), time
        app.run()


def test_what_was_said_goes_with_the_first_change_of_what_it_is_about(drawn_once):
    app = AppTest.from_file(str(PAGES / "augmentation.py"), default_timeout=120)
    app.query_params.update({"aug_crop": "900", "aug_class": "yeti"})
    app.run()

    def said():
        return [bad for bad in ("aug_crop=900", "aug_class=yeti") if bad in "".join(w.value for w in app.warning)]

    assert said() == ["aug_crop=900", "aug_class=yeti"]
    app.slider(key="aug_crop").set_value(20).run()
    assert said() == ["aug_class=yeti"]
    app.selectbox(key="aug_class").set_value("fish").run()
    assert said() == []
    app.slider(key="aug_crop").set_value(28).run()
    assert said() == []


@pytest.mark.parametrize(
    "page", ["batch_norm", "compare", "dropout", "errors", "inside", "label_safety", "ladder", "lottery"]
)
def test_a_store_that_cannot_be_used_is_told(app_home, page):
    save(replace(tiny_images(size=32), name="builtin", title="Built-in"))  # else it would have to be drawn
    (app_home / "runs.sqlite").write_text("no database, a text that somebody has put there instead of one")
    app = AppTest.from_file(str(PAGES / f"{page}.py"), default_timeout=120).run()
    assert not app.exception
    [error] = app.error
    assert "cannot be used" in error.value


@pytest.mark.parametrize(
    ("page", "short", "key", "value"),
    [
        ("convolution", {"kernel": "5"}, "conv_kernel", 5),
        ("optimization", {"lr": "0.3"}, "opt_lr", 0.3),
        ("dropout", {"p": "0.9"}, "dropout_p", 0.9),
        ("architecture", {"size": "40"}, "arch_size", 40),
    ],
)
def test_a_link_may_leave_out_the_word_of_its_page(app_home, page, short, key, value):
    app = AppTest.from_file(str(PAGES / f"{page}.py"), default_timeout=120)
    for name, text in short.items():
        app.query_params[name] = text
    app.run()
    assert not app.exception
    assert app.session_state[key] == value
    assert not any("The address asks" in warning.value for warning in app.warning)
    assert not set(short) & set(app.query_params)


@pytest.fixture(scope="module")
def with_a_run(tmp_path_factory):
    """One home with two small data sets and a trained run: pages draw the controls that need one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNCORE_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setattr("cnncore.runs.client.start_detached", lambda *_, **__: None)
        save(tiny_images())
        save(replace(tiny_images(size=32), name="builtin", title="Built-in"))  # else it would have to be drawn
        compute.shutdown()  # a child of the tests before has their home, where this run is none
        yield store_run()


def opened(page, monkeypatch, **address):
    """Return a page without the answers of the compute pool: its controls wait for none."""
    monkeypatch.setattr(awaited, "SOON", 0.0)
    app = AppTest.from_file(str(PAGES / f"{page}.py"), default_timeout=60)
    app.query_params.update(address)
    return app.run()


@pytest.mark.parametrize(
    ("page", "key"),
    [
        ("architecture", "arch_count"),
        ("batch_norm", "bn_mode"),
        ("batch_norm", "bn_moment"),
        ("compare", "compare_across"),
        ("dropout", "dropout_moment"),
        ("errors", "errors_gallery"),
        ("label_safety", "flip_view"),
        ("ladder", "ladder_seeds"),
        ("ladder", "ladder_size"),
        ("ladder", "size"),
        ("optimization", "opt_surface"),
        ("records", "records_across"),
        ("records", "records_data"),
        ("training", "motion_act"),
        ("training", "motion_moment"),
    ],
)
def test_an_empty_value_is_no_value(with_a_run, monkeypatch, page, key):
    slow = {"slow_motion": "true"} if page == "training" else {}
    app = opened(page, monkeypatch, **slow, **{key: ""})
    assert [error.value for error in (*app.exception, *app.error)] == []
    assert key not in app.query_params
    assert any(f"{key}=` (shown: " in warning.value for warning in app.warning)


@pytest.mark.parametrize(("page", "key"), [("batch_norm", "bn_moment"), ("dropout", "dropout_moment")])
def test_what_only_a_run_has_is_told_too(with_a_run, page, key):
    [text] = warned(page, **{key: "x"})
    assert f"`{key}=x` (shown: " in text
    assert not warned(page, **{key: "before training"})


@pytest.mark.parametrize(
    ("page", "key"),
    [
        ("batch_norm", "bn_others"),
        ("dropout", "dropout_mask"),
        ("kernels", "kernels_number"),
        ("kernels", "number"),
        ("label_safety", "flip_seed"),
        ("receptive_field", "field_channel"),
        ("training", "motion_image"),
        ("words", "bow_seed"),
    ],
)
@pytest.mark.parametrize("text", ["1e999", "-inf"])
def test_a_whole_number_is_not_infinite(with_a_run, monkeypatch, page, key, text):
    slow = {"slow_motion": "true"} if page == "training" else {}
    app = opened(page, monkeypatch, **slow, **{key: text})
    assert [error.value for error in (*app.exception, *app.error)] == []
    assert key not in app.query_params
    assert any(f"{key}={text}` (shown: " in warning.value for warning in app.warning)


@pytest.mark.parametrize(
    ("page", "key", "text"), [("records", "records_data", ""), ("label_safety", "flip_seed", "inf")]
)
def test_what_the_browsers_back_brings_again_is_taken_out_again(with_a_run, monkeypatch, page, key, text):
    app = opened(page, monkeypatch, **{key: text})
    app.query_params[key] = text  # its control is there by now
    app.run()
    assert not app.exception
    assert key not in app.query_params


def test_none_of_several_is_a_choice_and_inf_may_be_a_name(with_a_run, monkeypatch):
    app = opened("optimization", monkeypatch, opt_rules="")
    assert app.session_state["opt_rules"] == []
    app = opened("compare", monkeypatch, compare_text="inf", compare_runs="")
    assert (app.session_state["compare_text"], app.session_state["compare_runs"]) == ("inf", [])


def test_every_control_with_several_values_is_listed():
    found = set()
    for path in PAGES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                given = {keyword.arg: getattr(keyword.value, "value", None) for keyword in node.keywords}
                several = getattr(node.func, "attr", "") == "multiselect" or given.get("selection_mode") == "multi"
                if several and given.get("bind"):
                    found.add(given["key"])
    assert found == set(SEVERAL)
