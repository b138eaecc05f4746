"""The checks of checkov that our examples may fail, each with its reason; and those that nothing of ours ever fails."""

from collections.abc import Mapping

from infra.workloads import ServerlessEndpoint

MOST = 8

WAIVED: Mapping[str, str] = {
    "CKV_AWS_18": "access logs of the bucket need a second bucket, for artifacts that can be built again",
    "CKV_AWS_144": "a copy in another region doubles the price of artifacts that can be built again",
    "CKV_AWS_115": "reserved concurrency takes it away from the account's other functions",
    "CKV_AWS_116": "its URL is called and waited for, and the caller gets the error; the watchman's next round does it",
    "CKV_AWS_117": "a function is in a VPC where the environment names one; without, it reaches nothing private",
    "CKV_AWS_272": "a signing profile belongs to the account, and Lambda signs no container images",
    "CKV2_AWS_62": "EventBridge bills every object that is written (opt-in data events), and nothing of ours listens",
    "CKV_AWS_370": "SageMaker Serverless has no network isolation (serverless-endpoints.html, feature exclusions)",
}
"""Check -> reason. CKV_AWS_370 only where it says so: see `ONLY`."""

ONLY: Mapping[str, tuple[type, ...]] = {"CKV_AWS_370": (ServerlessEndpoint,)}
"""A waiver that holds for the resources of these workloads, and for no other."""

GATE = frozenset(
    {
        *(
            f"CKV_AWS_{number}"
            for number in (41, 45, 53, 54, 55, 56, 60, 61, 62, 63, 66, 70, 79, 210, 258, 274, 275)
        ),
        *(f"CKV_AWS_{number}" for number in (301, 355, 356, 363, 364, 370)),
        "CKV2_AWS_6",
        "CKV2_AWS_40",
    }
)
"""What must hold whatever it costs."""
