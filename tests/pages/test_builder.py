import base64
import json
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cnncore.architecture import Conv2d, Network, describe, named_network
from cnncore.architecture.build import build
from cnncore.architecture.diagnosis import problems
from cnncore.architecture.editing import replaced
from cnncore.architecture.link import from_link, link_text
from cnncore.architecture.saved import save_network, saved_network, saved_networks
from cnncore.course.slips import Slip
from tests.pages.reading import said

PAGES = Path(__file__).parents[2] / "pages"


@pytest.fixture(autouse=True)
def _own_home(app_home):
    pass


def opened(page="builder", *unfolded, **address):
    app = AppTest.from_file(str(PAGES / f"{page}.py"), default_timeout=60)
    for key in unfolded:
        app.session_state[key] = True
    for key, value in address.items():
        app.query_params[key] = value
    return app.run()


def address(app):
    asked = app.query_params["network"]
    return asked if isinstance(asked, str) else asked[0]


def network_in(app):
    """The network as the address has it."""
    asked = address(app)
    return from_link(asked) if asked.startswith("~") else named_network(asked)


def pick(app, *place):
    app.session_state.builder_place = place
    return app.run()


def test_the_practical_at_once():
    app = opened()
    assert not app.exception
    assert not app.error
    assert "**1,191,170 parameters**" in said(app)
    assert address(app) == "practical"
    assert [button.label for button in app.button][:2] == ["Undo", "Redo"]
    assert all(button.label for button in app.button)  # each is called something, where it shows an icon alone too


def test_an_emptied_field_shows_the_layers_value_again():
    app = opened("builder", "builder_image")
    for key in ("field_filters", "field_kernel_0", "field_padding_0", "image_1"):
        before = app.number_input(key=key).value
        app.number_input(key=key).set_value(None).run()
        assert not app.exception
        assert app.number_input(key=key).value == before
    assert app.selectbox(key="current_network").value == "practical"


def test_a_field_is_edited_on_a_copy_and_undone():
    app = pick(opened(), 3)
    app.number_input(key="field_filters").set_value(32).run()
    assert not app.exception
    edited = network_in(app)
    assert edited.name == "my practical"
    assert edited.layers[3].filters == 32
    assert f"**{describe(edited).parameters:,} parameters**" in said(app)
    app.button(key="undo").click().run()
    assert network_in(app) == named_network("practical")
    app.button(key="redo").click().run()
    assert network_in(app) == edited
    assert app.button(key="redo").disabled


def test_layers_come_go_and_move():
    app = pick(opened(), 0)
    app.selectbox(key="add_kind").set_value("batch-norm").run()
    assert [layer.kind for layer in network_in(app).layers[:3]] == ["conv", "batch-norm", "relu"]
    assert app.session_state.builder_place == (1,)
    app.button(key="move_1").click().run()
    assert [layer.kind for layer in network_in(app).layers[:3]] == ["conv", "relu", "batch-norm"]
    app.button(key="remove").click().run()
    assert network_in(app).layers == named_network("practical").layers
    assert not app.exception


def test_blocks_are_made_filled_and_taken_apart():
    app = pick(opened(), 6)
    app.button(key="wrap_branches").click().run()
    assert not app.exception
    assert network_in(app).layers[6].paths == ((named_network("practical").layers[6],), ())
    pick(app, 6, 1, 0)
    assert "An empty path" in said(app)
    app.selectbox(key="add_kind").set_value("max-pool").run()
    assert "must end with maps of one size" in app.error[0].value
    pick(app, 6)
    app.button(key="remove_path_1").click().run()
    assert not app.error
    app.button(key="unwrap").click().run()
    assert network_in(app).layers == named_network("practical").layers


def test_an_edit_that_cannot_be_is_said_and_changes_nothing():
    app = pick(opened(), 9)
    app.button(key="wrap_residual").click().run()
    assert "must hold layers on maps" in app.error[0].value
    assert network_in(app) == named_network("practical")
    app.run()
    assert not app.error


def test_a_problem_is_explained_and_mended_by_one_click():
    app = opened()
    app.button(key="try_Forget the padding").click().run()
    assert not app.exception
    assert "`fc4` expects 1,024 inputs" in app.error[0].value
    assert app.button(key="train").disabled
    app.button(key="fix_0_Padding 2 in conv2 keeps 16 × 16").click().run()
    assert not app.error
    assert problems(network_in(app)) == []
    assert not app.button(key="train").disabled


def test_prompts_claim_what_is_true():
    app = opened()
    app.button(key="try_One more pool").click().run()
    assert describe(named_network("practical")).parameters - describe(network_in(app)).parameters == 768_000
    assert "768,000" in app.info[0].value
    app.button(key="try_A residual block").click().run()
    before, after = describe(named_network("practical")), describe(network_in(app))
    assert (after.parameters - before.parameters, round((after.macs - before.macs) / 1e6, 1)) == (73_984, 4.7)
    assert "73,984" in app.info[0].value
    app.button(key="try_Look into GoogLeNet").click().run()
    assert "puts out 96 × 28 × 28" in said(app)
    pick(app, 0)
    app.number_input(key="field_filters").set_value(3).run()
    assert not app.info


def test_saved_under_a_name_found_on_other_pages_and_deleted():
    app = pick(opened(), 3)
    app.number_input(key="field_filters").set_value(32).run()
    app.text_input(key="save_as_my practical").set_value("half").run()
    app.button(key="save").click().run()
    assert not app.exception
    assert saved_networks() == ("half",)
    assert saved_network("half").layers[3].filters == 32
    assert address(app) == "half"
    other = opened("architecture", network="half")
    assert not other.exception
    assert other.selectbox(key="current_network").value == "half"
    assert f"**{describe(saved_network('half')).parameters:,} parameters**" in said(other)
    app.button(key="forget").click().run()
    assert saved_networks() == ()
    assert network_in(app) == named_network("practical")


def test_another_ones_network_is_not_replaced_by_accident():
    save_network(Network("half", (3, 8, 8), (Conv2d(3, 1),)))
    app = opened()
    app.text_input(key="save_as_practical").set_value("half").run()
    assert app.button(key="save").disabled
    app.checkbox(key="overwrite_half").check().run()
    app.button(key="save").click().run()
    assert len(saved_network("half").layers) == 13


def test_to_replace_one_is_not_to_replace_another():
    for name in ("half", "third"):
        save_network(Network(name, (3, 8, 8), (Conv2d(3, 1),)))
    app = opened()
    app.text_input(key="save_as_practical").set_value("half").run()
    app.checkbox(key="overwrite_half").check().run()
    app.text_input(key="save_as_practical").set_value("third")
    app.button(key="save").click().run()  # typed and pressed before the page was drawn anew
    assert "`name` (='third') is taken" in app.error[0].value
    assert app.button(key="save").disabled
    assert len(saved_network("third").layers) == 1


def test_what_was_typed_a_moment_before_is_saved_and_trained():
    app = opened("builder", "builder_image")
    app.text_input(key="save_as_practical").set_value("half")
    app.button(key="save").click().run()
    assert saved_networks() == ("half",)
    app.number_input(key="image_1").set_value(64)
    app.button(key="train").click().run()
    assert Network.from_json(app.session_state.network).input == (3, 64, 32)


def test_a_saved_network_that_somebody_else_replaced_is_not_as_it_was_saved():
    first = replace(named_network("lenet5"), name="half")
    save_network(first)
    app = opened(network="half")
    assert address(app) == "half"
    assert "This one is as it was saved." in said(app)
    save_network(replace(named_network("practical"), name="half"), overwrite=True)
    app.run()
    assert network_in(app) == first, "a reload shows what was shown"
    assert "This one is not saved yet." in said(app)
    assert "half (not saved)" in app.selectbox(key="current_network").options


def test_a_name_that_cannot_be_saved_is_said():
    app = opened()
    app.text_input(key="save_as_practical").set_value("../x").run()
    app.button(key="save").click().run()
    assert "`name` (='../x')" in app.error[0].value


def test_a_link_carries_the_network_and_a_broken_one_is_said():
    wide = replaced(named_network("practical"), (3,), Conv2d(7, 5, padding=2, name="conv2"))
    app = opened(network=link_text(wide))
    assert app.selectbox(key="current_network").value == "my practical"
    assert network_in(app).layers == wide.layers
    broken = opened(network="~nonsense")
    assert not broken.exception
    assert "copy the link again" in broken.warning[0].value
    unknown = opened(network="nosuch")
    assert "`network` (='nosuch')" in unknown.warning[0].value


def test_a_broken_network_is_shown_on_the_other_page_too():
    bad = replaced(named_network("practical"), (3,), Conv2d(64, 99, name="huge"))
    app = opened("architecture", network=link_text(bad))
    assert not app.exception
    assert "huge" in app.error[0].value


def test_the_image_and_dense_layers_that_keep_their_inputs():
    app = opened("builder", "builder_image")
    app.toggle(key="hold_dense").set_value(True).run()
    assert network_in(app).layers[10].inputs == 1024
    app.number_input(key="image_1").set_value(64).run()
    assert not app.exception
    assert any("receives 2,048 (64 × 8 × 4)" in error.value.replace("\\", "") for error in app.error)
    app.button(key="undo").click().run()
    app.toggle(key="hold_dense").set_value(False).run()
    assert network_in(app).layers == named_network("practical").layers


def test_a_size_that_does_not_fit_is_taken_to_the_builder():
    app = opened("architecture", network="practical", arch_size="40")
    app.button(key="mend").click().run()
    assert not app.exception
    app.run()  # a page by itself leads nowhere: the address follows when it is drawn again
    assert network_in(app).input == (3, 40, 40)
    assert network_in(app).layers[10].inputs == 1024
    mending = opened(network=address(app))
    mending.button(key="fix_0_Dense layers as convolutions").click().run()
    assert not mending.exception
    assert not mending.error
    assert "output **10 × 2 × 2**" in said(mending)


def test_names_from_a_link_do_nothing():
    bad = replaced(named_network("practical"), (3,), Conv2d(64, 99, name="conv2"))
    app = opened(network=link_text(replace(bad, name="``![x](http://example.org/x.png) $a$")))
    assert not app.exception
    assert "![x]" not in said(app)
    assert all("![x]" not in button.label for button in app.button)


def test_a_link_with_a_layer_that_is_called_like_markup_is_refused():
    words = named_network("practical").to_dict()
    words["layers"][0]["name"] = "![x](http://example.org/x.png) $a$ `b`"
    app = opened(network="~" + base64.urlsafe_b64encode(zlib.compress(json.dumps(words).encode())).decode())
    assert not app.exception
    assert "must be at most 80 letters, digits, spaces" in app.warning[0].value
    assert "![x]" not in app.warning[0].value
    assert r"\$a\$" in app.warning[0].value
    pick(app, 0)
    app.text_input(key="field_name").set_value("a <b>").run()
    assert "must be at most 80 letters" in app.error[0].value
    assert network_in(app).name == "practical"


def test_a_slip_is_found():
    app = opened("builder", "builder_slips")
    app.pills(key="slip_total").set_value(12_000).run()
    app.radio(key="slip_practical_12000").set_value(Slip.NO_BIASES).run()
    assert "would give 1,190,000" in said(app)
    app.radio(key="slip_practical_12000").set_value(Slip.IMAGE_DEPTH).run()
    assert app.success[0].value == "Yes."


@pytest.mark.parametrize("name", ["googlenet", "resnet50", "vgg16"])
def test_large_networks_are_shown(name):
    app = opened(network=name)
    assert not app.exception
    assert f"**{describe(named_network(name)).parameters:,} parameters**" in said(app)


def test_the_network_built_here_is_trained_there():
    app = pick(opened(), 3)
    app.number_input(key="field_filters").set_value(32).run()
    app.button(key="train").click().run()
    assert not app.exception
    chosen = Network.from_json(app.session_state.network)
    assert chosen == network_in(app)
    training = opened("training", network=link_text(chosen))
    assert not training.exception
    assert training.selectbox(key="network").value == chosen.to_json()
    assert from_link(address(training)) == chosen
    assert "my practical" in training.selectbox(key="network").options


@pytest.mark.parametrize("name", ["practical", "lenet5"])
def test_the_totals_tell_weights_and_biases_apart_as_pytorch_does(name):
    named = list(build(named_network(name)).named_parameters())
    weights, biases = (sum(p.numel() for key, p in named if key.endswith(kind)) for kind in ("weight", "bias"))
    assert weights > 100 * biases > 0
    assert f"{weights:,} weights + {biases:,} biases = **{weights + biases:,} parameters**" in said(
        opened(network=name)
    )
