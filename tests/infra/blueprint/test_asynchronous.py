from tests.infra.blueprint.conftest import only, statements
from tests.infra.conftest import asynchronous

TOPIC = "arn:aws:sns:us-east-1:111122223333:mine"
KEY = "arn:aws:kms:us-east-1:111122223333:key/1234"
BUCKET = "modelyard-dev-111122223333-us-east-1"


def config(made) -> dict:
    return only(made, "aws_sagemaker_endpoint_configuration").arguments["async_inference_config"]


def test_answers_failures_and_topics_have_their_places(render):
    made = render(asynchronous(concurrent_requests_per_instance=7))
    assert config(made) == {
        "client_config": {"max_concurrent_invocations_per_instance": 7},
        "output_config": {
            "s3_output_path": f"s3://{BUCKET}/data/shop/queue/output",
            "s3_failure_path": f"s3://{BUCKET}/data/shop/queue/failure",
            "notification_config": {
                "success_topic": "arn:aws:sns:us-east-1:111122223333:dev-shop-queue-success",
                "error_topic": "arn:aws:sns:us-east-1:111122223333:dev-shop-queue-error",
            },
        },
    }
    (configuration,) = made.of_type("aws_sagemaker_endpoint_configuration")
    assert configuration.depends_on == tuple(made.of_type("aws_sns_topic"))
    topics = {topic.arguments["name"]: topic.arguments for topic in made.of_type("aws_sns_topic")}
    assert set(topics) == {"dev-shop-queue-success", "dev-shop-queue-error"}
    assert all(topic["kms_master_key_id"] == "alias/aws/sns" for topic in topics.values())
    assert made.outputs["queue_input_uri"] == f"s3://{BUCKET}/data/shop/queue/input/"


def test_the_role_reads_inputs_writes_answers_and_publishes_and_nothing_else(render):
    allowed = statements(render(asynchronous()))
    arn = f"arn:aws:s3:::{BUCKET}/data/shop/queue"
    assert allowed["ReadTheRequests"]["Resource"] == [f"{arn}/input/*"]
    assert allowed["WriteTheAnswers"]["Action"] == ["s3:AbortMultipartUpload", "s3:PutObject"]
    assert allowed["WriteTheAnswers"]["Resource"] == [f"{arn}/output/*", f"{arn}/failure/*"]
    assert allowed["TellWhatCameOfIt"]["Action"] == ["sns:Publish"]
    assert allowed["TellWhatCameOfIt"]["Resource"] == [
        "arn:aws:sns:us-east-1:111122223333:dev-shop-queue-error",
        "arn:aws:sns:us-east-1:111122223333:dev-shop-queue-success",
    ]


def test_topics_that_are_named_are_used_and_not_made(render):
    made = render(asynchronous(success_topic=TOPIC, error_topic=TOPIC))
    assert not list(made.of_type("aws_sns_topic"))
    assert config(made)["output_config"]["notification_config"] == {
        "success_topic": TOPIC,
        "error_topic": TOPIC,
    }
    assert statements(made)["TellWhatCameOfIt"]["Resource"] == [TOPIC]


def test_answers_may_go_to_a_bucket_of_ones_own(render):
    made = render(asynchronous(output_uri="s3://answers/of/queue/"))
    assert config(made)["output_config"]["s3_output_path"] == "s3://answers/of/queue"
    assert statements(made)["WriteTheAnswers"]["Resource"][0] == "arn:aws:s3:::answers/of/queue/*"


def test_a_key_encrypts_answers_and_topics(render):
    made = render(asynchronous(), kms_key_arn=KEY)
    assert config(made)["output_config"]["kms_key_id"] == KEY
    assert {topic.arguments["kms_master_key_id"] for topic in made.of_type("aws_sns_topic")} == {KEY}


def test_it_starts_with_one_instance_and_scales_to_none(render):
    made = render(asynchronous())
    (variant,) = only(made, "aws_sagemaker_endpoint_configuration").arguments["production_variants"]
    # CreateEndpoint takes no variant without an instance; scaling takes it away afterwards.
    assert variant["initial_instance_count"] == 1
    assert only(made, "aws_appautoscaling_target").arguments["min_capacity"] == 0


def test_an_image_of_ones_own_is_told_of_larger_requests_and_longer_queues(render):
    def told(**changes) -> dict:
        model = only(render(asynchronous(**changes)), "aws_sagemaker_model")
        return model.arguments["primary_container"]["environment"]

    own = "111122223333.dkr.ecr.us-east-1.amazonaws.com/ours:1"
    assert told(image=own)["MODELYARD_BODY_LIMIT_BYTES"] == "1073741824"
    assert told(image=own)["MODELYARD_QUEUE_SECONDS"] == "3600"
    mine = {"MODELYARD_BODY_LIMIT_BYTES": "100"}
    assert told(image=own, environment=mine)["MODELYARD_BODY_LIMIT_BYTES"] == "100"
    assert "MODELYARD_BODY_LIMIT_BYTES" not in told()
