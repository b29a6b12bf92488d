"""The folder is the role, the file is the topic: the same names stand everywhere."""

import importlib
import inspect

import pytest

from tests.toc import ROOT, pages_of_the_toc

TOPICS = {
    *("preprocessing", "losses", "activations", "initialization", "optimizers"),
    *("minibatches", "normalization", "convolution", "pooling"),
}
FILES = {
    "reference": "lib/reference/{}.py",
    "twin": "lib/accelerated/{}.py",
    "tests": "tests/test_{}.py",
    "overview": "chapters/{}/index.md",
}


def topics():
    """The topics that have a chapter in the book."""
    parts = (file.split("/") for file in pages_of_the_toc())
    return sorted({part[1] for part in parts if part[0] == "chapters" and part[1] in TOPICS})


def topics_of(role):
    """The topics that have a file in a folder."""
    folder = (ROOT / FILES[role]).parent
    return sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_"))


def public_functions(module):
    """The operations that a topic's module offers, its own and those of the files beside it.

    The file of tools beside it, `_<topic>_windows.py` and its like, offers none to the public.
    """
    role, topic = module.__name__.rsplit(".", 1)
    homes = (f"{role}.{topic}", f"{role}._{topic}_")
    return {
        name: value
        for name, value in vars(module).items()
        if inspect.isfunction(value)
        and not name.startswith("_")
        and value.__module__.startswith(homes)
        and not value.__module__.endswith("_windows")
    }


def twins(topic):
    roles = ("reference", "accelerated")
    return [importlib.import_module(f"lib.{role}.{topic}") for role in roles]


def test_there_is_a_chapter():
    assert topics()
    folders = {path.name for path in (ROOT / "chapters").iterdir() if path.is_dir()}
    assert folders <= TOPICS | {"api"}, "expected topics of the book's plan, TOPICS above"


@pytest.mark.parametrize("role", FILES)
@pytest.mark.parametrize("topic", topics())
def test_each_topic_has_its_file_in_each_folder(topic, role):
    path = FILES[role].format(topic)
    assert (ROOT / path).is_file(), f"_toc.yml has a chapter {topic!r}: expected {path}, got none"


def test_each_file_in_a_folder_is_a_topic_of_the_book():
    widgets = {path.stem for path in (ROOT / "lib/widgets").glob("*.py") if path.stem[0] != "_"}
    assert widgets <= TOPICS  # from a chapter's first widget or question on
    assert topics_of("reference") == topics_of("twin")
    assert set(topics_of("reference")) <= TOPICS
    assert {f"test_{topic}" for topic in topics_of("reference")} <= set(topics_of("tests"))


@pytest.mark.parametrize("topic", topics_of("reference"))
def test_twins_have_the_same_names(topic):
    reference, accelerated = (set(public_functions(module)) for module in twins(topic))
    backward = {name for name in reference if name.endswith("_backward")}
    assert accelerated == reference - backward
    assert backward <= {f"{name}_backward" for name in accelerated}


@pytest.mark.parametrize("topic", topics_of("reference"))
def test_twins_have_the_same_signatures(topic):
    reference, accelerated = twins(topic)
    for name in public_functions(accelerated):
        ours = inspect.signature(getattr(accelerated, name))
        assert str(ours) == str(inspect.signature(getattr(reference, name))), name


@pytest.mark.parametrize("topic", topics_of("reference"))
def test_a_backward_takes_the_slope_and_then_the_arguments_of_forward(topic):
    reference, _ = twins(topic)
    functions = public_functions(reference)
    for name in (n for n in functions if n.endswith("_backward")):
        forward = inspect.signature(functions[name.removesuffix("_backward")]).parameters.values()
        kept = [str(p) for p in forward if p.name != "return_indices"]
        backward = [str(p) for p in inspect.signature(functions[name]).parameters.values()]
        assert backward == ["dy", *kept], name


@pytest.mark.parametrize("topic", topics_of("reference"))
def test_every_public_function_says_what_it_does_and_shows_it(topic):
    for module in twins(topic):
        for name, function in public_functions(module).items():
            assert ">>>" in (function.__doc__ or ""), f"{module.__name__}.{name} has no example"


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md"])
def test_the_number_of_operations_that_is_told_is_right(name):
    modules = (importlib.import_module(f"lib.accelerated.{t}") for t in topics_of("twin"))
    count = sum(len(module.__all__) for module in modules)
    assert f"{count} operations" in (ROOT / name).read_text(encoding="utf-8")


def test_no_file_name_has_a_number_as_prefix():
    pages = [*(ROOT / "chapters").rglob("*"), *(ROOT / "exercises").rglob("*")]
    assert pages
    assert not [page for page in pages if page.stem[:1].isdigit()]
