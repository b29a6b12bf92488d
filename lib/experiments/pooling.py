"""Pooling at work: a small network on 8×8 digits, one seed at a time.

Two questions. *Shift*: what happens to a trained network when the digit moves by a pixel?
*Stochastic*: does drawing one cell of each window at random make a network generalise better?

The same network serves both: convolution, ReLU, pooling, twice over, then a linear layer. Pooling
is an argument of its forward pass, so that a network may train under one rule and be tested under
another. Everything is computed in double precision, so that a recorded accuracy comes out the
same on another machine.
"""

import functools

import torch
import torch.nn.functional as F  # noqa: N812 (torch's own habit)
from torch import nn

from lib.accelerated import pooling as ours
from lib.experiments import share_out_digits

BATCH = 32
FRAME = 24  # pixels: wide enough that a moved digit hardly feels the border's padding
REACH = 3  # pixels: how far a digit is moved each way

SHIFT_POOLINGS = {
    "strided convolution": lambda x: x,  # the convolutions themselves take every second pixel
    "max": lambda x: ours.max_pool2d(x, 2),
    "average": lambda x: ours.avg_pool2d(x, 2),
    "max + blur": lambda x: ours.blur_pool2d(ours.max_pool2d(x, 2, stride=1)),
    "convolution + blur": ours.blur_pool2d,
}
HEADS = ("dense", "global average")
METHODS = ("max", "average", "stochastic", "max + dropout")


class Network(nn.Module):
    """Convolution, ReLU, pooling, twice over, then a linear layer to ten classes.

    Args:
        size: side of the images, pixels.
        head: "dense" (the linear layer reads every position) or "global average" (it reads the
            mean of each channel).
        stride: step of both convolutions, pixels.
        dropout: share of the linear layer's inputs that training sets to zero.

    Raises:
        ValueError: there is no such head.
    """

    def __init__(self, size, head="dense", stride=1, dropout=0.0):
        super().__init__()
        _check("head", head, HEADS)
        self.first = nn.Conv2d(1, 8, 3, stride, padding=1, dtype=torch.float64)
        self.second = nn.Conv2d(8, 16, 3, stride, padding=1, dtype=torch.float64)
        positions = (size // 4) ** 2 if head == "dense" else 1
        self.last = nn.Linear(16 * positions, 10, dtype=torch.float64)
        self.head, self.dropout = head, nn.Dropout(dropout)
        for layer in (self.first, self.second):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")

    def forward(self, x, pool):
        """Logits (N, 10) of images (N, 1, size, size), with `pool` for pooling."""
        x = pool(F.relu(self.first(x)))  # (N, 8, size/2, size/2)
        x = pool(F.relu(self.second(x)))  # (N, 16, size/4, size/4)
        if self.head == "global average":
            x = ours.global_avg_pool(x)  # (N, 16, 1, 1)
        return self.last(self.dropout(x.flatten(1)))


def _check(name, value, known):
    if value not in known:
        raise ValueError(f"expected {name} to be one of {list(known)}, got {value!r}")


@functools.cache
def digits(seed):
    """Images (N, 1, 8, 8) and labels (N,), as training, validation and test.

    Full ink is 4, so that in the frame, too, the pixels' mean square is of the order of 1.
    """
    return {
        name: (4 * torch.from_numpy(x), torch.from_numpy(y))
        for name, (x, y) in share_out_digits(seed).items()
    }


def fit(network, pool, x, y, lr, updates):
    """Train in place: Adam on random mini-batches, the learning rate falling to 0 as a cosine."""
    optimizer = torch.optim.Adam(network.parameters(), lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, updates)
    network.train()
    for _ in range(updates):
        batch = torch.randint(len(x), (BATCH,))
        optimizer.zero_grad()
        F.cross_entropy(network(x[batch], pool), y[batch]).backward()
        optimizer.step()
        schedule.step()
    network.eval()


@torch.no_grad()
def probabilities(network, pool, x):
    """What the network believes: (N, 10), each row summing to 1."""
    return F.softmax(network(x, pool), dim=1)


def accuracy(p, y):
    """The share of rows of p, (N, 10), whose largest entry is at the label y, (N,)."""
    return (p.argmax(1) == y).double().mean().item()


def framed(x, down=0, right=0):
    """Digits (N, 1, 8, 8) in an empty frame (N, 1, 24, 24), moved off its middle by pixels."""
    room = (FRAME - x.shape[-1]) // 2
    return F.pad(x, (room + right, room - right, room + down, room - down))


def train_centred(pooling, head, seed, lr, updates):
    """Train one network of the shift experiment; it only ever sees digits in the middle."""
    _check("pooling", pooling, SHIFT_POOLINGS)
    x, y = digits(seed)["train"]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Network(FRAME, head, stride=2 if pooling == "strided convolution" else 1)
        fit(network, SHIFT_POOLINGS[pooling], framed(x), y, lr, updates)
    return network


def shifted_probabilities(network, pooling, x):
    """Beliefs about x at each of the 49 shifts: (7, 7, N, 10); [3, 3] is the middle."""
    steps = range(-REACH, REACH + 1)
    pool = SHIFT_POOLINGS[pooling]
    rows = [[probabilities(network, pool, framed(x, i, j)) for j in steps] for i in steps]
    return torch.stack([torch.stack(row) for row in rows])


def accuracy_by_distance(p, y):
    """Accuracy at 0, 1, 2, 3 pixels from the middle; p is (7, 7, N, 10).

    A distance is the larger of the two moves, down and across; all shifts that share it count
    alike (1, 8, 16 and 24 of them).
    """
    right = (p.argmax(3) == y).double().mean(2)  # (7, 7)
    steps = torch.arange(-REACH, REACH + 1).abs()
    distance = torch.maximum(steps[:, None], steps)
    return [right[distance == d].mean().item() for d in range(REACH + 1)]


def consistency(p):
    """How often two copies of an image, one pixel apart, get the same answer; p is (7, 7, N, 10).

    Counted over all pairs of neighbours among the 49 shifts, right answers or wrong.
    """
    answer = p.argmax(3)  # (7, 7, N)
    same = torch.cat(
        [(answer[1:] == answer[:-1]).flatten(), (answer[:, 1:] == answer[:, :-1]).flatten()]
    )
    return same.double().mean().item()


def shift_run(pooling, head, seed, lr, updates):
    """One seed of the shift experiment: train in the middle, test everywhere."""
    network = train_centred(pooling, head, seed, lr, updates)
    x, y = digits(seed)["test"]
    p = shifted_probabilities(network, pooling, x)
    return {"accuracy": accuracy_by_distance(p, y), "consistency": consistency(p)}


def shift_validation(pooling, head, seed, lr, updates):
    """Accuracy on the validation images, in the middle: what the learning rate is chosen by."""
    network = train_centred(pooling, head, seed, lr, updates)
    x, y = digits(seed)["validation"]
    return accuracy(probabilities(network, SHIFT_POOLINGS[pooling], framed(x)), y)


def draws(seed):
    """Stochastic pooling with 2×2 windows, as a function of x alone: its dice are inside."""
    rng = torch.Generator().manual_seed(seed)
    return lambda x: ours.stochastic_pool2d(rng, x, 2)


def expected(x):
    """What a draw from each 2×2 window gives on average."""
    return ours.stochastic_pool2d_expected(x, 2)


def method_pool(method):
    """The pooling that a method uses once training is over."""
    return expected if method == "stochastic" else SHIFT_POOLINGS[method.split(" + ")[0]]


def train_method(method, images, seed, lr, updates):
    """Train one network of the stochastic experiment on that many images."""
    _check("method", method, METHODS)
    x, y = digits(seed)["train"]
    pool = draws(seed) if method == "stochastic" else method_pool(method)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Network(8, dropout=0.5 if method == "max + dropout" else 0.0)
        fit(network, pool, x[:images], y[:images], lr, updates)
    return network


def method_run(method, images, seed, lr, updates):
    """One seed of the stochastic experiment: accuracy on training and test images, by test rule.

    Every method is tested under its own rule; stochastic pooling under the others too.
    """
    network = train_method(method, images, seed, lr, updates)
    x, y = digits(seed)["train"]
    p = probabilities(network, method_pool(method), x[:images])
    x_test, y_test = digits(seed)["test"]
    own = probabilities(network, method_pool(method), x_test)
    result = {"train": accuracy(p, y[:images]), "test": accuracy(own, y_test)}
    if method == "stochastic":
        result |= {rule: accuracy(p, y_test) for rule, p in rules(network, seed, x_test).items()}
    return result


def rules(network, seed, x):
    """What a network believes under test rules that stochastic pooling does not propose.

    "one draw" pools as in training; "ten draws" is the mean belief of ten such passes; "average"
    and "maximum" put a plain pooling in the place of the draw.
    """
    pool = draws(seed + 10_000)  # other dice than in training
    passes = [probabilities(network, pool, x) for _ in range(10)]
    plain = {"average": SHIFT_POOLINGS["average"], "maximum": SHIFT_POOLINGS["max"]}
    return {"one draw": passes[0], "ten draws": sum(passes) / 10} | {
        name: probabilities(network, rule, x) for name, rule in plain.items()
    }


def method_validation(method, images, seed, lr, updates):
    """Accuracy on the validation images: what the learning rate is chosen by."""
    network = train_method(method, images, seed, lr, updates)
    x, y = digits(seed)["validation"]
    return accuracy(probabilities(network, method_pool(method), x), y)
