"""The ways out of a size that does not fit, in a real browser: they lead to another page."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("network", "size", "fails"), [("practical", 40, "fc4"), ("vgg16", 256, "fc6")])
def test_a_size_that_does_not_fit_is_mended_in_the_builder(visit, network, size, fails):
    page = visit(f"architecture?network={network}&size={size}")
    page.get_by_role("button", name="Mend it in the builder").click()
    page.wait_for_url("**/builder*")
    expect(page.get_by_role("heading", name="Builder", exact=True)).to_be_visible()
    expect(page.get_by_test_id("stAlert").filter(has_text=re.compile(f"{fails}.*expects"))).to_have_count(1)
    page.get_by_role("button", name="Dense layers as convolutions").click()
    expect(page.get_by_test_id("stAlert").filter(has_text="expects")).to_have_count(0)
