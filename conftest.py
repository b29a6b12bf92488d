"""What pytest leaves alone: what exists for some systems only, or runs in the sandbox alone."""

import importlib.util

collect_ignore = ["lib/grading/_inside.py", "lib/grading/_zygote.py"]
collect_ignore_glob = [] if importlib.util.find_spec("triton") else ["lib/accelerated/*_triton.py"]
