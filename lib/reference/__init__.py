"""The reference: every operation in NumPy, forward and backward written out, to be read."""
