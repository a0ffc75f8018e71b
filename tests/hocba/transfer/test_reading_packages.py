"""Nothing of a package is unpacked before its signature is proved, and nothing it does not list."""

import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hocba.index.rows import TokenKind
from hocba.ingest import zip_archive
from hocba.signed_claims import claimed_claims, sign_claims
from hocba.transfer.errors import TransferRefused
from hocba.transfer.manifest import KIND
from hocba.transfer.package import MANIFEST_FILE
from hocba.transfer.taking_in import open_package
from hocba.web.repository import open_repository
from schemas.findings import Language
from tests.support.transfers import RECEIVER, SENT_AT, entries, office_of, rewritten
from tests.support.web import served

MEBIBYTE = 1024 * 1024


@pytest.fixture
def unpacked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what is unpacked, as it is."""
    names: list[str] = []
    content = zip_archive._content

    def noted(file, entry, *others):
        names.append(entry.name)
        return content(file, entry, *others)

    monkeypatch.setattr(zip_archive, "_content", noted)
    return names


def refusal(provinces, path: Path) -> str:
    with office_of(provinces.receiver) as office:
        with pytest.raises(TransferRefused) as raised:
            open_package(office, path, actor="cli")
        with office.index.reading() as tx:
            [event] = tx.audit.events().rows
    found = raised.value.finding
    assert "{" not in found.message(Language.VI) + found.message(Language.EN)
    assert (event.action, event.detail) == ("transfer.in.refused", (("code", found.code),))
    return found.code


def forged(path: Path, files: dict[str, bytes]) -> Path:
    claims = claimed_claims(files[MANIFEST_FILE].decode().strip())
    token = sign_claims(claims, Ed25519PrivateKey.generate(), KIND)
    return rewritten(path, files | {MANIFEST_FILE: token.encode()})


def test_a_package_of_a_stranger_is_not_unpacked(provinces, unpacked) -> None:
    path = provinces.send()
    files = entries(path) | {"zeros": bytes(32 * MEBIBYTE)}
    assert refusal(provinces, forged(path, files)) == "HB-I086"
    assert unpacked == [MANIFEST_FILE]


def test_what_the_manifest_does_not_list_is_not_unpacked(provinces, unpacked) -> None:
    path = provinces.send()
    files = entries(path) | {"zeros": bytes(32 * MEBIBYTE)}
    assert refusal(provinces, rewritten(path, files)) == "HB-I090"
    assert "zeros" not in unpacked


def test_a_file_of_another_size_is_not_unpacked(provinces, unpacked) -> None:
    path = provinces.send()
    files = entries(path) | {"README.txt": bytes(32 * MEBIBYTE)}
    assert refusal(provinces, rewritten(path, files)) == "HB-I091"
    assert "README.txt" not in unpacked


@pytest.mark.parametrize("before", ["zeros", "folder/"])
def test_the_manifest_comes_first(provinces, unpacked, before) -> None:
    path = provinces.send()
    files = {before: b"", **entries(path)}
    assert refusal(provinces, rewritten(path, files)) == "HB-I085"
    assert unpacked == []


def test_a_manifest_without_measure_is_not_read(provinces) -> None:
    path = provinces.send()
    files = entries(path) | {MANIFEST_FILE: bytes(8 * MEBIBYTE)}
    assert refusal(provinces, rewritten(path, files)) == "HB-I083"


def test_what_is_signed_is_what_is_kept(provinces, monkeypatch) -> None:
    """The file is read once: nobody can put another in its place meanwhile."""
    path = provinces.send()
    data = path.read_bytes()
    opened = Path.open
    times: list[Path] = []

    def counted(self: Path, *arguments, **named):
        times.append(self)
        return opened(self, *arguments, **named)

    with office_of(provinces.receiver) as office:
        monkeypatch.setattr(Path, "open", counted)
        package = open_package(office, path, actor="cli")
    assert package.data == data
    assert times.count(path) == 1
    with zipfile.ZipFile(path) as archive:
        assert {*package.files, MANIFEST_FILE} == set(archive.namelist())


@pytest.fixture
def receiver(provinces) -> Iterator[object]:
    repository = replace(open_repository(provinces.receiver), clock=lambda: SENT_AT)
    with served(repository, work_batches=False) as site:
        yield site


def test_only_a_few_packages_are_unpacked_at_once(provinces, receiver) -> None:
    data = provinces.send().read_bytes()
    token = receiver.token(TokenKind.PROVINCE, masogd=RECEIVER)
    zipped = {"Content-Type": "application/zip"}
    with receiver.client(token) as client:
        limiter = receiver.app.state.service.packages_in_hand
        total, limiter.total_tokens = limiter.total_tokens, 0
        busy = client.post("/v1/transfers/incoming", content=data, headers=zipped)
        assert (busy.status_code, "Retry-After" in busy.headers) == (503, True)
        assert list((provinces.receiver.path / "spool").iterdir()) == []
        limiter.total_tokens = total
        assert (
            client.post("/v1/transfers/incoming", content=data, headers=zipped).status_code == 201
        )
