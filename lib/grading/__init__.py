"""Exercises that grade themselves, and the judge that a submission cannot reach."""
