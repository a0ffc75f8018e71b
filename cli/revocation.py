"""The CRLs and OCSP responses of a trust store, as people read them."""

from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.x509 import ocsp

from signing.certificates.trust import TrustStore


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationData:
    """One CRL or OCSP response; `count` of the certificates it lists or answers for.

    `issuer` is who issued a CRL, or who answered.
    """

    kind: str
    issuer: str
    this_update: datetime
    next_update: datetime | None
    count: int
    sha256: str

    def as_json(self) -> dict[str, object]:
        """One line of `hocba trust show`."""
        return {
            "kind": self.kind,
            "issuer": self.issuer,
            "this_update": self.this_update.isoformat(),
            "next_update": self.next_update.isoformat() if self.next_update else None,
            "count": self.count,
            "sha256": self.sha256,
        }


def revocation_data(store: TrustStore) -> tuple[RevocationData, ...]:
    """All of it, CRLs first, by issuer."""
    lists = [_crl(each) for each in store.crls]
    answers = [_answer(each) for each in store.ocsp_responses]
    return tuple(sorted(lists, key=_order)) + tuple(sorted(answers, key=_order))


def authorities(store: TrustStore) -> tuple[str, ...]:
    """Everybody in the store who issues certificates: a CRL of each is needed, or OCSP."""
    certificates = [each.certificate for each in store.anchors]
    certificates += [x509.load_der_x509_certificate(each) for each in store.intermediates]
    return tuple(dict.fromkeys(each.subject.rfc4514_string() for each in certificates))


def _order(data: RevocationData) -> tuple[str, datetime]:
    return data.issuer, data.this_update


def _crl(der: bytes) -> RevocationData:
    from signing.certificates.revocation import read_crl

    listed, parsed = read_crl(der), x509.load_der_x509_crl(der)
    return RevocationData(
        kind="crl",
        issuer=parsed.issuer.rfc4514_string(),
        this_update=parsed.last_update_utc,
        next_update=parsed.next_update_utc,
        count=len(listed),
        sha256=listed.sha256,
    )


def _answer(der: bytes) -> RevocationData:
    from signing.certificates.revocation import read_ocsp

    answer, parsed = read_ocsp(der), ocsp.load_der_ocsp_response(der)
    name = parsed.responder_name
    return RevocationData(
        kind="ocsp",
        issuer=name.rfc4514_string() if name else (parsed.responder_key_hash or b"").hex(),
        this_update=answer.this_update.astimezone(UTC),
        next_update=answer.next_update.astimezone(UTC) if answer.next_update else None,
        count=len(answer.singles),
        sha256=answer.sha256,
    )
