"""The register that a home uses: the one in its settings, else the imported file."""

import os
from collections.abc import Mapping
from pathlib import Path

from hocba.identity.errors import RegisterUnusable
from hocba.identity.http import HttpRegister
from hocba.identity.imported import FILE_NAME, ImportedRegister
from hocba.identity.register import IdentityRegister
from hocba.identity.settings import TOKEN, IdentitySettings
from schemas.findings import finding


def open_register(
    settings: IdentitySettings, home: Path, environment: Mapping[str, str] = os.environ
) -> IdentityRegister:
    """The register, to be closed; raises `RegisterUnusable` where there is none."""
    if settings.url is not None:
        return HttpRegister(settings, environment.get(TOKEN))
    file = home / FILE_NAME
    if not file.is_file():
        raise RegisterUnusable(finding("HB-I188"))
    return ImportedRegister.open(file)
