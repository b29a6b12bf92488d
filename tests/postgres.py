"""A PostgreSQL server of the tests' own, from Debian's package, gone when they end."""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
USER = "teacher"


def as_somebody():
    """Return what runs the server's programs as somebody else: they refuse to run as root."""
    return ["runuser", "--user", "postgres", "--"] if os.getuid() == 0 else []


@contextlib.contextmanager
def server():
    """Start a server; yields the URL of an empty database, with its password in it."""
    password = secrets.token_hex(8)
    folder = Path(tempfile.mkdtemp(prefix="descent-postgres-"))
    if os.getuid() == 0:
        shutil.chown(folder, "postgres")
    (folder / "password").write_text(password)
    (folder / "password").chmod(0o644)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    run("initdb", "--username", USER, "--auth", "scram-sha-256", "--pwfile", folder / "password",
        "--pgdata", folder / "data", "--no-sync", cwd=folder)  # fmt: skip
    options = f"-h 127.0.0.1 -p {port} -k {folder} -F"
    control = "pg_ctl", "--pgdata", folder / "data", "--log", folder / "log", "--wait"
    run(*control, "--options", options, "start", cwd=folder)
    try:
        yield f"postgresql+psycopg://{USER}:{password}@127.0.0.1:{port}/postgres"
    finally:
        run(*control, "--mode", "immediate", "stop", cwd=folder)
        shutil.rmtree(folder, ignore_errors=True)


def run(program, *words, cwd):
    """Run one of the server's programs, and say what it said if it fails."""
    line = [*as_somebody(), PROGRAMS[0] / program, *words]
    with tempfile.TemporaryFile() as said:  # a pipe would stay open as long as the server runs
        about = {"cwd": cwd, "stdout": said, "stderr": said, "timeout": 60}
        done = subprocess.run(list(map(str, line)), **about)
        said.seek(0)
        assert done.returncode == 0, said.read().decode()
