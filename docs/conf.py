"""How the documentation is built: make docs, then open docs/_build/html/index.html."""
project = "realistic-editing"
author = "The realistic-editing authors"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
html_theme = "furo"
html_title = "realistic-editing"
exclude_patterns = ["_build"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
