"""AWS's validation, word by word, from botocore's model."""

from infra.local.overlay.constraints import message, violations


def config(**changes) -> dict:
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": "m",
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
        **changes,
    }
    return {"EndpointConfigName": "c", "ProductionVariants": [variant]}


def of_config(**changes) -> list[str]:
    return violations("sagemaker", "CreateEndpointConfig", config(**changes))


def test_a_right_request():
    assert of_config() == []


def test_pattern():
    found = violations("sagemaker", "CreateModel", {"ModelName": "under_score"})
    assert found == [
        "Value 'under_score' at 'modelName' failed to satisfy constraint: Member must satisfy regular "
        "expression pattern: [a-zA-Z0-9]([\\-a-zA-Z0-9]*[a-zA-Z0-9])?"
    ]


def test_bounds():
    assert of_config(ContainerStartupHealthCheckTimeoutInSeconds=59) == [
        "Value '59' at 'productionVariants.1.member.containerStartupHealthCheckTimeoutInSeconds' failed to "
        "satisfy constraint: Member must have value greater than or equal to 60"
    ]
    assert of_config(ContainerStartupHealthCheckTimeoutInSeconds=3601)[0].endswith(
        "less than or equal to 3600"
    )
    assert of_config(VolumeSizeInGB=513)[0].endswith("Member must have value less than or equal to 512")


def test_length():
    (too_long, *_) = violations("sagemaker", "DescribeEndpoint", {"EndpointName": "x" * 64})
    assert too_long.endswith("Member must have length less than or equal to 63")


def test_required():
    request = {"EndpointConfigName": "c", "ProductionVariants": [{"ModelName": "m"}]}
    assert violations("sagemaker", "CreateEndpointConfig", request) == [
        "Value null at 'productionVariants.1.member.variantName' failed to satisfy constraint: "
        "Member must not be null"
    ]


def test_several_are_one_message():
    found = of_config(InstanceType="ml.none", ContainerStartupHealthCheckTimeoutInSeconds=1)
    assert len(found) == 2
    assert message(found).startswith("2 validation errors detected: Value 'ml.none' at ")
    assert message(found[:1]).startswith("1 validation error detected: Value 'ml.none' at ")
