"""What every recorded result says of itself: its command, its versions, its machine, its day."""

import datetime
import json
import os
import platform
import re
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
NUMBERS = re.compile(r"\[\n\s+([-+.\deE\s,nul]*?)\n\s+\]")  # a list of numbers, one on a line


def processor():
    """The processor's name, as far as the system tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def write(name, command, result, used="one thread used"):
    """Write benchmarks/results/<name>.json: the result, and how to get it again."""
    packages = ("numpy", "scikit-learn", "scipy", "torch")
    about = {
        "command": command,
        "date": datetime.date.today().isoformat(),
        "versions": {"python": platform.python_version()} | {p: version(p) for p in packages},
        "machine": f"{processor()}, {os.cpu_count()} cores, {used}",
    }
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(about | result, indent=1, ensure_ascii=False)
    text = NUMBERS.sub(lambda found: f"[{' '.join(found[1].split())}]", text)
    (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")
