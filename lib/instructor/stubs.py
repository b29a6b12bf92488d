"""What stands where a solution stood in a student's notebook: `handin` takes it for unwritten."""

from lib.grading._standing import STUB

STUBS = {  # nbgrader's settings of `ClearSolutions`
    "code_stub": {"python": "...  # write here; more lines than one are welcome"},
    "text_stub": STUB,
}
