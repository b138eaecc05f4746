"""What goes on with an endpoint in the background: it comes up, is updated or rolled back, and scales."""

import logging
import threading
from collections.abc import Callable

from infra.local.container import ContainerFailed
from infra.local.overlay import variants
from infra.local.overlay.hosted import Endpoint
from infra.local.overlay.rollouts import Rollout, shift
from infra.local.overlay.variants import DeploymentFailed, Variant

ROLLING_BACK_SECONDS = 0.5
"""Long enough for a client that polls to see it."""

log = logging.getLogger(__name__)


class Transitions:
    """`lock` guards the endpoints."""

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock

    def run(self, endpoint: Endpoint, work: Callable[[], None]) -> None:
        """Do `work` in a thread; a fault of ours does not leave the endpoint in progress for ever."""

        def guarded() -> None:
            try:
                work()
            except Exception as error:
                log.exception("endpoint %s", endpoint.name)
                status = "InService" if endpoint.variants else "Failed"
                self._settle(endpoint, status, f"The embedded AWS failed: {error!r}")

        threading.Thread(target=guarded, daemon=True).start()

    def create(self, endpoint: Endpoint, plan: list[Variant]) -> None:
        """Start what the configuration asks for; the endpoint is Failed where that does not come up."""
        try:
            variants.start(plan)
        except DeploymentFailed as failure:
            self._settle(endpoint, "Failed", str(failure))
            return
        with self._lock:
            endpoint.variants = plan
            self._settle(endpoint, "InService")

    def update(self, endpoint: Endpoint, plan: list[Variant], rollout: Rollout) -> None:
        """Start the new, move the traffic, end the old; or roll back."""
        try:
            variants.start(plan)
        except DeploymentFailed as failure:
            self._roll_back(endpoint, str(failure))
            return
        with self._lock:
            endpoint.incoming, endpoint.share = plan, 0.0
        reason = shift(endpoint, rollout)
        if reason is not None:
            self._roll_back(endpoint, reason)
            variants.stop(plan)
            return
        old = endpoint.variants
        with self._lock:
            assert endpoint.pending is not None
            endpoint.config, endpoint.variants = endpoint.pending, plan
            endpoint.incoming, endpoint.share = [], 0.0
        endpoint.site.machine.pause(rollout.termination_seconds)
        variants.stop(old)
        self._settle(endpoint, "InService")

    def scale(self, endpoint: Endpoint) -> None:
        """Be at the desired weights and capacities; where a container does not come up, stay."""
        reason = None
        for variant in endpoint.variants:
            variant.settle_weight()
            try:
                variant.reach()
            except ContainerFailed:
                reason = variants.unhealthy(variant)
        self._settle(endpoint, "InService", reason)

    def _roll_back(self, endpoint: Endpoint, reason: str) -> None:
        with self._lock:
            endpoint.incoming, endpoint.share = [], 0.0
            endpoint.enter("RollingBack")
        endpoint.site.machine.sleep(ROLLING_BACK_SECONDS)
        self._settle(endpoint, "InService", reason)

    def _settle(self, endpoint: Endpoint, status: str, failure_reason: str | None = None) -> None:
        with self._lock:
            endpoint.enter(status)
            endpoint.pending, endpoint.failure_reason = None, failure_reason
