"""What can go wrong, as one tree. The command line turns it into one line and an exit code.

    ModelyardError                exit 1: it was tried, and it failed
    |-- Misuse                    exit 2: what was written or said cannot work
    |   |-- UnknownStack          no such stack, or a stack file that does not load
    |   |-- InvalidStack          a stack that AWS would refuse; one finding a line
    |   |-- UnknownEnvironment    no such file in stacks/environments
    |   |-- InvalidEnvironment    a key is missing, unknown or wrong
    |   `-- WrongAccount          the credentials belong to another account
    |-- ToolchainError            terraform, tofu, the provider, Node or pulumi is missing
    |-- EngineError               the engine said no
    |   |-- TerraformError        Terraform did; carries its diagnostics
    |   |-- Busy                  another run works on the same state (operations/turns.py)
    |   `-- PulumiError           Pulumi did, or pulumi_aws lacks what a blueprint asks for
    |-- DeployFailed              AWS said no; carries its reason and the last log lines
    |-- InvocationFailed          an endpoint or a function answered with an error, or did not take the request
    |   `-- Unanswered            no answer came, and the request may have run
    `-- EmbeddedAwsError          the embedded AWS is not up, or did not start

Every message is one line: what was found, what is allowed, and what to write or run instead.
"""


class ModelyardError(Exception):
    """Base of every error that a user is meant to read."""


class Misuse(ModelyardError):
    """What was written or said cannot work."""


class UnknownStack(Misuse):
    """No such stack, or a stack file that does not load."""


class InvalidStack(Misuse):
    """A stack that AWS would refuse; the message has one finding a line."""


class UnknownEnvironment(Misuse):
    """No such environment file."""


class InvalidEnvironment(Misuse):
    """A key of an environment file is missing, unknown or wrong."""


class WrongAccount(Misuse):
    """The credentials belong to another account than the environment names."""


class ToolchainError(ModelyardError):
    """A program that the work needs is missing; the message says what to install."""


class EngineError(ModelyardError):
    """What makes the resources ended with an error."""


class PulumiError(EngineError):
    """Pulumi ended with an error, or pulumi_aws lacks what a blueprint asks for."""


class TerraformError(EngineError):
    """Terraform ended with an error; the message is its diagnostics."""


class DeployFailed(ModelyardError):
    """What went live is not what was planned."""


class InvocationFailed(ModelyardError):
    """An endpoint or a function answered with an error, or did not take the request, sent `attempts` times."""

    def __init__(self, message: str, attempts: int = 1) -> None:
        super().__init__(message)
        self.attempts = attempts


class Unanswered(InvocationFailed):
    """No answer came, and the request may have run: sent again, it may run twice."""


class EmbeddedAwsError(ModelyardError):
    """The embedded AWS is not up, or did not start."""
