"""The `hocba` command, one module a command."""
