"""How often one address may ask for what is open to everybody."""

import ipaddress
import threading
from collections import OrderedDict
from collections.abc import Callable

MAX_ADDRESSES = 10_000


class RateLimit:
    """A token bucket for each address: *per_minute* at once, then evenly over the minute.

    Held in memory, by one process, for the addresses seen last. *clock* counts seconds.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        self._capacity = float(per_minute)
        self._per_second = per_minute / 60
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, address: str) -> float:
        """Take one; gives 0, or for how many seconds there is none to be had."""
        now = self._clock()
        name = _network(address)
        with self._lock:
            level, since = self._buckets.pop(name, (self._capacity, now))
            level = min(self._capacity, level + (now - since) * self._per_second)
            granted = level >= 1
            self._buckets[name] = (level - 1 if granted else level, now)
            if len(self._buckets) > MAX_ADDRESSES:
                self._buckets.popitem(last=False)
        return 0.0 if granted else (1 - level) / self._per_second


def _network(address: str) -> str:
    """What counts as one: an IPv4 address, or an IPv6 /64, which one household has to itself."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False))
