# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings of the documentation site; ``make docs-lint`` builds it with every warning an error.

Other projects' inventories are never fetched: ``inventories.yml`` beside this file lists the labels that our pages use,
and ``tests/tools/docs.py`` turns it into the files that intersphinx reads.
"""

from __future__ import annotations

project = "configmgr.osd"
copyright = "Contributors to the configmgr.osd project"
title = "configmgr.osd"
html_short_title = "configmgr.osd"

extensions = ["sphinx.ext.intersphinx", "sphinx_antsibull_ext"]
pygments_style = "ansible"
highlight_language = "YAML+Jinja"
html_theme = "alabaster"
html_show_sphinx = False
html_use_modindex = False
html_use_index = False
html_copy_source = False
default_role = "any"
nitpicky = True

intersphinx_mapping = {
    "python": ("https://docs.python.org/3/", "python.inv"),
    "ansible": ("https://docs.ansible.com/projects/ansible/devel/", "ansible.inv"),
}
