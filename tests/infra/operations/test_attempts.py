"""Sent again where it did not run, until the deadline; and never where it may have run."""

from dataclasses import dataclass

import pytest
from botocore.exceptions import ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from infra.errors import InvocationFailed, Misuse, Unanswered
from infra.operations.attempts import Patience, until_answered
from infra.operations.fates import Broken, Fate, NotYet
from tests.infra.operations.test_fates import URL, said

FAULTS = {
    Fate.NOT_RUN: lambda: NotYet("it is Creating."),
    Fate.REFUSED: lambda: said("ValidationError"),
    Fate.MAY_HAVE_RUN: lambda: ReadTimeoutError(endpoint_url=URL),
    Fate.FAILED: lambda: Broken("it broke."),
    Fate.ANSWERED: lambda: said("ModelError", 424, OriginalStatusCode=400),
}
RAN = {Fate.MAY_HAVE_RUN, Fate.FAILED, Fate.ANSWERED}


@dataclass
class Model:
    """Takes a second per request; does what the list says, then answers."""

    fates: list[Fate]
    now: float = 0.0
    sent: int = 0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def __call__(self) -> str:
        self.now += 1
        self.sent += 1
        if self.sent <= len(self.fates):
            raise FAULTS[self.fates[self.sent - 1]]()
        return "answer"


def ask(
    model: Model,
    deadline_seconds: float = 60,
    retry_unsafe: bool = False,
    chance: float = 0.5,
    harmless: bool = False,
):
    patience = Patience(
        deadline_seconds, retry_unsafe, lambda: model.now, model.sleep, lambda: chance, harmless
    )
    return until_answered("Endpoint x", model, patience)


@given(
    st.lists(st.sampled_from(Fate), max_size=12),
    st.floats(0, 100),
    st.booleans(),
    st.floats(0, 1, exclude_max=True),
)
def test_whatever_happens_it_ends_and_what_may_have_run_is_sent_once(fates, deadline, unsafe, chance):
    model = Model(fates)
    try:
        answer, attempts = ask(model, deadline, unsafe, chance)
    except InvocationFailed as error:
        assert error.attempts == model.sent
        last = fates[model.sent - 1]
        assert isinstance(error, Unanswered) is (last is Fate.MAY_HAVE_RUN)
    else:
        assert (answer, len(attempts)) == ("answer", model.sent)
        assert [one.fate for one in attempts] == [*fates[: model.sent - 1], None]
        assert sum(one.waited_seconds + one.seconds for one in attempts) == pytest.approx(model.now)
    met = fates[: model.sent]
    if not unsafe:
        assert sum(fate in RAN for fate in met) + (model.sent > len(fates)) <= 1
    assert not any(fate in (Fate.REFUSED, Fate.ANSWERED) for fate in met[: model.sent - 1])
    # No attempt begins after the deadline.
    assert model.now - 1 <= max(deadline, 0) or model.sent == 1


def test_a_cold_start_is_waited_out_with_longer_and_longer_pauses():
    answer, attempts = ask(Model([Fate.NOT_RUN] * 8))
    assert answer == "answer"
    waited = [one.waited_seconds for one in attempts]
    assert waited == [pytest.approx(0.75 * one) for one in (0, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5, 5)]
    assert {one.reason for one in attempts[:-1]} == {"it is Creating."}


@pytest.mark.parametrize(
    ("fate", "kind", "message"),
    [
        (
            Fate.NOT_RUN,
            InvocationFailed,
            "Endpoint x did not take the request within 3 s: it is Creating. It was sent 3 times and not run; wait "
            "longer with --deadline-seconds.",
        ),
        (Fate.REFUSED, InvocationFailed, "Endpoint x refused the request: why"),
        (
            Fate.MAY_HAVE_RUN,
            Unanswered,
            f'Endpoint x gave no answer: Read timeout on endpoint URL: "{URL}" The request was sent once and may have '
            "run, so it is not repeated. If it may run twice, write --retry-unsafe.",
        ),
        (Fate.FAILED, InvocationFailed, "Endpoint x answered: it broke."),
        (Fate.ANSWERED, InvocationFailed, "Endpoint x answered: why"),
    ],
)
def test_a_failure_is_one_line_with_its_reason(fate, kind, message):
    with pytest.raises(kind) as caught:
        ask(Model([fate] * 50), 3)
    assert str(caught.value) == message


@pytest.mark.parametrize("fate", [Fate.MAY_HAVE_RUN, Fate.FAILED])
def test_what_may_run_twice_is_repeated_when_it_is_said(fate):
    assert ask(Model([fate, fate]), retry_unsafe=True)[0] == "answer"
    with pytest.raises(InvocationFailed) as caught:
        ask(Model([fate] * 99), 10, retry_unsafe=True)
    assert caught.value.attempts > 3


def test_what_is_harmless_is_repeated_unless_the_model_itself_failed():
    assert ask(Model([Fate.MAY_HAVE_RUN] * 2), harmless=True)[0] == "answer"
    with pytest.raises(
        Unanswered, match=r"^Endpoint x gave no answer: .* was sent \d+ times and may have run\.$"
    ):
        ask(Model([Fate.MAY_HAVE_RUN] * 99), 10, harmless=True)
    failing = Model([Fate.FAILED] * 99)
    with pytest.raises(InvocationFailed, match=r"^Endpoint x answered: "):
        ask(failing, harmless=True)
    assert failing.sent == 1


def test_what_is_no_error_of_the_request_is_not_repeated():
    sent = []

    def send() -> None:
        sent.append(1)
        raise Misuse("no URL")

    with pytest.raises(Misuse, match=r"^no URL$"):
        until_answered("Function x", send, Patience())
    assert len(sent) == 1
