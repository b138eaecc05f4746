"""Unpacking what somebody sent: plain files below the target, or one line and nothing."""

import gzip
import io
import os
import stat
import tarfile
import zipfile
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model_packaging import manifest
from model_packaging.artifact import build_archive
from model_packaging.errors import ArchiveTooLarge, UnpackFailed, UnsafeArchive
from model_packaging.functions import build_function
from model_packaging.tape import LIMITS, Limits
from model_packaging.unpack import check_zip, unpack, unpack_tar, unpack_zip, verify

MIB = 1 << 20


def member(name, kind=tarfile.REGTYPE, link="", **fields):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def tarred(*members, mode="w:gz", end=True):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        if not end:
            return packed.getvalue()
    return packed.getvalue()


def zipped(*members):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content, *mode in members:
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (mode[0] if mode else 0o100644) << 16
            archive.writestr(info, content)
    return packed.getvalue()


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def bomb(mebibytes):
    """A sound archive: noughts, a thousand to the byte."""
    return tarred((member("weights.bin"), bytes(mebibytes * MIB)))


def extended(size):
    """A tar whose first header says that its extension has `size` bytes, which tarfile reads in one piece."""
    info = tarfile.TarInfo("././@PaxHeader")
    info.type, info.size = tarfile.XHDTYPE, size
    return gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 16))


def sparse():
    info = member("holes", tarfile.GNUTYPE_SPARSE)
    return gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(1024))


GOOD = (member("a.txt"), b"a" * 2000)

TARS = {
    "climbs": (tarred((member("../x"), b"")), "'../x' points out of the archive"),
    "climbs later": (tarred(GOOD, (member("a/../../x"), b"")), "'a/../../x' points out of the archive"),
    "absolute": (tarred((member("/x"), b"")), "'/x' points out of the archive"),
    "backslash": (tarred((member("a\\..\\x"), b"")), r"'a\\..\\x' points out of the archive"),
    "link out": (
        tarred((member("x", tarfile.SYMTYPE, "/etc/passwd"), b"")),
        "'x' is neither a plain file nor a folder",
    ),
    "link within": (
        tarred(GOOD, (member("x", tarfile.SYMTYPE, "a.txt"), b"")),
        "'x' is neither a plain file nor a folder",
    ),
    "hard link": (
        tarred(GOOD, (member("x", tarfile.LNKTYPE, "a.txt"), b"")),
        "'x' is neither a plain file nor a folder",
    ),
    "write through a link": (
        tarred((member("d", tarfile.SYMTYPE, "/tmp"), b""), (member("d/x"), b"")),
        "'d' is neither a plain file nor a folder",
    ),
    "fifo": (tarred((member("x", tarfile.FIFOTYPE), b"")), "'x' is neither a plain file nor a folder"),
    "device": (tarred((member("x", tarfile.CHRTYPE), b"")), "'x' is neither a plain file nor a folder"),
    "disk": (tarred((member("x", tarfile.BLKTYPE), b"")), "'x' is neither a plain file nor a folder"),
    "sparse": (sparse(), "'holes' is neither a plain file nor a folder"),
    "twice": (tarred(GOOD, (member("./a.txt"), b"b")), "'./a.txt' is in it twice"),
    "file then folder": (tarred(GOOD, (member("a.txt/b"), b"b")), "'a.txt' is a file and a folder"),
    "folder then file": (tarred((member("a/b"), b"b"), (member("a"), b"")), "'a' is in it twice"),
    "no name": (tarred((member("."), b"x")), "'.' is no name of a file"),
    "deep": (
        tarred((member("/".join("d" * 99)), b"")),
        "'d/d/d/d/d/d/d/d/d/d/'... lies 99 folders deep; 64 are allowed",
    ),
    "many": (tarred(*((member(f"{n}"), b"") for n in range(11))), "it has more than 10 members"),
    "large": (
        tarred((member("x"), os.urandom(3 * MIB))),
        "unpacked it is larger than the 2097152 bytes that are allowed",
    ),
    "header without end": (extended(1 << 33), "it has a header of 8589934592 bytes; 1048576 are allowed"),
    "no end": (
        gzip.compress(tarred(GOOD, mode="w", end=False)),
        "it is cut short: the block that ends a tar is missing",
    ),
    "damaged header": (
        tarred(GOOD, (member("b"), b"b"), mode="w").replace(b"b\0", b"c\0", 1),
        "it is cut short: the block that ends a tar is missing",
    ),
    "cut short": (tarred(GOOD)[:-9], "Compressed file ended before the end-of-stream marker was reached"),
    "cut in a file": (gzip.compress(tarred(GOOD, mode="w")[:1000]), "unexpected end of data"),
    "xz": (tarred(GOOD, mode="w:xz"), "truncated header|bad checksum|invalid header"),
    "nothing": (b"", "empty file"),
}


@pytest.mark.parametrize("name", TARS)
def test_a_tar_that_is_refused(tmp_path, name):
    content, reason = TARS[name]
    file = tmp_path / "in" / "model.tar.gz"
    file.parent.mkdir()
    file.write_bytes(content)
    limits = Limits(max_bytes=2 * MIB, max_members=10)
    with pytest.raises(UnsafeArchive) as caught:
        unpack_tar(file, tmp_path / "in" / "out", limits)
    line = str(caught.value)
    assert line.startswith("model.tar.gz") and line.endswith("; nothing of it was unpacked.")
    assert any(part in line for part in reason.split("|")), line
    assert "\n" not in line
    assert [path.name for path in tmp_path.rglob("*")] == ["in", "model.tar.gz"]


def test_the_whole_line(tmp_path):
    file = tmp_path / "model.tar.gz"
    file.write_bytes(TARS["climbs"][0])
    with pytest.raises(UnsafeArchive) as caught:
        unpack_tar(file, tmp_path / "out")
    assert str(caught.value) == "model.tar.gz: '../x' points out of the archive; nothing of it was unpacked."
    file.write_bytes(TARS["cut short"][0])
    with pytest.raises(UnsafeArchive) as caught:
        unpack_tar(file, tmp_path / "out")
    assert str(caught.value) == (
        "model.tar.gz is damaged, or no archive (Compressed file ended before the end-of-stream marker was reached); "
        "nothing of it was unpacked."
    )


ZIPS = {
    "climbs": (zipped(("../x", "")), "'../x' points out of the archive"),
    "absolute": (zipped(("/x", "")), "'/x' points out of the archive"),
    "link": (zipped(("x", "/etc/passwd", stat.S_IFLNK | 0o777)), "'x' is neither a plain file nor a folder"),
    "fifo": (zipped(("x", "", stat.S_IFIFO | 0o600)), "'x' is neither a plain file nor a folder"),
    "twice": (zipped(("x", "1"), ("./x", "2")), "'./x' is in it twice"),
    "many": (zipped(*((str(n), "") for n in range(11))), "it has more than 10 members"),
    "large": (
        zipped(("x", bytes(3 * MIB))),
        "unpacked it is larger than the 2097152 bytes that are allowed",
    ),
    "no zip": (b"no zip", "File is not a zip file"),
    "cut short": (zipped(("x", "y"))[:-9], "File is not a zip file"),
}


@pytest.mark.parametrize("name", ZIPS)
def test_a_zip_that_is_refused(tmp_path, name):
    content, reason = ZIPS[name]
    limits = Limits(max_bytes=2 * MIB, max_members=10)
    with pytest.raises(UnsafeArchive) as caught:
        unpack_zip(io.BytesIO(content), tmp_path / "out", limits)
    assert reason in str(caught.value) and str(caught.value).startswith("the zip")
    with pytest.raises(UnsafeArchive):
        check_zip(io.BytesIO(content), limits)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("offset, value", [(6, 1), (8, 12), (8, 99)], ids=["encrypted", "bzip2", "unknown"])
def test_a_zip_packed_otherwise_is_refused(tmp_path, offset, value):
    packed = bytearray(zipped(("app.py", "x")))
    packed[offset] = value
    packed[packed.index(b"PK\x01\x02") + offset + 2] = value
    with pytest.raises(UnsafeArchive):
        check_zip(io.BytesIO(packed))
    with pytest.raises(UnsafeArchive):
        unpack_zip(io.BytesIO(packed), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_bomb_is_refused_before_it_fills_the_disk(tmp_path):
    """What filter="data" lets pass: 200 MiB out of 200 KiB."""
    file = tmp_path / "model.tar.gz"
    file.write_bytes(bomb(200))
    assert file.stat().st_size < 250_000
    with pytest.raises(
        ArchiveTooLarge, match=r"its \d+ bytes unpack to 6\d{7} or more; 100 times as many are allowed"
    ):
        unpack_tar(file, tmp_path / "out")
    with pytest.raises(ArchiveTooLarge, match="100 times as many are allowed"):
        unpack_zip(io.BytesIO(zipped(("x", bytes(100 * MIB)))), tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["model.tar.gz"]


def test_a_sound_archive_that_shrinks_well_is_taken(tmp_path):
    file = tmp_path / "model.tar.gz"
    file.write_bytes(bomb(20))
    unpack_tar(file, tmp_path / "out")
    assert (tmp_path / "out/weights.bin").stat().st_size == 20 * MIB


def test_what_shrinks_well_at_its_beginning_only_is_taken(tmp_path):
    """The ratio is that of the whole file: weights may begin with noughts."""
    file = tmp_path / "model.tar.gz"
    file.write_bytes(tarred((member("noughts"), bytes(80 * MIB)), (member("noise"), os.urandom(2 * MIB))))
    unpack_tar(file, tmp_path / "out")
    assert (tmp_path / "out/noughts").stat().st_size == 80 * MIB


def test_an_endless_tail_is_refused(tmp_path):
    file = tmp_path / "model.tar.gz"
    file.write_bytes(tarred(GOOD) + gzip.compress(bytes(5_000_000)))
    with pytest.raises(ArchiveTooLarge):
        unpack_tar(file, tmp_path / "out", Limits(max_bytes=1_000_000))


def test_a_disk_that_refuses_is_no_fault_of_the_archive(tmp_path):
    file = tmp_path / "model.tar.gz"
    file.write_bytes(tarred((member("n" * 300), b"")))
    with pytest.raises(UnpackFailed, match="cannot be written: File name too long; nothing") as caught:
        unpack_tar(file, tmp_path / "out")
    assert not isinstance(caught.value, UnsafeArchive)
    assert [path.name for path in tmp_path.iterdir()] == ["model.tar.gz"]


# what is taken


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_files_and_folders(tmp_path, mode):
    file = tmp_path / "model.tar.gz"
    content = tarred(
        (member("./", tarfile.DIRTYPE), b""),
        (member("code", tarfile.DIRTYPE, mode=0o000), b""),
        (member("code/inference.py"), b"print()"),
        (member("./deep/er/weights.bin"), b"\x00\x01" * 5000),
        (member("even.bin"), bytes(1024)),
        mode=mode,
    )
    file.write_bytes(content)
    unpack_tar(file, tmp_path / "new" / "out")
    assert files(tmp_path / "new" / "out") == {
        "code/inference.py": b"print()",
        "deep/er/weights.bin": b"\x00\x01" * 5000,
        "even.bin": bytes(1024),
    }


def test_of_a_mode_only_the_executable_bit_stays(tmp_path):
    file = tmp_path / "model.tar.gz"
    file.write_bytes(tarred((member("tool", mode=0o6755), b"x"), (member("plain", mode=0o7666), b"x")))
    unpack_tar(file, tmp_path / "tar")
    unpack_zip(io.BytesIO(zipped(("tool", "x", 0o104755), ("plain", "x", 0o107666))), tmp_path / "zip")
    for out in (tmp_path / "tar", tmp_path / "zip"):
        assert (out / "tool").stat().st_mode & 0o7777 == 0o755
        assert (out / "plain").stat().st_mode & 0o7133 == 0


# what is known: the entries of an artifact


@pytest.fixture
def built(make_model, tmp_path, cache):
    model = make_model({"model.bin": os.urandom(3000), "words.txt": "one\n" * 500})
    return [build_archive(model, tmp_path, cache), build_function(model, tmp_path, cache)]


def test_an_artifact_holds_its_entries(built, tmp_path):
    for number, artifact in enumerate(built):
        verify(artifact.file, artifact.entries)
        unpack(artifact.file, tmp_path / str(number), artifact.entries)
        found = [manifest.read(entry.path, tmp_path / str(number) / entry.path) for entry in artifact.entries]
        assert manifest.digest(artifact.filename, found) == artifact.digest


@pytest.mark.parametrize("change", [{"sha256": "0" * 64}, {"executable": True}, {"path": "other.txt"}])
def test_another_content_is_refused(built, tmp_path, change):
    for artifact in built:
        *kept, last = artifact.entries
        with pytest.raises(UnsafeArchive, match=r"'words\.txt' is not what was packed; nothing"):
            unpack(artifact.file, tmp_path / "out", [*kept, replace(last, **change)])
        with pytest.raises(UnsafeArchive, match=r"'words\.txt' is not what was packed; nothing"):
            verify(artifact.file, [*kept, replace(last, **change)])
        assert not (tmp_path / "out").exists()


def test_a_file_too_many_and_one_too_few_are_refused(built, tmp_path):
    for artifact in built:
        with pytest.raises(UnsafeArchive, match=r"it has more than \d+ members"):
            verify(artifact.file, artifact.entries[:-1])
        with pytest.raises(UnsafeArchive, match="'zz' is missing"):
            verify(artifact.file, [*artifact.entries, replace(artifact.entries[0], path="zz")])


def test_what_is_known_may_shrink_as_well_as_it_likes(make_model, tmp_path, cache):
    made = build_archive(make_model({"model.bin": bytes(70 * MIB)}), tmp_path, cache)
    with pytest.raises(ArchiveTooLarge):
        unpack(made.file, tmp_path / "out")
    verify(made.file, made.entries)


# damage of every kind

CONTENT = {"model.bin": bytes(range(256)) * 8, "code/inference.py": b"print(1)\n" * 40}


def damaged(packed, step):
    """The archive with one bit of each `step`th byte turned."""
    for place in range(0, len(packed), step):
        yield packed[:place] + bytes([packed[place] ^ 0x10]) + packed[place + 1 :]


@pytest.mark.parametrize("kind, step", [("tar", 3), ("zip", 7)])
def test_damage_is_refused_or_does_no_harm(tmp_path, kind, step):
    """A bit that is turned in a name or a mode of a zip, which has no checksum of those, is another name or mode."""
    packed = (
        tarred(*((member(name), content) for name, content in CONTENT.items()))
        if kind == "tar"
        else zipped(*CONTENT.items())
    )
    file, refused = tmp_path / f"model.{kind}", 0
    for number, content in enumerate(damaged(packed, step)):
        file.write_bytes(content)
        target = tmp_path / str(number)
        try:
            unpack(file, target)
        except UnsafeArchive:
            refused += 1
            assert not target.exists()
        else:
            assert sorted(files(target).values()) == sorted(CONTENT.values())
    assert refused > 0.7 * number
    file.unlink()
    assert len(list(tmp_path.iterdir())) == number + 1 - refused  # and nothing half unpacked


NAMES = st.one_of(
    st.sampled_from(
        ["a", "a/b", "../a", "/a", "./a", "a/../b", "a//b", ".", "", "a\\b", "é", "a\nb", "..", "~", "C:a"]
    ),
    st.text(st.sampled_from("ab./\\~"), max_size=9),
)
KINDS = st.sampled_from(
    [tarfile.REGTYPE] * 4
    + [tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.CONTTYPE]
)
MEMBERS = st.lists(
    st.tuples(NAMES, KINDS, st.binary(max_size=1500), st.integers(0, 0o7777), NAMES), min_size=1, max_size=6
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(members=MEMBERS, cut=st.integers(0, 3000), noise=st.booleans())
def test_whatever_is_taken_has_written_plain_files_below_the_target_only(
    tmp_path_factory, members, cut, noise
):
    room = tmp_path_factory.mktemp("room")
    made = []
    for name, kind, content, mode, link in members:
        made.append((member(name, kind, link, mode=mode), content if kind == tarfile.REGTYPE else b""))
    packed = tarred(*made)
    if noise and cut < len(packed):
        packed = packed[:cut] + b"\xff" + packed[cut + 1 :]
    file = room / "inner" / "model.tar.gz"
    file.parent.mkdir()
    file.write_bytes(packed)
    target = room / "inner" / "out"
    try:
        unpack_tar(file, target)
    except UnsafeArchive:
        assert not target.exists()
    else:
        for path in target.rglob("*"):
            mode = path.lstat().st_mode
            assert stat.S_ISREG(mode) or stat.S_ISDIR(mode)
            assert mode & 0o7000 == 0
        regular = [content for info, content in made if info.type == tarfile.REGTYPE]
        assert sorted(files(target).values()) == sorted(regular)
    assert {path.name for path in room.iterdir()} == {"inner"}
    assert {path.name for path in (room / "inner").iterdir()} <= {"model.tar.gz", "out"}


def test_the_limits_are_those_that_are_written_down():
    assert (LIMITS.max_members, LIMITS.max_ratio, LIMITS.max_depth) == (100_000, 100, 64)
