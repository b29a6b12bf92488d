"""Check the book's sources: ``python -m book.lint``. ``make lint`` runs ruff first.

Each rule is a function of the book's folder that yields (file, message); the rules about cells
stand in `book.lint_notebooks`. Every message says what was expected and what came.
"""

import hashlib
import json
import os
import re
import sys
import tomllib
from itertools import chain
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from sphinx_external_toc.parsing import MalformedError, parse_toc_yaml

from book import student
from book.build import OFFLINE
from book.lint_notebooks import CLAIM, CLAIM_ID, QUESTION, problems

ROOT = Path(__file__).resolve().parents[1]
SKIPPED = {"_build", "__pycache__", "node_modules"}
TEXT = {".cff", ".css", ".html", ".ipynb", ".js", ".json", ".lock", ".md", ".mplstyle", ".py"}
TEXT |= {".bib", ".sh", ".toml", ".yaml", ".yml", ""}
PAGE_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
REFERENCED = re.compile(r"""<(?:img|a|script|source)\b[^>]*?\b(?:src|href)=["']([^"']+)["']""")
DIRECTIVE = re.compile(r"^[:`]{3,}\{(?:image|figure|(?:literal)?include)\}\s*(\S+)", re.MULTILINE)
FENCED = r"^(`{3,}|~{3,})(?!\{).*?^\1[ \t]*$"  # code, not a directive
INLINE = r"(?<!`)(`{1,2})(?!`)(?:(?!\n\n)[^`])+?\2"
CODE = re.compile(rf"(?ms){FENCED}|{INLINE}|\$\$.*?\$\$|\$[^$\n]+\$")
FORBIDDEN = {  # each written so that it does not find itself
    "a home folder": re.compile(r"/(?:home|Users)/[a-z]\w*|/root\b/|\b[A-Z]:\\Users\\"),
    "a package index": re.compile(r"-{2}(?:extra-)?index-url|-{2}find-links|\bpypi\.(?:org|io)"),
}
FILLER = re.compile(r"\b(simply|obviously|trivially)\b", re.IGNORECASE)


def files(root, *folders, suffixes=TEXT):
    """Return the text files of the book (or of some of its folders), sorted."""
    found = []
    for folder in folders or ["."]:
        for place, below, names in os.walk(root / folder):
            below[:] = {*below} - SKIPPED - {name for name in below if hidden(name)}
            found += [Path(place, name) for name in names if Path(name).suffix in suffixes]
    return sorted(found)


def hidden(folder):
    """Say whether a folder is a tool's own, such as .git or .venv."""
    return folder.startswith(".") and folder not in {".ci", ".github"}


def pages(root):
    """Return every page, and every notebook of exercises."""
    return files(root, "chapters", "exercises", suffixes={".md", ".ipynb"})


def stored(path):
    """Return what a JSON file holds, or an empty dict: another rule says what is wrong with it."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return {}


def markdown(path):
    """Return the markdown of a page."""
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    cells = stored(path).get("cells", [])
    return "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


def prose(path):
    """Return what a page says outside code and mathematics."""
    return CODE.sub("", markdown(path))


def version(root):
    """Return the version that lib states."""
    return re.search(r'__version__ = "(.+)"', (root / "lib/__init__.py").read_text("utf-8"))[1]


def notebooks(root):
    """Every notebook obeys the rules about cells."""
    keys = {key for path in question_files(root) for key in stored(path)}
    for path in pages(root):
        if path.suffix == ".ipynb":
            for message in problems(path, version(root), keys):
                yield path, message


def question_files(root):
    """Return the files that hold the texts of the questions."""
    return files(root, "lib/widgets/questions", suffixes={".json"})


def questions(root):
    """Every question has a prompt, a right option, and feedback of its own for each option."""
    for path in question_files(root):
        if not stored(path):
            yield path, "expected questions in JSON, got none that can be read"
        for key, question in stored(path).items():
            options = question.get("options", [])
            if not question.get("prompt") or not question.get("explain"):
                yield path, f"{key!r}: expected prompt and explain, got {sorted(question)}"
            if len(options) < 2 or not any(option.get("correct") is True for option in options):
                yield path, f"{key!r}: expected two options or more, one of them correct"
            feedback = [option.get("feedback", "").strip() for option in options]
            if not all(feedback) or len({*feedback}) < len(feedback):
                yield path, f"{key!r}: expected feedback of its own for every option"


def questions_asked(root):
    """Every question of a chapter is asked, on a page or in a lesson on a mistake."""
    plans = root / "lib/instructor/lessons.toml"
    lessons = plans.read_text("utf-8") if plans.exists() else ""
    for path in question_files(root):
        if not (root / "chapters" / path.stem).is_dir():
            continue
        asked = {
            key for page in pages(root) for _, key in QUESTION.findall(page.read_text("utf-8"))
        }
        for key in sorted(stored(path).keys() - asked):
            if f'"{path.stem}.{key}"' not in lessons:
                yield path, f"expected question({key!r}) on a page or in a lesson, got none"


def contents(root):
    """Every page stands in _toc.yml, once, and every entry is a page; solutions stay out."""
    toc = root / "_toc.yml"
    try:
        listed = {*parse_toc_yaml(toc)}
    except (MalformedError, OSError) as error:
        yield toc, f"expected a table of contents, got: {error}"
        return
    found = {}
    for path in pages(root):
        name = path.relative_to(root).with_suffix("").as_posix()
        if name in found:
            yield path, f"expected one file of this name, got {found[name].name} too"
        found[name] = path
        if not all(PAGE_NAME.fullmatch(part) for part in name.split("/")):
            yield path, f"expected a name of small letters, digits and hyphens, got {name!r}"
        graded = path.suffix == ".ipynb" and path.parent == root / "exercises"
        if graded and name in listed:
            yield toc, f"expected no exercise with solutions, got {name}"
        if not graded and name not in listed:
            yield path, "expected this page in _toc.yml, got no entry"
    for name in sorted(listed - {*found}):
        yield toc, f"expected a page for every entry, got none for {name}"


def claims(root):
    """A claim has an id of its own and stands in a notebook, where a cell can prove it."""
    seen = {}
    for path in pages(root):
        for _, body in CLAIM.findall(markdown(path)):
            if path.suffix == ".md":
                yield path, "expected claims in notebooks only, beside their proof, got one here"
            for name in CLAIM_ID.findall(body):
                if name in seen:
                    yield path, f"expected claim {name!r} once, got it in {seen[name].name} too"
                seen[name] = path


def links(root):
    """Every file that a page shows or links is there, and nothing is shown from elsewhere."""
    for path in [*pages(root), *root.glob("*.md")]:
        text = prose(path)
        shown = {match[1] for match in LINK.finditer(text) if match[0].startswith("!")}
        shown |= {*DIRECTIVE.findall(text)}
        linked = {match[1] for match in LINK.finditer(text)} | {*REFERENCED.findall(text)}
        for target in sorted(shown | linked):
            if re.match(r"[a-z]+:", target):
                if target in shown:
                    yield path, f"expected an image of the book's own, got {target}"
            elif (file := target.split("#")[0]) and not there(root, path, file):
                yield path, f"expected a file at {file}, got none"


def there(root, page, target):
    """Say whether a link leads to a file: a page, with its ending or without, or what is built."""
    base = root if target.startswith("/") else page.parent
    place = base / target.lstrip("/")
    endings = "", ".md", ".ipynb"
    found = any(place.with_name(place.name + ending).exists() for ending in endings)
    return found or place.name == OFFLINE


def fillers(root):
    """Prose does not tell the reader that a thing is easy."""
    for path in pages(root):
        for word in FILLER.findall(prose(path)):
            yield path, f"expected plain prose, got {word!r}"


def vendored(root):
    """Every vendored file is listed with its version, licence and SHA-256, and is that file."""
    folder = root / "book/assets/vendor"
    manifest = folder / "manifest.json"
    listed = {}
    for entry in stored(manifest):
        for field in "name", "version", "licence", "source":
            if not entry.get(field):
                yield manifest, f"expected {field} of each package, got {entry.get('name')}: none"
        listed |= entry.get("files", {})
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    for name in sorted(found - {*listed, "manifest.json"}):
        yield folder / name, "expected this vendored file in manifest.json, got no entry"
    for name, expected in sorted(listed.items()):
        if name not in found:
            yield manifest, f"expected the file {name}, got none"
        elif (got := hashlib.sha256((folder / name).read_bytes()).hexdigest()) != expected:
            yield folder / name, f"expected SHA-256 {expected}, got {got}"


def lock(root):
    """Every row of the lock pins one package, names no host or build, and nothing is missing."""
    path = root / "requirements.lock"
    pinned = set()
    for row in path.read_text(encoding="utf-8").splitlines():
        if row.startswith("#"):
            continue
        try:
            need = Requirement(row)
            pinned.add(canonicalize_name(need.name))
            exact = re.fullmatch(r"==[0-9][0-9a-z.]*", str(need.specifier)) and not need.url
        except InvalidRequirement:
            exact = False
        if not exact:
            yield path, f"expected name==version, with a marker or none, got {row!r}"
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = chain(project["dependencies"], *project.get("optional-dependencies", {}).values())
    names = {canonicalize_name(Requirement(text).name) for text in wanted}
    for name in sorted(names - pinned - {canonicalize_name(project["name"])}):
        yield path, f"expected a row for {name}, which pyproject.toml requires, got none"


def forbidden(root):
    """No file names a folder of one person's machine, or a package index."""
    for path in files(root):
        if path.is_relative_to(root / "book/assets/vendor"):
            continue
        for what, pattern in FORBIDDEN.items():
            if found := pattern.search(path.read_text(encoding="utf-8", errors="replace")):
                yield path, f"expected no file to name {what}, got {found[0]!r}"


def handed_out(root):
    """What students get is what `make student` makes of the notebooks with solutions."""
    for path in student.sources(root):
        copy = student.release(path)
        try:
            expected = student.without_solutions(path)
        except Exception as error:  # nbgrader and nbformat raise their own kinds
            yield path, f"expected a graded notebook, got {type(error).__name__}: {error}"
            continue
        if not copy.is_file() or copy.read_text(encoding="utf-8") != expected:
            yield copy, "expected the student's form of this exercise, got another: make student"


def release(root):
    """The files that state the version state the same."""
    expected = version(root)
    for name, pattern in {
        "CITATION.cff": r"^version: [\"']?([0-9.]+)",
        "CHANGELOG.md": r"^## ([0-9.]+)",
    }.items():
        path = root / name
        found = re.search(pattern, path.read_text("utf-8") if path.is_file() else "", re.MULTILINE)
        got = found and found[1]
        if got != expected:
            yield path, f"expected version {expected}, as in lib/__init__.py, got {got}"


RULES = (
    notebooks,
    questions,
    questions_asked,
    contents,
    claims,
    links,
    fillers,
    vendored,
    lock,
    forbidden,
    handed_out,
    release,
)


def lint(root):
    """Return all that is wrong with the sources in a folder, one line each."""
    return [
        f"{path.relative_to(root).as_posix()}: {message}"
        for rule in RULES
        for path, message in rule(root)
    ]


def main():
    """Print what is wrong, and exit with 1 if anything is."""
    found = lint(ROOT)
    print(*found, sep="\n")
    sys.exit(f"{len(found)} problems in the book's sources" if found else 0)


if __name__ == "__main__":
    main()
