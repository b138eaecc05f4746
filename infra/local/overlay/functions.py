"""Lambda functions: which pool runs a version, and how many invocations of a function run."""

import contextlib
import hashlib
import json
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import LambdaFunction, lambda_backends

from infra.local.overlay.pool import Pool, PoolClosed

Key = tuple[str, str, str]
"""Account, region and name of a function."""

_pools: dict[tuple[str, str, str, str], Pool] = {}
_running: Counter[tuple[Key, str | None]] = Counter()
"""Invocations under way: of a function (None), and of each qualifier by which it was called."""

_lock = threading.Lock()


class Throttled(Exception):
    """As many invocations as are reserved run already."""


def pool_of(function: LambdaFunction) -> Pool:
    """The pool of this version as it is now; one of older code or configuration is closed.

    Raises PoolClosed where moto has another function of this name by now, or none.
    """
    settings = (function.code_sha_256, function.handler, function.run_time, function.get_configuration())
    fingerprint = hashlib.sha256(json.dumps(settings, default=str, sort_keys=True).encode()).hexdigest()
    key = (*_key(function), str(function.version))
    with (
        _lock
    ):  # `close` comes after moto's deletion: a pool made before it is found, and none is made after it
        if not _exists(function):
            raise PoolClosed
        pool = _pools.get(key)
        if pool is not None and pool.fingerprint == fingerprint:
            return pool
        made = _pools[key] = Pool(function, fingerprint)
    if pool is not None:
        pool.close()
    return made


@dataclass(frozen=True)
class Concurrency:
    """How many invocations are under way with this one: of the function, and by the same qualifier."""

    function: int
    qualifier: int


@contextlib.contextmanager
def counted(function: LambdaFunction, qualifier: str | None) -> Iterator[Concurrency]:
    """Count one invocation while it runs. Raises Throttled where the reserved concurrency is used up."""
    key, reserved = _key(function), reserved_concurrency(function)
    places = {(key, None), (key, qualifier)}
    with _lock:
        if reserved is not None and _running[key, None] >= reserved:
            raise Throttled
        _running.update(places)
        concurrency = Concurrency(_running[key, None], _running[key, qualifier])
    try:
        yield concurrency
    finally:
        with _lock:
            _running.subtract(places)


def reserved_concurrency(function: LambdaFunction) -> int | None:
    """What is reserved for all versions of a function; moto keeps it on the unpublished one alone."""
    backend = lambda_backends[function.account_id][function.region]
    try:
        reserved = backend.get_function(function.function_name).reserved_concurrency
    except UnknownFunctionException:
        return None
    return None if reserved is None else int(reserved)


def close(account_id: str, region: str, name: str) -> None:
    """The function changed, or is gone: its processes end, at once or after the invocation that they run."""
    with _lock:
        old = [key for key in _pools if key[:3] == (account_id, region, name)]
        pools = [_pools.pop(key) for key in old]
    for pool in pools:
        pool.close()


def bare_name(name_or_arn: str) -> str:
    """The function's name of a name, an ARN, or either with a qualifier."""
    return name_or_arn.split(":function:")[-1].split(":")[0]


def _key(function: LambdaFunction) -> Key:
    return function.account_id, function.region, function.function_name


def _exists(function: LambdaFunction) -> bool:
    backend = lambda_backends[function.account_id][function.region]
    try:
        return backend.get_function(function.function_name, str(function.version)) is function
    except UnknownFunctionException:
        return False
