"""Sizes: how large an output is, and what is wrong when there is none.

Both twins ask here, so that they agree on every size and complain in the same words.
Nothing is imported and nothing but whole numbers comes out.

Example:
    >>> output_size(224, kernel_size=7, stride=2, padding=3)
    112
"""

from lib.shapes.arguments import axes_of as axes_of
from lib.shapes.arguments import axis_of as axis_of
from lib.shapes.arguments import broadcast as broadcast
from lib.shapes.arguments import flag as flag
from lib.shapes.arguments import per_axis as per_axis
from lib.shapes.arguments import spatial_size as spatial_size
from lib.shapes.arguments import whole as whole
from lib.shapes.convolution import conv_sizes as conv_sizes
from lib.shapes.convolution import conv_transpose_sizes as conv_transpose_sizes
from lib.shapes.convolution import fold_sizes as fold_sizes
from lib.shapes.convolution import linear_sizes as linear_sizes
from lib.shapes.convolution import pad_sizes as pad_sizes
from lib.shapes.convolution import padded_cells as padded_cells
from lib.shapes.convolution import unfold_sizes as unfold_sizes
from lib.shapes.counts import operation_count as operation_count
from lib.shapes.counts import parameter_count as parameter_count
from lib.shapes.counts import receptive_field as receptive_field
from lib.shapes.layers import fans as fans
from lib.shapes.layers import halved as halved
from lib.shapes.normalization import batch_norm_sizes as batch_norm_sizes
from lib.shapes.normalization import folded_outputs as folded_outputs
from lib.shapes.normalization import group_norm_sizes as group_norm_sizes
from lib.shapes.normalization import instance_norm_sizes as instance_norm_sizes
from lib.shapes.normalization import layer_norm_sizes as layer_norm_sizes
from lib.shapes.normalization import norm_axes as norm_axes
from lib.shapes.normalization import weight_norm_sizes as weight_norm_sizes
from lib.shapes.pooling import adaptive_sizes as adaptive_sizes
from lib.shapes.pooling import adaptive_window as adaptive_window
from lib.shapes.pooling import fractional_sizes as fractional_sizes
from lib.shapes.pooling import output_size as output_size
from lib.shapes.pooling import pool_sizes as pool_sizes
from lib.shapes.pooling import unpool_sizes as unpool_sizes
