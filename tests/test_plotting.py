"""Each figure shows its data: what stands on the axes is what was handed over."""

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from numpy.testing import assert_array_equal

from lib import plotting


@pytest.fixture
def ax():
    return Figure().add_subplot()


def texts(ax):
    return [text.get_text() for text in ax.texts]


def corners(ax):
    return sorted((patch.get_y() + 0.5, patch.get_x() + 0.5) for patch in ax.patches)


def test_the_style_makes_figures_with_paper_of_their_own_and_the_palette_of_the_book():
    with plt.style.context("lib.book"):
        assert to_hex(plt.rcParams["figure.facecolor"]) == plotting.PAPER
        colours = plt.rcParams["axes.prop_cycle"].by_key()["color"]
    palette = {value for value in vars(plotting).values() if str(value).startswith("#")}
    assert set(colours) <= palette


def test_cells_show_every_number_where_it_stands(ax):
    x = np.arange(6.0).reshape(2, 3)
    plotting.draw_cells(ax, x, title="x", fmt="{:.1f}")
    assert_array_equal(ax.images[0].get_array(), x)
    assert {text.get_position(): text.get_text() for text in ax.texts} == {
        (j, i): f"{x[i, j]:.1f}" for i in range(2) for j in range(3)
    }
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("column", "row", "x")


def test_cells_of_both_signs_part_their_colours_at_zero(ax):
    plotting.draw_cells(ax, [[-1.0, 0.0, 3.0]])
    assert ax.images[0].norm(0.0) == pytest.approx(0.5)


def test_cells_of_one_value_and_cells_with_minus_infinity_can_be_drawn(ax):
    plotting.draw_cells(ax, [[2, 2]])
    plotting.draw_cells(ax, [[-np.inf, 1.0]])
    assert texts(ax) == ["2", "2", "-inf", "1"]


def test_numbers_are_legible_on_pale_and_on_deep_cells(ax):
    plotting.draw_cells(ax, [[0.0, 1.0]])
    assert [text.get_color() for text in ax.texts] == [plotting.INK, plotting.PAPER]


def test_a_window_outlines_the_cells_it_reads(ax):
    plotting.draw_window(ax, 1, 0, kernel_size=2)
    assert corners(ax) == [(2, 0), (2, 1), (3, 0), (3, 1)]


def test_a_dilated_padded_window_skips_cells_and_leaves_the_array(ax):
    plotting.draw_window(ax, 0, 1, kernel_size=2, stride=1, padding=1, dilation=2)
    assert corners(ax) == [(-1, 0), (-1, 2), (1, 0), (1, 2)]


def test_an_image_is_drawn_as_given_in_grey_and_in_colour(ax):
    grey, colour = np.eye(3), np.linspace(0, 1, 27).reshape(3, 3, 3)
    plotting.draw_image(ax, grey, title="grey", vmin=0, vmax=2)
    plotting.draw_image(ax, colour)
    assert_array_equal(ax.images[0].get_array(), grey)
    assert ax.images[0].get_clim() == (0, 2)
    assert_array_equal(ax.images[1].get_array(), colour)
    assert "pixels" in ax.get_xlabel()
    assert "pixels" in ax.get_ylabel()


def test_a_heat_map_covers_its_image_and_is_neutral_at_zero(ax):
    image, heat = np.eye(4), np.array([[0.0, -1.0], [2.0, 0.5]])
    plotting.draw_heat(ax, image, heat, title="for a three")
    below, above = ax.images
    assert_array_equal(below.get_array(), image)
    assert_array_equal(above.get_array(), heat)
    assert list(above.get_extent()) == list(below.get_extent())
    assert above.norm(0.0) == pytest.approx(0.5)
    assert ax.figure.axes[-1].get_ylabel() == "evidence (logits)"


def test_lines_carry_their_names_values_and_different_markers(ax):
    plotting.draw_lines(ax, [1, 2, 4], {"max": [1, 2, 3], "average": [0, 0, 1]}, "P", "ψ", "t")
    assert [(line.get_label(), list(line.get_ydata())) for line in ax.lines] == [
        ("max", [1, 2, 3]),
        ("average", [0, 0, 1]),
    ]
    assert len({line.get_marker() for line in ax.lines}) == 2
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["max", "average"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("P", "ψ")


def test_a_history_shows_training_and_validation_over_the_steps(ax):
    history = {
        "step": [10, 20],
        "train_loss": [2.0, 1.0],
        "validation_loss": [2.5, 1.5],
        "validation_accuracy": [0.5, 0.75],
    }
    plotting.draw_history(ax, history, title="a run")
    assert [(line.get_label(), *map(list, line.get_data())) for line in ax.lines] == [
        ("training", [10, 20], [2.0, 1.0]),
        ("validation", [10, 20], [2.5, 1.5]),
    ]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("steps", "loss", "a run")
    other = Figure().add_subplot()
    plotting.draw_history(other, history, "accuracy")
    assert [(line.get_label(), list(line.get_ydata())) for line in other.lines] == [
        ("validation", [0.5, 0.75])
    ]


def test_intervals_show_every_measurement_the_mean_and_its_width(ax):
    plotting.draw_intervals(ax, {"a": [1, 3], "b": [5, 5]}, {"a": 0.5, "b": 0.0}, "accuracy")
    dots, mean = ax.lines[0], ax.containers[0]
    assert list(dots.get_xdata()) == [1, 3]
    assert mean[0].get_xdata() == [2]
    ends = mean[2][0].get_segments()[0][:, 0]
    assert list(ends) == [1.5, 2.5]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
    assert ax.get_ylim() == (1.5, -0.5), "the first group stands on top"


def test_an_alias_meets_its_wave_at_every_sample(ax):
    plotting.draw_alias(ax, fast=0.4, slow=0.1, stride=2, length=12)
    fast, slow, kept = ax.lines
    for place, value in zip(*kept.get_data(), strict=True):
        for wave in (fast, slow):
            assert np.interp(place, *wave.get_data()) == pytest.approx(value, abs=0.01)
    assert abs(fast.get_ydata() - slow.get_ydata()).max() > 1.5
    assert "pixels" in ax.get_xlabel()


def test_lines_with_intervals_show_means_and_both_ends(ax):
    plotting.draw_interval_lines(ax, [0, 1], {"max": [0.9, 0.6]}, {"max": [0.1, 0.2]}, "x", "y")
    (container,) = ax.containers
    assert_array_equal(container[0].get_ydata(), [0.9, 0.6])
    ends = np.array(container[2][0].get_segments())[:, :, 1]
    assert ends == pytest.approx(np.array([[0.8, 1.0], [0.4, 0.8]]))
    assert ax.get_legend_handles_labels()[1] == ["max"]


def test_an_interval_may_reach_further_up_than_down(ax):
    reach = {"max": [[0.1, 0.2], [0.3, 0.4]]}
    plotting.draw_interval_lines(ax, [0, 1], {"max": [0.9, 0.6]}, reach, "x", "y")
    ends = np.array(ax.containers[0][2][0].get_segments())[:, :, 1]
    assert ends == pytest.approx(np.array([[0.8, 1.2], [0.4, 1.0]]))


def test_spans_reach_from_their_first_cell_to_their_last(ax):
    plotting.draw_spans(ax, [(0, 2), (1, 4)], length=4)
    bars = [(bar.get_x(), bar.get_width()) for bar in ax.patches]
    assert bars == [(-0.5, 2), (0.5, 3)]
    assert ax.get_xlabel() == "input cell"
    assert ax.get_ylabel() == "output cell"


@pytest.mark.parametrize(
    ("draw", "arguments", "message"),
    [
        (plotting.draw_cells, ([1, 2],), r"two axes.*\(2,\)"),
        (plotting.draw_cells, ([[np.nan]],), "finite"),
        (plotting.draw_window, (0, 0, 0), "kernel_size=0"),
        (plotting.draw_window, (0, 0, 2, 1, -1), "padding=-1"),
        (plotting.draw_image, (np.zeros((2, 2, 4)),), r"\(2, 2, 4\)"),
        (plotting.draw_heat, (np.zeros(3), np.zeros((2, 2))), r"image.*\(3,\)"),
        (plotting.draw_heat, (np.zeros((2, 2)), np.zeros(3)), r"heat.*\(3,\)"),
        (plotting.draw_lines, ([1], {}, "x", "y"), "at least one"),
        (plotting.draw_lines, ([1, 2], {"max": [1]}, "x", "y"), "'max' needs 2 values.*got 1"),
        (plotting.draw_history, ({"step": [1], "train_loss": [2]}, "accuracy"), "no 'accuracy'"),
        (plotting.draw_intervals, ({}, {}, "x"), "same names"),
        (plotting.draw_intervals, ({"a": [1]}, {"b": 1}, "x"), r"\['a'\] and \['b'\]"),
        (plotting.draw_alias, (0.4, 0.2, 2, 10), "At stride 2, 0.2 is not an alias of 0.4"),
        (plotting.draw_interval_lines, ([0], {}, {}, "x", "y"), "same names"),
        (plotting.draw_interval_lines, ([0], {"a": [1]}, {"b": [1]}, "x", "y"), r"\['b'\]"),
        (plotting.draw_spans, ([(1, 1)], 3), r"\(1, 1\)"),
        (plotting.draw_spans, ([(1, 4)], 3), r"\(1, 4\)"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_reason(ax, draw, arguments, message):
    with pytest.raises(ValueError, match=message):
        draw(ax, *arguments)


def test_a_walk_is_drawn_until_it_leaves_the_picture(ax):
    plotting.draw_walk(ax, np.linspace(-2, 2, 5), np.square, [1, -1.5, 3, 0], title="a walk")
    curve, walk, start = ax.lines
    assert_array_equal(curve.get_ydata(), [4, 1, 0, 1, 4])
    assert_array_equal(walk.get_xydata(), [[1, 1], [-1.5, 2.25]])
    assert_array_equal(start.get_xydata(), [[1, 1]])
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("x", "loss", "a walk")
    with pytest.raises(ValueError, match="path must hold one place"):
        plotting.draw_walk(ax, [0, 1], np.square, [])


def test_runs_of_one_group_share_a_colour_and_a_name(ax):
    groups = {"low": [[1, 2], [3, 4]], "high": [[5, 6]]}
    plotting.draw_runs(ax, [0, 1], groups, "steps", "loss", levels={"high": 7})
    first, second, third, level = ax.lines
    assert_array_equal(second.get_ydata(), [3, 4])
    assert first.get_color() == second.get_color() != third.get_color() == level.get_color()
    assert_array_equal(level.get_ydata(), [7, 7])
    assert ax.get_legend_handles_labels()[1] == ["low", "high"]


@pytest.mark.parametrize(
    ("groups", "levels", "message"),
    [
        ({}, None, "groups needs"),
        ({"a": [[1, 2]]}, {"b": 1}, "groups needs"),
        ({"a": [1, 2]}, None, "shape"),
    ],
)
def test_runs_that_do_not_fit_are_refused(ax, groups, levels, message):
    with pytest.raises(ValueError, match=message):
        plotting.draw_runs(ax, [0, 1], groups, "steps", "loss", levels=levels)
