import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hocba.errors import SourceUnreadable
from hocba.ingest.source import open_source
from schemas.findings import finding
from tests.support.command import call
from tests.support.sample import Province
from tests.support.services.certomancer import TestPki
from tests.support.trust_folder import write_trust_folder

ROW = "15900010001,GVCN,010181429418,,Người Mẫu,2020-08-15,"
HEADING = "matruong,vaitro,sodinhdanh,masothue,hovaten,tungay,denngay"


@pytest.fixture
def trust(tmp_path: Path, province: Province) -> Path:
    return Path(shutil.copytree(province.trust, tmp_path / "trust"))


def roster(folder: Path, *rows: str) -> Path:
    path = folder / "danh sách.csv"
    path.write_text("\n".join([HEADING, *rows]) + "\n", "utf-8")
    return path


_TODAY = datetime(2026, 6, 15, tzinfo=UTC)
_LAST_YEAR = datetime(2025, 6, 15, tzinfo=UTC)


class TestTrust:
    def test_lists_anchors_with_purpose_and_fingerprint(self, province: Province) -> None:
        ran = call("trust", "list", province.trust, "--format=json")
        assert ran.code == 0
        anchor, *revocation = ran.lines
        assert set(anchor) == {
            "subject",
            "sha256",
            "purpose",
            "valid_from",
            "valid_until",
            "source",
        }
        assert anchor["purpose"] == ["organization", "person"]
        assert [each["kind"] for each in revocation] == ["crl"] * 4
        text = call("trust", "list", province.trust)
        assert anchor["sha256"] in text.out
        assert all(each["sha256"] in text.out for each in revocation)
        assert "tin cho: tổ chức (con dấu), người ký là cá nhân" in text.out

    def test_a_good_store_passes(self, province: Province) -> None:
        ran = call("trust", "check", province.trust, "--format=json")
        assert ran.code == 0
        assert ran.json["usable"] is True
        assert ran.json["anchors"] == 1

    def test_a_store_that_nothing_rests_on_any_more_fails(self, province: Province) -> None:
        ran = call("trust", "check", province.trust, "--at", "2099-01-01", "--format=json")
        assert ran.code == 1
        codes = [each["code"] for each in ran.json["problems"]]
        assert codes == ["ended", *["stale"] * 4, "nothing_now"]
        assert call("trust", "check", province.trust, "--at", "2001-01-01").code == 1

    def test_says_whose_revocation_data_is_stale_or_missing(
        self, trust: Path, province: Province
    ) -> None:
        ran = call("trust", "check", trust, "--format=json")
        assert (ran.json["crls"], ran.json["ocsp_responses"], ran.json["problems"]) == (4, 0, [])
        (trust / "crls" / "person-ec.crl").unlink()
        ran = call("trust", "check", trust, "--format=json")
        assert [each["code"] for each in ran.json["problems"]] == ["no_crl"]
        assert (ran.code, ran.json["usable"]) == (3, True)
        assert "Hocba Sample Personal CA (EC)" in ran.json["problems"][0]["message"]
        late = call("trust", "check", trust, "--at", "2060-01-01", "--format=json")
        assert "stale" in {each["code"] for each in late.json["problems"]}
        early = call("trust", "check", trust, "--at", "2001-01-01", "--format=json")
        assert "not_yet_issued" in {each["code"] for each in early.json["problems"]}

    def test_an_older_crl_beside_the_current_one_is_no_problem(self, trust: Path) -> None:
        pki = TestPki()
        write_trust_folder(
            trust / "mới",
            pki.der("root"),
            [pki.der("issuer")],
            [pki.crl(each, at) for each in ("root", "issuer") for at in (_LAST_YEAR, _TODAY)],
        )
        at = f"--at={_TODAY.isoformat()}"
        ran = call("trust", "check", trust / "mới", at, "--format=json")
        assert (ran.code, ran.json["problems"]) == (0, [])

    def test_a_broken_revocation_list_makes_the_store_unusable(self, trust: Path) -> None:
        (trust / "crls" / "hỏng.crl").write_bytes(b"\x30\x03\x02\x01\x01")
        ran = call("trust", "check", trust)
        assert ran.code == 2
        assert "hỏng.crl" in ran.err

    def test_shows_ocsp_responses_and_anchors_for_time_stamps(self, trust: Path) -> None:
        pki = TestPki()
        day = datetime(2026, 6, 15, tzinfo=UTC)
        (trust / "ocsp").mkdir()
        (trust / "ocsp" / "a.ocsp").write_bytes(pki.ocsp("homeroom-new", day))
        index = trust / "anchors.toml"
        text = index.read_text("utf-8").replace('"organization"', '"organization", "timestamp"')
        index.write_text(text, "utf-8")
        ran = call("trust", "list", trust, "--lang=en")
        assert ran.code == 0
        assert "OCSP response: issued 15/06/2026 07:00:00 (UTC+7), good until 22/06/2026" in ran.out
        assert "time-stamps" in ran.out

    def test_says_what_ends_soon(self, trust: Path) -> None:
        with (trust / "anchors.toml").open("a", encoding="utf-8") as file:
            file.write('valid_until = "2026-12-31"\n')
        ran = call("trust", "check", trust, "--at", "2026-11-01", "--lang=en")
        assert ran.code == 0
        assert "believed only until 31/12/2026" in ran.out

    @pytest.mark.parametrize("damage", ["missing", "unlisted", "altered", "empty"])
    def test_a_broken_store_is_unusable_and_verify_says_the_same(
        self, trust: Path, province: Province, damage: str
    ) -> None:
        if damage == "missing":
            (trust / "anchors.toml").unlink()
        elif damage == "unlisted":
            shutil.copy(trust / "anchors" / "root.pem", trust / "anchors" / "khác.pem")
        elif damage == "altered":
            intermediate = next((trust / "intermediates").iterdir())
            shutil.copy(intermediate, trust / "anchors" / "root.pem")
        else:
            (trust / "anchors.toml").write_text("", "utf-8")
            shutil.rmtree(trust / "anchors")
        for command in (
            ["trust", "check", trust],
            ["verify", province.records[0], "--trust", trust, "--roster", province.roster],
        ):
            ran = call(*command)
            assert ran.code == 2
            assert "Không dùng được kho tin cậy" in ran.err
            assert ran.out == ""


class TestRosterCheck:
    def test_a_good_roster_passes(self, province: Province) -> None:
        ran = call("roster", "check", province.roster, "--format=json")
        assert ran.code == 0
        assert ran.json["mandates"] > 0
        assert ran.json["problems"] == []

    def test_names_every_line_that_cannot_be_meant(self, tmp_path: Path) -> None:
        file = roster(
            tmp_path,
            ROW,
            "15900010001,HIEU_TRUONG,010181429418,,Người Mẫu,,",
            "15900010001,CBQL,,9900700001,Trường Mẫu,,",
            "15900010001,KY_PHAT_HANH,010181429418,,Người Mẫu,,",
            "15900010001,GVCN,12345,,Người Mẫu,,",
            "15900010001,KY_PHAT_HANH,,99-007,Trường Mẫu,,",
            "15900010001,GVCN,010181429418,,Người Mẫu,29/13/2026,",
            ROW,
        )
        ran = call("roster", "check", file, "--format=json")
        assert ran.code == 1
        assert [(e["line"], e["path"], e["code"]) for e in ran.json["problems"]] == [
            (3, "vaitro", "HB-I124"),
            (4, "sodinhdanh", "HB-I125"),
            (5, "masothue", "HB-I125"),
            (6, "sodinhdanh", "HB-I122"),
            (7, "masothue", "HB-I122"),
            (8, "tungay", "HB-I122"),
            (9, "sodinhdanh", "HB-I126"),
        ]
        assert (ran.json["errors"], ran.json["warnings"]) == (7, 0)
        text = call("roster", "check", file)
        assert text.code == 1
        assert (
            "danh sách.csv, dòng 3, cột vaitro: HB-I124 Không có vai trò “HIEU_TRUONG”" in text.out
        )
        assert "7 lỗi, 0 cảnh báo" in text.out

    def test_warnings_alone_pass_and_many_of_one_kind_are_counted(self, tmp_path: Path) -> None:
        rows = [f"159000{number:05d},GVCN,010181429418,,Người Mẫu,," for number in range(30)]
        ran = call("roster", "check", roster(tmp_path, *rows))
        assert ran.code == 0
        assert ran.out.count("(cảnh báo)") == 20
        assert "… và 40 cảnh báo HB-I137 nữa" in ran.out

    @pytest.mark.parametrize("rows", [[], ["\x00\x01"], ['"'], ["x" * 200_000]])
    def test_what_is_no_roster_is_unusable(self, tmp_path: Path, rows: list[str]) -> None:
        ran = call("roster", "check", roster(tmp_path, *rows), "--lang=en")
        assert ran.code in {1, 2}
        assert "Traceback" not in ran.said

    def test_an_empty_roster_is_unusable(self, tmp_path: Path) -> None:
        ran = call("roster", "check", roster(tmp_path))
        assert ran.code == 2
        assert "HB-I130" in ran.err
        assert call("roster", "check", tmp_path / "không có.csv").code == 2


class TestRosterWho:
    def test_lists_who_may_sign_on_a_day(self, tmp_path: Path) -> None:
        file = roster(tmp_path, ROW, "15900010001,KY_PHAT_HANH,,9900700001,Trường Mẫu,,2025-12-31")
        command = ["roster", "who", file, "--school", "15900010001", "--format=json"]
        in_2025 = call(*command, "--on", "2025-10-01")
        assert in_2025.code == 0
        assert [each["vaitro"] for each in in_2025.lines] == ["GVCN", "KY_PHAT_HANH"]
        assert [each["vaitro"] for each in call(*command, "--on", "2026-01-01").lines] == ["GVCN"]
        only = call(*command, "--on", "2025-10-01", "--role", "KY_PHAT_HANH")
        assert [each["masothue"] for each in only.lines] == ["9900700001"]

    def test_nobody_is_a_failure(self, tmp_path: Path) -> None:
        ran = call("roster", "who", roster(tmp_path, ROW), "--school", "99")
        assert ran.code == 1
        assert "Không ai được ký" in ran.out

    def test_text_is_a_table(self, tmp_path: Path) -> None:
        ran = call("roster", "who", roster(tmp_path, ROW), "--school", "15900010001")
        assert ran.code == 0
        assert "GVCN     Người Mẫu  010181429418" in ran.out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("matruong,vaitro\n", "HB-I131"),
        (f"{HEADING}\n15900010001,GVCN,010181429418,,A,31/02/2020,\n", "dòng 2: Cột tungay"),
        (f"{HEADING}\n", "không có dòng nào"),
        (f'{HEADING}\n"A', "không có dòng nào"),
    ],
)
def test_a_bad_roster_is_told_of_in_the_caller_s_words(
    tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "r.csv").write_text(text, "utf-8")
    ran = call("roster", "who", tmp_path / "r.csv", "--school", "15900010001")
    assert ran.code == 2
    assert not any(each in ran.err for each in ("missing column", "line 2", "no mandates"))
    if '"' not in text:
        assert said in ran.err


def test_a_folder_is_no_roster(tmp_path: Path) -> None:
    ran = call("init", "--home", tmp_path / "kho", "--masogd", "15", "--roster", tmp_path)
    assert ran.code == 2
    assert "Errno" not in ran.err
    assert "là thư mục, cần một tệp" in ran.err


def test_the_number_of_a_request_is_asked_for_in_the_caller_s_words(tmp_path: Path) -> None:
    ran = call("request", "approve", "X", "x", "--home", tmp_path, "--by", "A")
    assert ran.code == 2
    assert "NUMBER" in ran.err
    assert "valid integer" not in ran.err


def test_a_source_that_is_missing_is_told_of_in_the_caller_s_words() -> None:
    with pytest.raises(SourceUnreadable) as raised:
        open_source(Path("khong-co"))
    assert "(không có tệp này)" in raised.value.finding.message()


def test_a_refused_order_is_told_of_in_the_caller_s_words() -> None:
    said = finding("HB-I212", order="pause", state="done").message()
    assert said.startswith("Không thực hiện được lệnh tạm dừng: lô đang ở trạng thái đã xong.")
    assert "cancelled" not in said


def test_requests_about_a_record_that_nobody_knows_are_refused(tmp_path: Path) -> None:
    assert call("init", "--home", tmp_path / "kho", "--masogd", "15").code == 0
    ran = call("request", "list", "nope", "--home", tmp_path / "kho")
    assert (ran.code, ran.out) == (2, "")
    assert "Kho không có học bạ nope" in ran.err
