"""The list of operations is read off, and agrees with what the server does."""

import pytest
from botocore.session import Session

from infra.local.operations import coverage

FOUND = {one.service: one for one in coverage()}


@pytest.mark.parametrize("service", FOUND)
def test_each_operation_is_in_exactly_one_list(service):
    found = FOUND[service]
    every = [*found.moto, *found.overlay, *found.not_modelled]
    assert sorted(every) == sorted(Session().get_service_model(service).operation_names)


def test_what_is_whose():
    assert "CreateEndpoint" in FOUND["sagemaker"].overlay
    assert "CreateTrainingJob" in FOUND["sagemaker"].not_modelled  # moto only pretends
    assert "CreateRole" in FOUND["iam"].moto
    assert "InvokeEndpoint" in FOUND["sagemaker-runtime"].overlay
    assert FOUND["sagemaker-runtime"].not_modelled == ()
    assert {"ListTagsForResource", "RegisterScalableTarget"} <= set(FOUND["application-autoscaling"].overlay)
    assert "GetBucketAnalyticsConfiguration" in FOUND["s3"].not_modelled
    assert {"CreateBucket", "PutBucketPolicy", "CompleteMultipartUpload"} <= set(FOUND["s3"].moto)
