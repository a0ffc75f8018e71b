"""Certificates of those who sign: bound by name, learned from records, told before they end."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from hocba.index.index import Index, Transaction
from hocba.index.roster_rows import CertificateSource, RosterChange, SignerCertificate
from hocba.roster.certificates import (
    Binding,
    bind,
    certificates_in,
    expiring,
    masked_id,
    masked_name,
)
from hocba.roster.errors import NoRoster, RosterRefused
from hocba.roster.importing import import_roster
from hocba.roster.learning import learned
from hocba.roster.states import load_roster
from tests.support import signed_records, signing_kit
from tests.support.roster_files import HOMEROOM, NOW, SEAL, checked, request, staff

HOLDER = HOMEROOM["sodinhdanh"]


def pem(uid: str = f"CCCD:{HOLDER}") -> bytes:
    return signing_kit.signer(uid).certificate.public_bytes(Encoding.PEM)


def binding(data: bytes, *, at: datetime = NOW) -> Binding:
    return Binding(
        certificates=certificates_in(data, "thẻ.pem", at),
        source="thẻ.pem",
        source_sha256="00" * 32,
        made_by="Lò Thị Nhập",
        reason="gia hạn",
        at=at,
        actor="cli",
    )


@contextmanager
def with_roster(index: Index) -> Iterator[Transaction]:
    with index.transaction() as tx:
        import_roster(tx, checked(staff()), request(), confirmed=True)
        yield tx


def certificate(end: datetime, *, digest: str = "aa", holder: str = HOLDER) -> SignerCertificate:
    return SignerCertificate(
        sha256=digest * 32,
        holder=holder,
        subject="CN=X",
        issuer="CN=CA Mẫu,O=Mẫu",
        serial="1f",
        valid_from=end - timedelta(days=730),
        valid_until=end,
        source=CertificateSource.SIGNATURE,
        seen_at=NOW,
    )


class TestBinding:
    def test_a_certificate_is_bound_to_whom_it_names(self, index: Index) -> None:
        wanted = binding(pem())
        with with_roster(index) as tx:
            change = bind(tx, wanted)
            roster = load_roster(tx, demands_bound=True)
        assert (change.number, change.kind, change.added) == (2, "bind", 1)
        assert roster is not None
        assert roster.digest == change.digest
        digest = wanted.certificates[0].sha256
        assert roster.allows(HOLDER, digest)
        assert not roster.allows(HOLDER, "ab" * 32)
        assert roster.allows(SEAL["masothue"], "ab" * 32)

    def test_a_renewal_is_one_more_and_undoing_takes_one_away(self, index: Index) -> None:
        first, renewal = binding(pem()), binding(pem() + pem(f"CCCD: {HOLDER}"))
        assert len({each.sha256 for each in renewal.certificates}) == 2
        only_new = binding(pem(f"CCCD: {HOLDER}"))
        with with_roster(index) as tx:
            bind(tx, first)
            bind(tx, only_new)
            both = load_roster(tx, demands_bound=True)
            bind(tx, first, undo=True)
            one = load_roster(tx, demands_bound=True)
        assert both is not None
        assert one is not None
        old, new = first.certificates[0].sha256, only_new.certificates[0].sha256
        assert (both.allows(HOLDER, old), both.allows(HOLDER, new)) == (True, True)
        assert (one.allows(HOLDER, old), one.allows(HOLDER, new)) == (False, True)

    @pytest.mark.parametrize(
        ("uid", "undo", "code"),
        [
            ("CCCD:015189339999", False, "HB-S263"),
            (f"CCCD:{HOLDER}", True, "HB-S265"),
        ],
    )
    def test_what_makes_no_sense_is_refused_and_changes_nothing(
        self, index: Index, uid: str, undo: bool, code: str
    ) -> None:
        with with_roster(index) as tx:
            with pytest.raises(RosterRefused) as refused:
                bind(tx, binding(pem(uid)), undo=undo)
            assert refused.value.finding.code == code
            assert tx.rosters.number() == 1

    def test_what_is_bound_already_is_refused(self, index: Index) -> None:
        with with_roster(index) as tx:
            bind(tx, binding(pem()))
            with pytest.raises(RosterRefused) as refused:
                bind(tx, binding(pem()))
        assert refused.value.finding.code == "HB-S266"

    def test_without_a_roster_there_is_nobody_to_bind_to(self, index: Index) -> None:
        with pytest.raises(NoRoster), index.transaction() as tx:
            bind(tx, binding(pem()))

    @pytest.mark.parametrize("data", [b"", b"x", b"-----BEGIN CERTIFICATE-----\nx"])
    def test_what_is_no_certificate_is_refused(self, data: bytes) -> None:
        with pytest.raises(RosterRefused) as refused:
            certificates_in(data, "x.pem", NOW)
        assert refused.value.finding.code == "HB-S264"

    def test_a_certificate_that_names_nobody_is_refused(self) -> None:
        issuer = signing_kit.issuer().certificate.public_bytes(Encoding.PEM)
        with pytest.raises(RosterRefused) as refused:
            certificates_in(issuer, "x.pem", NOW)
        assert refused.value.finding.code == "HB-S262"

    def test_a_column_of_the_roster_binds_as_well(self, index: Index) -> None:
        lines = staff(HOMEROOM | {"chungthu": f"{'AB' * 32} {'cd' * 32}"}, without=[HOMEROOM])
        with index.transaction() as tx:
            _, change = import_roster(tx, checked(lines), request(), confirmed=True)
            roster = load_roster(tx, demands_bound=True)
        assert isinstance(change, RosterChange)
        assert roster is not None
        assert roster.allows(HOLDER, "ab" * 32)
        assert not roster.allows(HOLDER, "ef" * 32)


class TestExpiring:
    def found(self, index: Index, *certificates: SignerCertificate, days: int = 60) -> list[str]:
        with with_roster(index) as tx:
            tx.rosters.add_certificates(certificates)
            page = expiring(tx, NOW, timedelta(days=days))
        return [each.certificate.sha256[:2] for each in page.rows]

    def test_tells_who_ends_within_the_time_and_nobody_else(self, index: Index) -> None:
        soon = certificate(NOW + timedelta(days=59))
        seal = certificate(NOW + timedelta(days=61), digest="bb", holder=SEAL["masothue"])
        assert self.found(index, soon, seal) == ["aa"]

    def test_what_is_over_is_not_about_to_end(self, index: Index) -> None:
        assert self.found(index, certificate(NOW - timedelta(days=1))) == []

    def test_who_has_a_later_certificate_is_not_told(self, index: Index) -> None:
        later = certificate(NOW + timedelta(days=900), digest="bb")
        assert self.found(index, certificate(NOW + timedelta(days=9)), later) == []

    def test_who_may_not_sign_any_more_is_not_told(self, index: Index) -> None:
        gone = certificate(NOW + timedelta(days=9), holder="015180000001")
        assert self.found(index, gone) == []

    def test_pages_begin_with_who_ends_first(self, index: Index) -> None:
        with with_roster(index) as tx:
            tx.rosters.add_certificates(
                certificate(NOW + timedelta(days=days), digest=digest)
                for days, digest in ((9, "bb"), (3, "cc"), (9, "aa"))
            )
            first = expiring(tx, NOW, timedelta(days=60), limit=2)
            second = expiring(tx, NOW, timedelta(days=60), limit=2, after=first.next)
        told = [each.certificate.sha256[:2] for each in (*first.rows, *second.rows)]
        assert (told, second.next) == (["cc", "aa", "bb"], None)

    def test_a_person_is_masked_and_a_school_is_not(self, index: Index) -> None:
        with with_roster(index) as tx:
            tx.rosters.add_certificates(
                [
                    certificate(NOW + timedelta(days=1)),
                    certificate(NOW + timedelta(days=2), digest="bb", holder=SEAL["masothue"]),
                ]
            )
            person, seal = expiring(tx, NOW, timedelta(days=60)).rows
        said = str(person.as_json())
        assert (person.masked_name, person.masked_holder) == ("P. K. Mẫu", "015•••••••55")
        assert HOLDER not in said
        assert person.as_json()["issuer"] == "CA Mẫu"
        assert seal.masked_name == SEAL["hovaten"]


def test_a_known_certificate_stays_as_it_was_first_seen(index: Index) -> None:
    first = certificate(NOW)
    again = certificate(NOW + timedelta(days=1))
    with index.transaction() as tx:
        tx.rosters.add_certificates([first, first])
        tx.rosters.add_certificates([again])
        assert tx.rosters.certificates([first.sha256]) == (first,)


def test_accepted_records_tell_which_certificates_sign() -> None:
    report = signed_records.validate(signed_records.signed_primary(), "tieu-hoc")
    known = {each.holder: each for each in learned(report, NOW)}
    assert set(known) == {
        signed_records.PEOPLE["GVCN"],
        signed_records.PEOPLE["CBQL"],
        signed_records.TAX_CODE,
    }
    seal = signing_kit.signer(f"MST:{signed_records.TAX_CODE}", rsa=True).certificate
    assert known[signed_records.TAX_CODE].valid_until == seal.not_valid_after_utc
    assert known[signed_records.TAX_CODE].serial == format(seal.serial_number, "x")


def test_signatures_that_did_not_pass_tell_nothing() -> None:
    report = signed_records.validate(signed_records.signed_primary(), "tieu-hoc", with_trust=False)
    assert list(learned(report, NOW)) == []


@pytest.mark.parametrize(
    ("name", "masked"), [("Lò Thị Mẫu", "L. T. Mẫu"), ("Mẫu", "Mẫu"), ("", "")]
)
def test_masks_names(name: str, masked: str) -> None:
    assert masked_name(name) == masked


def test_masks_personal_ids_and_no_tax_codes() -> None:
    assert masked_id("015189339455") == "015•••••••55"
    assert masked_id("9900700001") == "9900700001"
