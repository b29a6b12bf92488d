"""What stands around the text of a page: scripts kept small, tools that work, facts about it."""

import re
import struct
from datetime import date
from pathlib import Path
from urllib.parse import urlencode

from docutils import nodes
from sphinx.environment.adapters.toctree import document_toc

from book.ext.execution import git
from lib import __version__

OURS = ("descent.css", "descent.js", "afm-host.js")
FOR_SEARCH = ("documentation_options.js", "doctools.js", "sphinx_highlight.js")
KATEX = "vendor/katex/katex.min.css"
USED_WHERE = {KATEX: 'class="katex', "sphinx-design": 'class="sd-', "design-tabs": "sd-tab-"}


def take_options(app, config):
    """Take the address of the repository and of the launchers out of the theme's options."""
    config.descent_links = dict(config.html_theme_options)
    config.html_theme_options = {}


def contents(app, name):
    """Return the headings of a page as a nested HTML list, without the page's own title."""
    lists = list(document_toc(app.env, name, app.tags).findall(nodes.bullet_list))
    return app.builder.render_partial(lists[1])["fragment"] if len(lists) > 1 else ""


def launchers(links, source):
    """Return the addresses that open a notebook elsewhere; none for a page of plain text."""
    if not source.endswith(".ipynb"):
        return {}
    owner = "/".join(links["repository_url"].rsplit("/", 2)[1:])
    branch, launch = links["repository_branch"], links["launch_buttons"]
    query = urlencode({"urlpath": f"lab/tree/{source}"})
    return {
        "Colab": f"{launch['colab_url']}/github/{owner}/blob/{branch}/{source}",
        "Binder": f"{launch['binderhub_url']}/v2/gh/{owner}/{branch}?{query}",
    }


def report(links, name, title, commit):
    """Return the address of a new report that already says which page and version it is about."""
    body = (
        f"Page: {name}\nVersion: {__version__} {commit[:10]}\n\n"
        "What it says:\n\nWhat it should say, and how one can tell:\n"
    )
    query = urlencode({"title": f"Error on “{title}”", "labels": "erratum", "body": body})
    return f"{links['repository_url']}/issues/new?{query}"


def bibtex(config, name, title, year):
    """Return the BibTeX entry of a page."""
    key = re.sub(r"\W+", "-", name.removeprefix("chapters/")).strip("-")
    return (
        f"@incollection{{descent-{key},\n"
        f"  author    = {{{{{config.author}}}}},\n"
        f"  title     = {{{title}}},\n"
        f"  booktitle = {{Descent: An Executable Textbook on How Deep Networks Are Trained}},\n"
        f"  year      = {{{year}}},\n"
        f"  version   = {{{__version__}}},\n"
        f"  url       = {{{config.html_baseurl}{name}.html}},\n"
        "}"
    )


def lean(context, name, body):
    """Keep only the style sheets and scripts that this page uses."""
    for kind in ("css_files", "script_files"):
        context[kind] = [
            asset
            for asset in context[kind]
            if is_used(str(asset.filename or "").removeprefix("_static/"), name, body)
        ]


def is_used(asset, name, body):
    """Tell whether a page uses a file; what has no name is the state of its widgets."""
    for part, mark in USED_WHERE.items():
        if part in asset:
            return mark in body
    return asset in ("", *OURS) or (name == "search" and asset in FOR_SEARCH)


def patient_images(app, body):
    """Give each image its size, so that text stays put, and let it wait until it is near."""
    sources = {name: Path(app.srcdir) / source for source, name in app.builder.images.items()}

    def dress(tag):
        head = sources[tag[2]].read_bytes()[:24] if tag[2] in sources else b""
        width, height = struct.unpack(">II", head[16:]) if head[1:4] == b"PNG" else (0, 0)
        size = f'width="{width}" height="{height}" style="--pixels: {width}" ' if width else ""
        return f'<img {size}loading="lazy" {tag[1]}'

    return re.sub(r'<img ([^>]*src="[^"]*/_images/([^"]+)")', dress, body)


def add_facts(app, name, template, context, doctree):
    """Give the templates what they show about a page."""
    body = patient_images(app, context.get("body", ""))
    body = body.replace('role="doc-biblioentry"', 'role="listitem"')  # the older one is deprecated
    lean(context, name, body)
    context["descent_version"] = __version__
    context["links"] = links = app.config.descent_links
    if doctree is None:
        context["descriptions"] = {
            page: app.env.metadata[page]["description"] for page in sorted(app.env.found_docs)
        }
        return
    title, commit = app.env.titles[name].astext(), app.config.descent_commit
    source = app.env.doc2path(name, base=False)
    changed = git(app.srcdir, "log", "-1", "--format=%cs", "--", source)
    head, end, rest = body.partition("</h1>")
    context |= {
        "before_facts": head + end,
        "after_facts": rest,
        "plain_title": title,
        "contents": contents(app, name),
        "minutes": app.env.metadata[name]["minutes"],
        "changed": changed,
        "changed_words": f"{date.fromisoformat(changed):%d %B %Y}".lstrip("0") if changed else "",
        "launchers": launchers(links, source),
        "report": report(links, name, title, commit),
        "bibtex": bibtex(app.config, name, title, changed[:4] or app.config.copyright),
        "description": app.env.metadata[name]["description"],
    }


def setup(app):
    """Connect to Sphinx's events."""
    app.add_config_value("descent_links", {}, "html", dict)
    app.add_config_value("comments_config", {}, "", dict)  # jupyter-book sets it in any case
    app.connect("config-inited", take_options)
    app.connect("html-page-context", add_facts, priority=900)
    app.add_css_file(KATEX)
