"""Bytes become a document, or one finding that says why they are none."""

import pickle
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from schemas.document import ParserLimits, element_path, parse, text_of
from schemas.errors import Unreadable
from schemas.findings import Finding, Language, catalogue
from tests.support.records import line_of, primary_record, with_change

RECORD = primary_record()
MEBIBYTE = 1024 * 1024


def with_doctype(subset: str) -> bytes:
    declaration = f"<!DOCTYPE HOC_BA_SO {subset}>\n<HOC_BA_SO>"
    return RECORD.replace(b"<HOC_BA_SO>", declaration.encode(), 1)


def with_name(text: str) -> bytes:
    return RECORD.replace("Nguyễn Văn Mẫu<".encode(), f"{text}<".encode(), 1)


BILLION_LAUGHS = '[<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {name} "{f"&{before};" * 10}">'
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)

# An unreadable document for every code, with what the message must contain.
VECTORS: Mapping[str, tuple[bytes, tuple[str, ...]]] = {
    "HB-U001": (b" \r\n\t", ("trống",)),
    "HB-U002": (
        with_name("a" * 10 * MEBIBYTE),
        (f"{len(with_name('a' * 10 * MEBIBYTE))} byte", "5242880 byte"),
    ),
    "HB-U003": (RECORD.decode().encode("utf-16"), ("UTF-16", "UTF-8")),
    "HB-U004": (
        RECORD.replace("Nguyễn Văn Mẫu<".encode(), b"Nguy\xea n<", 1),
        (f"Dòng {line_of(RECORD, '<hovaten>')}", "0xEA"),
    ),
    "HB-U005": (with_doctype(""), ("Dòng 2", "DOCTYPE")),
    "HB-U006": (
        RECORD.replace(b"<hovaten>", b"<hovaten <", 1),
        (f"Dòng {line_of(RECORD, '<hovaten>')}", "cú pháp"),
    ),
    "HB-U007": (b"<a>" * 300 + b"</a>" * 300, ("256 cấp",)),
    "HB-U008": (
        with_change(RECORD, "//hovaten", **{f"a{number}": "" for number in range(129)}),
        ("hovaten", "129", "128"),
    ),
    "HB-U009": (
        RECORD.replace(
            b"<HOC_BA_SO>",
            b"<HOC_BA_SO "
            + b" ".join(b'xmlns:n%d="urn:%d"' % (each, each) for each in range(5000))
            + b">",
            1,
        ),
        ("HOC_BA_SO", "5000", "64"),
    ),
    "HB-U010": (RECORD.replace(b"<IdBanGhi>", b"<a/>" * 50_000 + b"<IdBanGhi>"), ("50000",)),
    "HB-U011": (RECORD[: RECORD.index(b"<tenlop>") + 3], ("cắt cụt",)),
    "HB-U012": (with_name("&ten;"), ("ten",)),
    "HB-U013": (
        RECORD.replace(b"</hovaten>", b"</hoten>", 1),
        (f"Dòng {line_of(RECORD, '<hovaten>')}", "<hovaten>", "</hoten>"),
    ),
    "HB-U014": (b'<?xml version="1.1"?>' + RECORD[RECORD.index(b"<HOC_BA_SO") :], ("1.1",)),
}
CODES = [code for code in catalogue() if code.startswith("HB-U")]


def refusal(data: bytes) -> Finding:
    with pytest.raises(Unreadable) as caught:
        parse(data)
    return caught.value.finding


def test_every_code_of_the_catalogue_has_a_vector() -> None:
    assert sorted(VECTORS) == sorted(CODES)


@pytest.mark.parametrize("code", CODES)
def test_an_unreadable_document_has_the_finding_that_says_why(code: str) -> None:
    data, says = VECTORS[code]
    finding = refusal(data)
    assert finding.code == code
    message = finding.message()
    assert [part for part in says if part not in message] == [], message
    assert finding.message(Language.EN) != message


def test_a_record_is_readable_and_keeps_its_bytes() -> None:
    document = parse(RECORD)
    assert document.data == RECORD
    assert document.root.tag == "HOC_BA_SO"


@pytest.mark.parametrize(
    "encoding", ["utf-16-le", "utf-16-be", "windows-1258", "iso-8859-1", "utf-7"]
)
def test_another_encoding_is_refused_by_name(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>\n<HOC_BA_SO/>'
    assert refusal(text.encode(encoding)).code == "HB-U003"


@pytest.mark.parametrize("bom", [b"\xff\xfe", b"\xfe\xff"])
def test_a_byte_order_mark_of_another_encoding_is_refused(bom: bytes) -> None:
    assert refusal(bom + RECORD).code == "HB-U003"


def test_an_encoding_declared_behind_a_utf8_mark_is_not_overlooked() -> None:
    data = b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-16"?><HOC_BA_SO/>'
    assert refusal(data).code == "HB-U003"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("declared", ["UTF-8", "utf-8", "us-ascii"])
def test_utf8_is_read_with_and_without_its_mark(mark: bytes, declared: str) -> None:
    data = mark + f'<?xml version="1.0" encoding="{declared}"?><HOC_BA_SO/>'.encode()
    assert parse(data).data == data


@pytest.mark.parametrize(
    "subset",
    [
        '[<!ENTITY x SYSTEM "file:///etc/passwd">]',
        'SYSTEM "http://127.0.0.1:1/x.dtd"',
        '[<!ATTLIST DU_LIEU_HOC_BA Id ID "data">]',
        BILLION_LAUGHS + "]",
        "[<!ENTITY % p SYSTEM 'http://127.0.0.1:1/'> %p;]",
    ],
    ids=["external entity", "external subset", "default attribute", "laughs", "parameter entity"],
)
def test_a_document_type_is_refused_before_it_does_anything(subset: str) -> None:
    finding = refusal(with_doctype(subset))
    assert (finding.code, finding.line) == ("HB-U005", 2)


def test_a_document_type_after_a_comment_is_refused_too() -> None:
    data = b"<!-- a\nb -->\n<!DOCTYPE a>\n<a/>"
    assert (refusal(data).code, refusal(data).line) == ("HB-U005", 3)


def test_a_document_type_that_expat_cannot_reach_is_refused_by_the_parser_behind_it() -> None:
    # The two parsers follow different editions of XML 1.0 as to which letters a name may have.
    assert refusal("<?\u0220 x?><!DOCTYPE a><a/>".encode()).code == "HB-U005"


def test_a_document_type_under_xml_1_1_is_no_way_around() -> None:
    laughs = with_doctype(BILLION_LAUGHS + "]").replace(b'"data"', b'"&i;"')
    assert refusal(laughs.replace(b"'1.0'", b"'1.1'", 1)).code == "HB-U005"


@pytest.mark.parametrize(
    "data",
    [
        b"<a><![CDATA[<!DOCTYPE a [<!ENTITY x 'y'>]>]]></a>",
        b"<a><!-- <!DOCTYPE a> --></a>",
        b"<a><?x <!DOCTYPE a> ?></a>",
    ],
    ids=["CDATA", "comment", "instruction"],
)
def test_the_words_of_a_document_type_inside_content_are_no_document_type(data: bytes) -> None:
    assert parse(data).data == data


def test_the_words_of_a_document_type_in_broken_xml_are_no_excuse() -> None:
    assert refusal(b"<a><![CDATA[<!DOCTYPE a>]]></b>").code == "HB-U013"


@pytest.mark.parametrize("cut", [1, 10, 100, 1000, len(RECORD) - 3])
def test_a_truncated_record_is_told_as_truncated(cut: int) -> None:
    assert refusal(RECORD[:cut]).code == "HB-U011"


@pytest.mark.parametrize("data", [b"<a>", b"<a><b/>", b"<a></b", b"<a><!--", b"<a><![CDATA["])
def test_what_ends_inside_an_element_is_truncated(data: bytes) -> None:
    assert refusal(data).code == "HB-U011"


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"hoc ba", b"\x00", b"%PDF-1.7", b"{}"])
def test_what_is_not_xml_is_one_finding(data: bytes) -> None:
    assert refusal(data).code in {"HB-U001", "HB-U004", "HB-U006", "HB-U011"}


def test_five_thousand_nested_namespaces_are_refused() -> None:
    opened = b"".join(b'<a xmlns:n%d="urn:%d">' % (each, each) for each in range(200))
    assert refusal(opened + b"</a>" * 200).code == "HB-U009"


def test_as_many_namespaces_as_the_limit_are_read() -> None:
    names = " ".join(f'xmlns:n{each}="urn:{each}"' for each in range(64))
    assert len(parse(f"<a {names}/>".encode()).root.nsmap) == 64


def test_many_declarations_that_are_never_in_scope_together_are_read() -> None:
    children = "".join(f'<b xmlns:n{each}="urn:{each}"/>' for each in range(200))
    assert len(parse(f"<a>{children}</a>".encode()).root) == 200


def test_limits_can_be_set() -> None:
    with pytest.raises(Unreadable) as caught:
        parse(b"<a><b/></a>", ParserLimits(max_elements=1))
    assert caught.value.finding.code == "HB-U010"


def test_a_comment_cannot_shorten_a_value() -> None:
    root = parse(b"<a>ab<!-- x -->cd<?x y?>ef<![CDATA[gh]]></a>").root
    assert text_of(root) == "abcdefgh"


def test_a_path_numbers_an_element_among_those_of_its_name() -> None:
    root = parse(b'<a><b/><c/><b><d xmlns="urn:x"/></b></a>').root
    paths = [element_path(each) for each in root.iter()]
    assert paths == ["a", "a/b[1]", "a/c", "a/b[2]", "a/b[2]/d"]


def test_a_document_knows_the_digest_of_its_bytes() -> None:
    empty = parse(b"<a/>")
    assert empty.sha256 == "29114363f749a0226b6988dda3ca2492a954117ab6b5f382706c20300dabc079"


def test_ids_are_found_under_every_spelling_of_the_attribute() -> None:
    spellings = '<b Id="x"/><b ID="x"/><b id="x"/><b iD="y"/><b xml:id="x"/><b n:Id="x"/>'
    document = parse(f'<a xmlns:n="urn:n" Idx="x">{spellings}</a>'.encode())
    assert {name: len(found) for name, found in document.ids.items()} == {"x": 5, "y": 1}
    assert [each.tag for each in document.ids["y"]] == ["b"]


def test_an_unreadable_error_survives_the_way_between_processes() -> None:
    error = Unreadable(refusal(b""))
    assert pickle.loads(pickle.dumps(error)).finding == error.finding  # noqa: S301 -- our own bytes


def said_of(data: bytes) -> str:
    """The words of the finding for what is unreadable, the bytes kept for what is not."""
    try:
        document = parse(data)
    except Unreadable as error:
        return error.finding.message()
    assert document.data == data
    assert etree.iselement(document.root)
    return "readable"


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_document_or_one_finding(data: bytes) -> None:
    assert said_of(data)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(RECORD) - 1), st.integers(0, 255))
def test_a_record_with_one_changed_byte_is_a_document_or_one_finding(at: int, byte: int) -> None:
    assert said_of(RECORD[:at] + bytes([byte]) + RECORD[at + 1 :])
