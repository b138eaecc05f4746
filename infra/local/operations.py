"""Which operations of AWS the embedded AWS has: moto's, the overlay's, and those that it refuses."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Coverage:
    """The operations of one service, by botocore's names; each is in exactly one of the three."""

    service: str
    moto: tuple[str, ...]
    overlay: tuple[str, ...]
    not_modelled: tuple[str, ...]


def coverage() -> tuple[Coverage, ...]:
    """The coverage of each service that a deployment needs, read off botocore's models, moto and the overlay.

    Imports moto, which takes about a second. Needs no server.
    """
    from moto.awslambda.responses import LambdaResponse
    from moto.events.responses import EventsHandler
    from moto.iam.responses import IamResponse
    from moto.logs.responses import LogsResponse
    from moto.s3.models import S3Backend
    from moto.sts.responses import TokenResponse

    from infra.local.overlay import installation

    classes: dict[str, tuple[type, ...]] = {
        "iam": (IamResponse,),
        "sts": (TokenResponse,),
        "logs": (LogsResponse,),
        "events": (EventsHandler,),
        "lambda": (LambdaResponse,),
    }
    overlaid = {service: (response,) for service, (response, _) in installation.OVERLAY.items()}
    # moto's S3 takes operations apart by hand; what it knows shows in its backend's names too
    every = {**classes, **overlaid, "s3": (*overlaid["s3"], S3Backend)}
    return tuple(_of(service, every[service]) for service in sorted(every))


def _of(service: str, classes: Iterable[type]) -> Coverage:
    from moto.core.utils import camelcase_to_underscores

    from infra.local.overlay import constraints, installation, refusals

    ours = set(installation.OVERLAY[service][1]) if service in installation.OVERLAY else set()
    classes = tuple(classes)
    found: dict[str, list[str]] = {"moto": [], "overlay": [], "not_modelled": []}
    for operation in sorted(constraints.service_model(service).operation_names):
        if camelcase_to_underscores(operation) in ours:
            kind = "overlay"
        elif refusals.is_refused(service, operation):
            kind = "not_modelled"
        else:
            kind = "moto" if refusals.has_method(operation, classes) else "not_modelled"
        found[kind].append(operation)
    return Coverage(service, **{kind: tuple(names) for kind, names in found.items()})
