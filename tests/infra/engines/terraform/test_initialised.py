"""What `init` left, and what a full disk made of it."""

import pytest

from infra.engines.terraform import initialised


@pytest.mark.parametrize("text", ["", '{"version": 3, "backe'])
def test_a_note_that_was_cut_short_is_written_anew(tmp_path, text):
    data = tmp_path / initialised.DATA
    data.mkdir()
    (data / "terraform.tfstate").write_text(text)
    (data / initialised.RECORD).write_text("any")
    initialised.forget_what_was_cut(tmp_path)
    assert list(data.iterdir()) == []


def test_a_whole_one_stays(tmp_path):
    data = tmp_path / initialised.DATA
    data.mkdir()
    initialised.forget_what_was_cut(tmp_path)
    (data / "terraform.tfstate").write_text("{}")
    (data / initialised.RECORD).write_text("any")
    initialised.forget_what_was_cut(tmp_path)
    assert len(list(data.iterdir())) == 2
