"""What a link has hidden."""

import pytest

from pages.parts.hidden import PARTS

pytestmark = pytest.mark.browser
WHERE = {
    "navigation": '[data-testid="stSidebar"]',
    "controls": '[data-testid="stSlider"]',
    "folds": '[data-testid="stExpander"]',
}
# What can be pressed or typed into, but for a chart's own tools and for what says more about a number.
LEFT = """() => [...document.querySelectorAll(
    '[data-testid="stMainBlockContainer"] :is(button, input, textarea, summary, [role="slider"], [role="combobox"])')]
    .filter(one => one.checkVisibility() && one.getBoundingClientRect().width
        && !one.closest('[data-testid*="Toolbar"], [data-testid="stTooltipHoverTarget"]'))
    .map(one => one.outerHTML.slice(0, 200))"""


@pytest.mark.parametrize("hidden", [(), *((part,) for part in PARTS), tuple(PARTS)], ids="-".join)
def test_a_link_hides_what_it_names_and_nothing_else(visit, hidden):
    page = visit("convolution?" + "&".join(f"hide={part}" for part in hidden))
    for part, selector in WHERE.items():
        assert page.locator(selector).first.is_visible() == (part not in hidden), part
    assert page.get_by_text("The practical's questions on this page").is_visible() == ("folds" not in hidden)
    assert page.get_by_text("Try", exact=True).is_visible() == ("controls" not in hidden)
    assert page.get_by_text("formula = counted step by step").is_visible()


@pytest.mark.parametrize("name", ["convolution", "builder", "augmentation", "training", "optimization", "teacher"])
def test_no_kind_of_control_is_forgotten(visit, name):
    assert visit(f"{name}?hide=controls&hide=folds").evaluate(LEFT) == []


def test_a_control_would_be_found(visit):
    assert len(visit("training").evaluate(LEFT)) > 10
