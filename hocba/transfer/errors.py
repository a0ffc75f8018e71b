"""Errors of this package.

LifecycleRefused
└── TransferRefused     a package, an acknowledgement or an order that is not believed or not fit
"""

from hocba.errors import LifecycleRefused


class TransferRefused(LifecycleRefused):
    """Nothing was sent, taken in or noted."""
