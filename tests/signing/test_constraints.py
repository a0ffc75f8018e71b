"""Validation constraints: data that names itself, and is refused when anything in it is unclear."""

from datetime import date, timedelta
from importlib import resources

import pytest

from signing.constraints import (
    RevocationDemand,
    SignatureLevel,
    default_constraints,
    parse_constraints,
    read_constraints,
)
from signing.errors import PolicyError

SHIPPED = resources.files("signing").joinpath("constraints.toml").read_text("utf-8")


def changed(old: str, new: str) -> bytes:
    assert SHIPPED.count(old) == 1
    return SHIPPED.replace(old, new).encode()


def test_ships_constraints_that_ask_for_the_revocation_status_of_everybody():
    constraints = default_constraints()
    assert constraints.reference == "hocba-constraints/2026.1"
    assert constraints.issued == date(2026, 11, 22)
    assert "EN 319 102-1" in constraints.source[0]
    revocation = constraints.revocation
    assert revocation.signer is RevocationDemand.REQUIRED
    assert revocation.authority is RevocationDemand.REQUIRED
    assert revocation.timestamp_authority is RevocationDemand.REQUIRED
    assert revocation.maximum_age is None
    assert revocation.maximum_age_without_next_update == timedelta(days=1)
    assert constraints.time.clock_tolerance == timedelta(minutes=10)
    assert constraints.time.timestamp_delay is None
    assert constraints.minimum_level is SignatureLevel.XML_DSIG


def test_reads_a_file_and_names_it_by_its_digest(tmp_path):
    file = tmp_path / "tinh.toml"
    file.write_bytes(changed("maximum_age_hours = 0", "maximum_age_hours = 72"))
    constraints = read_constraints(file)
    assert constraints.revocation.maximum_age == timedelta(hours=72)
    assert constraints.reference == default_constraints().reference
    assert constraints.sha256 != default_constraints().sha256


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('name = "hocba-constraints"\n', "", "missing name"),
        ('name = "hocba-constraints"', 'name = ""', "must be set"),
        ('version = "2026.1"', "version = 2026", "version is not of the kind str"),
        ("date = 2026-11-22", "date = 2026-11-22T08:00:00", "date is not of the kind date"),
        ('"ETSI TS 119 172-4 V1.1.1, clause 4"', "4", "source is not a list of texts"),
        ('signer = "required"', 'signer = "sometimes"', "sometimes"),
        ('signer = "required"\n', "", "missing revocation.signer"),
        ("maximum_age_hours = 0", "maximum_age_hours = -1", "is -1, allowed is 0 to"),
        ("maximum_age_hours = 0", "maximum_age_hours = 0.5", "not of the kind int"),
        ("update_hours = 24", "update_hours = 0", "is 0, allowed is 1 to"),
        ("clock_tolerance_seconds = 600", "clock_tolerance_seconds = 86401", "allowed is 0"),
        ("signing_time_required = false", "signing_time_required = 0", "kind bool"),
        ('minimum_level = "XML-DSig"', 'minimum_level = "LTA"', "LTA"),
        ("[signature]", '[signature]\nminimal = "T"', "unknown: signature.minimal"),
        ("[time]", "[thoigian]", "missing time"),
        ("[revocation]", "tin = true\n[revocation]", "unknown: tin"),
        ('name = "hocba-constraints"', "name = ", "tinh.toml"),
    ],
)
def test_refuses_constraints_with(old, new, reason):
    with pytest.raises(PolicyError, match=reason) as caught:
        parse_constraints(changed(old, new), "tinh.toml")
    assert "constraints:" in str(caught.value) or "tinh.toml:" in str(caught.value)


def test_refuses_constraints_without_a_source():
    text = changed('"ETSI TS 119 172-4 V1.1.1, clause 4",', "")
    start, end = text.index(b"source = ["), text.index(b"]\n")
    with pytest.raises(PolicyError, match="source must be set"):
        parse_constraints(text[:start] + b"source = [" + text[end:], "tinh.toml")


def test_refuses_a_file_that_is_no_text_or_not_there(tmp_path):
    with pytest.raises(PolicyError, match=r"tinh\.toml"):
        parse_constraints(b"\xff\xfe", "tinh.toml")
    with pytest.raises(PolicyError, match=r"tinh\.toml: No such file"):
        read_constraints(tmp_path / "tinh.toml")


def test_orders_the_levels():
    levels = (SignatureLevel.XML_DSIG, SignatureLevel.B, SignatureLevel.T, SignatureLevel.LT)
    for i, one in enumerate(levels):
        assert [one.reaches(each) for each in levels] == [j <= i for j in range(4)]
