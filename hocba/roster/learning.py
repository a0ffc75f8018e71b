"""Which certificates sign: learned from records that were accepted. It binds nobody to anything."""

from collections.abc import Iterator
from datetime import datetime

from hocba.index.roster_rows import CertificateSource, SignerCertificate
from signing.certificates.certificate import tax_code
from signing.report import Indication, SignatureReport


def learned(report: SignatureReport, at: datetime) -> Iterator[SignerCertificate]:
    """The certificates that an accepted record was signed with."""
    for signature in report.signatures:
        signer = signature.signer
        if signer is None or signature.verdict.indication is not Indication.TOTAL_PASSED:
            continue
        holder = signer.personal_id or signer.organization_id
        if holder and signer.valid_from and signer.valid_until:
            yield SignerCertificate(
                sha256=signer.certificate_sha256,
                holder=tax_code(holder),
                subject=signer.subject,
                issuer=signer.issuer or "",
                serial=signer.serial or "",
                valid_from=signer.valid_from,
                valid_until=signer.valid_until,
                source=CertificateSource.SIGNATURE,
                seen_at=at,
            )
