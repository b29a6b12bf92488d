"""How data crosses between the judge and a submission: plain values and arrays, never code.

A frame is two lengths (each 4 bytes, little-endian), a JSON text, and the bytes of its arrays one
after the other. The text holds numbers, words, truth values and None as they are; a list, tuple,
dict, array or generator is an object with one key that says which. Whatever else arrives is
refused by `BadFrame`: it is an answer that is wrong, not a reason to stop.

The same file is read by both sides: it imports nothing of this project.
"""

import json
import math
import struct

import numpy as np

LENGTHS = struct.Struct("<II")
DTYPES = {
    *("bool", "float16", "float32", "float64"),
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
}
MOST_AXES = 8
MOST_VALUES = 10_000
MOST_DEEP = 8
MOST_DIGITS = 300  # of a whole number


class BadFrame(ValueError):  # noqa: N818 (the field's word for it)
    """What arrived is no frame, or holds what may not cross."""


def encode(value):
    """Return a frame as bytes.

    Args:
        value: None (as which `...` crosses, too), bool, int, float, str, a NumPy array or number
            of the plain dtypes, or a list, tuple or dict with words as keys of such; at most 8
            deep.

    Raises:
        BadFrame: something else is among them.

    Example:
        >>> decode(*split(encode({"lr": 0.1, "shape": (2, 3)})))
        {'lr': 0.1, 'shape': (2, 3)}
    """
    arrays = []
    text = json.dumps(_plain(value, arrays, 0)).encode()
    body = b"".join(array.tobytes() for array in arrays)
    return LENGTHS.pack(len(text), len(body)) + text + body


def split(frame):
    """Return the text and the body of a whole frame."""
    length, _ = LENGTHS.unpack_from(frame)
    return frame[LENGTHS.size : LENGTHS.size + length], frame[LENGTHS.size + length :]


def decode(text, body):
    """Return the value that a frame holds.

    Args:
        text: its JSON text, bytes.
        body: the bytes of its arrays.

    Raises:
        BadFrame: the text is no JSON of the agreed form, or the body does not fit it.
    """
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadFrame(f"expected JSON, got {type(error).__name__}") from None
    reader = _Reader(body)
    value = reader.value(tree, 0)
    if reader.at != len(body):
        raise BadFrame(f"expected {reader.at} bytes of arrays, got {len(body)}")
    return value


def _plain(value, arrays, depth):
    """Turn a value into what JSON can say, and put its arrays aside."""
    if depth > MOST_DEEP:
        raise BadFrame(f"expected at most {MOST_DEEP} levels")
    if value is Ellipsis:  # what is not written yet
        return None
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.ndarray | np.generic):
        array = np.ascontiguousarray(value)
        if array.dtype.name not in DTYPES:
            raise BadFrame(f"expected an array of numbers, got dtype {array.dtype}")
        arrays.append(array)
        return {"array": [array.dtype.name, list(np.shape(value))]}
    if isinstance(value, list | tuple):
        kind = "tuple" if isinstance(value, tuple) else "list"
        return {kind: [_plain(each, arrays, depth + 1) for each in value]}
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {"dict": {k: _plain(each, arrays, depth + 1) for k, each in value.items()}}
    raise BadFrame(f"expected numbers, words or arrays, got {type(value).__name__}")


class _Reader:
    """Rebuilds a value, taking the bytes of its arrays in order."""

    def __init__(self, body):
        self.body, self.at, self.count = body, 0, 0

    def value(self, tree, depth):
        """Return one value; its parts come by the method of its kind."""
        self.count += 1
        if self.count > MOST_VALUES or depth > MOST_DEEP:
            raise BadFrame(f"expected at most {MOST_VALUES} values, {MOST_DEEP} levels deep")
        if isinstance(tree, int) and abs(tree) >= 10**MOST_DIGITS:
            raise BadFrame(f"expected a whole number of at most {MOST_DIGITS} digits")
        if tree is None or isinstance(tree, bool | int | float | str):
            return tree
        if not isinstance(tree, dict) or len(tree) != 1:
            raise BadFrame(f"expected an object with one key, got {type(tree).__name__}")
        ((kind, content),) = tree.items()
        if kind in ("list", "tuple") and isinstance(content, list):
            values = [self.value(each, depth + 1) for each in content]
            return tuple(values) if kind == "tuple" else values
        if kind == "dict" and isinstance(content, dict):
            return {key: self.value(each, depth + 1) for key, each in content.items()}
        if kind == "array":
            return self.array(content)
        raise BadFrame(f"expected a list, tuple, dict or array, got {str(kind)[:20]!r}")

    def array(self, about):
        """Return the next array, which nobody may write to."""
        match about:
            case [str() as dtype, [*shape]] if dtype in DTYPES and len(shape) <= MOST_AXES:
                pass
            case _:
                raise BadFrame("expected an array's dtype and shape")
        if not all(type(size) is int and 0 <= size < 2**31 for size in shape):
            raise BadFrame("expected the sizes of an array")
        end = self.at + math.prod(shape) * np.dtype(dtype).itemsize
        if end > len(self.body):
            raise BadFrame("expected more bytes of arrays than came")
        try:
            array = np.frombuffer(self.body[self.at : end], dtype).reshape(shape)
        except ValueError:  # a size of 0 hides that the others are more than an array can have
            raise BadFrame("expected the sizes of an array") from None
        self.at = end
        return array
