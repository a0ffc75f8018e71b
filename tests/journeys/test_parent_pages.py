"""A parent and a passer-by in a real browser, on a phone and on a desktop."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from hocba.home import Home
from hocba.index.rows import TokenKind
from hocba.web.app import create_app
from tests.support.browser import DESKTOP, PHONE, chromium
from tests.support.sample import small_province
from tests.support.web import SETTINGS, issue, running

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def province(tmp_path_factory):
    return small_province(tmp_path_factory)


@pytest.fixture(scope="module")
def home(province, tmp_path_factory) -> Home:
    path = tmp_path_factory.mktemp("journey") / "home"
    made = Home.create(path, trust=province.trust, roster=province.roster)
    home = replace(made, configuration=replace(made.configuration, processes=1))
    with home.open_index() as index:
        home.ingest(index, home.open_store()).take_in(
            province.folder / "records", sender="cli", masogd=None
        )
    return home


@pytest.fixture(scope="module")
def site(home) -> Iterator[str]:
    with running(create_app(home, settings=SETTINGS)) as url:
        yield url


@pytest.fixture(scope="module")
def code(home, province) -> str:
    with home.open_index() as index:
        return issue(index, TokenKind.GUARDIAN, mahocsinh=province.summary.pupils[:1])


@pytest.fixture(scope="module")
def browser(site: str, code: str) -> Iterator[Browser]:
    """Started last: the synchronous Playwright keeps an event loop running in this thread."""
    with chromium() as running_browser:
        yield running_browser


@pytest.fixture(params=[PHONE, DESKTOP], ids=["phone", "desktop"])
def page(request, browser, site) -> Iterator[Page]:
    """A page of a fresh browser; whatever the policy blocks or a script throws fails the test."""
    context = browser.new_context(viewport=request.param, base_url=site, locale="vi-VN")
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda said: faults.append(said.text) if _is_fault(said) else None)
    yield opened
    context.close()
    assert faults == []


def _is_fault(message) -> bool:
    return message.type == "error" and "Failed to load resource" not in message.text


def fits(page: Page) -> bool:
    """Whether nobody has to scroll sideways."""
    return page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )


def sign_in(page: Page, code: str) -> None:
    page.goto("/")
    page.get_by_role("link", name="Dành cho phụ huynh").click()
    page.get_by_label("Mã truy cập").fill(code)
    page.get_by_role("button", name="Xem học bạ").click()


def test_a_parent_signs_in_reads_and_downloads_what_the_school_signed(
    page, code, province, tmp_path
):
    sign_in(page, code)
    expect(page.get_by_role("heading", level=1)).to_have_text("Học bạ của con")
    years = page.locator("li.year")
    assert years.count() > 1
    assert fits(page)
    with page.expect_download() as downloading:
        years.first.get_by_role("link", name=re.compile("Tải học bạ")).click()
    download = downloading.value
    assert re.fullmatch(r"hoc-ba-[\w-]+-v1\.xml", download.suggested_filename)
    saved = tmp_path / "saved.xml"
    download.save_as(saved)
    assert saved.read_bytes() in {path.read_bytes() for path in province.records}
    with page.expect_download() as downloading:
        years.first.get_by_role("link", name=re.compile("Tải giấy biên nhận")).click()
    assert downloading.value.suggested_filename.endswith(".receipt.jws")
    name = page.locator("section.child h2").inner_text()
    years.first.get_by_role("link", name=re.compile("Xem nội dung")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.get_by_role("heading", name="Những người đã ký")).to_be_visible()
    assert page.locator("ul.signatures li").count() >= 3
    assert fits(page)
    page.get_by_role("button", name="Thoát").click()
    expect(page.get_by_label("Mã truy cập")).to_be_visible()
    page.go_back()
    page.reload()
    expect(page.get_by_label("Mã truy cập")).to_be_visible()


def test_a_wrong_code_is_answered_in_plain_words(page):
    sign_in(page, "hocba_sai")
    expect(page.get_by_role("alert")).to_contain_text("không đúng hoặc đã hết hạn")
    expect(page.get_by_label("Mã truy cập")).to_have_attribute("aria-invalid", "true")
    assert fits(page)


def test_a_page_can_be_used_with_the_keyboard_alone(page, code):
    page.goto("/phu-huynh")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Đến nội dung chính")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Mã truy cập")).to_be_focused()
    page.keyboard.insert_text(code)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Học bạ của con")


def test_english_is_one_click_away_and_stays(page):
    page.goto("/")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Pupils' digital school records")
    page.get_by_role("link", name="Check a file").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check a record file")


def drop(page: Page, name: str, data: bytes) -> None:
    """Drop a file onto the page as a person would."""
    transfer = page.evaluate_handle(
        """([name, text]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([text], name, { type: "text/xml" }));
            return transfer;
        }""",
        [name, data.decode("utf-8")],
    )
    for event in ("dragenter", "dragover"):
        page.dispatch_event("#check", event, {"dataTransfer": transfer})
    expect(page.locator("#check")).to_have_class(re.compile("over"))
    page.dispatch_event("#check", "drop", {"dataTransfer": transfer})


def test_a_dropped_file_gets_its_verdict_without_a_new_page(page, province):
    page.goto("/kiem-tra")
    page.evaluate("window.same = true")
    good = province.records[0].read_bytes()
    drop(page, "học bạ.xml", good)
    verdict = page.locator("section.verdict")
    expect(verdict).to_have_attribute("data-outcome", "accepted")
    expect(verdict).to_contain_text("Đạt")
    expect(verdict).to_contain_text("học bạ.xml")
    expect(page.locator("#verdict")).to_be_focused()
    assert fits(page)
    drop(page, "sửa.xml", good.replace(b"<hovaten>", b"<hovaten>X", 1))
    expect(verdict).to_have_attribute("data-outcome", "rejected")
    expect(page.locator("ol.findings")).to_contain_text("đã bị thay đổi sau khi ký")
    drop(page, "x.xml", b"x")
    expect(verdict).to_have_attribute("data-outcome", "unreadable")
    assert page.evaluate("window.same") is True
    expect(page.locator("#check")).not_to_have_class(re.compile("over"))


def test_a_chosen_file_gets_its_verdict_without_a_new_page(page, province):
    page.goto("/kiem-tra")
    page.evaluate("window.same = true")
    page.get_by_label("Tệp học bạ (XML)").set_input_files(province.records[0])
    page.get_by_role("button", name="Kiểm tra").click()
    expect(page.locator("section.verdict")).to_have_attribute("data-outcome", "accepted")
    assert page.evaluate("window.same") is True


def test_without_javascript_the_form_does_it(browser, site, province):
    context = browser.new_context(base_url=site, java_script_enabled=False)
    page = context.new_page()
    page.goto("/kiem-tra")
    page.get_by_label("Tệp học bạ (XML)").set_input_files(province.records[0])
    page.get_by_role("button", name="Kiểm tra").click()
    expect(page.locator("section.verdict")).to_have_attribute("data-outcome", "accepted")
    context.close()


def test_a_lost_connection_is_said_and_the_page_stays(page, province):
    page.goto("/kiem-tra")
    page.context.set_offline(True)
    page.get_by_label("Tệp học bạ (XML)").set_input_files(province.records[0])
    page.get_by_role("button", name="Kiểm tra").click()
    expect(page.get_by_role("status")).to_contain_text("Chưa gửi được tệp")
    page.context.set_offline(False)
    page.get_by_role("button", name="Kiểm tra").click()
    expect(page.locator("section.verdict")).to_have_attribute("data-outcome", "accepted")


def test_a_file_that_is_too_large_is_said_beside_the_form(page, tmp_path):
    large = tmp_path / "large.xml"
    large.write_bytes(b"<a>" + b" " * SETTINGS.max_document_bytes)
    page.goto("/kiem-tra")
    page.get_by_label("Tệp học bạ (XML)").set_input_files(Path(large))
    page.get_by_role("button", name="Kiểm tra").click()
    expect(page.get_by_role("alert")).to_contain_text("Tệp quá lớn")
