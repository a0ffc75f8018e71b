"""RFC 3161 time-stamps: tokens read and validated, and got from an authority."""
