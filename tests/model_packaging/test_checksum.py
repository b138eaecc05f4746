import base64
import hashlib
import os

from model_packaging import checksum
from model_packaging.checksum import PART_BYTES


def encoded(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def test_the_checksums_are_those_that_s3_gives(tmp_path):
    file = tmp_path / "model.tar.gz"
    content = os.urandom(PART_BYTES + 5)
    file.write_bytes(content)
    found = checksum.of(file)
    parts = [hashlib.sha256(part).digest() for part in (content[:PART_BYTES], content[PART_BYTES:])]
    assert (found.size_bytes, found.whole) == (PART_BYTES + 5, encoded(content))
    assert found.parts == tuple(base64.b64encode(part).decode() for part in parts)
    assert checksum.of(file) == found, "as it was kept"
    assert found.composite == encoded(b"".join(parts))


def test_a_file_that_changed_is_read_again_and_one_that_did_not_is_not(tmp_path):
    file = tmp_path / "model.tar.gz"
    file.write_bytes(b"one")
    stamp = file.stat().st_mtime_ns
    assert checksum.of(file).whole == encoded(b"one")
    file.write_bytes(b"two")
    os.utime(file, ns=(stamp, stamp))
    assert checksum.of(file).whole == encoded(b"one"), "same size and time: what was kept"
    os.utime(file, ns=(stamp + 1, stamp + 1))
    assert checksum.of(file).whole == encoded(b"two")


def test_broken_notes_are_no_notes(tmp_path):
    file = tmp_path / "model.tar.gz"
    file.write_bytes(b"one")
    for text in ("", "[]", "{}", '{"stamp": 1}', "no json"):
        (tmp_path / "model.tar.gz.checksum").write_text(text)
        assert checksum.of(file).whole == encoded(b"one")
