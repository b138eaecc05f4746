"""Unpacking: regular files and directories inside the target, and nothing else."""

import gzip
import io
import tarfile
import zipfile

import pytest

from infra.local.archive import ArchiveTooLarge, UnsafeArchive, check_zip, unpack_tar, unpack_zip
from tests.infra.local.conftest import packed_tar, packed_zip


def tar_of(tmp_path, *members):
    file = tmp_path / "model.tar.gz"
    with tarfile.open(file, "w:gz") as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file


def member(name, kind=tarfile.REGTYPE, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def test_files_and_directories(tmp_path):
    file = tar_of(
        tmp_path,
        (member("code", tarfile.DIRTYPE), b""),
        (member("code/inference.py"), b"print()"),
        (member("./deep/er/weights.bin"), b"\x00\x01"),
    )
    unpack_tar(file, tmp_path / "out")
    assert (tmp_path / "out/code/inference.py").read_bytes() == b"print()"
    assert (tmp_path / "out/deep/er/weights.bin").read_bytes() == b"\x00\x01"


@pytest.mark.parametrize(
    "info",
    [
        member("../escaped"),
        member("a/../../escaped"),
        member("/absolute"),
        member("link", tarfile.SYMTYPE, "/etc/passwd"),
        member("inner", tarfile.SYMTYPE, "code"),
        member("hard", tarfile.LNKTYPE, "code/inference.py"),
        member("pipe", tarfile.FIFOTYPE),
        member("device", tarfile.CHRTYPE),
    ],
    ids=lambda info: info.name,
)
def test_what_is_refused(tmp_path, info):
    file = tar_of(tmp_path, (info, b""))
    with pytest.raises(UnsafeArchive):
        unpack_tar(file, tmp_path / "out")
    assert not (tmp_path / "escaped").exists()


def test_a_setuid_file_is_an_ordinary_one(tmp_path):
    info = member("tool")
    info.mode = 0o6777
    unpack_tar(tar_of(tmp_path, (info, b"x")), tmp_path / "out")
    assert (tmp_path / "out/tool").stat().st_mode & 0o7000 == 0


def test_a_small_archive_of_much(tmp_path):
    file = tar_of(tmp_path, (member("zeros"), bytes(5_000_000)))
    assert file.stat().st_size < 10_000
    with pytest.raises(UnsafeArchive, match="larger than 1000000 bytes"):
        unpack_tar(file, tmp_path / "out", max_bytes=1_000_000)


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08\x00broken"])
def test_what_is_no_archive(tmp_path, content):
    file = tmp_path / "model.tar.gz"
    file.write_bytes(content)
    with pytest.raises(UnsafeArchive):
        unpack_tar(file, tmp_path / "out")
    with pytest.raises(UnsafeArchive):
        unpack_zip(io.BytesIO(content), tmp_path / "other")


@pytest.mark.parametrize("name", ["../escaped", "/absolute", "a\\..\\..\\b"])
def test_names_in_a_zip(tmp_path, name):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, b"x")
    with pytest.raises(UnsafeArchive):
        unpack_zip(packed, tmp_path / "out")
    assert not (tmp_path / "escaped").exists()


CONTENT = {"model.bin": bytes(range(256)) * 8, "code/inference.py": b"print(1)\n" * 40}


def damaged(packed: bytes, step: int):
    """The archive with one bit of each `step`th byte turned."""
    for place in range(0, len(packed), step):
        yield packed[:place] + bytes([packed[place] ^ 0x10]) + packed[place + 1 :]


def unpacked(folder) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_damaged_tar_is_refused_or_right(tmp_path):
    file, refused = tmp_path / "model.tar.gz", 0
    for number, packed in enumerate(damaged(packed_tar(CONTENT), 3)):
        file.write_bytes(packed)
        target = tmp_path / str(number)
        try:
            unpack_tar(file, target)
        except UnsafeArchive:
            refused += 1
            assert not target.exists()
        else:
            assert unpacked(target) == CONTENT
    assert refused > 0.8 * number
    file.unlink()
    assert len(list(tmp_path.iterdir())) == number + 1 - refused  # and nothing half unpacked


def test_a_damaged_zip_is_refused_or_right(tmp_path):
    content = {name: data.decode("latin-1") for name, data in CONTENT.items()}
    right, refused = {name: text.encode() for name, text in content.items()}, 0
    for number, packed in enumerate(damaged(packed_zip(content), 11)):
        target = tmp_path / str(number)
        try:
            unpack_zip(io.BytesIO(packed), target)
        except UnsafeArchive:
            refused += 1
            assert not target.exists()
        else:
            assert unpacked(target) == right
    assert refused > 0.8 * number
    assert len(list(tmp_path.iterdir())) == number + 1 - refused


def test_an_endless_tail(tmp_path):
    file = tar_of(tmp_path, (member("small"), b"x"))
    with gzip.open(file, "ab") as more:
        more.write(bytes(5_000_000))
    with pytest.raises(ArchiveTooLarge):
        unpack_tar(file, tmp_path / "out", max_bytes=1_000_000)


@pytest.mark.parametrize(
    ("offset", "value"), [(6, 1), (8, 99)], ids=["encrypted", "of an unknown compression"]
)
def test_a_zip_that_is(tmp_path, offset, value):
    packed = bytearray(packed_zip({"app.py": "x"}))
    packed[offset] = value
    packed[packed.index(b"PK\x01\x02") + offset + 2] = value
    with pytest.raises(UnsafeArchive):
        check_zip(io.BytesIO(packed), 1000)
    with pytest.raises(UnsafeArchive):
        unpack_zip(io.BytesIO(packed), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_zip_that_is_too_large():
    check_zip(io.BytesIO(packed_zip({"a": "x" * 100})), 100)
    with pytest.raises(ArchiveTooLarge):
        check_zip(io.BytesIO(packed_zip({"a": "x" * 101})), 100)


def test_what_can_be_executed_stays_so(tmp_path):
    tool = member("tool")
    tool.mode = 0o755
    unpack_tar(tar_of(tmp_path, (tool, b"x"), (member("plain"), b"x")), tmp_path / "of-tar")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        info = zipfile.ZipInfo("tool")
        info.external_attr = 0o100755 << 16
        archive.writestr(info, "x")
        archive.writestr("plain", "x")
    unpack_zip(packed, tmp_path / "of-zip")
    for out in (tmp_path / "of-tar", tmp_path / "of-zip"):
        assert [(out / name).stat().st_mode & 0o111 for name in ("tool", "plain")] == [0o111, 0]
