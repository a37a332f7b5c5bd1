"""Configuration of the manual: `make docs` builds it with Sphinx from these Markdown files."""

project = "cmbot"
author = "the cmbot maintainers"
extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "cmbot"
html_show_copyright = False
html_show_sphinx = False
exclude_patterns = ["_build"]
