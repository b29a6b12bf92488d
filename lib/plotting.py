"""Figures of the book: each function draws on the axes it is given.

The pages ask for the book's look with `plt.style.use("lib.book")` and make their own figure and
axes; a function here draws the data that it is given, labels what it draws, and returns nothing.
No algorithm lives here: what is drawn was computed on the page.
"""

from itertools import cycle

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, TwoSlopeNorm
from matplotlib.patches import Rectangle

INK = "#1f2933"
PAPER = "#ffffff"
BLUE = "#0b5cad"
ORANGE = "#d55e00"
TEAL = "#00796b"
GOLD = "#b8860b"
PURPLE = "#8e4585"
GREY = "#6b7785"
MOST_MARKS = 50
AGAINST_FOR = LinearSegmentedColormap.from_list("against_for", [ORANGE, PAPER, BLUE])


def draw_cells(ax, x, title="", cmap="Blues", fmt="{:g}", vmin=None, vmax=None):
    """Draw a small array as a grid of cells, each with its number written in it.

    Args:
        ax: the axes to draw on.
        x: what the cells hold, (H, W).
        title: what the array is.
        cmap: matplotlib's name of the colour map; values of both signs get one that parts at 0.
        fmt: how a number is written.
        vmin: the value of the palest colour; the smallest of x if None.
        vmax: the value of the deepest colour; the largest of x if None.

    Raises:
        ValueError: x has not two axes, or none of its numbers is finite.

    >>> import matplotlib.pyplot as plt
    >>> fig, ax = plt.subplots()
    >>> draw_cells(ax, [[1, 3], [2, 9]], title="x")
    >>> [text.get_text() for text in ax.texts]
    ['1', '3', '2', '9']
    >>> plt.close(fig)
    """
    x = _plane(x, "x")
    finite = x[np.isfinite(x)]
    if not finite.size:
        raise ValueError("x must hold a finite number; all of them are NaN or infinite.")
    low = finite.min() if vmin is None else vmin
    high = finite.max() if vmax is None else vmax
    if low < 0 < high:
        image = ax.imshow(x, cmap=AGAINST_FOR, norm=TwoSlopeNorm(0, low, high))
    else:
        image = ax.imshow(x, cmap=cmap, vmin=low, vmax=high if high > low else low + 1)
    for (i, j), value in np.ndenumerate(x):
        red, green, blue, _ = image.cmap(image.norm(value))
        pale = 0.299 * red + 0.587 * green + 0.114 * blue > 0.55
        ax.text(j, i, fmt.format(value), ha="center", va="center", color=INK if pale else PAPER)
    ax.set(title=title, xticks=range(x.shape[1]), yticks=range(x.shape[0]))
    ax.set(xlabel="column", ylabel="row")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def draw_window(ax, i, j, kernel_size, stride=None, padding=0, dilation=1, color=ORANGE):
    """Outline the cells that output (i, j) reads, on axes where `draw_cells` drew the input.

    Args:
        ax: the axes to draw on.
        i: row of the output.
        j: column of the output.
        kernel_size: side of the window, cells.
        stride: step between windows, cells; the kernel's size if None.
        padding: cells added on each side of the input.
        dilation: step between two cells of one window.
        color: of the outline.

    Raises:
        ValueError: kernel_size, stride or dilation is below 1, or padding below 0.

    >>> import matplotlib.pyplot as plt
    >>> fig, ax = plt.subplots()
    >>> draw_window(ax, 0, 1, kernel_size=2)
    >>> len(ax.patches)
    4
    >>> plt.close(fig)
    """
    stride = kernel_size if stride is None else stride
    if min(kernel_size, stride, dilation) < 1 or padding < 0:
        raise ValueError(
            "kernel_size, stride and dilation must be at least 1 and padding at least 0; got "
            f"{kernel_size=}, {stride=}, {dilation=}, {padding=}."
        )
    for p in range(kernel_size):
        for q in range(kernel_size):
            row = i * stride - padding + p * dilation
            column = j * stride - padding + q * dilation
            ax.add_patch(
                Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, ec=color, lw=2.2, zorder=3)
            )


def draw_image(ax, x, title="", cmap="gray", vmin=None, vmax=None):
    """Draw an image: (H, W) in shades of one colour map, or (H, W, 3) in its own colours.

    Args:
        ax: the axes to draw on.
        x: the image; three channels lie between 0 and 1, or are whole numbers up to 255.
        title: what the image is.
        cmap: matplotlib's name of the colour map of an image with one channel.
        vmin: the value of the map's first colour; the smallest of x if None.
        vmax: the value of the map's last colour; the largest of x if None.

    Raises:
        ValueError: x has neither two axes nor three with three channels last.

    >>> import matplotlib.pyplot as plt
    >>> fig, ax = plt.subplots()
    >>> draw_image(ax, [[0.0, 1.0]], title="two pixels")
    >>> ax.images[0].get_array().tolist()
    [[0.0, 1.0]]
    >>> plt.close(fig)
    """
    x = np.asarray(x)
    if x.ndim != 2 and (x.ndim != 3 or x.shape[2] != 3):
        raise ValueError(f"An image has shape (H, W) or (H, W, 3); got {x.shape}.")
    ax.imshow(x, cmap=cmap, vmin=vmin, vmax=vmax)
    ax.set(title=title, xlabel="column (pixels)", ylabel="row (pixels)")
    ax.locator_params(integer=True)
    ax.spines[:].set_visible(False)


def draw_heat(ax, image, heat, title=""):
    """Lay a map of evidence over a grey image: blue speaks for, orange against.

    Args:
        ax: the axes to draw on.
        image: what lies below, (H, W).
        heat: evidence, (I, J); it is stretched over the image.
        title: what the map is evidence for.

    Raises:
        ValueError: image or heat has not two axes.

    >>> import matplotlib.pyplot as plt
    >>> fig, ax = plt.subplots()
    >>> draw_heat(ax, [[0, 1], [1, 0]], [[-1.0, 2.0]])
    >>> ax.images[1].get_array().tolist()
    [[-1.0, 2.0]]
    >>> plt.close(fig)
    """
    image, heat = _plane(image, "image"), _plane(heat, "heat")
    reach = max(abs(heat).max(), np.finfo(float).tiny)
    H, W = image.shape
    draw_image(ax, image, title, cmap="gray_r")
    extent = (-0.5, W - 0.5, H - 0.5, -0.5)
    over = ax.imshow(heat, cmap=AGAINST_FOR, vmin=-reach, vmax=reach, alpha=0.6, extent=extent)
    ax.figure.colorbar(over, ax=ax, shrink=0.8, label="evidence (logits)")


def draw_lines(ax, x, lines, xlabel, ylabel, title=""):
    """Draw one line for each name, over a shared horizontal axis.

    Each point has a mark, as long as there are not so many that marks would hide the line.

    Args:
        ax: the axes to draw on.
        x: horizontal positions, (N,).
        lines: a dict of name → values, each (N,).
        xlabel: what x is, with its unit.
        ylabel: what the values are, with their unit.
        title: what the figure shows.

    Raises:
        ValueError: lines is empty, or one of them has another length than x.

    >>> import matplotlib.pyplot as plt
    >>> fig, ax = plt.subplots()
    >>> draw_lines(ax, [1, 2], {"max": [3, 4]}, "windows", "value")
    >>> ax.lines[0].get_ydata().tolist()
    [3, 4]
    >>> plt.close(fig)
    """
    if not lines:
        raise ValueError("lines must hold at least one line; got none.")
    for (name, values), marker in zip(lines.items(), cycle("os^Dv"), strict=False):
        if len(values) != len(x):
            raise ValueError(f"Line {name!r} needs {len(x)} values, as x has; got {len(values)}.")
        ax.plot(x, values, marker=marker if len(x) <= MOST_MARKS else "", markersize=4, label=name)
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    ax.legend()


def draw_history(ax, history, of="loss", title=""):
    """Draw what `lib.train.train` recorded: training and validation, epoch by epoch.

    Args:
        ax: the axes to draw on.
        history: a dict of lists, `step` and others named `train_…` and `validation_…`.
        of: what to draw, "loss" or "accuracy".
        title: what the figure shows.

    Raises:
        ValueError: the history holds nothing of that name.

    >>> import matplotlib.pyplot as plt
    >>> fig, ax = plt.subplots()
    >>> draw_history(ax, {"step": [8, 16], "train_loss": [2, 1], "validation_loss": [3, 2]})
    >>> [line.get_label() for line in ax.lines]
    ['training', 'validation']
    >>> plt.close(fig)
    """
    names = {f"train_{of}": "training", f"validation_{of}": "validation"}
    lines = {name: history[key] for key, name in names.items() if key in history}
    if not lines:
        raise ValueError(f"The history has no {of!r}; it has {list(history)}.")
    draw_lines(ax, history["step"], lines, "steps", of, title)


def draw_intervals(ax, samples, half_widths, xlabel, title=""):
    """Draw each group's measurements as dots, and its mean with an interval.

    Args:
        ax: the axes to draw on.
        samples: a dict of name → measurements, at least one for each name.
        half_widths: a dict of the same names → half the width of the mean's interval.
        xlabel: what was measured, with its unit.
        title: what the figure shows.

    Raises:
        ValueError: samples is empty, or half_widths has other names.

    >>> import matplotlib.pyplot as plt
    >>> fig, ax = plt.subplots()
    >>> draw_intervals(ax, {"max": [0.90, 0.92]}, {"max": 0.01}, "accuracy")
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['max']
    >>> plt.close(fig)
    """
    if not samples or samples.keys() != half_widths.keys():
        raise ValueError(
            "samples and half_widths need the same names, one at least; got "
            f"{list(samples)} and {list(half_widths)}."
        )
    for row, (name, values) in enumerate(samples.items()):
        ax.plot(values, np.full(len(values), row), "o", ms=4, color=GREY, alpha=0.6)
        mean = np.mean(values)
        ax.errorbar(mean, row, xerr=half_widths[name], fmt="D", ms=6, color=BLUE, capsize=5)
    ax.set(xlabel=xlabel, title=title, yticks=range(len(samples)), yticklabels=list(samples))
    ax.set_ylim(len(samples) - 0.5, -0.5)
    ax.locator_params(axis="x", nbins=4)  # so that the numbers of neighbouring axes do not meet


def draw_spans(ax, spans, length, title="", xlabel="input cell"):
    """Draw which stretch of a row each output reads, one bar an output.

    Args:
        ax: the axes to draw on.
        spans: (first, end) for each output; end is the first cell that it does not read.
        length: cells of the row.
        title: what the figure shows.
        xlabel: what the cells are.

    Raises:
        ValueError: a span is empty or leaves the row.

    >>> import matplotlib.pyplot as plt
    >>> fig, ax = plt.subplots()
    >>> draw_spans(ax, [(0, 2), (1, 3)], length=3)
    >>> [bar.get_width() for bar in ax.patches]
    [2, 2]
    >>> plt.close(fig)
    """
    for row, (first, end) in enumerate(spans):
        if not 0 <= first < end <= length:
            raise ValueError(
                f"A span must lie in 0 … {length} and not be empty; got {first, end}."
            )
        corner = (first - 0.5, row - 0.35)
        ax.add_patch(Rectangle(corner, end - first, 0.7, fc=BLUE, ec=INK, alpha=0.8))
    ax.set(title=title, xlabel=xlabel, ylabel="output cell")
    ax.set(xticks=range(length), yticks=range(len(spans)), xlim=(-0.6, length - 0.4))
    ax.set_ylim(len(spans) - 0.4, -0.6)


def draw_alias(ax, fast, slow, stride, length):
    """Draw a wave, the samples taken from it, and the slower wave through the same samples.

    Args:
        ax: the axes to draw on.
        fast: frequency of the wave, cycles per pixel.
        slow: frequency of the slower wave, cycles per pixel.
        stride: step between samples, pixels.
        length: pixels to draw.

    Raises:
        ValueError: the two waves differ at a sample, so that neither is the other's alias.

    >>> import matplotlib.pyplot as plt
    >>> fig, ax = plt.subplots()
    >>> draw_alias(ax, 0.4, 0.1, stride=2, length=10)
    >>> ax.lines[2].get_xdata().tolist()
    [0, 2, 4, 6, 8]
    >>> plt.close(fig)
    """
    samples = np.arange(0, length, stride)
    kept = np.cos(2 * np.pi * fast * samples)
    if not np.allclose(kept, np.cos(2 * np.pi * slow * samples)):
        raise ValueError(f"At stride {stride}, {slow} is not an alias of {fast} cycles per pixel.")
    along = np.linspace(0, length - 1, 40 * length)
    ax.plot(along, np.cos(2 * np.pi * fast * along), color=GREY, lw=1, label="the wave")
    ax.plot(along, np.cos(2 * np.pi * slow * along), color=BLUE, ls="--", label="what is left")
    ax.plot(samples, kept, "o", color=ORANGE, label="pixels kept")
    ax.set(xlabel="place (pixels)", ylabel="value")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))


def draw_interval_lines(ax, x, lines, half_widths, xlabel, ylabel, title=""):
    """Draw one line for each name, with the interval of each of its points as a bar.

    Args:
        ax: the axes to draw on.
        x: horizontal positions, (N,).
        lines: a dict of name → means, or medians, each (N,).
        half_widths: a dict of the same names → half the width of each interval, (N,); or how far
            it reaches down and up, (2, N).
        xlabel: what x is, with its unit.
        ylabel: what they are of, with their unit.
        title: what the figure shows.

    Raises:
        ValueError: lines is empty, or half_widths has other names.

    >>> import matplotlib.pyplot as plt
    >>> fig, ax = plt.subplots()
    >>> means, half_widths = {"max": [0.9, 0.6]}, {"max": [0.1, 0.2]}
    >>> draw_interval_lines(ax, [0, 1], means, half_widths, "shift (pixels)", "accuracy")
    >>> ax.get_legend_handles_labels()[1]
    ['max']
    >>> plt.close(fig)
    """
    if not lines or lines.keys() != half_widths.keys():
        raise ValueError(
            "lines and half_widths need the same names, one at least; got "
            f"{list(lines)} and {list(half_widths)}."
        )
    for (name, means), marker in zip(lines.items(), cycle("os^Dv"), strict=False):
        ax.errorbar(
            x, means, yerr=half_widths[name], fmt=f"-{marker}", ms=4, capsize=3, label=name
        )
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)


def draw_walk(ax, x, loss, path, title=""):
    """Draw a loss of one variable, and a walk on it: a dot for each step, the start marked.

    Args:
        ax: the axes to draw on.
        x: where the loss is drawn, (N,).
        loss: function of an array of places: their losses.
        path: the places of the walk, in order, one at least; those beyond x are left out.
        title: what the figure shows.

    Raises:
        ValueError: path is empty.

    >>> import matplotlib.pyplot as plt
    >>> fig, ax = plt.subplots()
    >>> draw_walk(ax, np.linspace(-1, 1, 5), np.square, [1.0, -0.5, 0.25])
    >>> ax.lines[1].get_ydata().tolist()
    [1.0, 0.25, 0.0625]
    >>> plt.close(fig)
    """
    x, path = np.asarray(x), np.asarray(path)
    if not path.size:
        raise ValueError("path must hold one place at least; got none.")
    seen = path[: np.append(np.flatnonzero((path < x.min()) | (path > x.max())), len(path))[0]]
    ax.plot(x, loss(x), color=GREY, lw=1.4)
    ax.plot(seen, loss(seen), "-o", color=BLUE, ms=4, lw=1)
    ax.plot(path[:1], loss(path[:1]), "o", color=ORANGE, ms=8, zorder=3)
    ax.set(xlabel="x", ylabel="loss", title=title)


def draw_runs(ax, x, groups, xlabel, ylabel, title="", levels=None):
    """Draw many runs as thin lines, those of one group in one colour.

    Args:
        ax: the axes to draw on.
        x: horizontal positions, (N,).
        groups: a dict of name → runs, each (R, N).
        xlabel: what x is, with its unit.
        ylabel: what the runs are of, with their unit.
        title: what the figure shows.
        levels: a dict of some of those names → a height at which to draw a dashed line.

    Raises:
        ValueError: groups is empty, or runs of another length than x, or a level has no group.

    >>> import matplotlib.pyplot as plt
    >>> fig, ax = plt.subplots()
    >>> draw_runs(ax, [0, 1], {"narrow": [[3, 2], [4, 2]]}, "steps", "loss")
    >>> len(ax.lines), ax.get_legend_handles_labels()[1]
    (2, ['narrow'])
    >>> plt.close(fig)
    """
    levels = levels or {}
    if not groups or not levels.keys() <= groups.keys():
        raise ValueError(
            "groups needs one name at least, and every name of levels; got "
            f"{list(groups)} and {list(levels)}."
        )
    for (name, runs), color in zip(
        groups.items(), cycle([BLUE, ORANGE, TEAL, PURPLE]), strict=False
    ):
        runs = np.asarray(runs)
        if runs.ndim != 2 or runs.shape[1] != len(x):
            raise ValueError(f"Runs {name!r} need shape (R, {len(x)}), as x; got {runs.shape}.")
        for row, run in enumerate(runs):
            ax.plot(x, run, color=color, lw=1, alpha=0.8, label=None if row else name)
        if name in levels:
            ax.axhline(levels[name], color=color, ls="--", lw=1)
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    ax.legend()


def _plane(x, name):
    x = np.asarray(x)
    if x.ndim != 2:
        raise ValueError(f"{name} must have two axes, (H, W); got shape {x.shape}.")
    return x
