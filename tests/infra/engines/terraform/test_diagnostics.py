from pathlib import Path

from infra.engines.diagnostics import Diagnostic
from infra.engines.terraform.diagnostics import StateLocked, TerraformFailed, failure

PROGRAM, DIRECTORY = Path("/usr/bin/terraform"), Path("/srv/triage")

LOCKED = Diagnostic(
    "error",
    "Error acquiring the state lock",
    "Error message: resource temporarily unavailable\nLock Info:\n  ID:        8909abf5-e503\n"
    "  Path:      terraform.tfstate\n  Operation: OperationTypeApply\n  Who:       ann@laptop\n"
    "  Version:   1.11.4\n  Created:   2026-11-21 19:58:49.833084084 +0000 UTC\n  Info:      \n\n\n"
    "Terraform acquires a state lock to protect the state",
)


def fail(*diagnostics: Diagnostic, stray: str = "") -> TerraformFailed:
    return failure(diagnostics, stray, PROGRAM, DIRECTORY)


def test_a_line_has_address_summary_and_detail_without_colour_or_line_breaks() -> None:
    diagnostic = Diagnostic("error", "\x1b[31mno\x1b[0m\n  way:", "because\n\tit is so", "aws_iam_role.r")
    assert diagnostic.line == "aws_iam_role.r: no way: because it is so"


def test_awss_own_words_are_kept() -> None:
    words = (
        "creating IAM Role (r): operation error IAM: CreateRole, EntityAlreadyExists: Role r already exists."
    )
    assert str(fail(Diagnostic("error", words, "", "aws_iam_role.r"))) == f"aws_iam_role.r: {words}"


def test_one_line_for_each_error_and_none_for_warnings_and_echoes() -> None:
    first, second = Diagnostic("error", "one"), Diagnostic("error", "two")
    echo = Diagnostic("error", "execution halted")
    error = fail(first, Diagnostic("warning", "old"), echo, second, first, echo)
    assert str(error) == "one\ntwo"
    assert error.diagnostics == (first, second)


def test_an_echo_is_told_where_there_is_nothing_else() -> None:
    assert str(fail(Diagnostic("error", "execution halted"))) == "execution halted"


def test_a_locked_state_is_one_line_with_its_holder() -> None:
    error = fail(LOCKED)
    assert isinstance(error, StateLocked)
    assert str(error) == (
        "the state is locked by ann@laptop, apply, since 2026-11-21 19:58:49 UTC: wait until that has ended; "
        "if it is dead, run /usr/bin/terraform -chdir=/srv/triage force-unlock 8909abf5-e503"
    )


# As Terraform 1.11.4 says it of `state push`, which has no -json; the colours are left in two lines.
FOR_PEOPLE = """
\x1b[31m╷\x1b[0m
\x1b[31m│\x1b[0m \x1b[1m\x1b[31mError: \x1b[0m\x1b[1mError acquiring the state lock\x1b[0m
│
│ Error message: operation error S3: PutObject, https response error
│ StatusCode: 412, RequestID:
│ MzMBTfq3sJ1ZB76P4wSmFWDXZfdM36XUcPItH26VzWlEIRVE2pyt, HostID:
│ api error PreconditionFailed: At least one of the pre-conditions you
│ specified did not hold
│ Lock Info:
│   ID:        7f3b8a52-0c1d-4e6f-9a8b-123456789abc
│   Path:      acme-states/modelyard/shared/digits/terraform.tfstate
│   Operation: OperationTypeApply
│   Who:       ana@laptop
│   Version:   1.11.4
│   Created:   2026-11-20 09:30:00 +0000 UTC
│   Info:
│
│ Terraform acquires a state lock to protect the state from being written
│ by multiple users at the same time. Please resolve the issue above and try
╵
"""


def test_a_lock_that_is_told_for_people_is_the_same() -> None:
    error = fail(stray=FOR_PEOPLE)
    assert isinstance(error, StateLocked)
    assert (error.lock, error.who) == ("7f3b8a52-0c1d-4e6f-9a8b-123456789abc", "ana@laptop")
    assert str(error).startswith(
        "the state is locked by ana@laptop, apply, since 2026-11-20 09:30:00 UTC: wait"
    )


def test_a_lock_without_a_holder_keeps_terraforms_words() -> None:
    assert (
        str(fail(Diagnostic("error", LOCKED.summary, "no such table"))) == f"{LOCKED.summary}: no such table"
    )


def test_a_crash_shows_the_end_of_what_was_written() -> None:
    stray = "\n".join(["panic: oh", "\x1b[1mgoroutine 1\x1b[0m", "", "│ a", "b", "c", "d"])
    assert str(fail(stray=stray)) == "terraform failed: goroutine 1; │ a; b; c; d"
    assert str(fail()) == "terraform failed: it said nothing"


def test_a_full_disk_is_told_once_beside_what_became_of_resources() -> None:
    full = Diagnostic("error", "Failed to write state", "write terraform.tfstate: no space left on device")
    advice = Diagnostic("error", "Failed to persist state to backend", "copy the state data")
    role = Diagnostic("error", "creating IAM Role", address="aws_iam_role.r")
    error = fail(advice, role, full, Diagnostic("error", "Failed to save state", full.detail))
    assert str(error).splitlines() == [role.line, full.line]
