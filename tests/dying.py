"""A grader that dies, in a module that its process loads quickly."""

import os
import signal

from lib.grading.judge import Graded
from lib.instructor.jobs import Finding

FATAL = 3


def die(job):
    """End the process that grades the fatal row; grade the others."""
    if job.row == FATAL:
        os.kill(os.getpid(), signal.SIGKILL)
    return Finding(job.row, "graded", "", {"pooling": Graded(())})
