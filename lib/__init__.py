"""Descent's library: every operation of the book twice, in NumPy to read and in torch to run.

    lib.reference     NumPy, forward and hand-written backward
    lib.accelerated   the torch twins, on whatever device their input lives
    lib.widgets       what the reader can move
    lib.data          digits, sample images, MNIST
    lib.plotting      functions of an axes
    lib.shapes        output sizes and their errors
    lib.gradcheck     numeric slopes

Importing ``lib`` costs nothing: each part is imported by name when it is needed.
"""

__version__ = "0.1.0"
