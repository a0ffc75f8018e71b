"""Errors of an S3 server and of the way to it, told as errors of a store."""

from collections.abc import Iterator
from contextlib import contextmanager
from xml.etree.ElementTree import ParseError

from minio.error import InvalidResponseError, MinioException, S3Error, ServerError
from urllib3.exceptions import HTTPError, MaxRetryError, SSLError

from storage.errors import ObjectNotFound, StorageError, StoreMisconfigured, StoreUnavailable

_NOT_FOUND = {"NoSuchKey", "NoSuchVersion"}
# A deleted version, and a version id that this server cannot have given.
_NO_SUCH_VERSION = {"InvalidArgument", "InvalidRequest", "MethodNotAllowed"}
# The bytes or the time did not arrive as they were sent; the next try may do better.
_PASSING = {
    "BadDigest",
    "ConditionalRequestConflict",
    "IncompleteBody",
    "InternalError",
    "OperationAborted",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
    "XAmzContentChecksumMismatch",
    "XAmzContentSHA256Mismatch",
}
_LOST_RACE = {"PreconditionFailed", "ConditionalRequestConflict"}


class ConditionFailed(Exception):  # noqa: N818 -- says what is the case
    """Another writer was faster. Never leaves this package."""


@contextmanager
def told_as_storage_errors(server: str, *, version: str = "") -> Iterator[None]:
    """Raise any error of the block as one of `storage.errors`.

    *version* is the key and version asked for, where a missing one is the caller's affair.
    """
    try:
        yield
    except S3Error as error:
        raise _from_answer(error, server, version) from error
    except (InvalidResponseError, ParseError) as error:
        raise StoreMisconfigured(f"{server} does not answer as an S3 server does") from error
    except ServerError as error:
        raise StoreUnavailable(f"{server} answers {error.status_code}") from error
    except MaxRetryError as error:
        if isinstance(error.reason, SSLError):
            raise StoreMisconfigured(f"{server} cannot be trusted: {error.reason}") from error
        raise StoreUnavailable(f"{server} does not answer: {error.reason}") from error
    except (HTTPError, MinioException) as error:
        raise StoreUnavailable(f"{server} does not answer: {error}") from error


def _from_answer(error: S3Error, server: str, version: str) -> StorageError | ConditionFailed:
    """The error that an error answer of the server stands for."""
    code = error.code or ""
    if code in _LOST_RACE:
        return ConditionFailed(code)
    if code in _NOT_FOUND or (version and code in _NO_SUCH_VERSION):
        return ObjectNotFound(f"no such version: {version}")
    text = f"{server} answers {code}: {(error.message or '').lower().rstrip('.')}"
    if code in _PASSING or error.response.status >= 500:
        return StoreUnavailable(text)
    return StoreMisconfigured(text)
