"""Errors of the sample: all are the caller's to mend."""

from hocba.errors import CallerError


class SampleError(CallerError):
    """The sample cannot be made as asked."""
