"""What the page is made of."""

import pytest

from model_packaging.errors import ServeFailed
from model_packaging.serving import page


def test_the_package_has_every_file_that_the_page_loads():
    for name in page.ASSETS:
        assert (page.folder() / name).stat().st_size > 0


def test_without_the_package_it_says_what_to_install():
    with pytest.raises(ServeFailed, match=r"flask-swagger-ui is not installed; run: .*modelyard\[serve\]"):
        page.folder(lambda: None)


def test_a_title_is_text_and_no_markup():
    assert "<title>&lt;script&gt;</title>" in page.markup("<script>")


def test_nothing_is_loaded_from_elsewhere():
    assert "//" not in page.markup("a") and "http" not in page.script()
