"""AWS as it looks at who asks: a gate before the embedded AWS, which takes anybody's credentials.

What `refuses` says is answered in the form of the service that was asked; all else comes through. `changes` counts each
request that would make, change or remove something, whatever became of it.
"""

import collections
import contextlib
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from tests.faults import proxy, refusals

_SCOPE = re.compile(r"Credential=(?P<key>[^/]+)/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")


@dataclass(frozen=True)
class Asked:
    """One request: whose key signed it, for which service and region, and what it asks for; header names in lower case."""

    key: str
    region: str
    service: str
    method: str
    path: str
    headers: Mapping[str, str]

    def is_of(self, bucket: str) -> bool:
        """Whether it is about a bucket or an object in it, by its path."""
        return self.service == "s3" and urlsplit(self.path).path.split("/")[1] == bucket


@dataclass(frozen=True)
class Answer:
    """What the gate answers instead; `text` stands for a whole body, as XML."""

    status: int
    code: str = ""
    message: str = ""
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


Refuses = Callable[[Asked], Answer | None]


@dataclass
class Gate:
    """Who is refused, how many requests there were, and those that would change something, by operation."""

    refuses: Refuses
    requests: int = 0
    changes: collections.Counter[str] = field(default_factory=collections.Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, method: str, name: str) -> None:
        with self.lock:
            self.requests += 1
            if not proxy.is_read(method, name):
                self.changes[name] += 1


class Handler(proxy.Handler):
    """One connection to the gate."""

    gate: Gate

    def _pass_or_refuse(self) -> None:
        if self.path.startswith(proxy.OWN_PAGES):  # the embedded AWS's own, which are nobody's account
            getattr(super(), f"do_{self.command}")()
            return
        headers = {key.lower(): value for key, value in self.headers.items()}
        scope = _SCOPE.search(headers.get("authorization", ""))
        told = scope.groupdict() if scope else {"key": "", "region": "", "service": ""}
        answer = self.gate.refuses(Asked(**told, method=self.command, path=self.path, headers=headers))
        if answer is None:
            getattr(super(), f"do_{self.command}")()
            return
        self._body()
        if answer.text:
            status, form, content = answer.status, [("Content-Type", "text/xml")], answer.text.encode()
        else:
            status, form, content = refusals.refused(self.headers, answer.status, answer.code, answer.message)
        self._answer(status, [*form, *answer.headers.items()], content)

    def _body(self) -> bytes:
        body = super()._body()
        if not self.path.startswith(proxy.OWN_PAGES):
            self.gate.count(self.command, proxy.operation(self.command, self.path, self.headers, body))
        return body

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = _pass_or_refuse


@contextlib.contextmanager
def before(root: Path, refuses: Refuses) -> Iterator[tuple[Gate, str]]:
    """A gate between the project in `root` and its embedded AWS, for the length of a `with`; and its URL."""
    gate = Gate(refuses)
    with proxy.between(root, proxy.Faults(proxy.none)) as server:
        server.RequestHandlerClass = type("Handler", (Handler,), {"gate": gate})
        yield gate, f"http://{server.host}:{server.server_address[1]}"


@contextlib.contextmanager
def closed(refuses: Callable[[Asked], Answer]) -> Iterator[tuple[Gate, str]]:
    """A gate that answers everything itself, with nothing behind it; and its URL."""
    gate = Gate(refuses)
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Handler,), {"gate": gate})) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield gate, f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


def identity(account: str) -> Answer:
    """What STS says of credentials of `account`."""
    arn = f"arn:aws:iam::{account}:user/ana"
    return Answer(
        200,
        text="<GetCallerIdentityResponse><GetCallerIdentityResult>"
        f"<Arn>{arn}</Arn><UserId>AIDAEXAMPLE</UserId><Account>{account}</Account>"
        "</GetCallerIdentityResult></GetCallerIdentityResponse>",
    )
