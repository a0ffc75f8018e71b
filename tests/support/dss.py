"""EU DSS, the European Commission's validator, as a peer for XAdES with time and trust.

    verdicts = dss_verdicts([Job(document, at, material)], folder)

Maven fetches the jars (21 MB) from Maven Central once and keeps them where it keeps everything;
what is compiled from them lies in `.peers/dss`, which git ignores. One start of the JVM a call.
"""

import fcntl
import json
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from signing.certificates.path import ValidationMaterial
from signing.certificates.trust import TrustStore
from tests.support.needs import lacking

_ROOT = Path(__file__).parents[2]
_SOURCE = _ROOT / "tests" / "peers" / "dss"
_BUILT = _ROOT / ".peers" / "dss"
_MINUTES = 10


@dataclass(frozen=True)
class Job:
    """One document to validate at one time, with what is trusted and known."""

    name: str
    document: bytes
    at: datetime
    trust: TrustStore
    material: ValidationMaterial = field(default_factory=ValidationMaterial)


@dataclass(frozen=True)
class DssVerdict:
    """What DSS says of one signature, in the words of EN 319 102-1."""

    job: str
    id: str
    indication: str
    sub_indication: str | None
    format: str
    best_signature_time: datetime
    timestamps: tuple[tuple[str, str | None], ...]


def dss_verdicts(jobs: Sequence[Job], folder: Path) -> list[DssVerdict]:
    """One verdict per signature of every job, in order; *folder* takes what DSS reads."""
    listed = folder / "jobs"
    files = {}
    lines = []
    for number, job in enumerate(jobs):
        place = folder / str(number)
        place.mkdir()
        (place / "document.xml").write_bytes(job.document)
        files[str(place / "document.xml")] = job.name
        _write(place / "anchors", (each.der for each in job.trust.anchors))
        known = (*job.trust.intermediates, *job.material.certificates)
        _write(place / "certificates", known)
        _write(place / "crls", (*job.trust.crls, *job.material.crls))
        answers = (*job.trust.ocsp_responses, *job.material.ocsp_responses)
        _write(place / "ocsp", answers)
        at = job.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        lines.append(f"{place / 'document.xml'}\t{at}\t{place}\n")
    listed.write_text("".join(lines), "utf-8")
    run = subprocess.run(
        ["java", "-cp", classpath(), "ValidateXades", str(listed)],
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    return [_verdict(json.loads(line), files) for line in run.stdout.splitlines()]


def _verdict(read: dict[str, Any], files: dict[str, str]) -> DssVerdict:
    assert "error" not in read, read
    return DssVerdict(
        job=files[read["file"]],
        id=read["id"],
        indication=read["indication"],
        sub_indication=read["sub_indication"],
        format=read["format"],
        best_signature_time=datetime.fromisoformat(read["best_signature_time"]),
        timestamps=tuple(
            (each["indication"], each["sub_indication"]) for each in read["timestamps"]
        ),
    )


def _write(folder: Path, objects: Iterable[bytes]) -> None:
    folder.mkdir()
    for number, each in enumerate(objects):
        (folder / f"{number}.der").write_bytes(each)


def classpath() -> str:
    """The classpath of the compiled program; fetched and compiled where it is not there yet."""
    for tool, package in (("javac", "openjdk-17-jdk-headless"), ("mvn", "maven")):
        if shutil.which(tool) is None:
            lacking(f"EU DSS needs {tool}, which", install=f"install {package}")
    _BUILT.mkdir(parents=True, exist_ok=True)
    sources = (_SOURCE / "pom.xml", _SOURCE / "ValidateXades.java")
    stamp = sha256(b"".join(each.read_bytes() for each in sources)).hexdigest()
    ready = _BUILT / stamp
    with (_BUILT / "lock").open("w") as lock:  # processes of one test run, or two test runs
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            jars = _jars()
            (_BUILT / "classes").mkdir(exist_ok=True)
            subprocess.run(
                ["javac", "-cp", jars, "-d", str(_BUILT / "classes"), str(sources[1])], check=True
            )
            ready.write_text(f"{_BUILT / 'classes'}:{jars}", "utf-8")
    return ready.read_text("utf-8")


def _jars() -> str:
    """The jars of the one dependency that `pom.xml` names, as a classpath."""
    output = _BUILT / "jars"
    goal = ["dependency:build-classpath", f"-Dmdep.outputFile={output}"]
    command = ["mvn", "--batch-mode", "--quiet", "--file", str(_SOURCE / "pom.xml"), *goal]
    for options in (["--offline"], []):  # what is there already asks nobody
        ran = subprocess.run(
            [*command, *options],
            check=False,
            capture_output=True,
            encoding="utf-8",
            timeout=_MINUTES * 60,
        )
        if ran.returncode == 0:
            break
    else:
        lacking("EU DSS", install=f"let Maven fetch it: {ran.stdout[-500:]}")
    return output.read_text("utf-8").strip()
