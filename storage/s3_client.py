"""The `minio` SDK with the two requests that it cannot make: a conditional PUT, a bounded GET."""

import logging
import ssl

import urllib3
from minio import Minio
from urllib3.response import BaseHTTPResponse

from storage.contract import MAX_OBJECT_SIZE
from storage.errors import ObjectDamaged
from storage.s3_settings import S3Settings

# Its warnings of retries show the keys of objects, which tell of pupils.
logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)

_CONNECT_SECONDS = 3.0
_RETRIES = 2


class S3Client(Minio):
    """A client of one bucket. Safe for use from several threads, not across a fork."""

    def __init__(self, settings: S3Settings) -> None:
        super().__init__(
            endpoint=settings.endpoint,
            access_key=settings.access_key,
            secret_key=settings.secret_key,
            secure=settings.secure,
            region=settings.region,
            http_client=urllib3.PoolManager(
                maxsize=settings.connections,
                block=True,
                timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=settings.answer_seconds),
                ssl_context=ssl.create_default_context() if settings.secure else None,
                retries=urllib3.Retry(
                    total=_RETRIES,
                    redirect=False,  # records go to the configured host or nowhere
                    backoff_factor=0.2,
                    status_forcelist=[500, 502, 503, 504],
                ),
            ),
        )
        self.bucket = settings.bucket

    def put_bytes(self, key: str, data: bytes, headers: dict[str, str]) -> BaseHTTPResponse:
        """PUT one object. `put_object` of the SDK drops If-Match and If-None-Match."""
        return self._execute(
            "PUT",
            self.bucket,
            key,
            body=data,
            headers=dict[str, str | list[str] | tuple[str]](headers),
            no_body_trace=True,
        )

    def get_bytes(self, key: str, version_id: str) -> bytes:
        """GET one version, never taking more into memory than an object may have."""
        response = self.get_object(self.bucket, key, version_id=version_id)
        try:
            # As it was sent: a Content-Encoding that somebody gave the object is not undone.
            data = response.read(MAX_OBJECT_SIZE, decode_content=False)
            # Raises when the connection ended early.
            more = response.read(1, decode_content=False)
        finally:
            response.close()
            response.release_conn()
        if more:
            raise ObjectDamaged(f"{key} {version_id} has over {MAX_OBJECT_SIZE} bytes")
        return data
