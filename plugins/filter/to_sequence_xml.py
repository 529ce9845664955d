# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``to_sequence_xml``: steps as a ``<sequence>`` document in the form of the product."""

from __future__ import annotations

import typing as t

from ansible.utils.display import Display

from ..plugin_utils._errors import InvalidInput, Problem
from ..plugin_utils._resources import _filters as filters
from ..plugin_utils._sequence.containers import open_document
from ..plugin_utils._sequence.from_yaml import parse_steps
from ..plugin_utils._sequence.offline import FEATURES, Directory, build, leave_out
from ..plugin_utils._sequence.xml_read import read_sequence
from ..plugin_utils._sequence.xml_write import write_sequence

DOCUMENTATION = r"""
name: to_sequence_xml
short_description: Write steps as a sequence document
version_added: 0.1.0
author:
  - Contributors to the configmgr.osd project (@configmgr-osd)
description:
  - Writes steps as C(<sequence>) text, in one line as the product writes it, with the command lines, variables and
    lists of references that follow from the steps.
  - A document holds IDs. Names of objects are an error that lists them, unless O(references) has their IDs.
  - With O(base), or with data that P(configmgr.osd.from_sequence_xml#filter) returned with C(document=true), steps that
    did not change are written exactly as they were; so are elements and attributes that no option can say.
  - What a child task sequence refers to is only known to a site; it is in the list of references only where O(base) has
    it.
positional: _input
options:
  _input:
    description:
      - The steps, or a mapping with C(steps) as P(configmgr.osd.from_sequence_xml#filter),
        P(configmgr.osd.from_sequence_yaml#filter) and M(configmgr.osd.cm_task_sequence_info) return it. Its
        C(references), C(document) and C(schema_version) are used where the option is not given.
    type: raw
    required: true
  base:
    description:
      - The content of the document that the steps came from, in any form that
        P(configmgr.osd.from_sequence_xml#filter) reads.
    type: raw
  references:
    description:
      - IDs for names, as a list of mappings with C(kind), C(name) and C(id). A name without version and manufacturer is
        looked up here.
    type: list
    elements: dict
  version:
    description:
      - The version of the document. V(3.00) is that of the oldest sites and has neither C(retryCount) nor
        C(runFromNet).
      - If not set, it is that of the base, else V(3.10).
    type: str
    choices: ["3.00", "3.10"]
  without:
    description:
      - What older site versions do not know, to be left out. A step that uses it is an error. V(hidden_flag) is the
        C(/hiddenflag:) of V(set_task_sequence_variable), the others are options of steps by their names.
    type: list
    elements: str
    choices:
      - hidden_flag
      - recurse
      - shutdown
      - access_content_directly
      - encrypt_full_disk
      - encryption_method
      - skip_without_tpm
    default: []
  secrets:
    description:
      - What to write for a secret that is C(<stored on site>) in the steps and has no value in the base.
      - V(blank) writes an empty text, which M(configmgr.osd.cm_task_sequence) takes for "keep", and warns.
      - V(fail) is an error that lists the places.
    type: str
    choices: [blank, fail]
    default: blank
notes:
  - Secrets that the steps hold are part of the text that is returned.
seealso:
  - plugin: configmgr.osd.from_sequence_xml
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Write a document that the console can import
  ansible.builtin.copy:
    content: "{{ finance.steps | configmgr.osd.to_sequence_xml }}"
    dest: finance.xml
    mode: "0600"
  no_log: true
  delegate_to: localhost
"""

RETURN = r"""
_value:
  description:
    - The C(<sequence>) document, without line ends between elements.
  type: str
"""


def to_sequence_xml(
    data: t.Any,
    base: t.Any = None,
    references: t.Any = None,
    version: str | None = None,
    without: t.Any = (),
    secrets: str = "blank",
) -> str:
    """Return the document of steps; raises ``AnsibleFilterError`` with every step that cannot be written."""
    with filters.named("to_sequence_xml"):
        given = filters.argument(data)
        given = given if isinstance(given, dict) else {"steps": given}
        if given.get("steps") is None:
            raise InvalidInput([Problem("steps", "", "are missing; give a list of steps or a mapping with steps")])
        original = filters.content(base) if base is not None else given.get("document")
        old = None
        if original:
            document = open_document(original, source="base")
            old = read_sequence(document.text, source=document.source)
        built = build(
            parse_steps(given["steps"]).sequence,
            directory=Directory(filters.argument(references if references is not None else given.get("references"))),
            base=old,
            blank_secrets=filters.choice("secrets", secrets, ("blank", "fail")) == "blank",
        )
        sequence = built.sequence
        own = str(sequence.properties.get("SchemaVersion") or given.get("schema_version") or "")
        sequence.properties["SchemaVersion"] = (
            filters.choice("version", version, ("3.00", "3.10")) if version else own or "3.10"
        )
        leave_out(sequence, _features(without))
        text = write_sequence(sequence)
        if built.without_secret:
            places = ", ".join(built.without_secret)
            Display().warning(f"to_sequence_xml: these secrets are stored on a site only and are left empty: {places}")
        return filters.result(text)


def _features(without: t.Any) -> list[str]:
    items = filters.argument(without)
    items = [items] if isinstance(items, str) else items
    if not isinstance(items, (list, tuple)):
        raise InvalidInput([Problem("without", "", "must be a list")])
    return [filters.choice("without", item, tuple(FEATURES)) for item in items]


class FilterModule:
    """The collection's filter ``to_sequence_xml``."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"to_sequence_xml": to_sequence_xml}
