"""The report on a foreign document as JSON."""

from signing import names
from tests.support.foreign import reference, report, signed, template


def test_says_of_every_reference_and_member_what_it_names_and_what_came_of_it():
    holder = f'<ds:Object><ds:Manifest Id="m">{reference("#a")}</ds:Manifest></ds:Object>'
    data = signed(
        '<goi><a Id="a">1</a><b Id="b">2</b>'
        + template(
            reference("#m", kind=names.TYPE_MANIFEST),
            reference("#b"),
            objects=holder,
            name="s",
        )
        + "</goi>"
    ).replace(b">2<", b">3<")
    (one,) = report(data).signatures
    found = one.as_json()
    manifest = "goi/Signature/Object/Manifest"
    good = {"indication": "TOTAL-PASSED", "sub_indication": None}
    of_manifest = {"uri": "#m", "type": names.TYPE_MANIFEST, "path": manifest, **good}
    assert {name: found[name] for name in ("id", "path", "indication", "sub_indication")} == {
        "id": "s",
        "path": "goi/Signature",
        "indication": "TOTAL-FAILED",
        "sub_indication": "HASH_FAILURE",
    }
    assert found["references"] == [
        of_manifest,
        {
            "uri": "#b",
            "type": None,
            "path": "goi/b",
            "indication": "TOTAL-FAILED",
            "sub_indication": "HASH_FAILURE",
        },
    ]
    assert found["manifests"] == [
        {"path": manifest, "references": [{"uri": "#a", "type": None, "path": "goi/a", **good}]}
    ]
    assert (found["core_validation"], found["scope"], found["covered"]) == (
        False,
        "PARTIAL",
        ["goi/Signature/Object/Manifest", "goi/a"],
    )


def test_says_that_nothing_is_covered():
    data = signed(f'<goi><a Id="a">1</a>{template(reference("#a"))}</goi>')
    (one,) = report(data.replace(b">1<", b">2<")).signatures
    assert one.as_json()["scope"] is None
