"""What can go wrong with a model on its way to AWS, as one tree.

PackagingError
|-- InvalidModel      the folder, the handler or a file of it is missing or not allowed
|-- PrepareFailed     the script that makes the weights failed
|-- BuildFailed       the archive or the wheels for it could not be made
|-- UploadFailed      S3 refused it, or keeps other bytes than were sent
|-- ServeFailed       the host cannot run on this machine: a package or the port is missing
`-- HandlerError      the user's handler raised; carries where
"""


class PackagingError(Exception):
    """Base of every packaging error that a user is meant to read."""


class InvalidModel(PackagingError):
    """The folder, the handler or a file of it is missing or not allowed."""


class PrepareFailed(PackagingError):
    """The script that makes the weights failed."""


class BuildFailed(PackagingError):
    """The archive, or the wheels for it, could not be made."""


class UploadFailed(PackagingError):
    """S3 refused the artifact, or keeps other bytes than were sent."""


class ServeFailed(PackagingError):
    """The host cannot run on this machine."""


class HandlerError(PackagingError):
    """The user's handler could not be loaded, or raised."""
