"""What pytest leaves alone: modules that import what exists for some systems only."""

import importlib.util

collect_ignore_glob = [] if importlib.util.find_spec("triton") else ["lib/accelerated/*_triton.py"]
