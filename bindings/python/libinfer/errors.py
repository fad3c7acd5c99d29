"""What can go wrong, as classes that are also Python's own: `except ValueError` catches InvalidError."""

from __future__ import annotations


class Error(Exception):
    """A failure that libinfer reports. `message`: what was wrong and where; `hint`: what to do about it, may be empty;
    `status`: its number in infer.h, `status_name`: its name there."""

    status: int = 0
    status_name: str = ""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class InvalidError(Error, ValueError):
    """An argument, option or request cannot be right."""


class PromptTooLongError(InvalidError):
    """The prompt does not fit the context."""


class OutOfMemoryError(Error, MemoryError):
    """Host or device memory."""


class NotFoundError(Error, FileNotFoundError, LookupError):
    """No such file, key, device or tensor."""


class UnsupportedError(Error, NotImplementedError):
    """Well-formed, but not done by this version or backend."""


class CorruptFileError(Error, ValueError):
    """A file breaks its format."""


class FileAccessError(Error, OSError):
    """The system refused to read, write or map."""


class FullError(Error, RuntimeError):
    """A buffer, queue or cache has no room."""


class CancelledError(Error, RuntimeError):
    """Someone asked for it."""


class DeadlineError(CancelledError, TimeoutError):
    """The request's deadline passed before it was done."""


class DeviceLostError(Error, RuntimeError):
    """The device is gone: make a new engine."""


class AbiError(Error, ImportError):
    """Header and library, or library and plugin, do not fit."""


class InternalError(Error, RuntimeError):
    """A fault of libinfer."""


class WaitTimeoutError(Error, TimeoutError):
    """Nothing came within the timeout."""


class ForkedError(InvalidError, RuntimeError):
    """An object made before the process was forked was used in the child."""


_CLASSES: dict[str, type[Error]] = {
    "INFER_PENDING": WaitTimeoutError,
    "INFER_E_INVALID": InvalidError,
    "INFER_E_NO_MEMORY": OutOfMemoryError,
    "INFER_E_NOT_FOUND": NotFoundError,
    "INFER_E_UNSUPPORTED": UnsupportedError,
    "INFER_E_CORRUPT": CorruptFileError,
    "INFER_E_IO": FileAccessError,
    "INFER_E_FULL": FullError,
    "INFER_E_CANCELLED": CancelledError,
    "INFER_E_DEVICE_LOST": DeviceLostError,
    "INFER_E_ABI": AbiError,
    "INFER_E_INTERNAL": InternalError,
    "INFER_E_TOO_LONG": PromptTooLongError,
}


def from_status(status: int, name: str, message: str, hint: str) -> Error:
    """The exception for a status of the C interface (the extension calls it)."""
    kind = _CLASSES.get(name, InternalError)
    if kind is CancelledError and "deadline" in message:
        kind = DeadlineError
    if hint.startswith("forked child: "):
        kind, hint = ForkedError, hint[len("forked child: ") :]
    error = kind(message, hint)
    error.status, error.status_name = status, name
    return error
