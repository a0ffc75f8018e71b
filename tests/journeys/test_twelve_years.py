"""A pupil from grade 1 in Lào Cai to grade 12 at a GDTX centre in Bắc Ninh: a temporary id, a
recall and its reversal, a repeated year, a correction and a transfer on the way.

What the second province shows at the end is read as its people, the parents and an auditor read it.
"""

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from hocba.home import Home
from hocba.index.rows import Item
from hocba.index.transfer_rows import TransferState
from hocba.transfer.acknowledgement import file_acknowledgement
from hocba.transfer.making import Order, make_transfer
from hocba.transfer.package import read_package
from hocba.transfer.taking_in import accept_package
from hocba.web.app import create_app
from schemas.findings import Language
from tests.schemas.rule_records import marks, same
from tests.support import signed_home
from tests.support.command import Ran, call
from tests.support.schooling import Pupil, School, accepted_at, record_id, write_believed
from tests.support.transfers import know, office_of
from tests.support.web import SETTINGS, running

PRIMARY = School(
    code="1500001001",
    name="Trường Tiểu học Mẫu Bản Hồ",
    province="Lào Cai",
    masogd="15",
    tax_code="5300100201",
    teacher="015180000001",
    homeroom="015182000003",
    principal="015070000004",
)
LOWER = School(
    code="1500001002",
    name="Trường THCS Mẫu Bản Hồ",
    province="Lào Cai",
    masogd="15",
    tax_code="5300100202",
    teacher="015180000011",
    homeroom="015182000013",
    principal="015070000014",
)
ARRIVED = School(
    code="2400001001",
    name="Trường THCS Mẫu Kinh Bắc",
    province="Bắc Ninh",
    masogd="24",
    tax_code="2300100203",
    teacher="027180000021",
    homeroom="027182000023",
    principal="027070000024",
)
CENTRE = School(
    code="2400001002",
    name="Trung tâm GDTX Mẫu Kinh Bắc",
    province="Bắc Ninh",
    masogd="24",
    tax_code="2300100204",
    teacher="027180000031",
    homeroom="027182000033",
    principal="027070000034",
)
BORN = Pupil("Giàng A Mẫu", "010214000012", "2014-03-14")
TEMPORARY, OFFICIAL = "TAM-150000012", "1500000012"
WEAK = {"NVN": same("3.0"), "TOC": same("3.0")}
MATHS = "Toán, Điểm học kỳ 2: 9,0 → 9,2"


@dataclass
class Life:
    """Two provinces, and a pupil who grows up in them."""

    home: Home
    other: Home
    folder: Path

    def year(
        self, year: int, grade: int, school: School, mahocsinh: str = OFFICIAL, **changes: Any
    ) -> Item:
        """A record of one year, sent by its school in the summer after it."""
        data = BORN.record(year, grade, school, mahocsinh=mahocsinh, **changes)
        home = self.home if school.masogd == "15" else self.other
        _, [item] = signed_home.take_in(home, data, at=accepted_at(year), masogd=school.masogd)
        assert item.outcome.value == "accepted", [each.message() for each in item.findings]
        return item

    def hocba(self, *arguments: str, home: Home | None = None) -> Ran:
        """A command in one of the repositories: the second, unless another is named."""
        ran = call(*arguments, "--home", (home or self.other).path)
        assert "Traceback" not in ran.said
        return ran

    def approved(self, year: int, kind: str, reason: str, text: str) -> None:
        """A request for a change of that year's record, by the school and approved by the Sở."""
        identity = record_id(year)
        opened = self.hocba(
            *("request", "open", identity, "--kind", kind, "--reason", reason),
            *("--text", text, "--by", "Nhà trường", "--format=json"),
            home=self.home,
        )
        number = str(opened.json["number"])
        done = self.hocba("request", "approve", identity, number, "--by", "Sở", home=self.home)
        assert done.code == 0, done.said


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Life:
    """Everything that happens, from September 2020 to June 2033."""
    folder = tmp_path_factory.mktemp("life")
    homes = []
    for masogd, schools in (("15", (PRIMARY, LOWER)), ("24", (ARRIVED, CENTRE))):
        own = folder / masogd
        own.mkdir()
        trust, roster = write_believed(own, schools)
        home = Home.create(own / "home", trust=trust, roster=roster, masogd=masogd)
        homes.append(replace(home, configuration=replace(home.configuration, processes=1)))
    first, second = homes
    know(first, second, "24")
    know(second, first, "15")
    lived = Life(*(_inline(Home.open(each.path)) for each in homes), folder)
    _primary(lived)
    _lower(lived)
    _transfer(lived)
    _away(lived)
    return lived


def _inline(home: Home) -> Home:
    return replace(home, configuration=replace(home.configuration, processes=1))


def _primary(life: Life) -> None:
    """Grade 1 under a temporary id; the record of grade 4 is recalled by mistake."""
    life.year(2020, 1, PRIMARY, mahocsinh=TEMPORARY)
    life.hocba(
        *("link", TEMPORARY, OFFICIAL, "--reason", "Đã có mã chính thức", "--by", "Sở"),
        home=life.home,
    )
    for year, grade in ((2021, 2), (2022, 3), (2023, 4)):
        life.year(year, grade, PRIMARY)
    life.approved(2023, "recall", "wrong-record", "Nghi cấp nhầm học sinh")
    life.year(2023, 4, PRIMARY, PhienBan="2", SuKien="CANCEL", trangthaithongtinhocba="2")
    life.approved(2023, "reversal", "recalled-in-error", "Đã đối chiếu, đúng học sinh")
    life.year(2023, 4, PRIMARY, PhienBan="3", SuKien="UPDATE")
    life.year(2024, 5, PRIMARY)


def _lower(life: Life) -> None:
    """Grade 6 twice; a mark of grade 7 is corrected."""
    stays = {
        "duoclenlop": "0",
        "ndungduoclenlop": "Ở lại lớp",
        "canam": "CĐ",
        "hocky1": "CĐ",
        "hocky2": "CĐ",
        "ndungkhenthuong": None,
    }
    life.year(2025, 6, LOWER, rows=WEAK, **stays)
    life.year(2026, 6, LOWER)
    life.year(2027, 7, LOWER)
    life.approved(2027, "correction", "entry-error", "Nhập nhầm điểm Toán học kỳ 2")
    corrected = {"TOC": marks("8.5", "9.2", "9.0")}
    life.year(2027, 7, LOWER, rows=corrected, PhienBan="2", SuKien="UPDATE")
    life.year(2028, 8, LOWER)


def _transfer(life: Life) -> None:
    """In August 2029 the family moves: the package is made, taken in and acknowledged."""
    summer = accepted_at(2028) + timedelta(days=50)
    with office_of(life.home, summer) as sending:
        order = Order(
            mahocsinh=OFFICIAL,
            sender="15",
            receiver="24",
            reason="Chuyển theo gia đình",
            matruong=ARRIVED.code,
            decision="12/QĐ-SGDĐT",
        )
        made = make_transfer(sending, order, by="Phòng GDPT", actor="cli", language=Language.VI)
        package = life.folder / "chuyen.zip"
        package.write_bytes(sending.store.get(made.storage_key, made.version_id, made.sha256))
    with office_of(life.other, summer + timedelta(days=1)) as receiving:
        arrival = accept_package(
            receiving, read_package(package), masogd="24", by="Phòng GDPT", actor="cli"
        )
        assert arrival.counts.accepted == 12
    with office_of(life.home, summer) as sending, sending.index.transaction() as tx:
        filed = file_acknowledgement(
            tx,
            made.id,
            arrival.transfer.acknowledgement or "",
            sending.partners,
            own=sending.key.public_key,
            at=summer + timedelta(days=2),
            actor="cli",
        )
    assert filed.state is TransferState.ACCEPTED


def _away(life: Life) -> None:
    """Grade 9 at the new school, grades 10 to 12 at the centre."""
    moved = {
        "keythongtinsohocbasothcsthpt_quatrinhhoctap": "k1-2028",
        "keythongtinsohocbasothcsthpt": "k1",
        "namhoc": "2028-2029",
        "tenlop": "8A",
        "tentruong": LOWER.name,
        "tentinh": LOWER.province,
        "ngaytrangthaichuyenden": "2029-08-20",
    }
    life.year(2029, 9, ARRIVED, schooling=[moved])
    for year, grade in ((2030, 10), (2031, 11), (2032, 12)):
        life.year(year, grade, CENTRE)


def trail(home: Home, identity: str | None = None) -> list[str]:
    """What happened to a record, or in the whole repository, as the audit trail names it."""
    with home.open_index() as index, index.reading() as tx:
        events = tx.audit.events(madinhdanhhocba=identity, limit=1000).rows
    return [each.action for each in events]


def test_one_timeline_over_both_provinces_and_both_ids(life: Life) -> None:
    for named in (OFFICIAL, TEMPORARY):
        records = life.hocba("history", named, "--format=json").json["records"]
        assert [(each["namhoc"][:4], int(each["makhoi"])) for each in records] == [
            *((str(2020 + n), n + 1) for n in range(6)),
            *((str(2026 + n), n + 6) for n in range(7)),
        ]
        assert [len(each["versions"]) for each in records] == [
            1,
            1,
            1,
            3,
            1,
            1,
            1,
            2,
            1,
            1,
            1,
            1,
            1,
        ]


def test_the_timeline_reads_as_people_say_it(life: Life) -> None:
    said = life.hocba("history", OFFICIAL, "--changes").out
    for line in (
        "2020-2021  1     1A   Trường Tiểu học Mẫu Bản Hồ",
        "2032-2033  12    12A  Trung tâm GDTX Mẫu Kinh Bắc",
        "yêu cầu 1, đính chính, đã thực hiện: sai sót khi nhập liệu: Nhập nhầm điểm Toán học kỳ 2",
        "yêu cầu 2, huỷ thu hồi, đã thực hiện: thu hồi nhầm: Đã đối chiếu, đúng học sinh",
        f"Mã học sinh {TEMPORARY} được thay bằng {OFFICIAL}",
        "Trạng thái",
    ):
        assert line in said, said
    [mark] = [line for line in said.splitlines() if MATHS in line]
    assert "ký bởi Người Mẫu 0011" in mark


def test_the_only_remark_is_the_repeated_year(life: Life) -> None:
    ran = life.hocba("continuity", OFFICIAL)
    assert ran.code == 0
    assert "Học lại lớp 6 trong năm học 2026-2027: năm 2025-2026 chưa được lên lớp." in ran.out
    assert re.findall(r"HB-I\d+", ran.out) == ["HB-I144"]


def test_both_provinces_know_what_they_did(life: Life) -> None:
    sent, taken = trail(life.home), trail(life.other)
    assert "pupil.linked" in sent
    assert sent.index("transfer.made") < sent.index("transfer.out.accepted")
    assert "transfer.in.accepted" in taken
    assert [each for each in trail(life.home, record_id(2023)) if "request" in each] == [
        "request.opened",
        "request.approved",
        "request.opened",
        "request.approved",
    ]
    assert trail(life.home, record_id(2027)).count("version.accepted") == 2


def test_the_parents_see_twelve_years(life: Life) -> None:
    token = life.hocba(*("token", "create", "guardian", "--pupil", OFFICIAL, "--format=json")).json[
        "token"
    ]
    with (
        running(create_app(life.other, settings=SETTINGS)) as url,
        httpx.Client(base_url=url, follow_redirects=True) as parent,
    ):
        page = parent.post("/phu-huynh", data={"ma": token})
        assert page.status_code == 200
        years = re.findall(r"Năm học (\d{4})-", page.text)
        assert years == [str(year) for year in range(2032, 2019, -1)]
        assert CENTRE.name in page.text
        corrected = parent.get(f"/phu-huynh/hoc-ba/{record_id(2027)}")
    assert MATHS.split(": ")[1] in corrected.text
    assert "Nguyễn" not in corrected.text  # nobody else's record
