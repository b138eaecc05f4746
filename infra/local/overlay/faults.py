"""Errors of the overlay, to be answered in the format of the caller's protocol."""

STATUS = 501
"""HTTP status of what is not modelled. Neither botocore nor Terraform's provider retries it. They retry 500
and 502 to 504, the provider 25 times: a plan then hangs for minutes on a call that can never succeed."""


class Fault(Exception):
    """An error with AWS's code; `status` is the HTTP status."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class NotModelled(Fault):
    """The embedded AWS does not do this; it says so instead of pretending."""

    def __init__(self, service: str, operation: str, detail: str = "") -> None:
        words = f"{service}:{operation} {detail}".strip()
        super().__init__(
            STATUS,
            "NotImplemented",
            f"The embedded AWS does not model {words}. `modelyard local status` lists what it models.",
        )
