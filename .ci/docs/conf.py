"""Sphinx configuration of the site: ``python -m sphinx -W -b html .ci/docs FOLDER``."""

import os
import sys
from pathlib import Path

os.environ["KERAS_BACKEND"] = "jax"  # the other backends print messages on import
sys.path.insert(0, str(Path(__file__).parent))  # _extension

import seqsent

ROOT = Path(__file__).parents[2]
REPOSITORY = "https://github.com/seqsent/seqsent"

project = "seqsent"
version = release = seqsent.__version__
extensions = [
    "_extension",
    "matplotlib.sphinxext.plot_directive",
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_tables", "_templates"]
templates_path = ["_templates"]
nitpicky = True
smartquotes = False
add_module_names = False
toc_object_entries = False
autodoc_typehints = "none"  # docstrings state the types
numpydoc_show_class_members = False
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
plot_html_show_formats = False
plot_html_show_source_link = False

sphinx_gallery_conf = {
    "examples_dirs": str(ROOT / "examples"),
    "gallery_dirs": "gallery",
    "filename_pattern": r"(?<!reproduce_tutorial)\.py$",  # it needs IMDB and minutes
    "reset_argv": "_extension.example_options",
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "write_computation_times": False,
    "remove_config_comments": True,
    "plot_gallery": "True",
    "abort_on_example_error": True,
    "reference_url": {"seqsent": None},
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("seqsent",),
    "default_thumb_file": str(ROOT / ".ci" / "docs" / "_static" / "thumbnail.png"),
}

html_title = f"seqsent {version}"
html_theme = "pydata_sphinx_theme"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_sidebars = {"changelog": [], "guide/get_started": []}
html_theme_options = {
    "logo": {"text": f"seqsent {version}"},
    "icon_links": [{"name": "GitHub", "url": REPOSITORY, "icon": "fa-brands fa-github"}],
    "header_links_before_dropdown": 6,
    "navigation_with_keys": False,
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
copyright = "the seqsent developers, BSD 3-Clause"
