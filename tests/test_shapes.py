"""Sizes, and the words in which a size is refused."""

import itertools

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


@given(st.integers(1, 20), small, small, st.integers(0, 2), small, st.integers(0, 4))
def test_sizes_of_convolutions_are_torchs(size, kernel, stride, padding, dilation, more):
    x, weight = torch.zeros(1, 1, size), torch.zeros(1, 1, kernel)
    try:
        y = functional.conv1d(x, weight, None, stride, padding, dilation)
    except RuntimeError:
        with pytest.raises(ValueError, match="no window fits"):
            shapes.conv_sizes(x.shape, weight.shape, None, 1, stride, padding, dilation)
    else:
        numbers = shapes.conv_sizes(x.shape, weight.shape, None, 1, stride, padding, dilation)
        assert numbers[-2] == y.shape[2:]
    options = stride, padding, more, 1, dilation
    try:
        y = functional.conv_transpose1d(x, weight, None, *options)
    except RuntimeError:
        with pytest.raises(ValueError, match=r"output_padding must be|nothing is left"):
            shapes.conv_transpose_sizes(x.shape, weight.shape, None, 1, *options)
    else:
        numbers = shapes.conv_transpose_sizes(x.shape, weight.shape, None, 1, *options)
        assert numbers[0] == y.shape[2:]


def test_sizes_of_convolutions_by_hand():
    assert shapes.conv_sizes((3, 224, 224), (64, 3, 7, 7), None, 2, 2, 3)[-2] == (112, 112)
    pads, _, out, _ = shapes.conv_sizes((1, 9), (1, 1, 4), None, 1, padding="same")[3:]
    assert (pads, out) == (((1, 2),), (9,))  # the odd cell at the end
    assert shapes.conv_transpose_sizes((1, 5), (1, 1, 3), None, 1, 2, 1, 1)[0] == (10,)
    assert shapes.unfold_sizes((1, 5, 7), 3, stride=2)[-1] == (2, 3)
    assert shapes.fold_sizes((9, 6), (5, 7), 3, stride=2)[0] == (5, 7)
    assert shapes.linear_sizes((2, 3), (3,), None) == (2,)


@given(st.integers(2, 9), st.integers(-3, 9), st.integers(-3, 9))
def test_padded_cells_are_torchs(size, before, after):
    x = torch.arange(float(size)).view(1, 1, size)
    for mode in ("reflect", "replicate", "circular"):
        try:
            ((before, after),) = shapes.pad_sizes(x.shape, (before, after), mode)
        except ValueError:
            continue  # tests of convolution compare what is refused
        y = functional.pad(x, (before, after), mode)
        cells = itertools.chain(*shapes.padded_cells(size, before, after, mode))
        assert list(cells) == y.flatten().tolist()


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
    (
        lambda: shapes.conv_sizes((2, 9), (4, 3, 3), None, 1),
        ValueError,
        r"C = 2 channels of x and groups = 1, got shape \(4, 3, 3\)",
    ),
    (
        lambda: shapes.conv_sizes((2, 9), (4, 2, 3), (3,), 1),
        ValueError,
        r"shape \(4,\), got shape \(3,\)",
    ),
    (
        lambda: shapes.conv_transpose_sizes((2, 9), (2, 2, 3), None, 1, output_padding=1),
        ValueError,
        "output_padding must be less than the stride",
    ),
    (lambda: shapes.fold_sizes((4, 8), 4, 2), ValueError, r"3·3 columns.*got shape \(4, 8\)"),
    (lambda: shapes.pad_sizes((4,), (5, 5), "reflect"), ValueError, "all axes but one or two"),
    (lambda: shapes.pad_sizes((4,), (-3, -2)), ValueError, "-3 and -2 cells of 4"),
    (lambda: shapes.receptive_field([(3, 0)]), ValueError, "at least 1, got 0"),
    (lambda: shapes.operation_count(4, 6, groups=4), ValueError, "4 and 6, got 4"),
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
