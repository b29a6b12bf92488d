"""What global average pooling keeps: a small network that tells which digits a frame holds.

Three convolutions without bias or stride, global average pooling, one linear layer. On blank
paper all its features are 0, and a digit that moves takes its features along, cell by cell.
"""

import base64
import zlib

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 (torch's own habit)
from torch import nn

from lib.accelerated import pooling as ours
from lib.experiments import pooling as experiment

SIDE, DIGIT, SCRAP = 24, 8, 4  # pixels
LAYERS = ((8, 1, 5, 1), (16, 8, 3, 1), (16, 16, 3, 2))  # channels out, in, kernel, dilation
GRAIN = 1 / 1024  # weights are rounded to multiples of this, so that two bytes hold one


class Network(nn.Module):
    """Convolutions with ReLU, global average pooling, a linear layer to ten yes-or-no logits."""

    def __init__(self):
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv2d(i, o, k, padding=d * (k // 2), dilation=d, bias=False)
            for o, i, k, d in LAYERS
        )
        self.last = nn.Linear(LAYERS[-1][0], 10)
        for layer in self.convolutions:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")

    def features(self, x):
        """Feature maps (N, 16, 24, 24) of frames (N, 1, 24, 24)."""
        for layer in self.convolutions:
            x = F.relu(layer(x))
        return x

    def forward(self, x):
        """Logits (N, 10): above 0 where the network sees that digit in the frame."""
        return self.last(ours.global_avg_pool(self.features(x)).flatten(1))

    def class_maps(self, x):
        """Class maps (N, 10, 24, 24); the mean of a map plus the class's bias is its logit.

        M[n, c, i, j] = sum over k of w[c, k] · f[n, k, i, j]

        Source: Zhou, Khosla, Lapedriza, Oliva & Torralba (2016), Learning deep features for
        discriminative localization, CVPR.
        """
        return torch.einsum("ck,nkij->ncij", self.last.weight, self.features(x))


def frames(x, y, count, rng):
    """Make frames with one digit or two, and scraps of others.

    Args:
        x: digits (N, 1, 8, 8), full ink being 1.
        y: their labels (N,).
        count: how many frames.
        rng: numpy's Generator.

    Returns:
        frames: (count, 1, 24, 24).
        target: (count, 10), 1 for each digit that the frame holds.
        places: (count, 2, 3), row, column and label of each digit; the label of none is −1.
    """
    out, target = torch.zeros(count, 1, SIDE, SIDE), torch.zeros(count, 10)
    places = np.full((count, 2, 3), -1)
    for n in range(count):
        columns = (rng.integers(0, 5), rng.integers(12, 17))
        turned = rng.random() < 0.5  # one above the other, not side by side
        for k in range(1 + (rng.random() < 0.5)):
            which = rng.integers(len(x))
            corner = (rng.integers(0, 17), columns[k])
            row, column = corner[::-1] if turned else corner
            out[n, 0, row : row + DIGIT, column : column + DIGIT] = x[which, 0]
            target[n, y[which]] = 1
            places[n, k] = row, column, y[which]
        for _ in range(2):
            which, (i, j) = rng.integers(len(x)), rng.integers(0, 5, 2)
            row, column = rng.integers(0, SIDE - SCRAP + 1, 2)
            spot = out[n, 0, row : row + SCRAP, column : column + SCRAP]
            if not spot.any():
                spot.copy_(x[which, 0, i : i + SCRAP, j : j + SCRAP])
    return out, target, places


def train(seed, updates, lr, made=6000, batch=32):
    """Train one network on made frames, and round it to what the record can hold."""
    x, y = experiment.digits(seed)["train"]
    inputs, target, _ = frames(x.float() / 4, y, made, np.random.default_rng(seed))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Network()
        network.last.weight.data *= 8  # a mean over a frame that is mostly blank is small, so
        rates = [  # the weights that read it are larger, and take larger steps
            {"params": [*network.convolutions.parameters(), network.last.bias]},
            {"params": [network.last.weight], "lr": 8 * lr},
        ]
        optimizer = torch.optim.Adam(rates, lr)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, updates)
        for _ in range(updates):
            some = torch.randint(made, (batch,))
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(network(inputs[some]), target[some]).backward()
            optimizer.step()
            schedule.step()
    return unpacked(packed(network))


@torch.no_grad()
def score(network, seed=0, count=600):
    """Two shares over fresh frames of test digits.

    Returns:
        all_right: frames in which each of the ten yes-or-no answers is right.
        pointing: digits on which their class's map has its greatest value.
    """
    x, y = experiment.digits(seed)["test"]
    x, target, places = frames(x / 4, y, count, np.random.default_rng(seed + 1))
    x = x.double()
    maps, hits = network.class_maps(x), []
    for n, k in np.argwhere(places[:, :, 2] >= 0):
        row, column, label = places[n, k]
        i, j = divmod(int(maps[n, label].argmax()), SIDE)
        hits.append(row <= i < row + DIGIT and column <= j < column + DIGIT)
    right = ((network(x) > 0) == (target > 0)).all(1).double().mean()
    return {"all_right": round(right.item(), 4), "pointing": round(float(np.mean(hits)), 4)}


def packed(network):
    """Weights as two-byte multiples of 1/1024, deflated, and the ten biases in hundredths.

    Raises:
        ValueError: a weight is too large for two bytes.
    """
    weights = [layer.weight for layer in (*network.convolutions, network.last)]
    whole = torch.cat([w.detach().flatten() for w in weights]) / GRAIN
    if whole.abs().max() > 32_000:
        raise ValueError(f"weights must be below 31; the largest is {whole.abs().max() * GRAIN}")
    text = zlib.compress(whole.round().short().numpy().astype("<i2").tobytes(), 9)
    bias = network.last.bias.detach().double().mul(100).round().div(100)
    return {"weights": base64.b64encode(text).decode(), "bias": bias.tolist()}


def unpacked(record):
    """The network that a record holds, in double precision."""
    whole = np.frombuffer(zlib.decompress(base64.b64decode(record["weights"])), "<i2")
    network = Network().double()
    values = torch.from_numpy(whole * GRAIN)
    for layer in (*network.convolutions, network.last):
        shape = layer.weight.shape
        layer.weight.data = values[: shape.numel()].reshape(shape)
        values = values[shape.numel() :]
    network.last.bias.data = torch.tensor(record["bias"], dtype=torch.float64)
    return network.requires_grad_(False)
