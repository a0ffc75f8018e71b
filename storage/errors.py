"""Errors of this package, split by who must act.

StorageError
├── ObjectNotFound      the caller: no such key or version
├── ObjectDamaged       the operator: the bytes read are not the bytes stored
├── StoreUnavailable    nobody yet: try again later (network, server, disk full)
└── StoreMisconfigured  the operator: bucket without versioning, wrong credentials, bad path
"""


class StorageError(Exception):
    """Any error of this package."""


class ObjectNotFound(StorageError):  # noqa: N818 -- says what is the case
    """No such key, or no such version of it."""


class ObjectDamaged(StorageError):  # noqa: N818
    """The bytes read back do not have the digest that they were stored with."""


class StoreUnavailable(StorageError):  # noqa: N818
    """The store cannot be reached or cannot write now; nothing was promised."""


class StoreMisconfigured(StorageError):  # noqa: N818
    """The store exists but must not be used as it is."""
