"""What normalization in NumPy refuses, and whether it says what was expected and what came."""

import math

import numpy as np
import pytest

from lib.reference.normalization import (
    batch_norm,
    batch_norm_backward,
    fold_batch_norm,
    group_norm,
    instance_norm,
    layer_norm,
    layer_norm_backward,
    local_response_norm,
    normalize,
    rms_norm,
    weight_norm,
)

X, ONE, V = np.ones((2, 4, 3)), np.ones(4), np.ones((4, 3))
NAN = math.nan


def layer(x=X, shape=(3,), **options):
    return layer_norm(x, shape, **options)


REFUSED = {
    "a list": (lambda: normalize([1.0]), TypeError, "x must be a NumPy array, got builtins.list"),
    "whole numbers": (lambda: layer(np.ones((2, 3), int)), TypeError, "x must hold float16"),
    "no channels": (
        lambda: batch_norm(ONE, ONE, ONE),
        ValueError,
        r"axes \(N, C, …\), got.*\(4,\)",
    ),
    "a scalar": (lambda: instance_norm(np.array(1.0)), ValueError, r"\(N, C, …\)"),
    "one cell": (lambda: instance_norm(V), ValueError, r"each channel of a sample.*\(4, 3\)"),
    "one value a group": (lambda: group_norm(np.ones((1, 2)), 2), ValueError, "each group"),
    "one statistic": (lambda: batch_norm(X, ONE, None), ValueError, "both or neither, got one"),
    "the other": (lambda: instance_norm(X, None, ONE), ValueError, "both or neither, got one"),
    "no statistics": (lambda: batch_norm(X, None, None), ValueError, "in evaluation, got None"),
    "none without x": (lambda: instance_norm(X, use_input_stats=False), ValueError, "got None"),
    "their shape": (
        lambda: batch_norm(X, np.ones(3), ONE),
        ValueError,
        r"mean must have shape \(4,\), got \(3,\)",
    ),
    "their dtype": (
        lambda: batch_norm(X, ONE, np.ones(4, np.float32)),
        TypeError,
        "running_var must hold float64 beside x, got float32",
    ),
    "a weight's axes": (
        lambda: group_norm(X, 2, np.ones((1, 4))),
        ValueError,
        r"weight.*\(4,\), got \(1, 4\)",
    ),
    "a bias's dtype": (
        lambda: batch_norm(X, None, None, None, ONE > 0, True),
        TypeError,
        "bias must hold.*got bool",
    ),
    "two dtypes": (
        lambda: layer(
            X.astype(np.float16), weight=np.ones(3, np.float16), bias=np.ones(3, np.float32)
        ),
        TypeError,
        "bias must have the dtype of weight, float16, got float32",
    ),
    "a wide weight": (
        lambda: layer(X.astype(np.float16), weight=np.ones(3)),
        TypeError,
        "float16 or float32 beside x, got float64",
    ),
    "training as a number": (
        lambda: batch_norm(X, ONE, ONE, training=1),
        TypeError,
        "training must be True or False, got 1",
    ),
    "a word for a flag": (
        lambda: instance_norm(X, use_input_stats="no"),
        TypeError,
        "use_input_stats must be True or False, got 'no'",
    ),
    "no eps in training": (
        lambda: batch_norm(X, None, None, training=True, eps=0),
        ValueError,
        "eps must be above 0 in training, got 0",
    ),
    "eps below 0": (
        lambda: batch_norm(X, ONE, ONE, eps=-1),
        ValueError,
        "eps must be at least 0, got -1",
    ),
    "eps as text": (lambda: layer(eps="1"), TypeError, "eps must be a number, got '1'"),
    "eps of NaN": (lambda: rms_norm(X, (3,), eps=NAN), ValueError, "eps must be a real number"),
    "no momentum": (
        lambda: batch_norm(X, ONE, ONE, momentum=None),
        TypeError,
        "momentum must be a number, got None",
    ),
    "momentum of NaN": (
        lambda: instance_norm(X, momentum=NAN),
        ValueError,
        "momentum must be a real",
    ),
    "groups": (
        lambda: group_norm(X, 3),
        ValueError,
        "num_groups must divide the 4 channels of x, got 3",
    ),
    "no groups": (lambda: group_norm(X, 0), ValueError, "num_groups must be at least 1, got 0"),
    "part of a group": (
        lambda: group_norm(X, 2.0),
        TypeError,
        "num_groups must be a whole number",
    ),
    "groups of a line": (lambda: group_norm(np.ones(0), 1), ValueError, r"\(N, C, …\)"),
    "a size for a shape": (
        lambda: layer(shape=3),
        TypeError,
        "normalized_shape must be a tuple of sizes, got 3",
    ),
    "no sizes": (lambda: layer(shape=()), ValueError, "one at least"),
    "other sizes": (
        lambda: layer(shape=(4,)),
        ValueError,
        r"last sizes of x.*\(2, 4, 3\); got \(4,\)",
    ),
    "more sizes": (lambda: rms_norm(X, (1, 2, 4, 3)), ValueError, "last sizes of x"),
    "a size of 3.0": (
        lambda: rms_norm(X, (3.0,)),
        TypeError,
        "a size in normalized_shape must be a whole",
    ),
    "a weight for the last axis": (
        lambda: layer(shape=(4, 3), weight=np.ones(3)),
        ValueError,
        r"\(4, 3\), got \(3,\)",
    ),
    "dy's shape": (
        lambda: batch_norm_backward(ONE, X, ONE, ONE),
        ValueError,
        "dy must have the shape of y",
    ),
    "dy's dtype": (
        lambda: layer_norm_backward(X.astype(np.float32), X, (3,)),
        TypeError,
        "dy must have the dtype of y",
    ),
    "a length's shape": (
        lambda: weight_norm(V, ONE),
        ValueError,
        r"g must have shape \(4, 1\).*got \(4,\)",
    ),
    "a length for all": (
        lambda: weight_norm(V, np.ones((1, 1)), None),
        ValueError,
        r"g must have shape \(\)",
    ),
    "a length's dtype": (
        lambda: weight_norm(V, np.ones((4, 1), np.float32)),
        TypeError,
        "g must have the dtype of",
    ),
    "no such axis": (
        lambda: weight_norm(V, ONE, 2),
        ValueError,
        "dim must be from -2 to 1, got 2",
    ),
    "an axis of 1.0": (lambda: weight_norm(V, ONE, 1.0), TypeError, "dim must be a whole number"),
    "a direction of no axis": (
        lambda: weight_norm(np.array(1.0), np.array(1.0)),
        ValueError,
        "one axis at least",
    ),
    "no room for neighbours": (
        lambda: local_response_norm(V, 2),
        ValueError,
        r"three at least, got shape \(4, 3\)",
    ),
    "no neighbourhood": (
        lambda: local_response_norm(X, 0),
        ValueError,
        "size must be at least 1, got 0",
    ),
    "half a neighbour": (
        lambda: local_response_norm(X, 2.5),
        TypeError,
        "size must be a whole number",
    ),
    "alpha of NaN": (lambda: local_response_norm(X, 2, NAN), ValueError, "alpha must be a real"),
    "beta as text": (
        lambda: local_response_norm(X, 2, beta="1"),
        TypeError,
        "beta must be a number",
    ),
    "no k": (lambda: local_response_norm(X, 2, k=None), TypeError, "k must be a number"),
    "a norm by name": (lambda: normalize(X, "fro"), TypeError, "p must be a number, got 'fro'"),
    "a norm of NaN": (lambda: normalize(X, NAN), ValueError, "p must be a real number"),
    "an axis twice": (lambda: normalize(X, dim=(0, -3)), ValueError, "each axis once"),
    "no second axis": (lambda: normalize(ONE), ValueError, "dim must be from -1 to 0, got 1"),
    "the largest of none": (
        lambda: normalize(X[:, :0], math.inf),
        ValueError,
        "not be empty along",
    ),
    "the norm's eps": (
        lambda: normalize(X, eps=None),
        TypeError,
        "eps must be a number, got None",
    ),
    "a vector of weights": (
        lambda: fold_batch_norm(ONE, None, ONE, ONE),
        ValueError,
        r"\(O, I, …\), got shape",
    ),
    "other outputs": (
        lambda: fold_batch_norm(V.T, None, ONE, ONE),
        ValueError,
        r"must have shape \(3,\), got \(4,\)",
    ),
    "no mean to fold": (
        lambda: fold_batch_norm(V, ONE, None, ONE),
        TypeError,
        "running_mean must be a NumPy",
    ),
    "an eps to fold": (
        lambda: fold_batch_norm(V, ONE, ONE, ONE, -1),
        ValueError,
        "eps must be at least 0",
    ),
    "a turn to fold": (
        lambda: fold_batch_norm(V, ONE, ONE, ONE, transpose=0),
        TypeError,
        "transpose must be",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_message_says_what_was_expected_and_what_came(case):
    call, error, message = REFUSED[case]
    with pytest.raises(error, match=f"(?s){message}"):
        call()
