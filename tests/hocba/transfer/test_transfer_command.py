"""`hocba transfer` and what goes with it, as people type it."""

import errno

import pytest

from hocba.receipts import PUBLIC_KEY_FILE
from tests.support import signed_home
from tests.support.command import call
from tests.support.transfers import SENDER, signed_anew

PUPIL = signed_home.PUPIL


def test_the_way_of_a_package_reads_right_in_vietnamese(provinces, tmp_path) -> None:
    package, answer = tmp_path / "chuyen.zip", tmp_path / "xac-nhan.jws"
    a, b = ("--home", provinces.sender.path), ("--home", provinces.receiver.path)
    made = call(
        *("transfer", "make", PUPIL, "--to", "10", "--reason", "Chuyển theo gia đình"),
        *("--by", "Phòng GDPT", "--out", package, *a),
    )
    assert made.code == 0, made.err
    assert "gồm 1 phiên bản học bạ, gửi cho sở 10" in made.out
    assert package.stat().st_mode & 0o077 == 0

    key = f"{SENDER}={provinces.sender.keys_folder / PUBLIC_KEY_FILE}"
    checked = call("transfer", "check", package, "--key", key, "--trust", tmp_path / "believed")
    assert checked.code == 0, checked.out + checked.err
    assert "Bản kê và mọi tệp đúng như đã ký." in checked.out
    assert "hợp lệ  documents/" in checked.out
    assert call("transfer", "check", package, "--key", key).code == 3
    assert "MASOGD=TỆP" in call("transfer", "check", package, "--key", "x").err

    taken = call("transfer", "accept", package, "--by", "Sở B", "--answer", answer, *b)
    assert taken.code == 0, taken.err
    assert "Đã tiếp nhận: 1 phiên bản mới, 0 phiên bản đã có từ trước." in taken.out
    assert "do sở 25 xác nhận trong gói" in taken.out
    filed = call("transfer", "acknowledge", answer, *a)
    assert "chuyển đi, đã tiếp nhận" in filed.out
    assert "chuyển đến, đã tiếp nhận" in call("transfer", "list", *b).out

    issues = call("history", PUPIL, "--issues", *a)
    assert "Các lần cấp học bạ (1):" in issues.out
    assert "gửi theo gói chuyển trường, phiên bản 1" in issues.out
    [body] = call("history", PUPIL, "--issues", "--format=json", *a).lines
    assert [each["action"] for each in body["issues"]] == ["version.transferred"]


def test_what_is_refused_is_one_clear_line(provinces) -> None:
    path = signed_anew(provinces.send(), provinces.sender, lambda c, _: c.update(receiver="77"))
    refused = call("transfer", "accept", path, "--by", "B", "--home", provinces.receiver.path)
    assert refused.code == 2
    assert "HB-I093: Gói này gửi cho sở 77, không phải sở 10." in refused.err
    declined = call(
        *("transfer", "decline", provinces.send(), "--reason", "Nhầm", "--by", "B"),
        *("--home", provinces.receiver.path),
    )
    assert "không lưu gì trong kho" in declined.out
    assert "bị từ chối" in call("transfer", "list", "--home", provinces.receiver.path).out


def test_an_export_of_a_pupil_follows_linked_ids(provinces, tmp_path) -> None:
    home = ("--home", provinces.sender.path)
    linked = call("link", PUPIL, "2500000099", "--reason", "Mã tạm", "--by", "Sở A", *home)
    assert linked.code == 0, linked.err
    made = call("export", "--pupil", "2500000099", "--out", tmp_path / "ra", *home)
    assert made.code == 0, made.err
    assert len(list((tmp_path / "ra" / "documents").rglob("*.xml"))) == 1


def make(provinces, out):
    return call(
        *("transfer", "make", PUPIL, "--to", "10", "--reason", "Chuyển", "--by", "A"),
        *("--out", out, "--home", provinces.sender.path),
    )


def test_nothing_is_made_that_cannot_be_written(provinces, tmp_path) -> None:
    refused = make(provinces, tmp_path / "khong-co" / "c.zip")
    assert refused.code == 2
    assert "khong-co/c.zip" in refused.err
    listed = call("transfer", "list", "--home", provinces.sender.path)
    assert "Chưa có lần chuyển trường nào." in listed.out


def test_the_package_of_a_transfer_is_had_again(provinces, tmp_path) -> None:
    home = ("--home", provinces.sender.path)
    assert make(provinces, tmp_path / "c.zip").code == 0
    [made] = call("transfer", "list", *home, "--format=json").lines
    again = call("transfer", "package", made["id"], "--out", tmp_path / "lai.zip", *home)
    assert again.code == 0, again.err
    assert (tmp_path / "lai.zip").read_bytes() == (tmp_path / "c.zip").read_bytes()
    assert (tmp_path / "lai.zip").stat().st_mode & 0o077 == 0
    [body] = call("history", PUPIL, "--issues", "--format=json", *home).lines
    actions = [each["action"] for each in body["issues"]]
    assert actions == ["version.transferred", "version.handed_out"]
    assert call("transfer", "package", made["id"], "--out", tmp_path / "c.zip", *home).code == 2
    unknown = call("transfer", "package", "khong-co", "--out", tmp_path / "x.zip", *home)
    assert unknown.code == 2
    assert "HB-I113" in unknown.err
    assert not (tmp_path / "x.zip").exists()


@pytest.mark.parametrize("act", [("accept",), ("decline", "--reason", "Nhầm")])
def test_nothing_is_decided_whose_answer_cannot_be_written(provinces, tmp_path, act) -> None:
    home = ("--home", provinces.receiver.path)
    answer = tmp_path / "khong-co" / "a.jws"
    refused = call("transfer", *act, provinces.send(), "--by", "B", "--answer", answer, *home)
    assert refused.code == 2
    assert "khong-co/a.jws" in refused.err
    assert "Chưa có lần chuyển trường nào." in call("transfer", "list", *home).out


def test_an_answer_is_not_lost_with_its_file(provinces, tmp_path, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    assert make(provinces, tmp_path / "c.zip").code == 0
    monkeypatch.setattr("cli.commands.transfer.write_whole", full)
    ran = call(
        *("transfer", "accept", tmp_path / "c.zip", "--by", "B", "--answer", tmp_path / "a.jws"),
        *("--home", provinces.receiver.path),
    )
    assert ran.code == 2
    assert "câu trả lời đã ký là:\neyJ" in ran.err


def test_a_file_that_is_no_answer_is_called_so(provinces, tmp_path) -> None:
    (tmp_path / "e.xml").write_text("<a/>", "utf-8")
    ran = call("transfer", "acknowledge", tmp_path / "e.xml", "--home", provinces.sender.path)
    assert ran.code == 2
    assert "e.xml không phải là câu trả lời đã ký" in ran.err
