"""Execute side by side the notebooks that the cache does not hold: ``python -m book.execute``.

Sphinx would execute them too, but one after another. A notebook that fails here is left to Sphinx,
which says what went wrong.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import yaml
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import single_nb_execution
from sphinx_external_toc.parsing import parse_toc_yaml

from book.ext.execution import cache_folder

MOST_AT_ONCE = 4  # each kernel holds torch in memory


def waiting(root, cache, left_alone):
    """Return path and content of each notebook whose code cells the cache does not know."""
    found = []
    for path in [root / f"{page}.ipynb" for page in parse_toc_yaml(root / "_toc.yml")]:
        if not path.exists() or any(path.relative_to(root).match(each) for each in left_alone):
            continue
        notebook = nbformat.read(path, 4)
        try:
            cache.match_cache_notebook(notebook)
        except KeyError:
            found.append((path, notebook))
    return found


def fill_cache(root):
    """Execute what is new or changed in the book at ``root``, one notebook a core."""
    options = yaml.safe_load((root / "_config.yml").read_text("utf-8"))["execute"]
    cache = get_cache(cache_folder(root, root / "_build"))
    new = waiting(root, cache, options.get("exclude_patterns", ()))

    def run(item):
        path, notebook = item
        return single_nb_execution(
            notebook, str(path.parent), options["timeout"], allow_errors=False
        )

    if new:
        print(f"executing {', '.join(path.stem for path, _ in new)}", flush=True)
    with ThreadPoolExecutor(min(MOST_AT_ONCE, os.cpu_count() or 1)) as pool:
        for (path, notebook), result in zip(new, pool.map(run, new), strict=True):
            if result.err is None:
                print(f"executed {path.stem} in {result.time:.0f} s", flush=True)
                facts = {"execution_seconds": result.time}
                bundle = CacheBundleIn(notebook, str(path), data=facts)
                cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


if __name__ == "__main__":
    fill_cache(Path.cwd())
