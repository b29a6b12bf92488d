"""What crosses between judge and submission comes back as it was; all else is refused."""

import contextlib
import json
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_array_equal

from lib.grading import _frames
from lib.grading._frames import LENGTHS, BadFrame, decode, encode, split

DTYPES = st.sampled_from(sorted(_frames.DTYPES)).map(np.dtype)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**40), 10**40),
    st.floats(),
    st.text(max_size=20),
    hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.text(max_size=5), inner, max_size=4),
    ),
    max_leaves=12,
)


def assert_same(left, right):
    assert type(left) is type(right)
    if isinstance(left, np.ndarray):
        assert_array_equal(left, right, strict=True)
    elif isinstance(left, list | tuple):
        assert len(left) == len(right)
        for one, other in zip(left, right, strict=True):
            assert_same(one, other)
    elif isinstance(left, dict):
        assert list(left) == list(right)
        for key in left:
            assert_same(left[key], right[key])
    else:
        assert_array_equal(left, right)  # NaN is itself here


@given(VALUES)
def test_what_may_cross_comes_back_the_same(value):
    assert_same(decode(*split(encode(value))), value)


def test_a_number_of_numpy_comes_back_as_an_array_without_axes():
    assert_same(decode(*split(encode(np.float32(0.1)))), np.array(0.1, np.float32))


def test_an_array_that_crossed_cannot_be_written_to():
    array = decode(*split(encode(np.ones(3))))
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 2


@pytest.mark.parametrize(
    "value",
    [
        object(),
        np.array([object()]),
        np.array(["a"]),
        np.array([1j]),
        np.array(["2020"], "datetime64[D]"),
        np.zeros(1, [("a", "f4")]),
        {1: 2},
        {2, 3},
        b"bytes",
        1j,
        lambda: 0,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_may_not_cross_is_refused_at_the_start(value):
    with pytest.raises(BadFrame, match="expected"):
        encode([value])


def test_a_value_that_holds_itself_is_refused():
    value = []
    value.append(value)
    with pytest.raises(BadFrame, match="levels"):
        encode(value)


@given(st.binary(max_size=200), st.binary(max_size=50))
def test_garbage_is_refused_and_nothing_else_happens(text, body):
    with contextlib.suppress(BadFrame):
        encode(decode(text, body))  # what is not refused is a value that may cross


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["list", "tuple", "dict", "array", "x"]), inner, max_size=2
        )
    ),
    max_leaves=10,
)


@given(JSONS, st.binary(max_size=64))
def test_json_of_another_form_is_refused_and_nothing_else_happens(tree, body):
    with contextlib.suppress(BadFrame):
        encode(decode(json.dumps(tree).encode(), body))


FORGED = {
    "a dtype that runs code": {"array": ["object", [1]]},
    "a dtype of fields": {"array": ["f8,f8", [1]]},
    "a negative size": {"array": ["float64", [-1]]},
    "a size that is a truth value": {"array": ["float64", [True]]},
    "a huge array": {"array": ["float64", [1 << 30, 1 << 30]]},
    "many axes": {"array": ["float64", [1] * 33]},
    "a size of 0 beside impossible ones": {"array": ["float64", [0, 2**31 - 1, 2**31 - 1, 9]]},
    "sizes that overflow a machine's numbers": {"array": ["int8", [2**31 - 1] * 8]},
    "bytes that did not come": {"array": ["float64", [2]]},
    "a bare list": [1, 2],
    "two kinds": {"list": [], "tuple": []},
    "an unknown kind": {"pickle": "gASV"},
    "a list that is none": {"list": {"a": 1}},
    "a number of 400 digits": 10**400,
}


@pytest.mark.parametrize("forged", FORGED)
def test_forged_frames_are_refused(forged):
    with pytest.raises(BadFrame, match="expected"):
        decode(json.dumps(FORGED[forged]).encode(), b"\0" * 8)


@settings(deadline=500)
@given(VALUES, st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=6))
def test_a_frame_with_bytes_changed_is_a_value_or_refused(value, changes):
    frame = bytearray(encode(value))
    for place, byte in changes:
        frame[LENGTHS.size + place % max(1, len(frame) - LENGTHS.size)] = byte
    with contextlib.suppress(BadFrame):
        encode(decode(*split(bytes(frame))))


@pytest.mark.parametrize("unit", [b"{},", b"[],", b"0,", b'"",', b'{"dict":{}},', b"1e9,"])
def test_a_text_as_long_as_may_come_takes_little_memory(unit):
    text = b'{"list": [' + unit * ((1 << 20) // len(unit) - 9) + b"0]}"
    tracemalloc.start()
    with pytest.raises(BadFrame, match="expected"):
        decode(text, b"")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 256 << 20


def test_a_deep_tree_is_refused():
    for depth in (10, 100_000):
        text = b'{"list": [' * depth + b"]}" * depth
        with pytest.raises(BadFrame, match=r"levels deep|RecursionError"):
            decode(text, b"")


def test_a_wide_tree_is_refused():
    with pytest.raises(BadFrame, match="at most 10000 values"):
        decode(json.dumps({"list": [0] * 10_001}).encode(), b"")


def test_a_number_of_many_digits_is_refused():
    with pytest.raises(BadFrame, match="got ValueError"):
        decode(b"1" * 10_000, b"")


def test_a_frame_says_how_long_it_is():
    frame = encode([np.zeros(4), "é"])
    text, body = LENGTHS.unpack_from(frame)
    assert (body, len(frame)) == (32, LENGTHS.size + text + body)
