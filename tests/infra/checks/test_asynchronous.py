import pytest

from tests.infra.checks.told import told
from tests.infra.conftest import asynchronous


@pytest.mark.parametrize("uri", ["answers", "https://bucket/answers", "s3://B/x", "s3://bucket/" + "x" * 512])
def test_answers_in_no_place_of_s3(make_stack, uri):
    assert told(make_stack(asynchronous(output_uri=uri))) == [
        f"queue: output_uri is {uri!r}; write an S3 prefix of at most 512 characters, such as 's3://bucket/answers/', "
        "or leave it out."
    ]


INSTEAD = "write 'arn:aws:sns:us-east-1:111122223333:NAME', or leave it out: the stack then makes a topic."


@pytest.mark.parametrize(
    ("arn", "found"),
    [
        ("mine", "success_topic is 'mine', which is no SNS topic's ARN"),
        (
            "arn:aws:sns:eu-west-1:111122223333:mine",
            "success_topic is in eu-west-1, and SageMaker tells topics in us-east-1 only",
        ),
        (
            "arn:aws:sns:us-east-1:111122223333:mine.fifo",
            "success_topic is a FIFO topic, and SageMaker publishes to standard ones only",
        ),
    ],
)
def test_a_topic_that_cannot_be_told(make_stack, arn, found):
    assert told(make_stack(asynchronous(success_topic=arn))) == [f"queue: {found}; {INSTEAD}"]


def test_places_and_topics_of_ones_own(make_stack):
    topic = "arn:aws:sns:us-east-1:444455556666:theirs"
    good = asynchronous(output_uri="s3://bucket/answers/", success_topic=topic, error_topic=topic)
    assert told(make_stack(good)) == []
