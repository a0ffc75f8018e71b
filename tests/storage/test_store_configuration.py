"""From a URL to a store: what is taken, and what is refused with a reason."""

from pathlib import Path

import pytest

from storage.configuration import open_store
from storage.directory import DirectoryStore
from storage.errors import StoreMisconfigured
from storage.s3 import S3Store
from storage.s3_settings import Retention, S3Settings

WE = {"HOCBA_S3_ACCESS_KEY": "key", "HOCBA_S3_SECRET_KEY": "secret"}
LOCAL = "s3://hoc-ba?endpoint=http://127.0.0.1:8333"


def test_a_file_url_names_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "kho học bạ"
    made = open_store(folder.as_uri(), create=True)
    version = made.put("a.xml", b"one")
    again = open_store(folder.as_uri())
    assert isinstance(again, DirectoryStore)
    assert again.root == folder
    assert again.get("a.xml", version.version_id, version.sha256) == b"one"


def test_opening_makes_nothing(tmp_path: Path) -> None:
    store = open_store((tmp_path / "absent").as_uri())
    assert not (tmp_path / "absent").exists()
    with pytest.raises(StoreMisconfigured):
        store.check()


def test_an_s3_url_names_a_bucket_and_the_environment_names_us() -> None:
    store = open_store(
        "s3://hoc-ba?endpoint=https://s3.example.vn:9000&region=vn-1"
        "&retention=COMPLIANCE:18250&connections=4",
        environment=WE,
    )
    assert isinstance(store, S3Store)
    assert store.settings == S3Settings(
        bucket="hoc-ba",
        endpoint="s3.example.vn:9000",
        access_key="key",
        secret_key=WE["HOCBA_S3_SECRET_KEY"],
        region="vn-1",
        secure=True,
        retention=Retention("COMPLIANCE", 18250),
        connections=4,
    )


@pytest.mark.parametrize("host", ["127.0.0.1:1", "localhost", "[::1]:9000"])
def test_this_machine_may_be_spoken_to_without_tls(host: str) -> None:
    store = open_store(f"s3://hoc-ba?endpoint=http://{host}", environment=WE)
    assert isinstance(store, S3Store)
    assert not store.settings.secure


@pytest.mark.parametrize("host", ["s3.example.vn", "10.0.0.7:9000", "localhost.example.vn"])
def test_another_machine_is_spoken_to_without_tls_only_where_that_is_said(host: str) -> None:
    url = f"s3://hoc-ba?endpoint=http://{host}"
    with pytest.raises(StoreMisconfigured, match="unencrypted"):
        open_store(url, environment=WE)
    assert isinstance(open_store(f"{url}&unencrypted=allowed", environment=WE), S3Store)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "can be file or s3"),
        ("/srv/store", "can be file or s3"),
        ("ftp://host/store", "'ftp', can be file or s3"),
        ("s3://[bad", "not a store URL"),
        ("file://server/share", "names a folder of this machine"),
        ("file:///srv/store?create=1", "names a folder of this machine"),
        ("file:///srv/store#1", "names a folder of this machine"),
        ("file:srv/store", "not absolute"),
        ("file:", "not absolute"),
        ("s3://hoc-ba", "needs endpoint="),
        ("s3://hoc-ba?endpoint=s3.example.vn", "needs endpoint="),
        ("s3://hoc-ba?endpoint=https://s3.example.vn/path", "needs endpoint="),
        ("s3://hoc-ba?endpoint=https://[bad", "not a store URL"),
        ("s3://hoc-ba?endpoint=https://user:pw@s3.example.vn", "not a host"),
        ("s3://hoc-ba?endpoint=https://", "not a host"),
        ("s3://hoc-ba/folder?endpoint=https://s3.example.vn", "a bucket and nothing else"),
        ("s3://key:secret@hoc-ba?endpoint=https://s3.example.vn", "a bucket and nothing else"),
        (f"{LOCAL}#x", "a bucket and nothing else"),
        ("s3://H?endpoint=https://s3.example.vn", "not a bucket name"),
        ("s3://hoc.ba?endpoint=https://s3.example.vn", "not a bucket name"),
        (f"{LOCAL}&acces_key=1&secret=2", "unknown parameter of an S3 URL: acces_key, secret"),
        (f"{LOCAL}&region=a&region=b", "stands twice"),
        (f"{LOCAL}&region=", "region of the S3 server is empty"),
        (f"{LOCAL}&unencrypted=yes", "can only be: allowed"),
        (f"{LOCAL}&connections=many", "must be a number"),
        (f"{LOCAL}&connections=²", "must be a number"),
        (f"{LOCAL}&connections=0", "must be at least 1"),
        (f"{LOCAL}&retention=30", "can be COMPLIANCE:days"),
        (f"{LOCAL}&retention=FOREVER:1", "can be COMPLIANCE:days"),
        (f"{LOCAL}&retention=COMPLIANCE:", "must be a number"),
        (f"{LOCAL}&retention=COMPLIANCE:0", "must be at least 1"),
    ],
)
def test_a_url_that_names_no_store_is_refused_with_the_reason(url: str, reason: str) -> None:
    with pytest.raises(StoreMisconfigured, match=reason):
        open_store(url, environment=WE)


@pytest.mark.parametrize("missing", sorted(WE))
def test_without_credentials_there_is_no_s3_store(missing: str) -> None:
    with pytest.raises(StoreMisconfigured, match=missing):
        open_store(LOCAL, environment={**WE, missing: ""})


def test_credentials_are_not_empty() -> None:
    with pytest.raises(StoreMisconfigured, match="access key or secret key"):
        S3Settings(bucket="hoc-ba", endpoint="localhost", access_key="", secret_key="")


def test_a_retention_mode_is_one_of_two() -> None:
    with pytest.raises(StoreMisconfigured, match="can be GOVERNANCE or COMPLIANCE"):
        Retention("NONE", 1)  # type: ignore[arg-type]
