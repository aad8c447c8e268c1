from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cnncore.architecture import named_network
from tests.pages.reading import said

PAGE = Path(__file__).parents[2] / "pages" / "architecture.py"


def opened(**address):
    page = AppTest.from_file(str(PAGE), default_timeout=60)
    for key, value in address.items():
        page.query_params[key] = value
    return page.run()


def test_the_practical_at_once():
    page = opened()
    assert not page.exception
    assert not page.error
    assert "**1,191,170 parameters**: **23.8 for each train image**" in said(page)
    assert "**32 to 39 pixels work, 40 fails**" in said(page)
    table = page.dataframe[0].value
    assert table["receptive field"][list(table["layer"]).index("conv3")] == 32


def test_an_image_too_large_is_explained_and_the_wall_can_be_taken_away():
    page = opened(arch_size="40")
    assert "`fc4` of practical expects 1024 inputs" in page.error[0].value
    page.toggle(key="arch_convolutional").set_value(True).run()
    assert not page.error
    assert "**floor(S/8) − 3**" in said(page)
    assert "Every size from 32 pixels works" in said(page)


def test_a_refused_size_says_at_which_it_is_shown_and_how_to_get_over_it():
    page = opened(arch_size="40")
    assert page.error[0].value.endswith("Below, the network is shown at 32 pixels, the size it was made for.")
    page.button(key="to_convolutional").click().run()
    assert page.toggle(key="arch_convolutional").value
    assert not page.error


def test_an_image_too_small_for_the_convolutions_too_is_told_the_smallest_one():
    page = opened(network="vgg16", arch_size="192", arch_convolutional="True")
    assert page.error[0].value == (
        "The image (=192 pixels) must have at least 224 pixels along each side: choose a larger size. "
        "Below, the network is shown at 224 pixels, the size it was made for."
    )
    assert not [button for button in page.button if button.key == "to_convolutional"]
    assert page.button(key="mend")


def test_dense_layers_as_convolutions_wait_where_they_would_change_nothing():
    page = opened(network="practical", arch_convolutional="True")
    assert not page.toggle(key="arch_convolutional").disabled
    page.selectbox(key="current_network").set_value("resnet18").run()
    assert page.toggle(key="arch_convolutional").disabled
    assert "adaptive pooling" in page.toggle(key="arch_convolutional").help
    page.selectbox(key="current_network").set_value("practical").run()
    assert page.toggle(key="arch_convolutional").value


@pytest.mark.parametrize("name", ["Flip to multiply-adds", "VGG16 at 255", "Over the wall", "What one unit sees"])
def test_prompts_set_what_they_speak_of(name):
    page = opened()
    page.button(key=f"try_{name}").click().run()
    assert not page.exception
    assert not page.error
    assert len(page.info) == 1
    page.slider(key="arch_size").set_value(300).run()
    assert not page.info


def test_a_network_is_shown_at_its_own_size():
    page = opened()
    page.selectbox(key="current_network").set_value("resnet18").run()
    assert page.slider(key="arch_size").value == 224
    assert not page.error
    assert "every size from 16 pixels works" in said(page)


def test_a_size_that_an_adaptive_pool_never_sees_is_not_said_to_fit():
    page = opened(network="squeezenet1_1", size="16")
    assert page.error
    assert "every size from 17 pixels works" in said(page)


def test_a_network_that_is_read_is_shown_and_nonsense_is_a_sentence():
    page = opened()
    page.session_state["exchange"] = True  # unfolded
    page.run()
    page.text_area(key="exchange_text").set_value(named_network("lenet5").to_json())
    page.button(key="exchange_load").click().run()
    assert not page.exception
    assert page.selectbox(key="current_network").value == "lenet5"
    page.text_area(key="exchange_text").set_value("[" * 5_000)
    page.button(key="exchange_load").click().run()
    assert not page.exception
    assert len(page.error) == 1


def test_the_class_map_waits_until_it_is_asked_for():
    page = opened()
    assert "There is no trained network yet" not in said(page)


def test_a_bad_address_falls_back_and_says_so():
    page = opened(arch_size="9999")
    assert not page.exception
    assert "size=9999" in said(page)


@pytest.mark.parametrize(
    ("network", "images"), [("classroom", 5_000), ("practical", 50_000), ("lenet5", 60_000), ("vgg16", 1_281_167)]
)
def test_parameters_are_weighed_against_the_images_that_a_network_is_for(network, images):
    assert next(box.value for box in opened(network=network).number_input if box.label == "Train images") == images
