"""The whole road as its users walk it: a sample province, verified offline by the real command."""

import json
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import peers
from tests.support.needs import lacking

RECORDS = 40
FLIPS = 12


def hocba(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        check=False,
        cwd=Path(__file__).parents[2],
    )


def lines(run: subprocess.CompletedProcess[str]) -> dict[str, dict]:
    """The JSON objects of one run by file name."""
    return {Path(each["file"]).name: each for each in map(json.loads, run.stdout.splitlines())}


@pytest.fixture(scope="module")
def province(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("province") / "s"
    run = hocba("sample", "--out", out, "--records", str(RECORDS), "--level", "mix", "--seed", "7")
    assert run.returncode == 0, run.stderr
    return out


def verify(folder: Path, province: Path, *, trust: bool = True, roster: bool = True):
    options = []
    if trust:
        options += ["--trust", province / "trust"]
    if roster:
        options += ["--roster", province / "roster.csv"]
    return hocba("verify", folder, *options, "--format", "json")


def test_every_record_of_a_sample_province_is_accepted(province):
    run = verify(province / "records", province)
    documents = lines(run)
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr
    assert len(documents) == RECORDS
    assert {each["outcome"] for each in documents.values()} == {"accepted"}
    levels = {each["record"]["definition"].split("/")[0] for each in documents.values()}
    assert levels == {"tieu-hoc", "trung-hoc"}


def test_the_archive_gives_the_same_verdicts_as_the_folder(province):
    run = verify(province / "batch.zip", province)
    assert run.returncode == 0, run.stderr
    assert len(run.stdout.splitlines()) == RECORDS


def test_nothing_passes_without_a_trust_store(province):
    run = verify(province / "records", province, trust=False)
    assert run.returncode == 3
    assert {each["outcome"] for each in lines(run).values()} == {"indeterminate"}


def test_nothing_passes_without_a_roster(province):
    run = verify(province / "records", province, roster=False)
    assert run.returncode == 3
    assert {each["outcome"] for each in lines(run).values()} == {"indeterminate"}


def test_one_flipped_character_rejects_that_document_with_hash_failure_and_no_other(
    province, tmp_path
):
    source = random.Random(7)  # noqa: S311 -- which characters to flip, not a secret
    shutil.copytree(province / "records", tmp_path / "records")
    files = sorted((tmp_path / "records").rglob("*.xml"))
    spoiled = source.sample(files, FLIPS)
    for file in spoiled:
        file.write_text(_with_one_flip(file.read_text("utf-8"), source), "utf-8")
    run = verify(tmp_path / "records", province)
    assert run.returncode == 1
    names = {each.name for each in spoiled}
    for name, document in lines(run).items():
        if name not in names:
            assert document["outcome"] == "accepted"
            continue
        assert document["outcome"] == "rejected"
        subs = {each["sub_indication"] for each in document["signatures"]}
        assert "HASH_FAILURE" in subs


def _with_one_flip(text: str, source: random.Random) -> str:
    """*text* with one letter or digit of a field's value inside the signed element changed."""
    end = text.index("</THONG_TIN_HOC_BA>")
    values = list(re.finditer(r">([^<>]*[a-z0-9][^<>]*)<", text[:end]))
    value = source.choice(values)
    places = [
        place for place in range(value.start(1), value.end(1)) if re.match("[a-z0-9]", text[place])
    ]
    place = source.choice(places)
    letter = "b" if text[place] == "a" else "1" if text[place] == "0" else "a"
    if text[place].isdigit():
        letter = str((int(text[place]) + 1) % 10)
    return text[:place] + letter + text[place + 1 :]


def test_the_same_seed_gives_the_same_province(province, tmp_path):
    again = tmp_path / "again"
    hocba("sample", "--out", again, "--records", str(RECORDS), "--level", "mix", "--seed", "7")
    for name in ("records", "trust", "roster.csv", "batch.zip"):
        assert _content(again / name) == _content(province / name), name


def test_another_seed_gives_another_province(province, tmp_path):
    other = tmp_path / "other"
    hocba("sample", "--out", other, "--records", "8", "--level", "thcs", "--seed", "8")
    assert not set(_content(other / "records").values()) & set(
        _content(province / "records").values()
    )


def _content(path: Path) -> dict[str, bytes]:
    if path.is_file():
        return {"": path.read_bytes()}
    return {str(each.relative_to(path)): each.read_bytes() for each in sorted(path.rglob("*.*"))}


def test_python_xmlsec_agrees_on_every_signature_of_the_province(province):
    for file in sorted((province / "records").rglob("*.xml")):
        verdicts = peers.xmlsec_verdicts(file.read_bytes())
        assert verdicts == [True] * len(verdicts), file.name
        assert len(verdicts) >= 3


@pytest.mark.jdk
def test_the_jdk_agrees_on_every_signature_of_the_province(province, tmp_path):
    if not peers.jdk_is_present():
        lacking("a JDK (java, javac)", install="install openjdk-17-jdk-headless")
    files = sorted((province / "records").rglob("*.xml"))
    answers = peers.jdk_verdicts(peers.compiled_jdk_peer(tmp_path), files)
    assert len({each["file"] for each in answers}) == RECORDS
    assert all(each["valid"] for each in answers)
