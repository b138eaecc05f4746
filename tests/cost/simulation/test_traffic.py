import numpy as np
import pytest

from cost.errors import InvalidUsage
from cost.simulation.traffic import MINUTES_PER_DAY, SHAPES, check, shaped, traced

MONTH = 730 * 60


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_has_the_requests_of_the_month(shape):
    traffic = shaped(shape, 1_000_000, MONTH, seed=1)
    assert traffic.requests == pytest.approx(1_000_000)
    assert len(traffic.per_minute) == MONTH and traffic.per_minute.min() >= 0
    arrivals = traffic.arrivals(seed=1)
    assert len(arrivals) == pytest.approx(1_000_000, rel=0.01)
    assert (np.diff(arrivals) >= 0).all() and arrivals[0] >= 0 and arrivals[-1] < MONTH * 60


def test_the_same_seed_is_the_same_month():
    first, again, other = (shaped("bursty", 1000, MONTH, seed).arrivals(seed) for seed in (1, 1, 2))
    assert first.tolist() == again.tolist() != other.tolist()


def test_business_hours_are_nine_to_eighteen_on_weekdays():
    minutes = shaped("business-hours", 1000, 7 * MINUTES_PER_DAY).per_minute.reshape(7, 24, 60).sum(axis=2)
    busy = minutes > minutes.mean()
    assert busy[:5, 9:18].all() and not busy[5:].any() and not busy[:, :9].any() and not busy[:, 18:].any()


def test_a_day_has_its_peak_at_fifteen_and_its_low_at_three():
    day = shaped("diurnal", 1000, MINUTES_PER_DAY).per_minute
    assert day.argmax() == 15 * 60 and day.argmin() == 3 * 60
    assert day.max() / day.min() == pytest.approx(9)


def test_an_unknown_shape_is_told_with_those_that_are():
    with pytest.raises(
        InvalidUsage, match="traffic is 'wavy'; allowed are constant, diurnal, business-hours"
    ):
        shaped("wavy", 1, MONTH)


def trace(tmp_path, text):
    file = tmp_path / "trace.csv"
    file.write_text(text)
    return file


def test_a_trace_is_spread_over_its_steps_and_repeated_over_the_month(tmp_path):
    file = trace(tmp_path, "time,requests\n2026-11-02T00:00,60\n2026-11-02T01:00,0\n")
    traffic = traced(file, 240)
    assert traffic.per_minute.reshape(4, 60).sum(axis=1).tolist() == pytest.approx([60, 0, 60, 0])
    assert traced(file, 240, requests=1000).requests == pytest.approx(1000)


def test_a_trace_as_excel_writes_it_is_read(tmp_path):
    """'CSV UTF-8' begins with a byte order mark: the first column was named '\\ufefftime', and refused."""
    file = tmp_path / "trace.csv"
    file.write_bytes(b"\xef\xbb\xbftime,requests\r\n2026-11-02T00:00,60\r\n2026-11-02T01:00,0\r\n")
    assert traced(file, 120).requests == pytest.approx(60)


def test_of_a_trace_that_is_longer_the_first_month_is_taken_and_that_is_told(tmp_path):
    file = trace(tmp_path, "time,requests\n2026-11-02T00:00,60\n2026-11-02T01:00,0\n2026-11-02T02:00,9\n")
    assert traced(file, 120).of_minutes == 180 and traced(file, 120).requests == pytest.approx(60)
    assert traced(file, 180).of_minutes is None and traced(file, 400).of_minutes is None


def test_a_first_month_without_requests_is_not_called_a_trace_without_any(tmp_path):
    file = trace(tmp_path, "time,requests\n2026-11-02T00:00,0\n2026-11-02T01:00,0\n2026-11-02T02:00,9\n")
    with pytest.raises(
        InvalidUsage, match=r"no requests in the first 2 of its 3 hours, .*; leave out the rows"
    ):
        traced(file, 120)
    check(file)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,2\n", "its columns are .*; write a first line: time,requests"),
        ("time,requests\n2026-11-02T00:00,1\n", "1 rows; write at least two"),
        (
            "time,requests\n2026-11-02T00:00,1\n2026-11-02T00:01,1\n2026-11-02T00:03,1\n",
            r"row 4 is 2026-11-02T00:03:00, and 2026-11-02T00:02:00 was expected; write a row for every step",
        ),
        (
            "time,requests\n2026-11-02T00:00,1\n2026-11-02T00:00:30,1\n",
            "30 s apart; allowed are whole minutes",
        ),
        ("time,requests\n2026-11-02T00:00,1\n2026-11-01T00:00,1\n", "allowed are whole minutes"),
        ("time,requests\nnoon,1\n2026-11-02T00:00,1\n", "row 2 .*write as 2026-11-02T09:00,120"),
        ("time,requests\n2026-11-02T00:00\n2026-11-02T00:01,1\n", "row 2"),
        ("time,requests\n2026-11-02T00:00,-1\n2026-11-02T00:01,1\n", "has -1 requests; allowed is 0 or more"),
        ("time,requests\n2026-11-02T00:00,nan\n2026-11-02T00:01,1\n", "has nan requests"),
        ("time,requests\n2026-11-02T00:00,0\n2026-11-02T00:01,0\n", "no requests at all"),
        ("time,requests\n2026-11-02T00:00Z,1\n2026-11-02T00:01,1\n", "some have none"),
    ],
)
def test_a_wrong_trace_is_one_clear_line(tmp_path, text, words):
    for read in (check, lambda file: traced(file, 60)):
        with pytest.raises(InvalidUsage, match=words) as caught:
            read(trace(tmp_path, text))
        assert "\n" not in str(caught.value)


def test_a_trace_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InvalidUsage, match="cannot be read"):
        traced(tmp_path / "none.csv", 60)
