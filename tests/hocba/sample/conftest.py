"""The sample provinces that tests of the sample read."""

from tests.support.sample import bad_province, province

__all__ = ["bad_province", "province"]
