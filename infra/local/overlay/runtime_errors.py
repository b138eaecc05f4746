"""Errors of SageMaker Runtime."""

from moto.core.exceptions import ServiceException


class RuntimeValidationError(ServiceException):
    """The request is wrong, or names what is not there."""

    code = "ValidationError"


class ThrottlingException(ServiceException):
    """Too many requests at a time. SageMaker says it with 400, and without a word."""

    code = "ThrottlingException"


class ModelError(ServiceException):
    """The container answered with an error, or not at all."""

    code = "ModelError"

    def __init__(self, endpoint: str, region: str, account_id: str, status: int, message: str) -> None:
        group = f"/aws/sagemaker/Endpoints/{endpoint}"
        kind = "client" if 400 <= status < 500 else "server"
        super().__init__(
            f'Received {kind} error ({status}) from primary with message "{message}". See '
            f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
            f"#logEventViewer:group={group} in account {account_id} for more information."
        )
        self.OriginalStatusCode = status
        self.OriginalMessage = message
        self.LogStreamArn = f"arn:aws:logs:{region}:{account_id}:log-group:{group}"
