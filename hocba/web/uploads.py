"""A request's body as a stream: the whole of it, or the one file of a form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from hocba.web.problems import Problem, ProblemType

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

FORM = "multipart/form-data"
ANY_BYTES = "application/octet-stream"

# What a form may weigh beside its file: boundaries, headers, small fields.
_FORM_OVERHEAD = 64 * 1024


class Sink(Protocol):
    """Where the bytes go."""

    async def write(self, data: bytes) -> None:
        """Take the next bytes."""
        ...


class Memory:
    """A sink for what is small."""

    def __init__(self) -> None:
        self.data = bytearray()

    async def write(self, data: bytes) -> None:
        """Keep the bytes."""
        self.data += data


@dataclass(frozen=True, slots=True)
class Received:
    """What came: how many bytes, and the name that the sender gave them, if any."""

    size: int
    file_name: str | None


async def receive(
    request: Request, sink: Sink, *, limit: int, media_types: frozenset[str]
) -> Received:
    """Stream the body into *sink*: the file of a form, or a body of one of *media_types*.

    Ends the request with a problem: 413 beyond *limit* bytes, 415 for another media type or a
    compressed body, 400 for a broken form, 422 where there is nothing.
    """
    media_type, parameters = _media_type(request)
    is_form = media_type == FORM
    if media_type and not is_form and media_type not in media_types:
        raise _unsupported(media_types)
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise _unsupported(media_types)
    _refuse_declared_size(request, limit + (_FORM_OVERHEAD if is_form else 0), limit)
    if is_form:
        received = await _receive_form(request, sink, limit, parameters)
    else:
        received = await _receive_body(request, sink, limit)
    if received.size == 0:
        raise Problem(ProblemType.NOTHING_SENT)
    return received


async def read_fields(request: Request, *, limit: int = 8192) -> bytes:
    """The body of a small form in the ordinary encoding; 413 and 415 as `receive`."""
    media_type, _ = _media_type(request)
    if media_type != "application/x-www-form-urlencoded":
        raise _unsupported(frozenset({"application/x-www-form-urlencoded"}))
    _refuse_declared_size(request, limit, limit)
    memory = Memory()
    await _receive_body(request, memory, limit)
    return bytes(memory.data)


async def _receive_body(request: Request, sink: Sink, limit: int) -> Received:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise too_large(limit)
        await sink.write(chunk)
    disposition = _options(request.headers.get("content-disposition"))
    return Received(size, _file_name(disposition))


async def _receive_form(
    request: Request, sink: Sink, limit: int, parameters: Mapping[bytes, bytes]
) -> Received:
    form = _Form(limit)
    try:
        # An unreadable boundary is an error of the parser as well.
        parser = MultipartParser(parameters.get(b"boundary", b""), form.callbacks())
        total = 0
        async for chunk in request.stream():
            total += len(chunk)
            if total > limit + _FORM_OVERHEAD:
                raise too_large(limit)
            parser.write(chunk)
            await sink.write(form.taken())
        parser.finalize()
    except FormParserError as error:
        raise Problem(ProblemType.BAD_REQUEST) from error
    if not form.complete:
        raise Problem(ProblemType.BAD_REQUEST)
    return Received(form.size, form.file_name)


@dataclass(slots=True)
class _Form:
    """Follows the parser: takes the bytes of the one file, and lets other fields pass."""

    limit: int
    size: int = 0
    file_name: str | None = None
    complete: bool = False
    _taken: bytearray = field(default_factory=bytearray)
    _header: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)
    _in_file: bool = False
    _files: int = 0

    def callbacks(self) -> "MultipartCallbacks":
        """What the parser calls."""
        return {
            "on_part_begin": self._part_begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_part_data": self._data,
            "on_end": self._end,
        }

    def taken(self) -> bytes:
        """The bytes of the file since the last call."""
        taken = bytes(self._taken)
        self._taken.clear()
        return taken

    def _part_begin(self) -> None:
        self._in_file = False

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        name, value = bytes(self._header).lower(), bytes(self._value)
        self._header.clear()
        self._value.clear()
        if name != b"content-disposition":
            return
        options = _options(value.decode("latin-1"))
        if b"filename" not in options:
            return
        self._files += 1
        if self._files > 1:
            raise Problem(ProblemType.BAD_REQUEST)
        self._in_file = True
        self.file_name = _file_name(options)

    def _data(self, data: bytes, start: int, end: int) -> None:
        if not self._in_file:
            return
        self.size += end - start
        if self.size > self.limit:
            raise too_large(self.limit)
        self._taken += data[start:end]

    def _end(self) -> None:
        self.complete = True


def too_large(limit: int) -> Problem:
    """More than *limit* bytes came, or would come."""
    return Problem(ProblemType.TOO_LARGE, members={"limit": limit})


def _refuse_declared_size(request: Request, most: int, limit: int) -> None:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > most:
        raise too_large(limit)


def _unsupported(media_types: frozenset[str]) -> Problem:
    # RFC 9110, clause 15.5.16: the field Accept says what would have been taken.
    accepted = ", ".join(sorted(media_types))
    return Problem(
        ProblemType.UNSUPPORTED_MEDIA_TYPE,
        headers={"Accept": accepted},
        members={"accepted": accepted},
    )


def _media_type(request: Request) -> tuple[str, Mapping[bytes, bytes]]:
    name, parameters = parse_options_header(request.headers.get("content-type"))
    return name.decode("latin-1").strip(), parameters


def _options(header: str | None) -> Mapping[bytes, bytes]:
    return parse_options_header(header)[1]


def _file_name(options: Mapping[bytes, bytes]) -> str | None:
    raw = options.get(b"filename")
    return raw.decode("utf-8", "replace") if raw else None
