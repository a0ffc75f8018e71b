"""The pages as a browser gets them, without JavaScript."""

import re
import shutil
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import httpx
import pytest
from lxml import html

from hocba.index.rows import TokenKind
from hocba.model.record import RecordStatus
from hocba.web.app import create_app
from tests.support.records import primary_record, primary_row
from tests.support.web import SETTINGS, issue, running

HTML = {"Accept": "text/html"}


@pytest.fixture
def browser(sample):
    with sample.client(headers=HTML, follow_redirects=True) as client:
        yield client


@pytest.fixture
def pupil(sample):
    """The pupil with the longest history."""
    return sample.province.summary.pupils[0]


def sign_in(client: httpx.Client, code: str) -> httpx.Response:
    return client.post("/phu-huynh", data={"ma": code})


def text_of(answer: httpx.Response) -> str:
    """What stands on the page, without tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


# ---------------------------------------------------------------- every page


_FAULTS = {
    "inline style or script": "//*[@style] | //style | //script[not(@src)]"
    " | //*[@*[starts-with(name(), 'on')]]",
    "from elsewhere": "//@src[not(starts-with(., '/'))] | //@action[not(starts-with(., '/'))]"
    " | //@href[not(starts-with(., '/') or starts-with(., '?') or starts-with(., '#'))]",
    "picture without a text": "//img[not(@alt)]",
    "field without a label": "//input[not(@id = //label/@for)]",
    "nothing to press but a picture": "//button[not(normalize-space())]"
    " | //a[not(normalize-space())]",
    "id that stands twice": "//*[@id = following::*/@id]",
    "not one heading of the first level": "/html[count(//h1) != 1]",
    "no main part": "/html[count(//main) != 1]",
    "no title": "/html[not(normalize-space(//title))]",
}


def faults_of(answer: httpx.Response, language: str = "vi") -> list[str]:
    """What a strict policy or a screen reader would stumble over."""
    page = html.fromstring(answer.text)
    faults = [name for name, rule in _FAULTS.items() if page.xpath(rule)]
    if page.get("lang") != language:
        faults.append(f"language {page.get('lang')}")
    ids = set(page.xpath("//@id"))
    for names in page.xpath("//@aria-labelledby | //@aria-describedby"):
        faults += [f"no such id: {each}" for each in names.split() if each not in ids]
    levels = [int(each.tag[1]) for each in page.xpath("//h1 | //h2 | //h3 | //h4")]
    steps = pairwise(levels)
    return faults + [f"heading {low} after {high}" for high, low in steps if low > high + 1]


@pytest.fixture
def all_pages(sample, browser, pupil):
    """Every kind of page, signed out and signed in."""
    good = sample.province.records[0].read_bytes()
    bad = good.replace(b"<hovaten>", b"<hovaten>X", 1)
    pages = {
        "start": browser.get("/"),
        "sign in": browser.get("/phu-huynh"),
        "wrong": sign_in(browser, "hocba_wrong"),
        "check": browser.get("/kiem-tra"),
        "good": browser.post("/kiem-tra", files={"file": ("a.xml", good)}),
        "bad": browser.post("/kiem-tra", files={"file": ("a.xml", bad)}),
        "nothing": browser.post("/kiem-tra", files={"file": ("", b"")}),
        "missing": browser.get("/nothing"),
    }
    pages["records"] = sign_in(browser, sample.guardian(pupil, "1500009999"))
    (first, *_) = re.findall(r'href="(/phu-huynh/hoc-ba/[^"/]+)"', pages["records"].text)
    pages["record"] = browser.get(first)
    return pages


def test_no_page_has_anything_inline_or_from_elsewhere_and_all_have_labels(all_pages):
    assert {name: faults_of(page) for name, page in all_pages.items() if faults_of(page)} == {}


def test_every_page_sends_the_headers_that_protect_it(all_pages):
    for name, page in all_pages.items():
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["cache-control"] == "no-store", name


def test_pages_are_vietnamese_until_english_is_chosen(browser):
    assert 'lang="vi"' in browser.get("/", headers={"Accept-Language": "en"}).text
    english = browser.get("/?lang=en")
    assert faults_of(english, "en") == []
    assert "For parents" in english.text
    assert "Check a file" in browser.get("/kiem-tra").text
    assert 'lang="vi"' in browser.get("/?lang=vi").text
    assert 'lang="vi"' in browser.get("/").text
    assert 'lang="vi"' in browser.get("/?lang=klingon").text


def test_a_page_exists_in_english_wherever_it_does_in_vietnamese(sample, browser, pupil):
    browser.get("/?lang=en")
    records = sign_in(browser, sample.guardian(pupil))
    (first, *_) = re.findall(r'href="(/phu-huynh/hoc-ba/[^"/]+)"', records.text)
    for page in (records, browser.get(first), browser.get("/nothing")):
        assert faults_of(page, "en") == []
    bad = browser.post("/kiem-tra", files={"file": ("a.xml", b"x")})
    assert "Not readable" in bad.text


def test_files_of_the_pages_are_kept_by_their_content(browser):
    (sheet, *_) = re.findall(r'href="(/static/style\.css\?v=\w+)"', browser.get("/").text)
    answer = browser.get(sheet)
    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["cache-control"]
    assert browser.get("/static/../app.py").status_code == 404
    assert browser.get("/static/nothing.js").status_code == 404


# ---------------------------------------------------------------- signing in and out


def test_a_wrong_code_is_said_clearly_and_opens_nothing(browser):
    answer = sign_in(browser, "hocba_wrong")
    assert answer.status_code == 403
    assert "không đúng hoặc đã hết hạn" in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("kind", [TokenKind.OPERATOR, TokenKind.PROVINCE])
def test_codes_of_others_are_no_access_codes_of_parents(sample, browser, kind):
    bounds = {"masogd": "15"} if kind is TokenKind.PROVINCE else {}
    assert sign_in(browser, sample.token(kind, **bounds)).status_code == 403


@pytest.mark.parametrize("code", ["", " ", "x" * 201, "\x00", "é", "hocba_\ud800"])
def test_what_is_no_code_is_wrong_and_no_error(browser, code):
    data = {"ma": code.encode("utf-8", "surrogatepass")}
    assert browser.post("/phu-huynh", data=data).status_code == 403


def test_blanks_that_copying_adds_do_not_matter(sample, browser, pupil):
    code = sample.guardian(pupil)
    assert sign_in(browser, f"  {code[:20]} \n{code[20:]} ").status_code == 200


def test_the_cookie_is_for_this_site_and_for_no_script(sample, pupil):
    code = sample.guardian(pupil)
    with sample.client(headers=HTML) as client:
        answer = client.post("/phu-huynh", data={"ma": code})
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("hocba_session=")
    assert {"httponly", "samesite=strict", "path=/"} <= {
        each.strip().lower() for each in cookie.split(";")
    }
    assert "secure" not in cookie.lower()
    assert code not in cookie


def test_over_tls_the_cookie_is_secure_and_bound_to_the_host(sample, pupil):
    proxy = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1", **HTML}
    with sample.client(headers=proxy) as client:
        answer = client.post("/phu-huynh", data={"ma": sample.guardian(pupil)})
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-hocba_session=")
        assert "; secure" in cookie.lower()
        again = client.get("/phu-huynh", headers={"Cookie": cookie.partition(";")[0]})
    assert "Thoát" in again.text


def test_signing_out_ends_it(sample, browser, pupil):
    sign_in(browser, sample.guardian(pupil))
    assert "Thoát" in browser.get("/phu-huynh").text
    answer = browser.post("/phu-huynh/thoat")
    assert "Mã truy cập" in answer.text
    assert "Mã truy cập" in browser.get("/phu-huynh").text
    actions = [each.action for each in sample.trail()]
    assert "session.opened" in actions
    assert actions[-1] == "session.closed"
    assert browser.post("/phu-huynh/thoat").status_code == 200


@pytest.mark.parametrize("cookie", ["x", "", "é", "gAAAAA", "a" * 4000])
def test_a_cookie_that_is_not_ours_opens_nothing(sample, cookie):
    headers = {**HTML, "Cookie": f"hocba_session={cookie}".encode("latin-1")}
    answer = httpx.get(f"{sample.url}/phu-huynh", headers=headers)
    assert answer.status_code == 200
    assert "Mã truy cập" in answer.text


def test_a_revoked_code_ends_every_session_at_once(sample, browser, pupil):
    sign_in(browser, sample.guardian(pupil))
    (token,) = [
        each for each in _tokens(sample) if each.mahocsinh == (pupil,) and not each.revoked_at
    ][-1:]
    with sample.repository.index.transaction() as tx:
        tx.tokens.revoke(token.id, sample.repository.clock())
    assert "Mã truy cập" in browser.get("/phu-huynh").text


def _tokens(sample):
    with sample.repository.index.reading() as tx:
        return tx.tokens.all()


def test_a_session_ends_by_itself(sample, pupil):
    settings = replace(SETTINGS, session=timedelta(seconds=-1), work_batches=False)
    app = create_app(sample.home, settings=settings)
    code = sample.guardian(pupil)
    with running(app) as url, httpx.Client(base_url=url, headers=HTML) as client:
        cookie = sign_in(client, code).headers["set-cookie"].partition(";")[0]
        answer = client.get("/phu-huynh", headers={"Cookie": cookie})
    assert "Mã truy cập" in answer.text


def test_no_other_site_may_post_our_forms(sample, browser, pupil):
    headers = {"Sec-Fetch-Site": "cross-site"}
    data = {"ma": sample.guardian(pupil)}
    answer = browser.post("/phu-huynh", data=data, headers=headers)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert browser.post("/phu-huynh/thoat", headers=headers).status_code == 403
    same = {"Sec-Fetch-Site": "same-origin"}
    assert browser.post("/phu-huynh", data=data, headers=same).status_code == 200


def test_guessing_codes_has_to_wait(sample):
    app = create_app(
        sample.home, settings=replace(SETTINGS, sign_ins_per_minute=2, work_batches=False)
    )
    with running(app) as url, httpx.Client(base_url=url, headers=HTML) as client:
        answers = [sign_in(client, f"hocba_{number}") for number in range(3)]
    assert [each.status_code for each in answers] == [403, 403, 429]
    assert answers[2].headers["retry-after"]


def test_a_form_in_another_encoding_is_refused(browser):
    assert browser.post("/phu-huynh", json={"ma": "x"}).status_code == 415
    assert browser.post("/phu-huynh", data={"ma": "x" * 10_000}).status_code == 413


# ---------------------------------------------------------------- what a parent sees


def test_a_parent_sees_every_year_of_the_child_and_no_other_child(sample, browser, pupil):
    page = sign_in(browser, sample.guardian(pupil))
    own = [each for each in sample.records() if each.mahocsinh == pupil]
    others = [each for each in sample.records() if each.mahocsinh != pupil]
    assert len(own) > 1
    for each in own:
        assert each.madinhdanhhocba in page.text
        assert each.namhoc in page.text
        assert each.tentruong in page.text
    assert not any(each.madinhdanhhocba in page.text for each in others)
    assert "Có hiệu lực" in page.text
    assert "Giáo viên chủ nhiệm; Lãnh đạo nhà trường; Con dấu số của nhà trường" in page.text
    years = re.findall(r"Năm học (\d{4})-", page.text)
    assert years == sorted(years, reverse=True)


def test_a_result_in_letters_is_said_in_words(sample, browser):
    each = next(e for e in sample.records() if e.definition.startswith("trung-hoc") and e.ketqua)
    page = text_of(sign_in(browser, sample.guardian(each.mahocsinh)))
    words = {"T": "Tốt", "K": "Khá", "Đ": "Đạt", "CĐ": "Chưa đạt"}
    learning = each.ketqua.split("/")[0]
    assert f"Học tập cả năm {words[learning]}" in page
    assert each.ketqua not in page


def test_a_child_without_records_is_said_to_have_none_yet(sample, browser):
    page = sign_in(browser, sample.guardian("1500009999"))
    assert "Chưa có học bạ nào" in page.text


def test_a_record_reads_in_words_and_without_the_staffs_personal_ids(sample, browser):
    for kind in ("tieu-hoc", "trung-hoc"):
        each = next(e for e in sample.records() if e.definition.startswith(kind))
        sign_in(browser, sample.guardian(each.mahocsinh))
        answer = browser.get(f"/phu-huynh/hoc-ba/{each.madinhdanhhocba}")
        page = text_of(answer)
        assert each.hovaten in page
        assert "Những người đã ký" in page
        rules = sample.repository.judgement().basis
        assert rules.algorithms in page  # no verdict of old rules is shown as one of today's
        assert rules.constraints in page
        assert "Con dấu số của nhà trường" in page
        assert "Toán" in page
        for name in ("soddcngiamhieu", "soddcngvcn", "DIEM_TONG_KET", "tenmonhoc"):
            assert name not in answer.text
        data = _document(sample, each)
        staff = set(re.findall(r"<soddcng\w+>(\d+)</", data))
        assert staff
        assert not any(number in answer.text for number in staff)


def _document(sample, each) -> str:
    with sample.client(sample.token(TokenKind.OPERATOR)) as client:
        return client.get(f"/v1/records/{each.madinhdanhhocba}/versions/1/document").text


def test_what_a_parent_downloads_is_what_the_school_signed(sample, browser, pupil):
    page = sign_in(browser, sample.guardian(pupil))
    sent = {path.read_bytes() for path in sample.province.records}
    links = re.findall(r'href="(/phu-huynh/hoc-ba/[^"]+/tai-ve)"', page.text)
    assert links
    for link in links:
        answer = browser.get(link)
        assert answer.content in sent
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["cache-control"] == "no-store"
    receipt = browser.get(links[0].replace("tai-ve", "bien-nhan"))
    assert receipt.text.count(".") == 2


@pytest.mark.parametrize("part", ["", "/ban/1", "/ban/1/tai-ve", "/ban/1/bien-nhan"])
def test_another_childs_record_does_not_exist(sample, browser, part):
    own, other = sample.province.summary.pupils[:2]
    sign_in(browser, sample.guardian(own))
    theirs = next(each for each in sample.records() if each.mahocsinh == other)
    answer = browser.get(f"/phu-huynh/hoc-ba/{theirs.madinhdanhhocba}{part}")
    assert answer.status_code == 404
    assert theirs.hovaten not in answer.text
    assert sample.trail()[-1].action == "access.refused"


@pytest.mark.parametrize("part", ["", "/ban/1", "/ban/1/tai-ve", "/ban/1/bien-nhan"])
def test_without_a_session_one_is_asked_to_sign_in(sample, part):
    each = sample.records()[0]
    with sample.client(headers=HTML) as client:
        answer = client.get(f"/phu-huynh/hoc-ba/{each.madinhdanhhocba}{part}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/phu-huynh")


def test_a_version_that_is_not_there_is_not_found(sample, browser, pupil):
    sign_in(browser, sample.guardian(pupil))
    each = next(e for e in sample.records() if e.mahocsinh == pupil)
    here = f"/phu-huynh/hoc-ba/{each.madinhdanhhocba}/ban"
    assert browser.get(f"{here}/2").status_code == 404
    assert browser.get(f"{here}/x").status_code == 404


def test_every_look_is_noted(sample, browser, pupil):
    sign_in(browser, sample.guardian(pupil))
    each = next(e for e in sample.records() if e.mahocsinh == pupil)
    for part in ("", "/ban/1/tai-ve", "/ban/1/bien-nhan"):
        browser.get(f"/phu-huynh/hoc-ba/{each.madinhdanhhocba}{part}")
    noted = [e for e in sample.trail() if e.madinhdanhhocba == each.madinhdanhhocba][-5:]
    assert [e.action for e in noted] == [
        "timeline.read",
        "record.read",
        "document.read",
        "document.read",
        "receipt.read",
    ]


@pytest.fixture
def changed(sample, tmp_path):
    """Serves a copy of the home whose first pupil's newest record was changed in the index."""
    path = tmp_path / "home"
    shutil.copytree(sample.home.path, path)
    home = replace(sample.home, path=path)

    def serve(**changes):
        app = create_app(home, settings=replace(SETTINGS, work_batches=False))
        index = app.state.service.repository.index
        each = sample.records()[0]
        with index.transaction() as tx:
            (version,) = tx.records.versions(each.madinhdanhhocba)
            if "phienban" in changes:
                second = {"phienban": 2, "batch": version.batch, "position": 10_000}
                tx.records.add_versions([replace(version, **second)])
            tx.records.replace([replace(each, **changes)])
        return app, each

    return serve


def test_an_old_version_says_that_there_is_a_newer_one(sample, changed):
    app, each = changed(phienban=2)
    with (
        running(app) as url,
        httpx.Client(base_url=url, headers=HTML, follow_redirects=True) as client,
    ):
        code = _code_of(app, each.mahocsinh)
        page = sign_in(client, code)
        assert "Các bản của học bạ này (2)" in page.text
        here = f"/phu-huynh/hoc-ba/{each.madinhdanhhocba}"
        assert "bản cũ" not in client.get(here).text
        old = client.get(f"{here}/ban/1")
        assert "Đây là bản cũ (bản 1)" in old.text
        assert f'href="{here}"' in old.text


def _code_of(app, pupil: str) -> str:
    return issue(app.state.service.repository.index, TokenKind.GUARDIAN, mahocsinh=[pupil])


def test_a_recalled_record_says_so_wherever_it_is_shown(changed):
    app, each = changed(status=RecordStatus.RECALLED)
    with (
        running(app) as url,
        httpx.Client(base_url=url, headers=HTML, follow_redirects=True) as client,
    ):
        page = sign_in(client, _code_of(app, each.mahocsinh))
        record = client.get(f"/phu-huynh/hoc-ba/{each.madinhdanhhocba}")
    for shown in (page, record):
        assert "Đã thu hồi" in shown.text
        assert "Đừng dùng để nộp hồ sơ" in shown.text


def test_without_trust_the_page_does_not_say_who_signed(changed):
    app, each = changed()
    service = app.state.service
    judgement = replace(service.repository.judgement(), paths=None)
    repository = replace(service.repository, judgement=lambda: judgement)
    app.state.service = replace(service, repository=repository)
    with (
        running(app) as url,
        httpx.Client(base_url=url, headers=HTML, follow_redirects=True) as client,
    ):
        sign_in(client, _code_of(app, each.mahocsinh))
        page = client.get(f"/phu-huynh/hoc-ba/{each.madinhdanhhocba}")
    assert page.status_code == 200
    assert "Hiện chưa kiểm tra lại được các chữ ký" in page.text
    assert each.hovaten in page.text


# ---------------------------------------------------------------- checking a file


def check(client: httpx.Client, data: bytes, name: str = "a.xml") -> httpx.Response:
    return client.post("/kiem-tra", files={"file": (name, data)})


def test_a_good_file_passes_and_says_whose_it_is(sample, browser):
    for path in sample.province.records:
        page = check(browser, path.read_bytes(), path.name)
        assert 'data-outcome="accepted"' in page.text
        assert "Đạt" in text_of(page)
        assert "bản mới nhất mà kho đang giữ" in page.text
        (name,) = re.findall("<hovaten>(.*?)</hovaten>", path.read_text("utf-8"))
        assert name in page.text
        assert path.name in page.text


def test_an_altered_file_fails_names_the_reason_and_not_the_pupil(sample, browser):
    data = sample.province.records[0].read_bytes().replace(b"<hovaten>", b"<hovaten>X", 1)
    page = check(browser, data)
    assert 'data-outcome="rejected"' in page.text
    assert "Không đạt" in page.text
    assert "đã bị thay đổi sau khi ký" in page.text
    assert "Không hợp lệ" in page.text
    (name,) = re.findall(rb"<hovaten>(.*?)</hovaten>", data)
    assert name.decode() not in page.text


@pytest.mark.parametrize("data", [b"x", b"<a", b"\xff\xfe<\x00", b"<!DOCTYPE a []><a/>"])
def test_what_cannot_be_read_is_said_with_the_reason(browser, data):
    page = check(browser, data, "<script>alert(1)</script>.xml")
    assert page.status_code == 200
    assert 'data-outcome="unreadable"' in page.text
    assert "Không đọc được" in page.text
    assert "Lý do" in page.text
    assert "<script>alert" not in page.text


def test_an_unsigned_record_says_that_it_has_no_signature(browser):
    page = check(browser, primary_record())
    assert 'data-outcome="rejected"' in page.text
    assert "Tệp không có chữ ký số nào" in page.text


def test_a_file_full_of_faults_gives_a_page_that_can_be_read(browser):
    rows = [primary_row("TOC", "", mucdatduoc="Z", Id=f"d{n}") for n in range(60)]
    page = check(browser, primary_record(rows=rows))
    assert page.text.count('class="findings"') >= 1
    assert "lỗi nữa không nêu ở đây" in page.text
    assert len(page.content) < 200_000


def test_choosing_no_file_is_said_beside_the_form(browser):
    page = check(browser, b"", "")
    assert page.status_code == 422
    assert "Chưa chọn tệp" in page.text
    assert 'id="check"' in page.text


def test_a_system_that_posts_to_the_page_wrongly_gets_a_problem(sample):
    answer = httpx.post(f"{sample.url}/kiem-tra", json={})
    assert answer.status_code == 415
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("status", "phienban", "words"),
    [(RecordStatus.RECALLED, 1, "Học bạ đã bị thu hồi"), (RecordStatus.VALID, 2, "đã có bản mới")],
)
def test_a_good_signature_does_not_hide_that_a_record_is_out_of_force(
    sample, changed, status, phienban, words
):
    changes = {"status": status} if phienban == 1 else {"phienban": phienban}
    app, each = changed(**changes)
    data = _document(sample, each).encode()
    with running(app) as url, httpx.Client(base_url=url, headers=HTML) as client:
        page = check(client, data)
    assert words in page.text
    assert "Chữ ký đúng, nhưng" in page.text
