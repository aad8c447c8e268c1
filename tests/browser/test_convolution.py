"""The sliding window in a real browser: what it draws, points at and plays."""

import re

import pytest
from playwright.sync_api import expect

from cnncore.architecture import AvgPool2d, Conv2d, ConvTranspose2d, MaxPool2d, reads
from cnncore.figures.convolution import window_data

pytestmark = pytest.mark.browser


def cell(page, grid, row, column):
    """Move the pointer to a cell of the input or the output, from 0."""
    kind = ".o" if grid == "output" else ".cell[class*=' in-']"
    columns = int(
        page.locator(".picture")
        .get_attribute("aria-label")
        .split(" by ")[-1 if grid == "output" else 2]
        .split()[0]
        .rstrip(".")
    )
    box = page.locator(kind).nth(row * columns + column).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def test_a_page_opened_by_its_address_has_its_navigation(visit):
    page = visit("convolution")
    expect(page.get_by_test_id("stSidebarNavLink")).not_to_have_count(0)
    expect(page.get_by_role("heading", name="Convolution", exact=True)).to_be_visible()
    box = page.locator(".picture").bounding_box()
    assert box["y"] + box["height"] < 800  # the picture that answers stands above the fold


def test_as_many_cells_are_drawn_as_the_formula_says(visit):
    page = visit("convolution?conv_input=9&conv_kernel=4&conv_stride=2&conv_padding=1")
    data = window_data(Conv2d(1, 4, stride=2, padding=1), (1, 9, 9))
    expect(page.locator(".o")).to_have_count(data["output"]["rows"] * data["output"]["columns"])
    expect(page.locator(".cell[class*=' in-']")).to_have_count(81)
    expect(page.locator(".cell.padding")).to_have_count(11 * 11 - 81)
    shown = [text.replace("\u2212", "-") for text in page.locator("text.n").all_text_contents()]
    assert [int(value) for value in shown] == [v for line in data["kernels"][0]["values"] for v in line]


def test_pointing_at_an_output_shows_what_it_reads_and_its_sum(visit):
    page = visit("convolution")
    data = window_data(Conv2d(1, 3, stride=2, padding=1), (1, 7, 7))
    cell(page, "output", 2, 1)
    expect(page.locator(".window")).to_have_attribute("data-position", "2,1")
    expect(page.locator(".window")).to_have_attribute("data-total", str(data["kernels"][0]["values"][2][1]))
    expect(page.locator(".tap")).to_have_count(9)
    expect(page.locator(".sum")).to_contain_text("output (3, 2)")


def test_pointing_at_an_input_shows_all_outputs_that_read_it(visit):
    page = visit("convolution?conv_stride=1&conv_dilation=2&conv_padding=2")
    along = sum(3 in reads(o, 7, 3, 1, 2, 2) for o in range(7))
    cell(page, "input", 3, 3)
    expect(page.locator(".reader")).to_have_count(along * along)
    expect(page.locator(".sum")).to_contain_text(f"Input (4, 4) is read by {along * along} outputs")


def test_rows_that_are_never_read_are_hatched_and_said_so(visit):
    page = visit("convolution?conv_input=8&conv_stride=3&conv_padding=0")
    expect(page.locator(".hatch.row")).to_have_count(2)
    expect(page.locator(".hatch.column")).to_have_count(2)
    expect(page.get_by_text("Rows and columns 7 and 8 are never read.")).to_be_visible()
    cell(page, "input", 7, 7)
    expect(page.locator(".sum")).to_contain_text("is never read")


def test_pointing_at_a_weight_shows_every_input_that_it_multiplies(visit):
    page = visit("convolution?conv_input=7&conv_kernel=3&conv_stride=2&conv_padding=1")
    box = page.locator(".lens").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator(".share")).to_have_count(16)
    expect(page.locator(".sum")).to_contain_text("multiplies 16 cells, one for each output")


def test_a_copy_in_the_padding_is_the_same_input_once_more(visit):
    page = visit("convolution?conv_input=5&conv_kernel=3&conv_stride=1&conv_padding=1&conv_padding_mode=reflect")
    expect(page.locator(".cell.copied")).to_have_count(49 - 25)
    first = page.locator(".cell.copied").nth(0).bounding_box()  # the corner mirrors (2, 2)
    page.mouse.move(first["x"] + first["width"] / 2, first["y"] + first["height"] / 2)
    expect(page.locator(".sum")).to_contain_text("The padding here is a copy: Input (2, 2)")
    expect(page.locator(".pointed")).to_have_count(4)
    expect(page.locator(".reader")).to_have_count(9)


@pytest.mark.parametrize(
    ("address", "layer"),
    [
        ("conv_layer=Transposed&conv_input=4&conv_kernel=3&conv_stride=2&conv_padding=1", ConvTranspose2d(1, 3, 2, 1)),
        (
            "conv_layer=Max+pool&conv_input=7&conv_kernel=2&conv_stride=2&conv_padding=0&conv_ceil_mode=true",
            MaxPool2d(2, ceil_mode=True),
        ),
        ("conv_layer=Average+pool&conv_input=6&conv_kernel=2&conv_stride=2&conv_padding=0", AvgPool2d(2)),
    ],
)
def test_the_other_layers_are_drawn_and_pytorch_agrees(visit, address, layer):
    page = visit(f"convolution?{address}")
    size = int(re.search(r"input=(\d+)", address)[1])
    values = window_data(layer, (1, size, size))["kernels"][0]["values"]
    expect(page.locator(".o")).to_have_count(sum(map(len, values)))
    shown = [text.replace("\u2212", "-") for text in page.locator("text.n").all_text_contents()]
    assert [float(text) for text in shown] == [round(value, 2) for line in values for value in line]
    expect(page.get_by_text("formula = counted step by step = drawn = PyTorch")).to_be_visible(timeout=120_000)


def test_from_sizes_to_settings_and_the_matrix(visit):
    page = visit("convolution")
    page.get_by_text("The same layer as a matrix").click()
    expect(page.get_by_text("16 × 49", exact=False)).to_be_visible()
    entries = page.locator('svg[aria-label^="A matrix of 16 rows and 49 columns"] rect')
    expect(entries).to_have_count(60)  # the kernel's zeros are not drawn
    expect(page.get_by_text("only 100 can be other than 0, and they share 9 weights")).to_be_visible()
    expect(page.get_by_text("60 entries are drawn")).to_be_visible()
    assert entries.first.locator("title").text_content().startswith("output 1, input 2: 1")
    page.get_by_text("From sizes to settings").click()
    expect(page.get_by_text("ways, the cheapest first", exact=False)).to_be_visible()


def test_it_plays_pauses_and_can_be_moved_by_hand(visit):
    page = visit("convolution")
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.locator(".step")).to_have_text(re.compile(r"^[3-9] of 16"))
    expect(page.locator(".o.pending")).not_to_have_count(0)
    page.get_by_role("button", name="Pause").click()
    page.locator(".scrub").fill("9")
    expect(page.locator(".step")).to_have_text("10 of 16")
    expect(page.locator(".o.pending")).to_have_count(6)
    page.get_by_role("button", name="Next position").click()
    expect(page.locator(".step")).to_have_text("11 of 16")


def test_another_kernel_without_asking_the_server(visit, page):
    asked = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda _: asked.append(socket.url)))
    visit("convolution")
    assert asked  # what a page needs to open is heard, so the silence below means something
    data = window_data(Conv2d(1, 3, stride=2, padding=1), (1, 7, 7))
    blur = next(kernel for kernel in data["kernels"] if kernel["name"] == "blur")
    asked.clear()
    page.get_by_role("button", name="blur").click()
    shown = page.locator("text.n").all_text_contents()
    assert [int(value) for value in shown] == [v for line in blur["values"] for v in line]
    assert asked == []


def test_a_slider_moves_the_picture_and_the_address(visit):
    page = visit("convolution")
    page.get_by_role("slider", name="Stride").press("ArrowLeft")
    expect(page.locator(".o")).to_have_count(49)
    page.wait_for_url("**/convolution?conv_stride=1")
    page.reload()
    expect(page.locator(".o")).to_have_count(49)


def test_a_narrow_window_holds_it_all(visit, page):
    page.set_viewport_size({"width": 800, "height": 900})
    visit("convolution?conv_input=64&conv_kernel=11&conv_padding=8&conv_stride=1")
    picture = page.locator(".picture").bounding_box()
    for part in (".frame.in", ".frame.out", ".lens >> nth=-1"):
        box = page.locator(part).bounding_box()
        assert picture["x"] <= box["x"]
        assert box["x"] + box["width"] <= picture["x"] + picture["width"] + 1


def test_home_plays_by_itself_and_leads_on(visit):
    page = visit()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    first = page.locator(".step").inner_text()
    expect(page.locator(".step")).not_to_have_text(first)
    page.get_by_test_id("stPageLink-NavLink").filter(has_text="Convolution").click()
    expect(page.get_by_text("What does one convolution layer compute, and how large is its output?")).to_be_visible()
    expect(page.locator(".o")).to_have_count(16)


def test_the_keyboard_moves_the_window_and_finds_cells_and_weights(visit):
    page = visit("convolution")
    window, picture = page.locator(".window"), page.locator(".picture")
    row, column = map(int, window.get_attribute("data-position").split(","))
    to, key = (column - 1, "ArrowLeft") if column else (column + 1, "ArrowRight")
    picture.press(key)
    expect(window).to_have_attribute("data-position", f"{row},{to}")
    expect(page.locator(".sum")).to_have_attribute("aria-live", "polite")
    outline = picture.evaluate("element => getComputedStyle(element).outlineStyle")
    assert outline == "solid"  # it is seen where the keys act
    picture.press("Enter")
    expect(page.locator(".sum")).to_contain_text("is read by")
    expect(page.locator(".pointed")).to_have_count(1)
    picture.press("Enter")
    expect(page.locator(".sum")).to_contain_text("This one weight")
    first = page.locator(".held").get_attribute("x")
    picture.press("ArrowRight")
    expect(page.locator(".held")).not_to_have_attribute("x", first)
    picture.press("Enter")
    expect(page.locator(".sum")).to_contain_text("output (")
    picture.blur()
    expect(page.locator(".sum")).to_have_attribute("aria-live", "off")
