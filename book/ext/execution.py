"""When a page must be executed or read again.

jupyter-cache compares the cells of a notebook with those it has run. It does not see that the
library which the cells import has changed. So the cache lives in a folder named after a hash of
all that a cell may read: another library, another folder, nothing found in it. Sphinx, for its
part, reads every page anew when a setting that concerns pages has changed, and the name of the
folder is such a setting.
"""

import hashlib
import subprocess
from pathlib import Path

READ_BY_CELLS = ("lib", "benchmarks/results", "requirements.lock")
SHAPES_EVERY_PAGE = ("book", "_config.yml")


def digest(root, places):
    """Return a hash of all files at ``places`` under ``root``: their paths and their bytes.

    Args:
        root: the folder of the book.
        places: files or folders under it; what does not exist counts as empty.

    Returns:
        Sixteen hexadecimal digits.

    Example:
        >>> digest(".", ["no-such-place"]) == digest("/", [])
        True
    """
    found = hashlib.sha256()
    for place in places:
        top = Path(root) / place
        for path in sorted([top, *top.rglob("*")]):
            if path.is_file() and path.suffix != ".pyc":
                found.update(path.relative_to(root).as_posix().encode() + b"\0")
                found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()[:16]


def git(root, *arguments):
    """Return what git prints, or an empty string in a tree without git."""
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


def cache_folder(root, output):
    """Return the folder for executed notebooks, named after all that their cells may read."""
    return str(Path(output) / "jupyter-cache" / digest(root, READ_BY_CELLS))


def set_keys(app, config):
    """Choose the cache; note what else asks for pages to be made again."""
    config.nb_execution_cache_path = cache_folder(app.srcdir, Path(app.outdir).parent)
    config.descent_code = digest(app.srcdir, SHAPES_EVERY_PAGE)
    config.descent_commit = git(app.srcdir, "rev-parse", "HEAD")


def write_all_if_any_changed(app, env):
    """Write every page when one was read: menus, ticks, claims and minutes show on all of them."""
    return sorted(env.found_docs) if app.descent_read else []


def setup(app):
    """Connect to Sphinx's events."""
    app.descent_read = False
    app.add_config_value("descent_code", "", "env", str)
    app.add_config_value("descent_commit", "", "html", str)
    app.connect("config-inited", set_keys)
    app.connect("source-read", lambda app, *_: setattr(app, "descent_read", True))
    app.connect("env-updated", write_all_if_any_changed)
