# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``from_sequence_xml``: an exported task sequence as YAML data."""

from __future__ import annotations

import typing as t

from ..plugin_utils._resources import _filters as filters
from ..plugin_utils._sequence.containers import open_document
from ..plugin_utils._sequence.exported import describe_document

DOCUMENTATION = r"""
name: from_sequence_xml
short_description: Read an exported task sequence
version_added: 0.1.0
author:
  - Contributors to the configmgr.osd project (@configmgr-osd)
description:
  - Reads a task sequence from a C(<sequence>) document, from the C(object.xml) of an export, or from the zip that the
    console exports, and returns the steps in the form that M(configmgr.osd.cm_task_sequence) accepts.
  - Takes the content of a file, not its name. Encodings, byte order marks and zips are recognised in the text that
    P(ansible.builtin.file#lookup) makes of any file; use C(rstrip=false) there. From ansible-core 2.23 on that lookup
    reads UTF-8 only, and zips are read with M(ansible.builtin.slurp) and O(base64).
  - Objects of the site come back as a mapping with C(id), because the site is not asked.
  - Entities, external references, encrypted or damaged zips, members that point outside of the zip, and documents of
    unreasonable size or depth are refused.
positional: _input
options:
  _input:
    description:
      - The content of the file, as text or bytes.
    type: raw
    required: true
  base64:
    description:
      - Whether the content is base64, as M(ansible.builtin.slurp) returns it.
    type: bool
    default: false
  package_id:
    description:
      - Which task sequence to take of a zip that holds several. Without it such a zip is an error that lists them.
    type: str
  names:
    description:
      - Whether references come back by the names that the export carries, where it carries one and no other object of
        the kind has the same. Names are what makes a task sequence portable to another site.
    type: bool
    default: false
  secrets:
    description:
      - V(mask) puts C(<stored on site>) in the place of every secret that has a value.
      - V(keep) returns the values. What an export holds may be encrypted by the site that it comes from.
    type: str
    choices: [mask, keep]
    default: mask
  document:
    description:
      - Whether RV(_value.document) is returned. If not set, it is where the steps cannot say everything that the
        document says.
    type: bool
seealso:
  - plugin: configmgr.osd.to_sequence_xml
    plugin_type: filter
  - plugin: configmgr.osd.to_sequence_yaml
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Turn an export of the console into a file for version control
  ansible.builtin.copy:
    content: >-
      {{ lookup('ansible.builtin.file', 'Windows 11.zip', rstrip=false)
         | configmgr.osd.from_sequence_xml(names=true)
         | configmgr.osd.to_sequence_yaml }}
    dest: files/windows-11.yml
    mode: "0644"
  delegate_to: localhost

- name: Read an export as it will have to be done with ansible-core 2.23
  ansible.builtin.slurp:
    src: files/Windows 11.zip
  delegate_to: localhost
  register: export

- name: Show it
  ansible.builtin.debug:
    msg: "{{ (export.content | configmgr.osd.from_sequence_xml(base64=true)).steps | configmgr.osd.sequence_tree }}"
"""

RETURN = r"""
_value:
  description:
    - The task sequence. Package options (C(name), C(description), C(boot_image) and so on, as
      M(configmgr.osd.cm_task_sequence) has them) are there when the document is an export of the whole package.
  type: dict
  contains:
    steps:
      description: The steps and groups.
      type: list
      elements: dict
    package_id:
      description: The ID on the site that the export comes from, when the document says it.
      type: str
    schema_version:
      description: The version of the document, for example V(3.10).
      type: str
    steps_count:
      description: How many steps there are.
      type: int
    groups_count:
      description: How many groups there are.
      type: int
    steps_sha256:
      description: Equal for equal steps; secrets do not count.
      type: str
    references:
      description:
        - What the steps refer to, each object once, with C(kind), C(id) and, where the export says it, C(name).
      type: list
      elements: dict
    warnings:
      description: What the steps cannot say, what was out of step in the document, and what the modules will refuse.
      type: list
      elements: str
    document:
      description:
        - The text of the sequence, for P(configmgr.osd.to_sequence_xml#filter) to write unchanged steps exactly as they
          were. Secrets are empty unless O(secrets=keep).
      type: str
"""


def from_sequence_xml(
    content: t.Any,
    package_id: str | None = None,
    names: bool = False,
    secrets: str = "mask",
    document: bool | None = None,
    base64: bool = False,
) -> dict[str, t.Any]:
    """Return the task sequence of a document; raises ``AnsibleFilterError`` with the place of what is wrong."""
    with filters.named("from_sequence_xml"):
        data = filters.content(content)
        if filters.flag("base64", base64):
            data = filters.decoded(data)
        found = open_document(data, package_id=str(package_id) if package_id else None)
        described = describe_document(
            found,
            names=filters.flag("names", names),
            keep_secrets=filters.choice("secrets", secrets, ("mask", "keep")) == "keep",
            keep_document=None if document is None else filters.flag("document", document),
        )
        package: dict[str, t.Any] = {}
        if found.package is not None:
            package = filters.package_options(found.package)
            if package["platforms"]:
                described["warnings"].append(
                    f"the package runs on these platforms only, which have no names in an export: "
                    f"{'; '.join(package['platforms'])}"
                )
                del package["platforms"]
            if names and package["boot_image"]:
                known = found.names.get(package["boot_image"]["id"].casefold())
                package["boot_image"] = known or package["boot_image"]
            package["package_id"] = found.package.get("PackageID")
        return filters.result({**package, **described})


class FilterModule:
    """The collection's filter ``from_sequence_xml``."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"from_sequence_xml": from_sequence_xml}
