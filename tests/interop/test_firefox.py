"""The exported page in Firefox: a drawing by mouse, answered as the package answers it, after fewer passes too."""

import numpy as np
import pytest

from lenet1998 import pretrained
from lenet1998.interop.html import html_page
from tests.firefox import FIREFOX, opened
from tests.interop.test_page import SEVEN


@pytest.mark.skipif(not FIREFOX, reason="the page is opened in Firefox, which is not here")
def test_a_drawing_in_firefox(tmp_path):
    saved = pretrained.load("default")
    (tmp_path / "page.html").write_text(html_page(saved), encoding="utf-8")
    with opened(tmp_path / "page.html", tmp_path / "profile") as page:
        left, top, width = page.value("(({left, top, width}) => [left, top, width])(sheet.getBoundingClientRect())")
        page.mouse([(left + x * width, top + y * width) for x, y in SEVEN])
        image = np.array(page.value("[...shown.form.image]"), np.uint8).reshape(1, 28, 28)
        penalties = saved.network().forward(image)[0]
        shown = page.value("[...shown.stages[shown.stages.length - 1].values]")
        np.testing.assert_allclose(shown, penalties, rtol=1e-4, atol=1e-4)
        assert page.text("#answer") == str(penalties.argmin()) == "7"
        page.value("document.querySelectorAll('#kinds input')[1].click()")
        page.value("(slider.value = 1, slider.dispatchEvent(new Event('input')), null)")
        _, _, modern = pretrained.by_pass("modern")[1]
        shown = page.value("[...shown.stages[shown.stages.length - 1].values]")
        np.testing.assert_allclose(shown, modern.forward(image)[0], rtol=1e-4, atol=1e-4)
        assert page.text("#facts").startswith("Recipe modern, seed 6, 1 pass over mnist")
