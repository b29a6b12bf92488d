"""Exercises that grade themselves, and the judge that a submission cannot reach.

In a notebook, `check` tries an answer on the cases that everybody may see and says what is wrong
with it; the judge tries others like them.
"""

from lib.grading._check import TOPICS as TOPICS
from lib.grading._check import check as check
from lib.grading._check import given as given
