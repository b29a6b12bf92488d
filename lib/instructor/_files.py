"""Files that hold what students did: readable by their owner only, whole or not there."""

import os
import secrets
from pathlib import Path


def make_folder(path: Path) -> Path:
    """Make a folder, and those above it that are missing, for its owner's eyes only.

    Returns:
        the folder.
    """
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
        path.chmod(0o700)  # the process's mask may have taken bits from the mode
    return path


def write_new(path: Path, data: bytes | str) -> Path:
    """Write a file that its owner alone may read, where there is none yet.

    Returns:
        the file.

    Raises:
        FileExistsError: there is one.
    """
    if isinstance(data, str):
        data = data.encode()
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(data)
    path.chmod(0o600)
    return path


def replace(path: Path, data: bytes | str) -> Path:
    """Write a file that its owner alone may read, in place of what stood there, all at once.

    Returns:
        the file.
    """
    fresh = write_new(path.with_name(f".{path.name}.{secrets.token_hex(4)}"), data)
    fresh.replace(path)
    return path
