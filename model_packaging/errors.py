"""What can go wrong with a model on its way to AWS, as one tree.

PackagingError
|-- InvalidModel      the folder, the handler or a file of it is missing or not allowed
|-- PrepareFailed     the script that makes the weights failed
|-- BuildFailed       the archive or the wheels for it could not be made
|-- UnpackFailed      an archive did not get onto this disk
|   `-- UnsafeArchive     it is damaged, altered, or made to do harm
|       `-- ArchiveTooLarge   or holds more than is allowed
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


class UnpackFailed(PackagingError):
    """An archive did not get onto this disk."""


class UnsafeArchive(UnpackFailed):
    """The archive is damaged, altered, or made to do harm."""


class ArchiveTooLarge(UnsafeArchive):
    """Unpacked it has more than is allowed."""


class UploadFailed(PackagingError):
    """S3 refused the artifact, or keeps other bytes than were sent."""


class ServeFailed(PackagingError):
    """The host cannot run on this machine."""


class HandlerError(PackagingError):
    """The user's handler could not be loaded, or raised."""
