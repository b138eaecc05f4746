"""modelyard invoke: what of an answer goes to stdout."""

import pytest

from infra.cli.invoke import shown

BYTES = b"\x00\x01\n\n"


@pytest.mark.parametrize(
    ("body", "content_type", "written"),
    [
        (BYTES, "application/octet-stream", BYTES),
        (b"\x89PNG", "image/png", b"\x89PNG"),
        (BYTES, "application/x-npy", BYTES),
        (BYTES, "", BYTES),
        (b"", "application/json", b""),
        (b"{}", "application/json", b"{}\n"),
        (b"{}\n\n", "application/json", b"{}\n\n"),
        (b"{}", "application/json; charset=utf-8", b"{}\n"),
        (b"{}", "application/problem+json", b"{}\n"),
        (b"{}", "application/x-ndjson", b"{}\n"),
        (b"1,2", "text/csv", b"1,2\n"),
        (b"1,2", "Text/CSV; header=absent", b"1,2\n"),
    ],
)
def test_an_answer_is_written_to_the_byte_and_only_a_text_is_given_its_last_newline(
    body, content_type, written
):
    assert shown(body, content_type) == written
