"""Addresses of keys: what each part means, and what is refused."""

from pathlib import Path

import pytest

from signing.keys.address import ServiceAddress, read_service_address, read_token_address
from tests.support.keys import key_error


def test_reads_every_part_of_a_pkcs11_uri() -> None:
    found = read_token_address(
        "pkcs11:token=Tr%C6%B0%E1%BB%9Dng;serial=AB01;slot-id=7;manufacturer=M%20x;model=X;"
        "object=con%20dau;id=%01%FF;type=private?module-path=/opt/a%3Fb.so&pin-source=file:/run/pin"
    )
    assert (found.token, found.serial, found.slot_id) == ("Trường", "AB01", 7)
    assert (found.manufacturer, found.model) == ("M x", "X")
    assert (found.object, found.id) == ("con dau", b"\x01\xff")
    assert (found.module, found.pin_source) == ("/opt/a?b.so", Path("/run/pin"))


def test_the_default_module_serves_where_the_uri_names_none() -> None:
    assert read_token_address("pkcs11:", "/a.so").module == "/a.so"
    assert read_token_address("pkcs11:?module-path=/b.so", "/a.so").module == "/b.so"
    with key_error("HB-K049", reason="module-path"):
        read_token_address("pkcs11:token=x")


@pytest.mark.parametrize("source", ["/run/pin", "file:/run/pin", "file:///run/pin"])
def test_a_pin_source_is_a_file(source: str) -> None:
    found = read_token_address(f"pkcs11:?module-path=/a.so&pin-source={source}")
    assert found.pin_source == Path("/run/pin")


@pytest.mark.parametrize(
    "text",
    [
        "pkcs11:token",
        "pkcs11:=x",
        "pkcs11:;",
        "pkcs11:token=a;token=b",
        "pkcs11:unknown=a",
        "pkcs11:module-path=/a",
        "pkcs11:type=cert",
        "pkcs11:slot-id=x",
        "pkcs11:slot-id=-1",
        "pkcs11:slot-id=",
        "pkcs11:token=%zz",
        "pkcs11:id=%1",
        "pkcs11:?token=a",
        "pkcs11:?pin-source=",
        "pkcs11:?pin-source=|cat%20x",
        "pkcs11:?pin-source=https://x/pin",
        "pkcs11:?module-path=",
        "pkcs11:?module-path=/a&module-path=/b",
    ],
)
def test_what_is_not_clear_is_refused(text: str) -> None:
    with key_error("HB-K049"):
        read_token_address(text, None if "module-path=" in text else "/a.so")


def test_a_pin_in_the_uri_is_refused_and_not_repeated() -> None:
    with key_error("HB-K049") as caught:
        read_token_address("pkcs11:?module-path=/a&pin-value=135790")
    assert "135790" not in repr(caught.value.finding)


@pytest.mark.parametrize(
    ("text", "base", "host", "version", "credential"),
    [
        ("csc+https://k.vn/csc/v1/c1", "https://k.vn/csc/v1", "k.vn", "v1", "c1"),
        (
            "csc+https://k.vn:8773/csc/v2/a%2Fb",
            "https://k.vn:8773/csc/v2",
            "k.vn:8773",
            "v2",
            "a/b",
        ),
        ("csc+https://k.vn/csc/v1/a/b", "https://k.vn/csc/v1", "k.vn", "v1", "a/b"),
        ("csc+https://k.vn/x/y/csc/v1/%C4%91", "https://k.vn/x/y/csc/v1", "k.vn", "v1", "đ"),
        ("csc+http://127.0.0.1:8/csc/v1/c", "http://127.0.0.1:8/csc/v1", "127.0.0.1:8", "v1", "c"),
        ("csc+http://[::1]:8/csc/v1/c", "http://[::1]:8/csc/v1", "::1:8", "v1", "c"),
        ("csc+http://localhost/csc/v1/c", "http://localhost/csc/v1", "localhost", "v1", "c"),
    ],
)
def test_reads_the_address_of_a_service(
    text: str, base: str, host: str, version: str, credential: str
) -> None:
    assert read_service_address(text) == ServiceAddress(
        base=base, host=host, version=version, credential=credential
    )


@pytest.mark.parametrize(
    "text",
    [
        "csc+http://k.vn/csc/v1/c",
        "csc+http://127.0.0.1.evil.vn/csc/v1/c",
        "csc+https:///csc/v1/c",
        "csc+https://user:secret@k.vn/csc/v1/c",
        "csc+https://user@k.vn/csc/v1/c",
        "csc+https://k.vn/csc/v1/c?token=x",
        "csc+https://k.vn/csc/v1/c#x",
        "csc+https://k.vn/csc/v1/",
        "csc+https://k.vn/csc/v3/c",
        "csc+https://k.vn/xcsc/v1/c",
        "csc+https://k.vn/c",
        "csc+https://k.vn/csc/v1/%zz",
        "csc+https://k.vn:port/csc/v1/c",
        "csc+https://[::1/csc/v1/c",
    ],
)
def test_an_address_that_is_not_clear_or_not_safe_is_refused(text: str) -> None:
    with key_error("HB-K049"):
        read_service_address(text)
