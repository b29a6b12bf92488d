"""What each widget on pooling shows before it is touched, drawn by axes that stand still."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from matplotlib.axes import Axes

from lib.plotting import draw_cells, draw_image, draw_window
from lib.reference import pooling

NAMES = {"max": "maximum", "avg": "average", "stochastic": "stochastic (mean)"}
POOLS = {
    "max": pooling.max_pool2d,
    "avg": pooling.avg_pool2d,
    "stochastic": pooling.stochastic_pool2d_expected,
}
SLOPES = {
    "max": pooling.max_pool2d_backward,
    "avg": pooling.avg_pool2d_backward,
    "stochastic": pooling.stochastic_pool2d_backward,
}


def draw_sliding_window(
    axes: Sequence[Axes],
    x: np.ndarray,
    kernel_size: int,
    stride: int,
    padding: int = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
    kind: str = "max",
    norm_type: int = 2,
) -> None:
    """Draw a grid with its first window, and beside it what pooling makes of the grid.

    Args:
        axes: two.
        x: numbers or grey levels, (H, H); up to eight rows are written out.
        kernel_size: as all that follows, torch's.
        stride: step between windows, cells.
        padding: cells on each side; the p-norm takes none.
        dilation: step between the cells of a window; only the maximum takes one.
        ceil_mode: whether a last window may hang over the end.
        kind: "max", "avg" or "lp".
        norm_type: the exponent of "lp".
    """
    pools = {
        "max": partial(pooling.max_pool2d, padding=padding, dilation=dilation),
        "avg": partial(pooling.avg_pool2d, padding=padding),
        "lp": lambda x, *window, **ceil: pooling.lp_pool2d(x, norm_type, *window, **ceil),
    }
    padding = 0 if kind == "lp" else padding
    draw = draw_cells if len(x) <= 8 else draw_image
    draw(axes[0], x, title=f"x, {len(x)} × {len(x)}, and its first window")
    draw_window(axes[0], 0, 0, kernel_size, stride, padding, dilation if kind == "max" else 1)
    ends = -padding - 0.5, len(x) + padding - 0.5
    axes[0].set(xlim=ends, ylim=ends[::-1])
    try:
        y = pools[kind](x[None], kernel_size, stride, ceil_mode=ceil_mode)[0]
    except ValueError as refusal:
        axes[1].axis("off")
        axes[1].text(0.5, 0.5, str(refusal), ha="center", va="center", wrap=True)
    else:
        draw = draw_cells if len(y) <= 8 else draw_image
        draw(axes[1], y.round(2), title=f"y, {len(y)} × {len(y)}")


def draw_pooling_dice(axes: Sequence[Axes], x: np.ndarray) -> None:
    """Draw activations, and what three kinds of pooling make of their windows of 2 × 2.

    Args:
        axes: four.
        x: activations, (4, 4), none negative.
    """
    draw_cells(axes[0], x, title="activations")
    for ax, (kind, pool) in zip(axes[1:], POOLS.items(), strict=True):
        draw_cells(ax, pool(x[None], 2)[0].round(2), NAMES[kind], vmin=0, vmax=x.max())


def draw_who_hears_the_gradient(
    axes: Sequence[Axes], x: np.ndarray, kernel_size: int, stride: int, kind: str = "max"
) -> None:
    """Draw the inputs, and how much of the first output's gradient each of them hears.

    Args:
        axes: two.
        x: the inputs, (H, H), none negative.
        kernel_size: side of a window, cells.
        stride: step between windows, cells.
        kind: "max", "avg" or "stochastic"; chance draws the middle of each window's odds.
    """
    dy = np.zeros_like(POOLS[kind](x[None], kernel_size, stride))
    dy[0, 0, 0] = 1
    draws = [np.full(dy.shape, 0.5)] if kind == "stochastic" else []
    dx = SLOPES[kind](dy, *draws, x[None], kernel_size, stride)[0]
    draw_cells(axes[0], x, title="input, and the first window")
    draw_window(axes[0], 0, 0, kernel_size, stride)
    draw_cells(axes[1], dx.round(2), f"what it hears of a slope of 1 ({kind})", vmax=1)


def draw_one_pixel_shift(
    axes: Sequence[Axes], p: np.ndarray, names: Sequence[str], title: str
) -> None:
    """Draw for each network how sure it is of the right digit at each of 49 shifts.

    Args:
        axes: one for each network.
        p: probability of the right digit, (networks, 7 shifts down, 7 shifts right).
        names: the networks' poolings.
        title: what they have in common.
    """
    for ax, plane, name in zip(axes, p, names, strict=True):
        ax.imshow(plane, vmin=0, vmax=1, extent=(-3.5, 3.5, 3.5, -3.5))
        ax.set(title=name.replace(" ", "\n", 1), xticks=(-3, 0, 3), yticks=(-3, 0, 3))
        ax.set_xlabel("pixels right")
    axes[0].set_ylabel("pixels down")
    axes[0].figure.suptitle(title)
