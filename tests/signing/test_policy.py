"""Signature policies: data that is refused when it would demand nothing or cannot be read."""

from datetime import date
from pathlib import Path

import pytest

from signing.errors import PolicyError
from signing.policy import SignerKind, read_policy
from signing.xmldsig.algorithms import default_policy

GOOD = """
name = "mau"
version = "1"
content = "/k:goc/k:noidung"
containers = ["/k:goc"]
school = "k:truong"

[namespaces]
k = "urn:khac"

[[role]]
role = "NGUOI_KY"
signer = "person"
slot = "/k:goc/k:chuky"
covers = "/k:goc/k:noidung"
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "signature-policy.toml"
    file.write_text(text, "utf-8")
    return file


def test_reads_a_policy_for_a_document_of_another_namespace(tmp_path):
    policy = read_policy(write(tmp_path, GOOD))
    assert policy.reference == "mau/1"
    assert policy.signed_on is None
    (role,) = policy.roles
    assert (role.role, role.kind, role.personal_id) == ("NGUOI_KY", SignerKind.PERSON, None)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('name = "mau"\n', "", "missing name"),
        ('slot = "/k:goc/k:chuky"\n', "", "missing slot"),
        ('signer = "person"', 'signer = "robot"', "robot"),
        ('"/k:goc/k:noidung"\ncontainers', '"/k:goc["\ncontainers', "nvalid"),
        ("[[role]]", "[[vai]]", "missing role"),
        ('name = "mau"', "name = ", "signature-policy.toml"),
    ],
)
def test_refuses_a_policy_with(tmp_path, old, new, reason):
    assert old in GOOD
    with pytest.raises(PolicyError, match=reason):
        read_policy(write(tmp_path, GOOD.replace(old, new, 1)))


def test_refuses_a_policy_that_demands_no_role(tmp_path):
    text = GOOD[: GOOD.index("[[role]]")].replace('school = "k:truong"', 'school = "x"\nrole = []')
    with pytest.raises(PolicyError, match="demands no role"):
        read_policy(write(tmp_path, text))


def test_refuses_a_role_that_stands_twice(tmp_path):
    again = GOOD[GOOD.index("[[role]]") :]
    with pytest.raises(PolicyError, match="twice"):
        read_policy(write(tmp_path, GOOD + again))


def test_refuses_a_file_that_is_not_there(tmp_path):
    with pytest.raises(PolicyError):
        read_policy(tmp_path / "signature-policy.toml")


def test_the_algorithm_table_ends_pkcs1_in_2029_and_short_pss_keys_too():
    signatures = default_policy().signatures
    pkcs1 = signatures["http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"]
    pss = signatures["http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"]
    assert pkcs1.end(4096) == date(2029, 1, 1)
    assert pss.end(3072) is None
    assert pss.end(2048) == date(2029, 1, 1)
