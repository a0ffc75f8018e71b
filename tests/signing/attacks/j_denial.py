"""J. Denial of service: documents that ask for too much, or for somebody else's answer."""

from signing.report import SubIndication
from tests.support import forge as f
from tests.support import signed_records
from tests.support.attacks import FAILED, INDETERMINATE, UNREADABLE, attack, covered
from tests.support.forge import Forgery, Ref
from tests.support.signed_records import signer
from tests.support.spoiled import PRINCIPAL, forged

FORMAT = SubIndication.FORMAT_FAILURE
NOT_FOUND = SubIndication.SIGNED_DATA_NOT_FOUND

# ------------------------------------------------------------------------- J1: huge


@attack("J1", "six-megabytes", expects=(UNREADABLE, None, "HB-U002"))
def six_megabytes() -> bytes:
    """A signed record with 6 MB of blanks behind it."""
    return signed_records.signed_primary() + b" " * (6 * 1024 * 1024)


@attack("J1", "sixty-thousand-elements", expects=(UNREADABLE, None, "HB-U010"))
def many_elements() -> bytes:
    """A signed record with sixty thousand empty elements in its content."""
    return signed_records.signed_primary().replace(
        b"</THONG_TIN_HOC_BA>", b"<x/>" * 60_000 + b"</THONG_TIN_HOC_BA>"
    )


@attack(
    "J1",
    "two-hundred-signatures",
    expects=(FAILED, SubIndication.SIG_CONSTRAINTS_FAILURE, "HB-S115"),
)
def many_signatures() -> bytes:
    """Two hundred empty signatures beside the principal's."""
    empty = b'<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/>' * 200
    return signed_records.signed_primary().replace(b"</CBQL>", empty + b"</CBQL>")


covered(
    "J1",
    "tests/hocba/ingest/test_source.py::test_a_zip_bomb_is_refused_by_what_comes_out_of_it",
    "An archive member that unpacks to far more than it says.",
)
covered(
    "J1",
    "tests/hocba/ingest/test_source.py::test_a_tar_bomb_stops_the_archive_and_keeps_what_came_before",
    "A compressed tar whose members unpack to more than the limit.",
)

# ------------------------------------------------------------------------- J2, J3: references


@attack("J2", "nine-hundred-references", expects=(FAILED, FORMAT, "HB-S003"), about=PRINCIPAL)
def many_references() -> bytes:
    """Nine hundred References to the whole content."""
    return forged(Forgery([Ref("#data")] * 900, signer(PRINCIPAL)))


@attack("J3", "six-transforms", expects=(FAILED, FORMAT, "HB-S003"), about=PRINCIPAL)
def many_transforms() -> bytes:
    """A chain of six transforms."""
    reference = Ref("#data", transforms=[f.C14N] * 6, octets=b"")
    return forged(Forgery([reference], signer(PRINCIPAL)))


@attack("J3", "five-hundred-transforms", expects=(FAILED, FORMAT, "HB-S003"), about=PRINCIPAL)
def very_many_transforms() -> bytes:
    """A chain of five hundred transforms."""
    reference = Ref("#data", transforms=[f.C14N] * 500, octets=b"")
    return forged(Forgery([reference], signer(PRINCIPAL)))


@attack(
    "J3",
    "stylesheet-as-transform",
    expects=(INDETERMINATE, SubIndication.SIG_CONSTRAINTS_FAILURE, "HB-S016"),
    about=PRINCIPAL,
)
def stylesheet() -> bytes:
    """A transform that runs a program (XSLT): refused by name, never run."""
    xslt = "http://www.w3.org/TR/1999/REC-xslt-19991116"
    reference = Ref("#data", transforms=[xslt], octets=b"")
    return forged(Forgery([reference], signer(PRINCIPAL)))


# ------------------------------------------------------------------------- J4: elsewhere


for _name, _uri in (
    ("file", "file:///etc/passwd"),
    ("http", "http://169.254.169.254/latest/meta-data/"),
    ("https", "https://attacker.example/x"),
    ("relative", "khac.xml"),
    ("relative-with-fragment", "khac.xml#data"),
    ("share", "//attacker.example/share/x"),
    ("xpointer-to-the-root", "#xpointer(/)"),
    ("xpointer-to-an-id", "#xpointer(id('data'))"),
    ("xpointer-range", "#xpointer(/HOC_BA_SO/range-to(//x))"),
):

    def _build(uri=_uri) -> bytes:
        return forged(Forgery([Ref("#data"), Ref(uri, octets=b"")], signer(PRINCIPAL)))

    _build.__doc__ = f"A second Reference to {_uri}: nothing is fetched or evaluated."
    attack(
        "J4",
        f"reference-to-{_name}",
        expects=(INDETERMINATE, NOT_FOUND, "HB-S015"),
        about=PRINCIPAL,
    )(_build)


@attack(
    "J4",
    "retrieval-method-elsewhere",
    expects=(INDETERMINATE, SubIndication.NO_SIGNING_CERTIFICATE_FOUND, "HB-S030"),
    about=PRINCIPAL,
)
def retrieval_method() -> bytes:
    """KeyInfo says that the certificate is to be fetched from a host."""
    key_info = '<KeyInfo><RetrievalMethod URI="http://attacker.example/key"/></KeyInfo>'
    return forged(Forgery([Ref("#data")], signer(PRINCIPAL), key_info=key_info))


# ------------------------------------------------------------------------- J5: slow hosts

_FETCHING = "tests/signing/certificates/test_fetching.py"
covered(
    "J5",
    f"{_FETCHING}::test_a_server_that_answers_after_a_minute_is_not_waited_for",
    "A CRL server that answers after 60 s.",
)
covered(
    "J5",
    f"{_FETCHING}::test_a_server_that_drips_octets_is_not_waited_for",
    "A server that sends an octet now and then.",
)
covered(
    "J5",
    f"{_FETCHING}::test_a_crl_larger_than_the_limit_is_not_taken",
    "A CRL without end.",
)
covered(
    "J5",
    f"{_FETCHING}::test_fetching_holds_up_nobody_else",
    "One slow host while others are to be asked.",
)
