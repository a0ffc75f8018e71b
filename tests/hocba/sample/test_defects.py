"""Every deliberately bad record becomes what its entry says, in every style."""

import csv
import subprocess
import sys
import tomllib
from importlib import resources
from pathlib import Path

import pytest

from hocba.examine import examine
from hocba.model.outcome import Outcome
from hocba.sample import spoiling
from hocba.sample.calendar import SampleCalendar
from hocba.sample.defects import DEFECTS, SHOWN, bad_files
from hocba.sample.keyring import make_pki
from hocba.sample.levels import Level
from hocba.sample.plan import expected_records
from hocba.sample.practice import practice_records
from hocba.sample.processes import Alone
from hocba.sample.workbench import Workbench
from hocba.sample.world import make_world
from schemas.findings import catalogue
from tests.support.sample import Province

BY_NAME = {defect.name: defect for defect in DEFECTS}


def test_there_are_many_and_each_has_a_name_and_texts_of_its_own() -> None:
    assert len(BY_NAME) == len(DEFECTS) >= 25
    file = resources.files("hocba.sample").joinpath("texts/defects.toml")
    texts = tomllib.loads(file.read_text("utf-8"))
    assert set(texts) == {each.name for each in DEFECTS if each.rule is None}
    for defect in DEFECTS:
        assert defect.rule is not None or set(texts[defect.name]) == {"vi", "en"}
        assert defect.finding is None or defect.finding in catalogue()


def test_verifying_says_of_each_what_the_answer_sheet_says(bad_province: Province) -> None:
    by = bad_province.judgement()
    wrong = []
    for entry in bad_province.bad:
        data = (bad_province.folder / "records" / entry["file"]).read_bytes()
        found = examine(data, entry["file"], by, bad_province.made_at)
        codes = {each.code for each in found.all_findings}
        indications = set()
        if found.signatures is not None:
            verdicts = [found.signatures.record]
            verdicts += [each.verdict for each in found.signatures.signatures]
            indications = {v.sub_indication.value for v in verdicts if v.sub_indication}
        right = (
            found.outcome.value == entry["outcome"]
            and (entry["finding"] is None or entry["finding"] in codes)
            and (entry["sub_indication"] is None or entry["sub_indication"] in indications)
        )
        if not right:
            wrong.append((entry, found.outcome, codes, indications))
    assert wrong == []
    assert {entry["defect"] for entry in bad_province.bad} == {e.name for e in DEFECTS[:SHOWN]}


def test_the_neighbours_of_bad_records_are_accepted(bad_province: Province) -> None:
    by = bad_province.judgement()
    for path in bad_province.records:
        found = examine(path.read_bytes(), path.name, by, bad_province.made_at)
        assert found.outcome is Outcome.ACCEPTED


@pytest.mark.parametrize("style", ["xades", "vendor"])
def test_one_reason_is_enough_for_a_rejection_by_signature(style: str) -> None:
    """A missing or wrong signer is all that is wrong: everything else about the record passes."""
    calendar = SampleCalendar(2025, 2025)
    world = make_world(3, calendar, expected_records(Level.UPPER, 2), style)
    pki = make_pki(world, Alone())
    (record,) = practice_records(world)
    bench = Workbench(record, world, pki)
    for name in ("seal-missing", "principal-missing", "subject-teacher-missing"):
        (data,) = BY_NAME[name].make(bench)
        assert data.count(b"Signature ") < spoiling.serialize(bench.signed()).count(b"Signature ")


def test_defects_and_levels_take_turns_and_begin_again() -> None:
    calendar = SampleCalendar(2025, 2025)
    world = make_world(3, calendar, expected_records(Level.PRIMARY, 2), "mix")
    pki = make_pki(world, Alone())
    applicable = [each for each in DEFECTS if Level.PRIMARY in each.levels]
    assert len(applicable) < len(DEFECTS)
    groups = list(bad_files(world, pki, len(applicable) + 1))
    assert [group[0].defect for group in groups] == [*applicable, applicable[0]]
    names = [each.name for group in groups for each in group]
    assert len(set(names)) == len(names)
    assert list(bad_files(world, pki, 0)) == []


def test_the_only_school_borrows_a_seal_of_nowhere() -> None:
    calendar = SampleCalendar(2025, 2025)
    world = make_world(3, calendar, expected_records(Level.PRIMARY, 2), "mix")
    (record,) = practice_records(world)
    bench = Workbench(record, world, make_pki(world, Alone()))
    assert bench.other_school().identifier == "MST:9999999999"


def test_a_field_that_the_record_has_not_cannot_be_changed() -> None:
    calendar = SampleCalendar(2025, 2025)
    world = make_world(3, calendar, expected_records(Level.PRIMARY, 2), "mix")
    (record,) = practice_records(world)
    bench = Workbench(record, world, make_pki(world, Alone()))
    with pytest.raises(KeyError, match="hocluc"):
        bench.changed(hocluc="Tốt")


def test_taking_in_does_with_each_what_the_answer_sheet_says(
    bad_province: Province, tmp_path: Path
) -> None:
    home, report = tmp_path / "home", tmp_path / "report.csv"
    hocba = Path(sys.executable).with_name("hocba")
    folder = bad_province.folder
    for command, code in (
        (["init", "--home", home, "--trust", folder / "trust", "--roster", bad_province.roster], 0),
        (["ingest", folder / "records", "--home", home, "--masogd", "15", "--report", report], 1),
    ):
        run = subprocess.run([hocba, *command], capture_output=True, text=True, check=False)
        assert run.returncode == code, run.stdout + run.stderr
    with report.open(encoding="utf-8-sig", newline="") as file:
        found = {row["file"]: row["outcome"] for row in csv.DictReader(file)}
    wrong = [
        (entry["file"], found.get(entry["file"], "accepted"), entry["ingest"])
        for entry in bad_province.bad
        if found.get(entry["file"], "accepted") != entry["ingest"]
    ]
    assert wrong == []
