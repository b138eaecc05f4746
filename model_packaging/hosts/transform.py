"""What GET /execution-parameters says: how SageMaker's batch transform is to ask this host.

A transform job takes from it what its own definition leaves open (SageMaker Developer Guide, 'How containers serve
requests' of batch transform; botocore's model of CreateTransformJob).
"""

import json

from model_packaging.hosts.settings import Settings

TOTAL_MB = 100
"""CreateTransformJob refuses more than this of MaxConcurrentTransforms times MaxPayloadInMB."""

MB = 1024 * 1024


def execution_parameters(settings: Settings, max_batch: int, threads: int) -> bytes:
    """The answer, as JSON.

    One batch of requests at work and one that waits, for each thread: so the model is never idle. One record a
    request: a handler that reads one JSON document is not given several, and what is predicted together is the host's
    own batch. MaxPayloadInMB is in whole megabytes and 0 would mean no bound, so it is 1 where the host takes less.
    """
    payload_mb = min(TOTAL_MB, max(1, settings.body_limit_bytes // MB))
    transforms = min(2 * threads * max_batch, settings.queue_size, TOTAL_MB // payload_mb)
    return json.dumps(
        {
            "MaxConcurrentTransforms": transforms,
            "BatchStrategy": "SINGLE_RECORD",
            "MaxPayloadInMB": payload_mb,
        }
    ).encode()
