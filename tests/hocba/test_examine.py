"""One document from bytes to verdict: both reports, the gate, the transcript."""

import json
import pickle
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from hocba.examine import check_only, examine, judgement
from hocba.model.examination import AcceptedDocument
from hocba.model.outcome import Outcome
from hocba.model.record import Event, RecordStatus
from schemas.findings import Language
from schemas.registry import DefinitionRegistry
from schemas.report import SchemaReport
from schemas.rules.field import Expressions
from signing.creation.styles import STYLES
from signing.errors import PolicyError
from signing.report import Indication, SignatureReport, Verdict
from tests.support import records, signed_records
from tests.support.signed_records import NOW, octets, tree


@pytest.fixture(scope="module")
def by():
    return judgement(DefinitionRegistry.load(), signed_records.trust(), signed_records.roster())


def codes(examination):
    return {each.code for each in examination.all_findings}


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_accepts_a_good_record_in_every_style(by, style):
    for data in (signed_records.signed_primary(style), signed_records.signed_secondary(style)):
        assert examine(data, "a.xml", by, NOW).outcome is Outcome.ACCEPTED


def test_reads_the_transcript_from_the_signed_content(by):
    transcript = examine(signed_records.signed_primary(), "a.xml", by, NOW).transcript
    assert transcript.reference.madinhdanhhocba == "00000000-0000-4000-8000-000000000001"
    assert transcript.reference.phienban == 1
    assert (transcript.event, transcript.status) == (Event.NEW, RecordStatus.VALID)
    assert (transcript.makhoi, transcript.tenlop, transcript.ketqua) == (
        "03",
        "3A",
        "Hoàn thành tốt",
    )
    assert transcript.storage_key == (
        "records/25/2025-2026/2500001001/00000000-0000-4000-8000-000000000001.xml"
    )


def test_gives_no_transcript_for_what_is_not_accepted(by):
    data = signed_records.signed_primary().replace(b"3A", b"3B")
    examination = examine(data, "a.xml", by, NOW)
    assert examination.outcome is Outcome.REJECTED
    assert examination.transcript is None
    assert examination.record is not None  # what it claims to be, for the report


def test_both_checks_run_and_everything_is_reported_at_once(by):
    data = signed_records.signed_primary().replace(b"<gioitinh>1<", b"<gioitinh>2<")
    examination = examine(data, "a.xml", by, NOW)
    assert not examination.schema.valid
    assert examination.signatures.record.indication is Indication.TOTAL_FAILED
    assert "HB-S010" in codes(examination)
    assert any(each.startswith("HB-E") for each in codes(examination))


def test_a_record_that_breaks_the_schema_is_rejected_however_well_it_is_signed(by):
    data = signed_records.sign(records.primary_record(gioitinh="2"), "tieu-hoc")
    examination = examine(data, "a.xml", by, NOW)
    assert examination.signatures.record.indication is Indication.TOTAL_PASSED
    assert examination.outcome is Outcome.REJECTED


def test_without_trust_store_or_roster_it_is_indeterminate():
    definitions = DefinitionRegistry.load()
    for trust, roster in ((None, signed_records.roster()), (signed_records.trust(), None)):
        by = judgement(definitions, trust, roster)
        examination = examine(signed_records.signed_primary(), "a.xml", by, NOW)
        assert examination.outcome is Outcome.INDETERMINATE


def test_a_document_that_no_definition_knows_is_rejected_and_nothing_of_it_is_read(by):
    examination = examine(b"<khac><mahocsinh>1</mahocsinh></khac>", "a.xml", by, NOW)
    assert examination.outcome is Outcome.REJECTED
    assert examination.record is None
    assert "HB-S101" in codes(examination)


def test_unreadable_bytes_give_one_finding_and_nothing_else(by):
    for of in (examine, check_only):
        examination = of(b"%PDF-1.7", "a.xml", by, NOW)
        assert examination.outcome is Outcome.UNREADABLE
        assert [each.code for each in examination.all_findings] == ["HB-U001"]
        assert examination.signatures is None


def test_comments_inside_the_content_are_rejected_since_no_signature_covers_them(by):
    root = tree(signed_records.signed_primary())
    root.find(".//hovaten").append(etree.Comment("Người Khác"))
    examination = examine(octets(root), "a.xml", by, NOW)
    assert examination.signatures.record.indication is Indication.TOTAL_PASSED
    assert examination.outcome is Outcome.REJECTED


def test_check_only_looks_at_no_signature(by):
    examination = check_only(records.primary_record(), "a.xml", by, NOW)
    assert examination.schema.valid
    assert examination.signatures is None
    assert examination.outcome is Outcome.INDETERMINATE
    broken = check_only(records.primary_record(gioitinh="9"), "a.xml", by, NOW)
    assert broken.outcome is Outcome.REJECTED


def test_an_examination_goes_to_another_process_and_comes_back(by):
    examination = examine(signed_records.signed_secondary(), "a.xml", by, NOW)
    assert pickle.loads(pickle.dumps(examination)) == examination  # noqa: S301 -- our own bytes


@pytest.mark.parametrize("language", Language)
def test_its_json_has_the_shape_of_the_design(by, language):
    body = examine(signed_records.signed_primary(), "a.xml", by, NOW).as_json(language)
    assert json.loads(json.dumps(body)) == body
    assert set(body) == {"file", "outcome", "record", "schema", "signatures", "record_validation"}
    assert set(body["signatures"][0]) == {
        "id",
        "role",
        "indication",
        "sub_indication",
        "signer",
        "claimed_signing_time",
        "best_signature_time",
        "covers",
        "signature_algorithm",
        "timestamps",
        "revocation",
        "messages",
    }
    assert set(body["record_validation"]) == {
        "policy",
        "validated_at",
        "algorithms",
        "algorithms_sha256",
        "constraints",
        "constraints_sha256",
        "trust_store",
        "roster",
        "engine",
        "indication",
        "sub_indication",
        "findings",
    }


def test_no_accepted_document_exists_for_one_that_is_not(by):
    data = records.primary_record()
    with pytest.raises(ValueError, match="not accepted"):
        AcceptedDocument(data, examine(data, "a.xml", by, NOW))


def test_no_examination_says_accepted_against_its_own_reports(by):
    accepted = examine(signed_records.signed_primary(), "a.xml", by, NOW)
    with pytest.raises(ValueError, match="transcript"):
        replace(accepted, transcript=None)
    with pytest.raises(ValueError, match="does not pass"):
        replace(accepted, schema=SchemaReport(None, ()))
    failing = SignatureReport(None, (), Verdict(Indication.INDETERMINATE))
    with pytest.raises(ValueError, match="does not pass"):
        replace(accepted, signatures=failing)
    with pytest.raises(ValueError, match="transcript"):
        replace(accepted, outcome=Outcome.REJECTED)


def test_rejects_what_passes_but_cannot_be_indexed():
    registry = DefinitionRegistry.load()
    nothing = Expressions("test", {}).field("khong-co")
    unreadable = [replace(each, index={**each.index, "event": nothing}) for each in registry]
    by = judgement(DefinitionRegistry(unreadable), signed_records.trust(), signed_records.roster())
    examination = examine(signed_records.signed_primary(), "a.xml", by, NOW)
    assert examination.outcome is Outcome.REJECTED
    assert [each.code for each in examination.findings] == ["HB-I019"]


def test_refuses_a_policy_that_means_another_content_than_the_definition(tmp_path):
    definition = next(iter(DefinitionRegistry.load()))
    text = definition.policy_path.read_text("utf-8")
    other = tmp_path / "signature-policy.toml"
    content = 'content = "/HOC_BA_SO/DU_LIEU_HOC_BA"'
    assert content in text
    other.write_text(text.replace(content, 'content = "/HOC_BA_SO"'), "utf-8")
    registry = DefinitionRegistry([replace(definition, policy_path=other)])
    with pytest.raises(PolicyError, match="content is"):
        judgement(registry, None, None)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_never_raises_for_any_bytes(data):
    examination = examine(data, "a.xml", _JUDGEMENT, NOW)
    assert examination.outcome in {Outcome.UNREADABLE, Outcome.REJECTED}


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_never_raises_and_never_accepts_a_record_with_a_stretch_cut_or_doubled(data):
    original = signed_records.signed_secondary()
    start = data.draw(st.integers(0, len(original) - 1))
    length = data.draw(st.integers(1, 400))
    piece = original[start : start + length]
    changed = data.draw(
        st.sampled_from(
            [
                original[:start] + original[start + length :],
                original[:start] + piece + original[start:],
                original[:start] + piece[::-1] + original[start + length :],
            ]
        )
    )
    examination = examine(changed, "a.xml", _JUDGEMENT, NOW)
    if examination.outcome is Outcome.ACCEPTED:
        assert _content(changed) == _content(original)


def _content(data):
    return etree.tostring(etree.fromstring(data)[0], method="c14n")


_JUDGEMENT = judgement(DefinitionRegistry.load(), signed_records.trust(), signed_records.roster())
