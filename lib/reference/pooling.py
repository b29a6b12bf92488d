"""Pooling, forward and backward. (Signatures first; bodies follow.)"""

# ruff: noqa


def max_pool2d(
    x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """Keep the largest value in each window; with `return_indices` (y, indices), the flat place of each winner in its plane."""
    raise NotImplementedError


def max_pool2d_backward(dy, x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """The gradient of `max_pool2d`."""
    raise NotImplementedError


def max_pool1d(
    x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """Keep the largest value in each window; with `return_indices` (y, indices), the flat place of each winner in its plane."""
    raise NotImplementedError


def max_pool1d_backward(dy, x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """The gradient of `max_pool1d`."""
    raise NotImplementedError


def max_pool3d(
    x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """Keep the largest value in each window; with `return_indices` (y, indices), the flat place of each winner in its plane."""
    raise NotImplementedError


def max_pool3d_backward(dy, x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """The gradient of `max_pool3d`."""
    raise NotImplementedError


def avg_pool2d(
    x,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
):
    """Average each window."""
    raise NotImplementedError


def avg_pool2d_backward(
    dy,
    x,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
):
    """The gradient of `avg_pool2d`."""
    raise NotImplementedError


def avg_pool1d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """Average each window."""
    raise NotImplementedError


def avg_pool1d_backward(
    dy, x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True
):
    """The gradient of `avg_pool1d`."""
    raise NotImplementedError


def avg_pool3d(
    x,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
):
    """Average each window."""
    raise NotImplementedError


def avg_pool3d_backward(
    dy,
    x,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
):
    """The gradient of `avg_pool3d`."""
    raise NotImplementedError


def lp_pool2d(x, norm_type, kernel_size, stride=None, ceil_mode=False):
    """The p-norm of each window, (Σ xᵖ)^(1/p); norm_type inf is the largest |x|."""
    raise NotImplementedError


def lp_pool2d_backward(dy, x, norm_type, kernel_size, stride=None, ceil_mode=False):
    """The gradient of `lp_pool2d`."""
    raise NotImplementedError


def lp_pool1d(x, norm_type, kernel_size, stride=None, ceil_mode=False):
    """The p-norm of each window, (Σ xᵖ)^(1/p); norm_type inf is the largest |x|."""
    raise NotImplementedError


def lp_pool1d_backward(dy, x, norm_type, kernel_size, stride=None, ceil_mode=False):
    """The gradient of `lp_pool1d`."""
    raise NotImplementedError


def lp_pool3d(x, norm_type, kernel_size, stride=None, ceil_mode=False):
    """The p-norm of each window, (Σ xᵖ)^(1/p); norm_type inf is the largest |x|."""
    raise NotImplementedError


def lp_pool3d_backward(dy, x, norm_type, kernel_size, stride=None, ceil_mode=False):
    """The gradient of `lp_pool3d`."""
    raise NotImplementedError


def mixed_pool2d(x, alpha, kernel_size, stride=None):
    """alpha·max + (1 − alpha)·average (Lee, Gallagher & Tu 2016); alpha is learned: a number, a scalar array, or one that broadcasts against y. Backward: (dx, dalpha)."""
    raise NotImplementedError


def mixed_pool2d_backward(dy, x, alpha, kernel_size, stride=None):
    """The gradient of `mixed_pool2d`."""
    raise NotImplementedError


def adaptive_avg_pool2d(x, output_size):
    """Average the windows into which the plane is shared out."""
    raise NotImplementedError


def adaptive_avg_pool2d_backward(dy, x, output_size):
    """The gradient of `adaptive_avg_pool2d`."""
    raise NotImplementedError


def adaptive_avg_pool1d(x, output_size):
    """Average the windows into which the plane is shared out."""
    raise NotImplementedError


def adaptive_avg_pool1d_backward(dy, x, output_size):
    """The gradient of `adaptive_avg_pool1d`."""
    raise NotImplementedError


def adaptive_avg_pool3d(x, output_size):
    """Average the windows into which the plane is shared out."""
    raise NotImplementedError


def adaptive_avg_pool3d_backward(dy, x, output_size):
    """The gradient of `adaptive_avg_pool3d`."""
    raise NotImplementedError


def adaptive_max_pool2d(x, output_size, return_indices=False):
    """The largest value of the windows into which the plane is shared out."""
    raise NotImplementedError


def adaptive_max_pool2d_backward(dy, x, output_size):
    """The gradient of `adaptive_max_pool2d`."""
    raise NotImplementedError


def adaptive_max_pool1d(x, output_size, return_indices=False):
    """The largest value of the windows into which the plane is shared out."""
    raise NotImplementedError


def adaptive_max_pool1d_backward(dy, x, output_size):
    """The gradient of `adaptive_max_pool1d`."""
    raise NotImplementedError


def adaptive_max_pool3d(x, output_size, return_indices=False):
    """The largest value of the windows into which the plane is shared out."""
    raise NotImplementedError


def adaptive_max_pool3d_backward(dy, x, output_size):
    """The gradient of `adaptive_max_pool3d`."""
    raise NotImplementedError


def global_avg_pool(x):
    """The mean of each plane: (N, C, *spatial) → (N, C, 1, …), for one to three spatial axes; batched only."""
    raise NotImplementedError


def global_avg_pool_backward(dy, x):
    """The gradient of `global_avg_pool`."""
    raise NotImplementedError


def global_max_pool(x):
    """The maximum of each plane: (N, C, *spatial) → (N, C, 1, …); the first maximum gets the gradient."""
    raise NotImplementedError


def global_max_pool_backward(dy, x):
    """The gradient of `global_max_pool`."""
    raise NotImplementedError


def gem_pool(x, p=3.0, eps=1e-6):
    """Generalised mean of each plane, (mean(max(x, eps)ᵖ))^(1/p) (Radenović et al. 2019): (N, C, *spatial) → (N, C, 1, …). p is learned: a number, or an array that broadcasts against y. Backward: (dx, dp)."""
    raise NotImplementedError


def gem_pool_backward(dy, x, p=3.0, eps=1e-6):
    """The gradient of `gem_pool`."""
    raise NotImplementedError


def blur_pool2d(x, kernel_size=3, stride=2):
    """Blur with the binomial filter (rows of Pascal's triangle), reflecting at the edges ((k−1)//2 before, k//2 after), and keep each stride-th cell (Zhang 2019)."""
    raise NotImplementedError


def blur_pool2d_backward(dy, x, kernel_size=3, stride=2):
    """The gradient of `blur_pool2d`."""
    raise NotImplementedError


def attention_pool(x, v, w, u=None):
    """Σₖ aₖ xₖ over a set of instances, a = softmax(w·tanh(V x)), gated with sigmoid(U x) if u is given (Ilse, Tomczak & Welling 2018). x (N, K, M) or (K, M); v, u (L, M); w (L,) → (N, M) or (M,). Backward: (dx, dv, dw, du); du is None without u."""
    raise NotImplementedError


def attention_pool_backward(dy, x, v, w, u=None):
    """The gradient of `attention_pool`."""
    raise NotImplementedError


def max_unpool2d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Put each value back to the place that its index names; zeros elsewhere."""
    raise NotImplementedError


def max_unpool2d_backward(dy, x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """The gradient of `max_unpool2d`."""
    raise NotImplementedError


def max_unpool1d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Put each value back to the place that its index names; zeros elsewhere."""
    raise NotImplementedError


def max_unpool1d_backward(dy, x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """The gradient of `max_unpool1d`."""
    raise NotImplementedError


def max_unpool3d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Put each value back to the place that its index names; zeros elsewhere."""
    raise NotImplementedError


def max_unpool3d_backward(dy, x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """The gradient of `max_unpool3d`."""
    raise NotImplementedError


def fractional_max_pool2d(
    rng, x, kernel_size, output_size=None, output_ratio=None, return_indices=False
):
    """Max pooling with windows at pseudo-random steps (Graham 2014). rng: a Generator or torch's _random_samples, uniforms (N, C, 2) ((1, C, 2) if x is unbatched)... exactly torch's algorithm and dtype rule."""
    raise NotImplementedError


def fractional_max_pool2d_backward(dy, rng, x, kernel_size, output_size=None, output_ratio=None):
    """The gradient of `fractional_max_pool2d`."""
    raise NotImplementedError


def fractional_max_pool3d(
    rng, x, kernel_size, output_size=None, output_ratio=None, return_indices=False
):
    """Max pooling with windows at pseudo-random steps (Graham 2014). rng: a Generator or torch's _random_samples, uniforms (N, C, 3) ((1, C, 3) if x is unbatched)... exactly torch's algorithm and dtype rule."""
    raise NotImplementedError


def fractional_max_pool3d_backward(dy, rng, x, kernel_size, output_size=None, output_ratio=None):
    """The gradient of `fractional_max_pool3d`."""
    raise NotImplementedError


def stochastic_pool2d(rng, x, kernel_size, stride=None, return_indices=False):
    """One cell of each window, drawn with probability xᵢ/Σx (Zeiler & Fergus 2013). rng: a Generator or one uniform in [0, 1) for each window, in y's shape. The drawn cell is the first whose running sum (row by row) exceeds u·Σx."""
    raise NotImplementedError


def stochastic_pool2d_backward(dy, rng, x, kernel_size, stride=None):
    """The gradient of `stochastic_pool2d`."""
    raise NotImplementedError


def stochastic_pool2d_expected(x, kernel_size, stride=None):
    """What stochastic_pool2d gives on average, Σx²/Σx: used for evaluation; 0 for a window of zeros."""
    raise NotImplementedError


def stochastic_pool2d_expected_backward(dy, x, kernel_size, stride=None):
    """The gradient of `stochastic_pool2d_expected`."""
    raise NotImplementedError
