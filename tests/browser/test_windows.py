"""Every page in a narrow, a usual and a large window: nothing sticks out, and what may grow does."""

import tomllib

import pytest
from playwright.sync_api import expect

from cnncore.figures.palette import DARK, INPUT, KERNEL, LABEL
from pages.parts.navigation import existing
from tests.browser.conftest import REST, ROOT, until

pytestmark = pytest.mark.browser
THEME = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
WINDOWS = ((800, 800), (1280, 800), (1920, 1080))
SURPLUS = """() => {
    const main = document.querySelector('[data-testid="stMain"]');
    return main.scrollWidth - main.clientWidth;
}"""


# What is written in a chart beyond its frame, where it would be cut off: left, right and what of it.
BEYOND = """() => [...document.querySelectorAll('[data-testid="stVegaLiteChart"] svg')].flatMap((chart) => {
    const frame = chart.getBoundingClientRect();
    return [...chart.querySelectorAll("text")]
        .filter((text) => text.textContent && text.getAttribute("opacity") !== "0")
        .map((text) => [text.getBoundingClientRect(), text.textContent])
        .filter(([box]) => box.left < frame.left - 4 || box.right > frame.right + 1)
        .map(([box, text]) => [Math.round(box.left - frame.left), Math.round(frame.right - box.right), text].join(" "));
})"""
# The labels of each axis of a chart, as they are read.
LABELS = """chart => [...chart.querySelectorAll(".role-axis-label")].map((axis) => [...axis.querySelectorAll("text")]
    .filter((text) => text.getAttribute("opacity") !== "0").map((text) => text.textContent).filter(Boolean))"""
# Charts that are drawn when they are unfolded, by their page.
FOLDED = {
    "batch_norm": "A deep network before its first step",
    "optimization": "Schedules, before the run starts",
    "receptive_field": "How the gradient is spread over the field",
}


# Charts and drawings measure their place again: whether all is as large as at the look before.
STILL = """() => {
    const main = document.querySelector('[data-testid="stMain"]');
    const before = window.extent;
    window.extent = [main.clientWidth, main.scrollWidth, main.scrollHeight].join();
    return window.extent === before;
}"""


def drawing(page):
    """Return the size of the page's first drawing in pixels."""
    box = page.locator("svg.picture").first.bounding_box()
    return box["width"], box["height"]


@pytest.mark.parametrize("name", [entry.name for entry in existing()])
def test_nothing_sticks_out(name, visit):
    page = visit("" if name == "home" else name)
    for width, height in WINDOWS:
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function(REST)
        page.wait_for_function(STILL, polling=150)
        assert page.evaluate(SURPLUS) <= 0, f"wider than a window of {width} pixels"
        until(lambda: page.evaluate(BEYOND) == [], seconds=5)


@pytest.mark.parametrize("name", FOLDED)
def test_a_folded_chart_fits_its_place_in_every_window(name, visit):
    page = visit(name)
    place = page.get_by_test_id("stExpander").filter(has_text=FOLDED[name])
    place.locator("summary").click()
    chart = place.get_by_test_id("stVegaLiteChart").locator("svg.marks")
    chart.wait_for()
    for width, height in WINDOWS:
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function(REST)
        page.wait_for_function(STILL, polling=150)
        until(lambda: page.evaluate(BEYOND) == [], seconds=5)
        box, around = chart.bounding_box(), place.bounding_box()
        assert box["x"] + box["width"] <= around["x"] + around["width"]
        for title in chart.locator(".role-axis-title text").all():
            assert "…" not in title.text_content()


def test_ticks_are_told_apart_and_end_labels_stand_at_their_ticks(visit):
    page = visit("records?records_data=CIFAR-10&records_across=whole%20training")
    chart = page.get_by_test_id("stVegaLiteChart").first.locator("svg.marks")
    chart.wait_for()
    for labels in chart.evaluate(LABELS):
        assert len(labels) > 3
        assert len(set(labels)) == len(labels)
    anchors = chart.locator(".role-axis-label text").evaluate_all("all => all.map(t => t.getAttribute('text-anchor'))")
    assert set(anchors) == {"middle", "end"}  # those of the horizontal and of the vertical axis: none is pushed inwards


def test_a_drawing_is_larger_in_a_large_window(visit):
    page = visit("convolution")
    _, usual = drawing(page)
    page.set_viewport_size({"width": 1920, "height": 1080})
    until(lambda: drawing(page)[1] > 1.25 * usual, seconds=10)
    assert drawing(page)[0] > 1200  # and it has the page's width


def test_true_sizes_stay_true_in_a_large_window(visit):
    page = visit("augmentation")
    page.set_viewport_size({"width": 1920, "height": 1080})
    small = page.locator('img[alt^="Training view 1"]').last
    assert small.evaluate("image => [image.clientWidth, image.naturalWidth]") == [28, 28]


def rgb(colour):
    """Return a colour as browsers compute it."""
    return f"rgb({', '.join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))})"


def test_drawings_and_charts_wear_the_colours_of_the_window_even_when_it_changes(visit):
    page = visit("convolution")
    frame = page.locator("svg.picture .frame.in")
    expect(frame.first).to_have_css("stroke", rgb(INPUT))
    page.emulate_media(color_scheme="dark")
    expect(frame.first).to_have_css("stroke", rgb(DARK["input"]))
    page = visit("architecture")
    bar = page.locator(f'[data-testid="stVegaLiteChart"] path[fill="{KERNEL}"]')
    around = [page.locator(f'[data-testid="stVegaLiteChart"] .role-{part}-label text') for part in ("axis", "legend")]
    expect(bar.first).to_have_css("fill", rgb(DARK["kernel"]))
    for label in around:
        expect(label.first).to_have_css("fill", rgb(DARK["label"]))
    page.emulate_media(color_scheme="light")
    expect(bar.first).to_have_css("fill", rgb(KERNEL))
    for label in around:
        expect(label.first).to_have_css("fill", rgb(LABEL))


CUT = """() => [...document.querySelectorAll('[data-testid="stNumberInputField"]')]
    .filter((field) => field.scrollWidth > field.clientWidth).map((field) => field.ariaLabel)"""


@pytest.mark.parametrize("width", [1280, 1920])
def test_a_narrow_field_shows_its_number_and_is_emptied_by_keys(width, visit):
    page = visit(f"kernels?kernels_weights={'/'.join(['-1.5,2,12.5,-33,4'] * 5)}")
    page.set_viewport_size({"width": width, "height": 1080})
    cell = page.get_by_label("Weight in row 3, column 3")
    expect(cell).to_have_value("12.5")
    assert page.evaluate(CUT) == []
    cell.fill("")
    cell.press("Enter")
    expect(cell).to_have_value("0")
    visit("builder")
    filters = page.get_by_label("Filters")
    filters.fill("1024")
    assert page.evaluate(CUT) == []


def test_names_of_sliders_are_plain_and_look_as_they_did(visit):
    colours = {"Input": "blue", "Channels": "blue", "Kernel": "orange", "Filters": "green"}
    page = visit("convolution")
    for mode in ("light", "dark"):
        page.emulate_media(color_scheme=mode)
        for name in ("Input", "Kernel", "Stride", "Padding", "Dilation", "Channels", "Filters"):
            expect(page.get_by_role("group", name=name, exact=True).get_by_role("slider")).to_have_count(1)
            written = page.get_by_test_id("stWidgetLabel").get_by_text(name, exact=True)
            expect(written).to_have_css("font-weight", "600")
            expected = THEME[mode].get(f"{colours.get(name)}TextColor", THEME[mode]["textColor"])
            expect(written).to_have_css("color", rgb(expected))
    page = visit("optimization")
    for name in ("Learning rate", "Momentum", "Batch", "Decay per step"):
        expect(page.get_by_role("group", name=name, exact=True).get_by_role("slider")).to_have_count(1)
        expect(page.get_by_test_id("stWidgetLabel").get_by_text(name, exact=True)).to_have_css("font-weight", "600")


def test_where_the_keyboard_is_can_be_seen(visit):
    page = visit("architecture")
    toolbar = page.get_by_test_id("stElementToolbar").first
    expect(toolbar).to_have_css("opacity", "0")
    reached = [
        page.get_by_test_id("stSidebarNavLink").nth(2),
        toolbar.get_by_role("button").first,
        page.get_by_role("button", name="Over the wall"),
        page.locator("summary").first,
    ]
    for one in reached:
        one.focus()
        page.keyboard.press("Shift")  # what was focused by a key is outlined
        expect(one).to_have_css("outline", f"{rgb(THEME['light']['primaryColor'])} solid 2px")
        if one is reached[1]:
            expect(toolbar).to_have_css("opacity", "1")
    page.get_by_role("switch", name="Dense as convolutions").focus()
    switch = page.get_by_test_id("stCheckbox").locator("label").first
    expect(switch).to_have_css("outline", f"{rgb(THEME['light']['primaryColor'])} solid 2px")


def test_what_home_draws_in_advance_is_neither_seen_nor_reached(visit):
    page = visit("")
    drawn = page.locator(".st-key-rehearsal")
    drawn.get_by_test_id("stSlider").first.wait_for(state="attached")
    drawn.locator(".katex").first.wait_for(state="attached")
    assert not drawn.get_by_test_id("stSlider").first.is_visible()
    # Neither read aloud nor reached by the Tab key: a part may say that it is visible though what it stands in is not.
    visible = "drawn => [...drawn.querySelectorAll('*')].filter((one) => getComputedStyle(one).visibility !== 'hidden')"
    assert drawn.evaluate(f"drawn => ({visible})(drawn).length") == 0
    page.get_by_test_id("stMain").get_by_role("link").last.focus()
    page.keyboard.press("Tab")
    assert not drawn.evaluate("drawn => drawn.contains(document.activeElement)")
    height = page.get_by_test_id("stMain").evaluate("main => main.scrollHeight")
    drawn.evaluate("drawn => drawn.parentElement.style.display = 'none'")
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollHeight") == height  # it takes no room


CORNERS = """choice => {
    const style = getComputedStyle(choice);
    return [style.borderTopLeftRadius, style.borderTopRightRadius, style.borderBottomLeftRadius,
        style.borderBottomRightRadius, style.borderLeftColor === style.borderRightColor].join(" ");
}"""


def test_a_choice_of_several_rows_has_whole_corners_and_borders(visit):
    page = visit("augmentation")
    group = page.get_by_role("radiogroup", name="Image")
    usual = group.bounding_box()["height"]

    def looks():
        return set(group.get_by_role("radio").evaluate_all(f"all => all.map({CORNERS})"))

    assert len(looks()) > 1  # joined
    page.set_viewport_size({"width": 800, "height": 800})
    until(lambda: group.bounding_box()["height"] > 1.5 * usual, seconds=10)
    until(lambda: looks() == {"9.6px 9.6px 9.6px 9.6px true"}, seconds=10)  # borders change their colour by and by


def test_the_list_of_pages_leaves_a_narrow_window_more_room(visit):
    page = visit("course")
    widths = {}
    for width in (1280, 800):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_function(STILL, polling=150)
        widths[width] = page.get_by_test_id("stSidebar").bounding_box()["width"]
    assert widths == {1280: 300, 800: 240}
    cut = "all => all.filter(one => one.scrollWidth > one.clientWidth).map(one => one.innerText)"
    assert page.get_by_test_id("stSidebarNavLink").evaluate_all(cut) == []


def test_charts_in_one_row_begin_at_one_height_and_in_one_column_each_below_its_heading(visit):
    page = visit("batch_norm")
    charts = page.locator('[class*="st-key-level"]').get_by_test_id("stVegaLiteChart")
    until(lambda: charts.count() == 4, seconds=60)
    page.wait_for_function(REST)
    page.wait_for_function(STILL, polling=150)

    def tops():
        return [round(chart.bounding_box()["y"]) for chart in charts.all()]

    first, second, third, fourth = tops()
    assert (first, third) == (second, fourth)
    page.set_viewport_size({"width": 800, "height": 800})
    until(lambda: len(set(tops())) == 4, seconds=10)
    heading = page.get_by_text("How running statistics come to be").bounding_box()
    until(lambda: 0 < tops()[3] - heading["y"] - heading["height"] < 40, seconds=10)


def test_controls_of_one_row_stand_at_one_height_in_a_narrow_window(visit):
    page = visit("datasets")
    page.set_viewport_size({"width": 800, "height": 800})
    rows = (
        (page.get_by_label("Path", exact=True), page.get_by_label("Side (pixels)")),
        (page.get_by_label("Name of the data set", exact=True), page.get_by_role("button", name="Prepare")),
    )
    page.wait_for_function(STILL, polling=150)
    middles = [[one.bounding_box() for one in row] for row in rows]
    for left, right in middles:
        assert abs(left["y"] + left["height"] / 2 - right["y"] - right["height"] / 2) < 2
    page = visit("receptive_field")
    more = page.get_by_role("button", name="More", exact=True).get_by_text("More", exact=True)
    until(lambda: (more.bounding_box() or {"width": 0})["width"] > 25, seconds=10)  # not its sign alone


def test_the_cells_of_a_kernel_are_as_far_apart_down_as_across(visit):
    page = visit("kernels")
    cells = page.get_by_test_id("stNumberInputContainer")
    one, beside, below = (cells.nth(place).bounding_box() for place in (0, 1, 3))
    across = beside["x"] - one["x"] - one["width"]
    assert below["y"] - one["y"] - one["height"] == pytest.approx(across, abs=1)
