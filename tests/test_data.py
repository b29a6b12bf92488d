"""The data that come with the book, and those that are fetched: from a small server, not afar."""

import gzip
import hashlib
import http.server
import json
import struct
import subprocess
import sys
import threading

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn import datasets

from lib import data

STEMS = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
]


def test_digits_are_scikit_learns_in_our_layout():
    x, target = data.digits()
    flat = datasets.load_digits().data
    assert x.shape == (1797, 1, 8, 8)
    assert (x.dtype, target.dtype) == (np.float64, np.int64)
    assert_array_equal(x.reshape(1797, 64) * 16, flat)
    assert_array_equal(np.bincount(target), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])


def test_breast_cancer_has_212_malignant_and_357_benign_tumours():
    x, target = data.breast_cancer()
    assert x.shape == (569, 30)
    assert (x.dtype, target.dtype) == (np.float64, np.int64)
    assert_array_equal(np.bincount(target), [212, 357])
    assert x.max() == 4254.0  # the largest "worst area": left in its own unit


@pytest.mark.parametrize(("index", "name"), [(0, "china"), (1, "flower")])
def test_sample_images_are_scikit_learns_with_channels_first(index, name):
    x = data.sample_image(name)
    stored = datasets.load_sample_images().images[index]
    assert x.shape == (3, 427, 640)
    assert_array_equal(np.rint(x * 255).astype(np.uint8), np.moveaxis(stored, -1, 0))
    assert_array_equal(data.sample_images()[index], x)


def test_an_unknown_sample_image_is_refused():
    with pytest.raises(ValueError, match="expected 'china' or 'flower', got 'cat'"):
        data.sample_image("cat")


def idx(array):
    """Write an array as MNIST's files are written, from the format's description."""
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return gzip.compress(header + array.astype(np.uint8).tobytes(), mtime=0)


def made_files():
    """Return small files of the right form: five training and three test images."""
    rng = np.random.default_rng(0)
    files = {}
    for stem, count in zip(STEMS, (5, 5, 3, 3), strict=True):
        size = (count, 28, 28) if "images" in stem else (count,)
        files[f"{stem}.gz"] = idx(rng.integers(0, 256 if "images" in stem else 10, size))
    return files


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Serve made files under checksums of their own; count the requests."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            server.asked.append(self.path)
            body = server.files.get(self.path.lstrip("/"))
            if body is None:
                return self.send_error(404)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) - server.cut])

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.files, server.asked, server.cut = made_files(), [], 0
    server.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setenv("DESCENT_DATA", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    publish(server, monkeypatch)
    yield server
    server.shutdown()
    server.server_close()


def publish(server, monkeypatch):
    """Let the library expect the files as the server has them now."""
    sums = {stem: hashlib.sha256(server.files[f"{stem}.gz"]).hexdigest() for stem in STEMS}
    for name in ("mnist", "fashion-mnist"):
        monkeypatch.setitem(data._SOURCES, name, (server.url, sums))


@pytest.mark.parametrize("load", [data.mnist, data.fashion_mnist], ids=["mnist", "fashion"])
@pytest.mark.parametrize(("split", "count"), [("train", 5), ("test", 3)])
def test_a_fetched_split_has_the_servers_numbers(server, load, split, count):
    x, target = load(split)
    prefix = {"train": "train", "test": "t10k"}[split]
    pixels = gzip.decompress(server.files[f"{prefix}-images-idx3-ubyte.gz"])[16:]
    labels = gzip.decompress(server.files[f"{prefix}-labels-idx1-ubyte.gz"])[8:]
    assert x.shape == (count, 1, 28, 28)
    assert (x.dtype, target.dtype) == (np.float32, np.int64)
    assert_array_equal(np.rint(x * 255).astype(np.uint8).ravel(), list(pixels))
    assert_array_equal(target, list(labels))
    assert x.max() <= 1


def test_the_second_read_needs_no_network(server):
    first = data.mnist()
    assert len(server.asked) == 2
    server.shutdown()
    server.server_close()
    assert_array_equal(data.mnist()[0], first[0])
    assert len(server.asked) == 2


def test_a_kept_file_that_was_altered_is_fetched_again(server, tmp_path):
    first = data.mnist()
    kept = tmp_path / "cache" / "mnist" / "train-labels-idx1-ubyte.gz"
    kept.write_bytes(idx(np.arange(5)))
    assert_array_equal(data.mnist()[1], first[1])
    assert len(server.asked) == 3


def test_both_sets_are_kept_apart(server, monkeypatch):
    data.mnist()
    server.files["train-labels-idx1-ubyte.gz"] = idx(np.array([1, 2, 3, 4, 5]))
    publish(server, monkeypatch)
    assert_array_equal(data.fashion_mnist()[1], [1, 2, 3, 4, 5])


def test_base_url_is_another_address_for_the_same_files(server, monkeypatch):
    sums = data._SOURCES["mnist"][1]
    monkeypatch.setitem(data._SOURCES, "mnist", ("http://127.0.0.1:9/unused", sums))
    x, _ = data.mnist(base_url=server.url + "/")
    assert len(x) == 5


def test_a_wrong_checksum_is_refused_and_not_kept(server, tmp_path):
    server.files["train-images-idx3-ubyte.gz"] += b"more"
    with pytest.raises(ValueError, match=r"SHA256 .*train-images.* does not match .*expected"):
        data.mnist()
    assert list((tmp_path / "cache" / "mnist").iterdir()) == []


def test_a_transfer_that_breaks_off_is_no_file(server, tmp_path):
    server.cut = 100
    with pytest.raises(ConnectionError, match=r"could not be fetched.*base_url.*put the file"):
        data.mnist()
    assert list((tmp_path / "cache" / "mnist").iterdir()) == []


def test_a_missing_file_is_named(server):
    del server.files["t10k-labels-idx1-ubyte.gz"]
    with pytest.raises(ConnectionError, match=r"t10k-labels-idx1-ubyte.gz could not .*404"):
        data.mnist("test")


def test_a_folder_that_cannot_keep_files_is_named(server, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("DESCENT_DATA", str(tmp_path / "file"))
    with pytest.raises(OSError, match=r"file/mnist cannot keep files: .*another folder.*DESCENT"):
        data.mnist("test")


def test_no_server_is_named(server):
    with pytest.raises(ConnectionError, match=r"http://127.0.0.1:9/train-images.* could not be"):
        data.mnist(base_url="http://127.0.0.1:9")


whole = idx(np.zeros((5, 28, 28)))
BAD_FILES = {
    "cut-short": (whole[:-20], "expected a whole gzip file, got: Compressed file ended before"),
    "not-gzip": (b"<html>gone</html>", "expected a whole gzip file, got: Not a gzipped file"),
    "bit-rot": (whole[:20] + b"\xff\xff\xff" + whole[23:], "expected a whole gzip file, got:"),
    "labels-for-images": (idx(np.zeros(5)), r"expected the first bytes \[0, 0, 8, 3\], got \[0"),
    "signed-bytes": (gzip.compress(bytes([0, 0, 9, 3])), r"got \[0, 0, 9, 3\]"),
    "empty": (gzip.compress(b""), r"expected the first bytes \[0, 0, 8, 3\], got \[\]"),
    "only-a-magic": (gzip.compress(bytes([0, 0, 8, 3])), r"expected 16 bytes .*, got 4"),
    "cut-before": (
        gzip.compress(gzip.decompress(whole)[:-100]),
        r"expected 3936 bytes for the sizes \[5, 28, 28\], got 3836",
    ),
    "too-long": (gzip.compress(gzip.decompress(whole) + b"!"), "expected 3936 .*, got 3937"),
    "fewer-images": (idx(np.zeros((4, 28, 28))), "got 5 labels for 4 images"),
}


@pytest.mark.parametrize(("content", "message"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_file_of_the_wrong_form_is_refused(server, monkeypatch, content, message):
    server.files["train-images-idx3-ubyte.gz"] = content
    publish(server, monkeypatch)  # the checksum agrees: only its reader can object
    with pytest.raises(ValueError, match=message):
        data.mnist()


def test_an_unknown_split_is_refused_before_anything_is_asked(server):
    with pytest.raises(ValueError, match="expected 'train' or 'test', got 'valid'"):
        data.mnist("valid")
    assert server.asked == []


def test_each_file_has_a_sha256_of_its_own():
    sums = [*data._MNIST.values(), *data._FASHION.values()]
    assert len({*sums}) == 8
    assert all(len(bytes.fromhex(each)) == 32 for each in sums)


def test_recorded_results_are_read_by_name(tmp_path, monkeypatch):
    results = tmp_path / "benchmarks" / "results"
    results.mkdir(parents=True)
    (results / "made.json").write_text(json.dumps({"seeds": [1, 2], "unit": "µs"}))
    monkeypatch.setattr(data, "__file__", str(tmp_path / "lib" / "data.py"))
    assert data.recorded("made") == {"seeds": [1, 2], "unit": "µs"}
    with pytest.raises(ValueError, match=r"expected one of \['made'\], got '../made'"):
        data.recorded("../made")


def test_an_installed_package_carries_its_recorded_results(tmp_path, monkeypatch):
    recorded = tmp_path / "lib" / "recorded"
    recorded.mkdir(parents=True)
    (recorded / "made.json").write_text("[1]")
    monkeypatch.setattr(data, "__file__", str(tmp_path / "lib" / "data.py"))
    assert data.recorded("made") == [1]


def test_importing_the_module_loads_no_heavy_package():
    heavy = "{'sklearn', 'pooch', 'requests', 'torch'}"
    code = f"import lib.data, sys; print(*{heavy} & {{*sys.modules}})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""
