"""The book's data: small sets that come with scikit-learn, two that are fetched, recorded results.

Images are (N, C, H, W) or (C, H, W) with values in [0, 1]; tables are (N, D) as they were
measured; classes are int64. Nothing is fetched by any function but `mnist` and `fashion_mnist`.
"""

import gzip
import json
import os
import zlib
from pathlib import Path

import numpy as np

_MNIST = {  # the SHA-256 of each file, gzipped, as torchvision publishes them too
    "train-images-idx3-ubyte": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
_FASHION = {
    "train-images-idx3-ubyte": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "train-labels-idx1-ubyte": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "t10k-images-idx3-ubyte": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "t10k-labels-idx1-ubyte": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
}
_SOURCES = {
    "mnist": ("https://ossci-datasets.s3.amazonaws.com/mnist", _MNIST),
    "fashion-mnist": (
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
        _FASHION,
    ),
}


def digits():
    """Load 1797 small images of handwritten digits.

    Returns:
        x: (1797, 1, 8, 8) float64; the stored counts 0 … 16 divided by 16.
        target: (1797,) int64, the digit 0 … 9.

    Source: E. Alpaydin & C. Kaynak (1998), through scikit-learn.

    >>> x, target = digits()
    >>> x.shape, x.min(), x.max(), target[:5]
    ((1797, 1, 8, 8), np.float64(0.0), np.float64(1.0), array([0, 1, 2, 3, 4]))
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return bunch.images[:, None] / 16, bunch.target.astype(np.int64)


def breast_cancer():
    """Load 569 tumours, each described by 30 measurements of its cells' nuclei.

    Returns:
        x: (569, 30) float64, unscaled: the columns differ in size by factors of thousands.
        target: (569,) int64; 0 is malignant, 1 is benign.

    Source: W. Wolberg, O. Mangasarian, N. Street & W. Street (1993), through scikit-learn.

    >>> x, target = breast_cancer()
    >>> x.shape, int(target.sum())
    ((569, 30), 357)
    """
    from sklearn.datasets import load_breast_cancer

    x, target = load_breast_cancer(return_X_y=True)
    return x, target.astype(np.int64)


def sample_images():
    """Load the two photographs that come with scikit-learn: "china", then "flower".

    Returns:
        x: (2, 3, 427, 640) float64 in [0, 1]; red, green, blue; the stored bytes divided by 255.

    >>> sample_images().shape
    (2, 3, 427, 640)
    """
    return np.stack([sample_image("china"), sample_image("flower")])


def sample_image(name):
    """Load one photograph.

    Args:
        name: "china" (a palace) or "flower" (a dahlia).

    Returns:
        x: (3, 427, 640) float64 in [0, 1]; red, green, blue; the stored bytes divided by 255.

    Raises:
        ValueError: there is no photograph of that name.

    >>> x = sample_image("flower")
    >>> x.shape, x.dtype
    ((3, 427, 640), dtype('float64'))
    """
    from sklearn.datasets import load_sample_image

    if name not in ("china", "flower"):
        raise ValueError(f"name: expected 'china' or 'flower', got {name!r}")
    return load_sample_image(f"{name}.jpg").transpose(2, 0, 1) / 255  # (H, W, C) → (C, H, W)


def mnist(split="train", base_url=None):
    """Fetch MNIST once, check it, and load one of its splits.

    The files (12 MB) are kept in the user's cache folder, or in the folder that the environment
    variable DESCENT_DATA names, and are fetched again only if missing or altered.

    Args:
        split: "train" (N = 60,000) or "test" (N = 10,000).
        base_url: another address that has the four files; the checksums stay the same.

    Returns:
        x: (N, 1, 28, 28) float32 in [0, 1]; the stored bytes divided by 255.
        target: (N,) int64, the digit 0 … 9.

    Raises:
        ValueError: an unknown split, or a file that is not what it should be.
        ConnectionError: a file is neither kept nor to be had; the message says what to do.
        OSError: the folder cannot keep files.

    Source: Y. LeCun, L. Bottou, Y. Bengio & P. Haffner (1998), Gradient-based learning applied to
    document recognition, Proceedings of the IEEE 86(11).
    """
    return _fetch("mnist", split, base_url)


def fashion_mnist(split="train", base_url=None):
    """Fetch Fashion-MNIST once, check it, and load one of its splits: as `mnist`, with clothes.

    Args:
        split: "train" (N = 60,000) or "test" (N = 10,000).
        base_url: another address that has the four files; the checksums stay the same.

    Returns:
        x: (N, 1, 28, 28) float32 in [0, 1]; the stored bytes divided by 255.
        target: (N,) int64: T-shirt, trouser, pullover, dress, coat, sandal, shirt, sneaker, bag,
            ankle boot.

    Raises:
        ValueError: an unknown split, or a file that is not what it should be.
        ConnectionError: a file is neither kept nor to be had; the message says what to do.
        OSError: the folder cannot keep files.

    Source: H. Xiao, K. Rasul & R. Vollgraf (2017), Fashion-MNIST: a novel image dataset for
    benchmarking machine learning algorithms, arXiv:1708.07747.
    """
    return _fetch("fashion-mnist", split, base_url)


def recorded(name):
    """Read the recorded result of a long experiment, with its command, versions and machine.

    Args:
        name: the file's name in benchmarks/results, without its ending.

    Returns:
        what the JSON file holds.

    Raises:
        ValueError: there is no result of that name; the message lists those there are.
    """
    here = Path(__file__).parent
    folder = here.parent / "benchmarks" / "results"
    if not folder.is_dir():  # not a checkout but an installed package
        folder = here / "recorded"
    files = {path.stem: path for path in sorted(folder.glob("*.json"))}
    if name not in files:
        raise ValueError(f"recorded result: expected one of {list(files)}, got {name!r}")
    return json.loads(files[name].read_text(encoding="utf-8"))


def read_idx(path, axes):
    """Read one gzipped file in the IDX format of MNIST, unsigned bytes only.

    Args:
        path: the file; its first four bytes are 0, 0, 8 (unsigned bytes) and the number of axes,
            then come the sizes, four bytes each, big end first, then the values.
        axes: how many axes the file should have: 3 for images, 1 for labels.

    Returns:
        array: uint8, of the sizes that the file states.

    Raises:
        ValueError: the file is cut short or is no such file.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "three-labels.gz"
    >>> _ = path.write_bytes(gzip.compress(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9])))
    >>> read_idx(path, axes=1)
    array([7, 8, 9], dtype=uint8)
    """
    try:
        content = gzip.decompress(Path(path).read_bytes())
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path}: expected a whole gzip file, got: {error}") from error
    magic = bytes([0, 0, 8, axes])
    if content[:4] != magic:
        raise ValueError(f"{path}: expected the first bytes {[*magic]}, got {[*content[:4]]}")
    start = 4 + 4 * axes
    sizes = np.frombuffer(content[4:start].ljust(4 * axes, b"\0"), ">u4").astype(int)
    if len(content) != start + sizes.prod():
        raise ValueError(
            f"{path}: expected {start + sizes.prod()} bytes for the sizes {sizes.tolist()}, "
            f"got {len(content)}"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(sizes)


def _fetch(name, split, base_url):
    """Return images and labels of one split, from the cache or the network."""
    if split not in ("train", "test"):
        raise ValueError(f"split: expected 'train' or 'test', got {split!r}")
    stem = {"train": "train", "test": "t10k"}[split]
    images = read_idx(_file(name, f"{stem}-images-idx3-ubyte", base_url), axes=3)
    labels = read_idx(_file(name, f"{stem}-labels-idx1-ubyte", base_url), axes=1)
    if len(images) != len(labels):
        raise ValueError(
            f"{name} {split}: expected as many labels as images, "
            f"got {len(labels)} labels for {len(images)} images"
        )
    return images[:, None] / np.float32(255), labels.astype(np.int64)


def _file(name, stem, base_url):
    """Return the path of one checked file, fetched if the cache does not have it."""
    import pooch
    from requests import RequestException

    url, checksums = _SOURCES[name]
    folder = Path(os.environ.get("DESCENT_DATA") or pooch.os_cache("descent")) / name
    url = f"{(base_url or url).rstrip('/')}/{stem}.gz"
    download = pooch.HTTPDownloader(timeout=30)
    try:
        return pooch.retrieve(url, checksums[stem], f"{stem}.gz", folder, downloader=download)
    except RequestException as error:
        raise ConnectionError(
            f"{url} could not be fetched: {error}. Connect to the network, pass another address "
            f"as base_url, or put the file into {folder}"
        ) from error
    except OSError as error:
        raise OSError(
            f"{folder} cannot keep files: {error}. Name another folder in the environment "
            "variable DESCENT_DATA"
        ) from error
