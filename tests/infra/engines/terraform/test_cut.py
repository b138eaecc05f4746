"""What a full disk made of Terraform's files, and what the next run makes of that."""

import pytest

from infra.engines.terraform import cut, initialised

CUT = ["", '{"version": 4, "resour']


@pytest.fixture
def data(tmp_path):
    made = tmp_path / initialised.DATA
    made.mkdir()
    (made / initialised.RECORD).write_text("any")
    return made


@pytest.mark.parametrize("text", CUT)
def test_a_note_that_was_cut_short_is_written_anew(tmp_path, data, text):
    (data / "terraform.tfstate").write_text(text)
    cut.forget_note(tmp_path)
    assert list(data.iterdir()) == []


@pytest.mark.parametrize("text", [None, "{}"])
def test_a_note_that_is_whole_or_none_stays(tmp_path, data, text):
    if text is not None:
        (data / "terraform.tfstate").write_text(text)
    before = set(data.iterdir())
    cut.forget_note(tmp_path)
    assert set(data.iterdir()) == before


@pytest.mark.parametrize("text", CUT)
@pytest.mark.parametrize("backup", [None, *CUT, '{"serial": 6}'])
def test_the_backup_takes_the_place_of_a_state_that_was_cut_short(tmp_path, text, backup):
    state = tmp_path / "terraform.tfstate"
    state.write_text(text)
    if backup is not None:
        (tmp_path / "terraform.tfstate.backup").write_text(backup)
    said = cut.restore_state(state)
    assert said is not None and said.endswith("looked for on AWS")
    assert (tmp_path / "terraform.tfstate.cut").read_text() == text
    if backup == '{"serial": 6}':
        assert state.read_text() == backup and "its backup is taken" in said
        assert state.stat().st_mode & 0o777 == 0o600
    else:
        assert not state.exists()


def test_a_state_that_is_whole_or_none_stays(tmp_path):
    state = tmp_path / "terraform.tfstate"
    assert cut.restore_state(state) is None
    state.write_text("{}")
    assert cut.restore_state(state) is None and [file.name for file in tmp_path.iterdir()] == [state.name]
