"""The one time zone of Việt Nam: UTC+7 all year. Imports nothing heavy: every command needs it."""

from datetime import timedelta, timezone
from typing import Final

VIETNAM_TIME: Final = timezone(timedelta(hours=7))
