"""The SeaweedFS of the tests is the examined one, and its back doors are shut."""

import platform
import sys

import pytest
import urllib3

from storage.configuration import open_store
from tests.support.services import seaweedfs as service
from tests.support.services.seaweedfs import SeaweedFS, examined_binary

pytestmark = pytest.mark.s3


def test_a_binary_of_another_digest_is_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "_DIGESTS", dict.fromkeys(service._DIGESTS, "0" * 64))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    with pytest.raises(pytest.fail.Exception, match="it is not started"):
        examined_binary()


def test_nobody_deletes_past_the_gateway(seaweedfs: SeaweedFS, s3_url: str) -> None:
    store = open_store(s3_url)
    version = store.put("records/a.xml", b"one")
    bucket = s3_url.removeprefix("s3://").partition("?")[0]
    answer = urllib3.request(
        "DELETE",
        f"http://{seaweedfs.address('filer')}/buckets/{bucket}/records?recursive=true",
        retries=False,
    )
    assert answer.status == 401
    assert store.get("records/a.xml", version.version_id, version.sha256) == b"one"
