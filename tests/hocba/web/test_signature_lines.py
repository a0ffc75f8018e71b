"""What the pages say of one signature."""

from dataclasses import replace
from datetime import UTC, datetime

from hocba.examine import examine
from hocba.web.pages.records import signature_line
from hocba.web.texts import text
from schemas.findings import Language


def test_the_time_that_is_proved_stands_beside_the_one_that_is_claimed(province, no_trust):
    data = province.records[0].read_bytes()
    first = examine(data, "", no_trust, datetime(2026, 6, 15, tzinfo=UTC)).signatures.signatures[0]
    proved = datetime(2026, 6, 10, tzinfo=UTC)
    assert signature_line(first, None, Language.VI).proved_at is None
    line = signature_line(replace(first, best_signature_time=proved), None, Language.VI)
    assert line.claimed_at == first.claimed_signing_time
    assert line.proved_at == proved
    assert "existed at" in text("check.proved", Language.EN, moment=proved)
