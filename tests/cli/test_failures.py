import os
import re
import stat
from inspect import signature
from pathlib import Path

import pytest

from cli import failures
from cli.errors import Misuse
from cli.exit_code import ExitCode, exit_code_of
from cli.session import Session
from cli.texts import catalogue
from hocba.errors import HomeError
from hocba.model.outcome import Outcome
from schemas.errors import SchemasError
from schemas.findings import Language, finding
from signing.errors import SigningError
from storage.errors import StorageError
from tests.support.command import call


def subclasses(kind: type[Exception]) -> list[type[Exception]]:
    return [kind, *(each for sub in kind.__subclasses__() for each in subclasses(sub))]


@pytest.mark.parametrize("language", list(Language))
def test_every_package_error_has_a_line(
    capsys: pytest.CaptureFixture[str], language: Language
) -> None:
    session = Session(language)
    said = set()
    for kind in (
        *subclasses(SchemasError),
        *subclasses(SigningError),
        *subclasses(StorageError),
    ):
        takes_finding = "finding" in signature(kind.__init__).parameters
        error = kind(finding("HB-U001", line=1)) if takes_finding else kind("got 1")
        assert failures.report(error, session, "verify") is ExitCode.UNUSABLE, kind
        text = capsys.readouterr().err
        assert text.count("\n") == 1
        said.add(text)
    assert len(said) > 10


def test_an_error_with_a_finding_says_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    error = HomeError(finding("HB-I106", found="kho"))
    assert failures.report(error, Session(), "ingest") is ExitCode.UNUSABLE
    assert capsys.readouterr().err.startswith("Lỗi: HB-I106: kho không phải là kho hocba")


def test_a_key_without_a_text_is_a_programming_error() -> None:
    with pytest.raises(KeyError):
        Session().text("misuse.there_is_no_such_text")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FileNotFoundError(2, "No such file", "a.xml"), "a.xml: không có tệp hoặc thư mục này."),
        (PermissionError(13, "Permission denied", "b"), "b: không có quyền truy cập."),
        (OSError(28, "No space left"), "Hệ điều hành báo lỗi: ổ đĩa đã đầy."),
        (OSError(71, "Protocol error"), "Hệ điều hành báo lỗi: Protocol error."),
    ],
)
def test_errors_of_the_system_are_worded(
    capsys: pytest.CaptureFixture[str], error: OSError, said: str
) -> None:
    assert failures.report(error, Session(), "verify") is ExitCode.UNUSABLE
    assert said in capsys.readouterr().err


def test_an_unforeseen_error_leaves_its_details_in_a_private_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(RuntimeError) as raised:
        raise RuntimeError("got 3")
    assert failures.report(raised.value, Session(), "verify") is ExitCode.SOFTWARE
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert "got 3" not in said
    (file,) = tmp_path.iterdir()
    assert str(file) in said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    details = file.read_text("utf-8")
    assert "RuntimeError: got 3" in details
    assert re.match(r"hocba verify, Python \d", details)


def test_no_command_shows_a_traceback_whatever_its_input(tmp_path: Path) -> None:
    """The same odd things given to every option that takes a path."""
    odd = tmp_path / "lạ"
    odd.mkdir()
    (odd / "rỗng").write_bytes(b"")
    (odd / "byte").write_bytes(os.urandom(64))
    (odd / "thư mục").mkdir()
    for name in ("rỗng", "byte", "thư mục", "không có"):
        path = odd / name
        for command in (
            ["verify", path],
            ["verify", odd / "byte", "--trust", path],
            ["verify", odd / "byte", "--roster", path],
            ["check", path],
            ["sign", "--role", "GVCN", "--key", path, "--password-file", odd / "rỗng", path],
            ["ingest", path, "--home", path],
            ["history", "1", "--home", path],
            ["export", "--home", path, "--out", odd / "x"],
            ["trust", "list", path],
            ["trust", "check", path],
            ["roster", "check", path],
            ["roster", "who", path, "--school", "1"],
            ["token", "list", "--home", path],
            ["migrate", "--home", path],
            ["init", "--home", odd / "kho", "--trust", path],
            ["init", "--home", odd / "kho", "--roster", path],
        ):
            ran = call(*command)
            assert ran.code == 2, (command, ran)
            assert "Traceback" not in ran.said
            assert "ngoài dự kiến" not in ran.said, (command, ran)


@pytest.mark.parametrize(
    ("counts", "code"),
    [
        ({Outcome.ACCEPTED: 2}, ExitCode.PASSED),
        ({Outcome.DUPLICATE: 2}, ExitCode.PASSED),
        ({Outcome.ACCEPTED: 2, Outcome.REJECTED: 1}, ExitCode.FAILED),
        ({Outcome.ACCEPTED: 2, Outcome.UNREADABLE: 1}, ExitCode.FAILED),
        ({Outcome.REJECTED: 1, Outcome.UNREADABLE: 1}, ExitCode.FAILED),
        ({Outcome.UNREADABLE: 2}, ExitCode.UNUSABLE),
        ({}, ExitCode.UNUSABLE),
        ({Outcome.ACCEPTED: 2, Outcome.INDETERMINATE: 1}, ExitCode.INDETERMINATE),
        ({Outcome.INDETERMINATE: 1, Outcome.REJECTED: 1}, ExitCode.FAILED),
        ({Outcome.ACCEPTED: 2, Outcome.DEFERRED: 1}, ExitCode.INDETERMINATE),
    ],
)
def test_the_exit_code_follows_from_the_outcomes(
    counts: dict[Outcome, int], code: ExitCode
) -> None:
    assert exit_code_of(counts) is code


def test_every_text_is_said_somewhere() -> None:
    """A text that no code names is dead; keys that end in a value are named by their beginning."""
    folder = Path(failures.__file__).parent
    code = "\n".join(each.read_text("utf-8") for each in folder.rglob("*.py"))

    def keys(table: dict[str, object], path: str) -> list[str]:
        if "vi" in table:
            return [path]
        return [
            key
            for name, value in table.items()
            if isinstance(value, dict)
            for key in keys(value, f"{path}.{name}" if path else name)
        ]

    dead = []
    for key in keys(dict(catalogue("texts.toml")), ""):
        start = key.rpartition(".")[0]
        named = f'"{key}"' in code or f"{start}.{{" in code or f'"{start}_' in code
        by_part = re.search(rf"{re.escape(start)}\.\w*_\{{", code) is not None
        if not named and not by_part:
            dead.append(key)
    assert dead == []


def test_misuse_carries_what_its_text_needs() -> None:
    error = Misuse("misuse.too_small", option="--records", found=0, least=1)
    for language in Language:
        assert "--records" in Session(language).text(error.key, **error.values)
