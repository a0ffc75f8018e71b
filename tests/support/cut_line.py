"""A line that breaks: a TCP proxy that cuts what it carries after so many bytes, or is slow."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

_BLOCK = 16 * 1024
_RESET = struct.pack("ii", 1, 0)


@dataclass
class Line:
    """A proxy in front of a server. `sent` counts the bytes that went to the server, over all.

    Each number in `cuts` (rising) is how many of them may have gone before every connection is
    reset; `at_cut` is called then. With a `rate` (bytes a second) it is slow.
    """

    server: tuple[str, int]
    cuts: Sequence[int] = ()
    rate: int | None = None
    at_cut: Callable[[int], None] = lambda _number: None
    sent: int = 0
    done: int = 0
    _open: set[socket.socket] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def carry(self, client: socket.socket) -> None:
        """Carry one connection until it ends or is cut."""
        try:
            server = socket.create_connection(self.server, timeout=5)
        except OSError:
            _reset(client)
            return
        server.settimeout(None)
        with self._lock:
            self._open |= {client, server}
        back = threading.Thread(target=self._copy, args=(server, client), daemon=True)
        back.start()
        self._copy(client, server, counted=True)
        with suppress(OSError):
            server.shutdown(socket.SHUT_WR)
        back.join()
        with self._lock:
            self._open -= {client, server}
        client.close()
        server.close()

    def _copy(self, source: socket.socket, target: socket.socket, *, counted: bool = False) -> None:
        with suppress(OSError):
            while data := source.recv(_BLOCK):
                if not counted:
                    target.sendall(data)
                    continue
                while data:
                    data = data[self._forward(data, target) :]

    def _forward(self, data: bytes, target: socket.socket) -> int:
        """Send what may go before the next cut, and cut there; gives how much went."""
        with self._lock:
            cut = self.cuts[self.done] if self.done < len(self.cuts) else None
            count = len(data) if cut is None else min(len(data), max(cut - self.sent, 0))
        target.sendall(data[:count])
        if self.rate:
            time.sleep(count / self.rate)
        with self._lock:
            self.sent += count
            is_cut = cut is not None and self.sent >= cut
            number = self.done
            if is_cut:
                self.done += 1
        if is_cut:
            self.at_cut(number)
            self.reset()
            raise ConnectionResetError
        return count

    def reset(self) -> None:
        """Reset every connection."""
        with self._lock:
            connections = tuple(self._open)
        for each in connections:
            _reset(each)


def _reset(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


@contextmanager
def carried(line: Line) -> Iterator[str]:
    """The address of the proxy, until the end of the block."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener, line), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            line.reset()


def _accept(listener: socket.socket, line: Line) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            threading.Thread(target=line.carry, args=(client,), daemon=True).start()
