import filecmp
from pathlib import Path

from tests.support.command import call


def test_the_same_seed_gives_the_same_content(tmp_path: Path) -> None:
    arguments = ("--records", "8", "--level", "thcs", "--seed", "4", "--jobs", "1")
    for name in ("a", "b"):
        ran = call("sample", "--out", tmp_path / name, *arguments, "--format=json")
        assert ran.code == 0, ran.said
        assert ran.json["by_level"] == {"thcs": 8}
        assert ran.err == ""
    a, b = tmp_path / "a", tmp_path / "b"
    names = sorted(each.name for each in (a / "records").iterdir())
    assert len(names) == 8
    same, different, missing = filecmp.cmpfiles(a / "records", b / "records", names, shallow=False)
    assert (same, different, missing) == (names, [], [])
    assert (a / "batch.zip").read_bytes() == (b / "batch.zip").read_bytes()


def test_says_what_was_made_and_how_to_use_it(tmp_path: Path) -> None:
    out = tmp_path / "mẫu"
    ran = call("sample", "--out", out, "--records", "6", "--level", "tieuhoc", "--defects", "3")
    assert ran.code == 0
    assert "6 học bạ mẫu" in ran.out
    assert "3 học bạ bị làm sai có chủ ý" in ran.out
    assert f"hocba verify {out}/records --trust {out}/trust --roster {out}/roster.csv" in ran.out
    assert len(list((out / "records").glob("loi-*.xml"))) >= 3


def test_style_decides_how_signatures_are_written(tmp_path: Path) -> None:
    for style, has_xades in (("xades", True), ("vendor", False)):
        out = tmp_path / style
        arguments = ("--records", "2", "--level", "tieuhoc", "--style", style)
        assert call("sample", "--out", out, *arguments).code == 0
        for record in (out / "records").iterdir():
            assert (b"QualifyingProperties" in record.read_bytes()) is has_xades


def test_never_writes_into_a_folder_with_something_in_it(tmp_path: Path) -> None:
    (tmp_path / "quý.txt").write_text("giữ", "utf-8")
    ran = call("sample", "--out", tmp_path, "--records", "2")
    assert ran.code == 2
    assert [each.name for each in tmp_path.iterdir()] == ["quý.txt"]
