"""A sample province as its users get it: accepted as it is, the same for the same seed."""

import csv
import json
import os
import shutil
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from hocba.examine import examine
from hocba.model.outcome import Outcome
from hocba.sample.assessment import mark_text, year_average
from hocba.sample.errors import SampleError
from hocba.sample.levels import SINGLE_LEVELS, Level
from hocba.sample.output import KEY_PASSWORD
from hocba.sample.province import build_province
from hocba.sample.signers import definition_policy
from schemas.check import check
from schemas.document import parse
from schemas.findings import Severity
from schemas.registry import DefinitionRegistry
from signing.creation.builder import sign_record
from signing.keys.pkcs12 import read_pkcs12
from tests.support import peers
from tests.support.sample import RECORDS, SEED, Province

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ORDER = ("gvbm", "gvcn", "cbql", "ky-phat-hanh")


def content(folder: Path) -> dict[str, bytes]:
    """Every file that must be the same for the same seed."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.parent.name != "keys"
    }


def tenths(text: str) -> int:
    return round(float(text) * 10)


# ------------------------------------------------------------------------------- its records


def test_every_record_is_accepted(province: Province) -> None:
    by = province.judgement()
    outcomes = {
        path.name: examine(path.read_bytes(), path.name, by, province.made_at).outcome
        for path in province.records
    }
    assert set(outcomes.values()) == {Outcome.ACCEPTED}
    assert len(outcomes) == RECORDS


def test_the_schema_finds_nothing_but_the_ids_that_vendors_write_twice(province: Province) -> None:
    registry = DefinitionRegistry.load()
    for path in province.records:
        report = check(parse(path.read_bytes()), registry)
        assert report.valid
        assert {each.code for each in report.findings} <= {"HB-W004"}
        assert all(each.severity is Severity.WARNING for each in report.findings)


def test_python_xmlsec_accepts_every_signature(province: Province) -> None:
    for path in province.records:
        verdicts = peers.xmlsec_verdicts(path.read_bytes())
        assert len(verdicts) >= 3
        assert all(verdicts), path.name


def test_all_levels_and_styles_are_there(province: Province) -> None:
    assert set(province.summary.by_level) == set(SINGLE_LEVELS)
    texts = [path.read_bytes() for path in province.records]
    assert any(b"<ds:Signature" in text for text in texts)
    assert any(b"<Signature " in text for text in texts)
    assert any(b"enveloped-signature" in text for text in texts)


def test_marks_of_the_year_are_computed_from_the_semesters(province: Province) -> None:
    seen = 0
    for path in province.records:
        for row in etree.parse(path).iter("DIEM_TONG_KET"):
            marks = [row.findtext(name) for name in ("diemhocky1", "diemhocky2", "diemcanam")]
            first, second, year = marks
            if not (first and second and year) or not first[0].isdigit():
                continue
            assert year == mark_text(year_average(tenths(first), tenths(second)))
            seen += 1
    assert seen > 20


def test_a_pupil_is_followed_from_level_to_level(province: Province) -> None:
    levels: dict[str, set[str]] = {}
    for path in province.records:
        root = etree.parse(path)
        pupil, level = root.findtext(".//mahocsinh"), root.findtext(".//macaphoc")
        levels.setdefault(str(pupil), set()).add(str(level))
    assert {"02", "03"} in levels.values()
    assert {"03", "04"} in levels.values()
    assert {"03", "05"} in levels.values()


def test_names_of_files_are_record_ids_and_some_are_words(province: Province) -> None:
    words = [path.name for path in province.records if path.name.startswith("Học bạ lớp")]
    assert words
    for path in province.records:
        record_id = etree.parse(path).findtext(".//madinhdanhhocba")
        assert path.stem == record_id or path.name in words


def test_the_batch_holds_every_record_in_order(province: Province) -> None:
    with zipfile.ZipFile(province.batch) as batch:
        names = batch.namelist()
        assert names == [path.name for path in province.records]
        assert {entry.date_time for entry in batch.infolist()} == {(2026, 1, 1, 0, 0, 0)}
        for name in names:
            assert batch.read(name) == (province.folder / "records" / name).read_bytes()


def test_the_roster_has_every_office(province: Province) -> None:
    with province.roster.open(encoding="utf-8", newline="") as file:
        roles = {row["vaitro"] for row in csv.DictReader(file)}
    assert roles == {"GVBM", "GVCN", "CBQL", "KY_PHAT_HANH"}


# ----------------------------------------------------------------------------- keys to try


@pytest.mark.parametrize("level", [level.value for level in SINGLE_LEVELS])
def test_a_record_to_practise_is_accepted_once_its_keys_have_signed(
    province: Province, level: str
) -> None:
    data = (province.folder / "unsigned" / f"{level}.xml").read_bytes()
    by = province.judgement()
    assert examine(data, "x", by, province.made_at).outcome is not Outcome.ACCEPTED
    policy = definition_policy(Level(level).definition)
    for role in ORDER:
        file = province.folder / "keys" / f"{level}-{role}.p12"
        if file.exists():
            data = sign_record(
                data,
                role.upper().replace("-", "_"),
                read_pkcs12(file, KEY_PASSWORD),
                policy=policy,
                signing_time=province.made_at,
            )
    assert examine(data, "x", by, province.made_at).outcome is Outcome.ACCEPTED


def test_the_readme_names_every_key_and_the_password(province: Province) -> None:
    text = (province.folder / "keys" / "README.md").read_text("utf-8")
    assert KEY_PASSWORD in text
    files = [path.name for path in (province.folder / "keys").glob("*.p12")]
    assert len(files) == 3 + 4 * 3
    assert all(name in text for name in files)


def test_the_commands_of_the_readme_work_as_they_stand(province: Province, tmp_path: Path) -> None:
    for name in ("keys", "unsigned", "trust"):
        shutil.copytree(province.folder / name, tmp_path / name)
    shutil.copy(province.roster, tmp_path)
    blocks = (tmp_path / "keys" / "README.md").read_text("utf-8").split("```")[1::2]
    lines = [line for block in blocks for line in block.splitlines()[1:]]
    # One level is enough: a process for every command takes its time.
    script = [line for line in lines if not line.startswith("hocba sign") or "tieuhoc" in line]
    for file in (tmp_path / "unsigned").iterdir():
        if file.name != "tieuhoc.xml":
            file.unlink()
    run = subprocess.run(
        ["bash", "-euc", "\n".join(script)],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert len(script) == 5


# ----------------------------------------------------------------------------------- again


def test_the_same_seed_gives_the_same_bytes_on_any_number_of_processes(tmp_path: Path) -> None:
    made = {}
    for name, seed, processes, now in (
        ("one", SEED, 1, NOW),
        ("two processes, months later", SEED, 2, datetime(2027, 2, 1, tzinfo=UTC)),
        ("another seed", 8, 1, NOW),
    ):
        out = tmp_path / name
        build_province(
            out,
            records=5,
            level=Level.PRIMARY,
            seed=seed,
            defects=2,
            processes=processes,
            now=now,
        )
        made[name] = content(out)
    one, two, other = made.values()
    assert one == two
    assert not set(other.values()) & {v for k, v in one.items() if k.startswith("records/")}


def test_progress_reaches_its_total_and_never_goes_back(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    summary = build_province(
        tmp_path / "s",
        records=3,
        level=Level.PRIMARY,
        seed=1,
        defects=1,
        school_year="2024-2025",
        now=NOW,
        processes=1,
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1]
    assert len({total for _, total in told}) == 1
    assert summary.school_years[-1] == "2024-2025"
    assert summary.defects == 1
    assert len(json.loads((tmp_path / "s" / "defects.json").read_text("utf-8"))) == 1


@pytest.mark.parametrize(("records", "defects"), [(0, 0), (-1, 0), (3, 4), (3, -1)])
def test_impossible_numbers_are_refused(tmp_path: Path, records: int, defects: int) -> None:
    with pytest.raises(SampleError) as caught:
        build_province(
            tmp_path / "s", records=records, defects=defects, level=Level.MIX, seed=1, now=NOW
        )
    assert caught.value.finding.code == "HB-K103"


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep", "utf-8")
    for out in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(SampleError) as caught:
            build_province(out, records=1, level=Level.MIX, seed=1, now=NOW)
        assert caught.value.finding.code == "HB-K102"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_sample_needs_neither_lxml_trees_nor_keys_of_another_run(tmp_path: Path) -> None:
    """What a worker gets crosses to a fresh interpreter."""
    code = (
        "import pickle, sys\n"
        "from datetime import UTC, datetime\n"
        "from hocba.sample.calendar import calendar_for\n"
        "from hocba.sample.keyring import make_pki\n"
        "from hocba.sample.levels import Level\n"
        "from hocba.sample.processes import Alone\n"
        "from hocba.sample.world import make_world\n"
        "calendar = calendar_for(datetime(2026, 11, 22, tzinfo=UTC), None)\n"
        "world = make_world(1, calendar, {Level.PRIMARY: 1}, 'mix')\n"
        "pki = make_pki(world, Alone())\n"
        "holder = next(iter(pki.keyring.stored))\n"
        "before = pki.keyring[holder]\n"
        "world2, keyring = pickle.loads(pickle.dumps((world, pki.keyring)))\n"
        "assert world2 == world\n"
        "assert keyring[holder].certificate == before.certificate\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
