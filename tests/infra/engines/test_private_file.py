"""What only its owner may read is written whole or not at all."""

import os

import pytest

from infra.engines import private_file


def test_it_is_its_owners_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        private_file.write(tmp_path / "state", "{}")
    finally:
        os.umask(before)
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o600


def test_what_fails_half_way_leaves_what_was_there(tmp_path):
    private_file.write(tmp_path / "state", "before")
    with pytest.raises(UnicodeEncodeError):
        private_file.write(tmp_path / "state", "x" * 100_000 + "\udc80")
    assert [file.name for file in tmp_path.iterdir()] == ["state"]
    assert (tmp_path / "state").read_text() == "before"
