"""Sphinx: Markdown pages, and a reference that is written from the records."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent / "src")]

import chainrule  # noqa: E402 - found through the line above

project = "chainrule"
author = "the chainrule authors"
copyright = author
version = release = chainrule.__version__
extensions = ["myst_parser", "examples", "reference"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "_ext"]
html_theme = "furo"
html_title = f"chainrule {version}"
html_copy_source = False
nitpicky = True
