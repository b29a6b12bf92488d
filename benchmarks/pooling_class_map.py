"""Train the network whose class maps the reader sees, once, and record its weights.

About two minutes on one core. Writes results/pooling_class_map.json: the weights, how often the
network is right on fresh frames, and one test digit of each class for the widget.
"""

import time

import torch

from benchmarks import recording
from lib.experiments import _pooling_class_map as class_map
from lib.experiments import pooling as experiment

COMMAND = "OMP_NUM_THREADS=1 python benchmarks/pooling_class_map.py"
SEED, UPDATES, LEARNING_RATE = 0, 4000, 0.02


def main():
    """Train, measure, write down."""
    torch.set_num_threads(1)
    start = time.process_time()
    network = class_map.train(SEED, UPDATES, LEARNING_RATE)
    x, y = experiment.digits(SEED)["test"]
    first = [int((y == digit).nonzero()[0, 0]) for digit in range(10)]
    result = {
        "seed": SEED,
        "updates": UPDATES,
        "lr": LEARNING_RATE,
        "cpu_seconds": round(time.process_time() - start),
        "layers": class_map.LAYERS,
        "encoding": "int16 (a weight times 1024, rounded), zlib, base64; layer by layer",
        "images": (x[first, 0] * 4).round().int().tolist(),  # full ink is 16
    }
    scores = class_map.score(network)
    print(scores)
    recording.write("pooling_class_map", COMMAND, result | scores | class_map.packed(network))


if __name__ == "__main__":
    main()
