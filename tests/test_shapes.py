"""Sizes, and the words in which a size is refused."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from lib import shapes

small = st.integers(1, 5)


@given(st.integers(1, 20), small, small, st.integers(0, 2), small, st.booleans())
def test_output_size_is_torchs(size, kernel_size, stride, padding, dilation, ceil_mode):
    options = kernel_size, stride, min(padding, kernel_size // 2), dilation, ceil_mode
    try:
        expected = functional.max_pool1d(torch.zeros(1, 1, size), *options).shape[-1]
    except RuntimeError:
        with pytest.raises(ValueError, match="no window fits"):
            shapes.output_size(size, *options)
    else:
        assert shapes.output_size(size, *options) == expected


def test_output_size_by_hand():
    assert shapes.output_size(7, 3, stride=2) == 3
    assert shapes.output_size(8, 3, stride=2) == 3  # the floor: the last cell is never seen
    assert shapes.output_size(8, 3, stride=2, ceil_mode=True) == 4
    assert shapes.output_size(5, 2, stride=3, padding=1, ceil_mode=True) == 2  # one dropped


@given(st.integers(1, 30), st.integers(1, 30))
def test_adaptive_windows_cover_every_cell(size, out):
    windows = [shapes.adaptive_window(i, size, out) for i in range(out)]
    assert {cell for start, end in windows for cell in range(start, end)} == set(range(size))
    assert all(start < end for start, end in windows)


REFUSED = [
    (lambda: shapes.output_size(5, 0), ValueError, "kernel_size must be at least 1, got 0"),
    (lambda: shapes.output_size(5, 2, 0), ValueError, "stride must be at least 1, got 0"),
    (
        lambda: shapes.output_size(5, 2, 1, -1),
        ValueError,
        "at least 0, got -1",
    ),
    (lambda: shapes.output_size(5, 2, 1, 0, 0), ValueError, "dilation must be at least 1"),
    (lambda: shapes.output_size(3, 5), ValueError, "no window fits: a kernel of 5"),
    (lambda: shapes.output_size(5, 2.0), TypeError, "whole number, got 2.0"),
    (lambda: shapes.output_size(5, True), TypeError, "whole number, got True"),
    (lambda: shapes.output_size(5, np.array([2, 3])), TypeError, "whole number, got array"),
    (lambda: shapes.per_axis("stride", (1, 2, 3), 2, 1), ValueError, "one number or 2"),
    (lambda: shapes.spatial_size((3, 4), 2), ValueError, r"\(N, C, H, W\) or \(C, H, W\)"),
    (lambda: shapes.spatial_size((3, 0, 4), 2), ValueError, "no axis but the batch may be"),
    (lambda: shapes.pool_sizes((1, 9, 9), 2, 3, padding=2), ValueError, "half of kernel_size"),
    (lambda: shapes.adaptive_sizes((1, 9, 9), 2, (3,)), ValueError, "one number or 2"),
    (lambda: shapes.adaptive_sizes((1, 9, 9), 2, -1), ValueError, "at least 0, got -1"),
    (
        lambda: shapes.unpool_sizes((1, 2, 2), 2, 2, output_size=(6, 4)),
        ValueError,
        "between 2",
    ),
    (lambda: shapes.unpool_sizes((1, 2, 2), 2, 2, output_size=(4,)), ValueError, "2 or 4"),
    (lambda: shapes.output_size(5, 2, ceil_mode="False"), TypeError, "ceil_mode.*got 'False'"),
    (lambda: shapes.output_size(5, 2, ceil_mode=1), TypeError, "ceil_mode.*got 1"),
    (lambda: shapes.pool_sizes((1, 5), 1, 2, stride=10**30), ValueError, "stride must be at most"),
    (
        lambda: shapes.unpool_sizes((1, 2, 2), 2, 2, output_size=5),
        TypeError,
        "output_size must be a tuple or list of 2 or 4 numbers, got 5",
    ),
    (
        lambda: shapes.fractional_sizes((1, 9, 9), 2, 2, None, "half"),
        TypeError,
        "output_ratio must be a number.*got 'half'",
    ),
    (lambda: shapes.fractional_sizes((1, 9, 9), 2, 2), ValueError, "got neither"),
    (lambda: shapes.fractional_sizes((1, 9, 9), 2, 2, 9), ValueError, r"at most \(8, 8\)"),
    (
        lambda: shapes.fractional_sizes((1, 9, 9), 2, 2, None, 1.5),
        ValueError,
        "each between",
    ),
]


@pytest.mark.parametrize(
    ("call", "error", "message"), REFUSED, ids=[message for *_, message in REFUSED]
)
def test_the_message_says_what_was_expected_and_what_came(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_numpys_whole_numbers_are_whole_numbers():
    assert shapes.per_axis("stride", np.int64(2), 2, 1) == (2, 2)
