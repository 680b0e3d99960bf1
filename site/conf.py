"""What Sphinx builds the course's web pages with; ``build.py`` runs it."""

import tomllib
from pathlib import Path

import ser_helpers

ROOT = Path(ser_helpers.__file__).resolve().parents[1]
with (ROOT / "pyproject.toml").open("rb") as file:
    REPOSITORY = tomllib.load(file)["project"]["urls"]["Repository"].rstrip("/")
BRANCH = "main"

project = "Speech emotion recognition, hands-on"
author = "the authors of the course"
copyright = f"{author}: text and figures CC BY 4.0, code MIT"
version = release = ser_helpers.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.linkcode",
    "sphinx.ext.napoleon",
    "course_pages",
    "course_reference",
]
root_doc = "index"

# Notebooks and Markdown
nb_execution_mode = "off"
nb_ipywidgets_js: dict = {}  # widgets show the HTML that they have stored, and load no scripts
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

# The reference
suppress_warnings = ["ref.python"]  # two classes are called Report; the first is the one meant
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_google_docstring = False
napoleon_use_param = napoleon_use_rtype = False  # else "shape (n_clips,)" links to any n_clips
add_module_names = False
toc_object_entries = False

# The look
html_theme = "sphinx_book_theme"
html_context = {"default_mode": "auto"}  # as the visitor's system has it
html_title = project
html_favicon = "static/favicon.svg"
html_static_path = ["static"]
html_css_files = ["course.css"]
html_js_files = ["course.js"]
html_sourcelink_suffix = ""  # a notebook is downloaded as a notebook
html_math_renderer = "mathml"
html_theme_options = {
    "repository_url": REPOSITORY,
    "repository_branch": BRANCH,
    "use_repository_button": True,
    "use_fullscreen_button": False,
    "launch_buttons": {
        "binderhub_url": "https://mybinder.org",
        "colab_url": "https://colab.research.google.com",
        "notebook_interface": "jupyterlab",
    },
    "show_toc_level": 2,
    "home_page_in_toc": True,
    "navbar_persistent": [],
}
