"""What torch calls an operation of the library, and where its documentation describes it."""

import importlib
import inspect

DOCS = "https://docs.pytorch.org/docs/stable/"
OWN_PAGE, ONE_PAGE = "generated/{}.html", "nn.init.html#{}"
PLACES = (  # module, what is added to our name, address of the description
    ("torch.nn.functional", "", OWN_PAGE),
    ("torch.nn.init", "_", ONE_PAGE),
    ("torch.nn.init", "", ONE_PAGE),
    ("torch.nn.utils", "_", OWN_PAGE),
    ("torch.nn.utils.parametrizations", "", OWN_PAGE),
    ("torch", "", OWN_PAGE),
)
OF_CLASSES = ("torch.optim", "torch.optim.lr_scheduler")
STEPS = ("_init", "_step")


def torchs_own(name):
    """Return torch's name for an operation and the address of its description, or None.

    Example:
        >>> torchs_own("xavier_uniform")[0]
        'torch.nn.init.xavier_uniform_'
        >>> torchs_own("adam_step")
        ('torch.optim.Adam', 'https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html')
        >>> torchs_own("blur_pool2d")
    """
    for module, ending, address in PLACES:
        if inspect.isroutine(getattr(importlib.import_module(module), name + ending, None)):
            full = f"{module}.{name}{ending}"
            return full, DOCS + address.format(full)
    return class_of(name)


def class_of(name):
    """Return the class of torch.optim that does what a pair of our functions does, or None."""
    for step in STEPS:
        name = name.removesuffix(step)
    for module in map(importlib.import_module, OF_CLASSES):
        for own, value in vars(module).items():
            if inspect.isclass(value) and own.lower() in spellings(name):
                full = f"{module.__name__}.{own}"
                return full, DOCS + OWN_PAGE.format(full)
    return None


def spellings(name):
    """Return how a class for ``name`` may be spelled, in small letters."""
    plain = name.replace("_", "")
    return plain, f"{plain}lr"
