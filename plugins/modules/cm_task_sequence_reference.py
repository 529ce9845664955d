#!/usr/bin/python
# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cm_task_sequence_reference
short_description: Replace an object by another in all task sequences
version_added: 0.1.0
description:
  - Replaces a package, image, boot image, driver package, application, or child task sequence by another one in every
    task sequence that uses it. All other settings of the steps stay as they are.
  - Check mode with C(--diff) is the preview.
  - Nothing is written before all task sequences were read and everything that the new object lacks was reported in
    one error. A task sequence that somebody edits is skipped and reported; the others are done.
author:
  - Contributors to the configmgr.osd project (@configmgr-osd)
extends_documentation_fragment:
  - configmgr.osd._attributes
  - configmgr.osd._attributes.action_group
  - configmgr.osd._site
  - configmgr.osd._planned
  - configmgr.osd._gate
attributes:
  check_mode:
    support: full
    details:
      - Only reads are sent. Who holds a lock is asked for each task sequence.
  diff_mode:
    support: full
    details:
      - The diff is a text of at most 200 lines and 32 KiB, at most 40 lines for each task sequence.
  idempotent:
    support: full
options:
  kind:
    description:
      - The kind of both objects.
    type: str
    required: true
    choices:
      - application
      - boot_image
      - driver_package
      - os_image
      - os_upgrade_package
      - package
      - task_sequence
  from:
    description:
      - "The object to replace, by name, as C({id: PS100005}), or as a name with what narrows it down, for example
        C({name: Contoso Office, version: '4.2'})."
      - An ID is looked for even when the object itself is gone.
    type: raw
    required: true
  to:
    description:
      - The object that takes its place, in the form of O(from).
    type: raw
    required: true
  programs:
    description:
      - For packages, which program of O(to) takes the place of a program of O(from).
        One that is not listed is replaced by the program of the same name.
    type: dict
    default: {}
  image_index:
    description:
      - For images, the index of the edition to use. Without it, the edition of the same name is used, and where the
        new image does not have it that is an error.
    type: int
  scope:
    description:
      - Which task sequences may be changed; all of them when it is omitted.
        A task sequence must be named by O(scope.names) or O(scope.patterns), if there are any, and stand in
        O(scope.folder), if there is one.
    type: dict
    suboptions:
      names:
        description:
          - Names of task sequences.
        type: list
        elements: str
      patterns:
        description:
          - Patterns of names, with C(*), C(?), and C([...]), without regard to case.
        type: list
        elements: str
      folder:
        description:
          - The path of a folder of the console, for example V(Production/Finance), or its parts as a list.
        type: raw
      subfolders:
        description:
          - Whether the folders inside it belong to it.
        type: bool
        default: true
  include_disabled:
    description:
      - The site lists what enabled steps use. With V(true) every task sequence in O(scope) is read, which costs two
        requests each, so that one whose only use is in a disabled step is found too, or that only runs a program of the
        package first.
        In a task sequence that is changed, disabled steps always are.
    type: bool
    default: false
  allow_blank_secrets:
    description:
      - Whether to write a task sequence although the site did not hand out one of its stored secrets.
        The secret is then lost.
    type: bool
    default: false
notes:
  - A task sequence that uses the object only through a child is listed in C(skipped); its child is changed.
  - A step that runs a child also stores what the child needs, and the site computes the references of the parent from
    that. Such a list in a parent that was not changed itself still names the old object until the parent is saved with
    M(configmgr.osd.cm_task_sequence) or in the console, so distribute the new object before you delete the old one.
seealso:
  - module: configmgr.osd.cm_object_usage_info
  - module: configmgr.osd.cm_task_sequence_step
"""

EXAMPLES = r"""
- name: The image of this month in all task sequences of production
  configmgr.osd.cm_task_sequence_reference:
    kind: os_image
    from: Windows 11 24H2
    to: Windows 11 24H2 - 2025-06
    scope:
      folder: Production

- name: A new version of a package whose program has another name
  configmgr.osd.cm_task_sequence_reference:
    kind: package
    from: {name: Runtime Libraries, version: "14.2"}
    to: {name: Runtime Libraries, version: "14.3"}
    programs:
      Install x64: Install
    scope:
      patterns: ["Windows 11 - *"]
"""

RETURN = r"""
replacement:
  description:
    - What became of each task sequence that uses the object. When one failed, the task fails after all others were
      done, and the same lists are in C(error.detail).
  returned: success
  type: dict
  contains:
    from:
      description: The replaced object with C(kind), C(name), and C(id).
      returned: success
      type: dict
      sample: {kind: os_image, name: Windows 11 23H2, id: PS100021}
    to:
      description: The object that took its place; its ID is V(null) when an earlier task of the play would make it.
      returned: success
      type: dict
      sample: {kind: os_image, name: Windows 11 24H2, id: PS100020}
    replaced:
      description: The task sequences that were or would be changed.
      returned: success
      type: list
      elements: dict
      contains:
        name:
          description: The name.
          returned: success
          type: str
          sample: Windows 11 - Standard desktop
        package_id:
          description: The package ID.
          returned: success
          type: str
          sample: PS100041
        uses:
          description:
            - Where the object was replaced. C(path) is V(null) for an option of the task sequence itself.
          returned: success
          type: list
          elements: dict
          sample:
            - path: Install operating system / Apply Windows 11
              type: apply_operating_system_image
              option: image
              enabled: true
        diff:
          description: What changed in words, at most 40 lines.
          returned: success
          type: str
          sample: "~ task sequence Windows 11 - Standard desktop"
      sample: []
    skipped:
      description:
        - The task sequences that were left as they are, with C(code) V(object_locked) or V(through_child), and the
          C(reason) in words.
      returned: success
      type: list
      elements: dict
      sample:
        - {name: Kiosk refresh, package_id: PS100043, code: object_locked, reason: It is being edited by somebody else.}
    failed:
      description: The task sequences that could not be changed, with C(code) and C(reason).
      returned: success
      type: list
      elements: dict
      sample: []
unresolved:
  description: In check mode, the references to objects that earlier tasks of the play would have made.
  returned: when there are any
  type: list
  elements: dict
  sample:
    - {kind: os_image, name: Windows 11 24H2 - 2025-06, path: to}
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._args import GATE_ARGS, PLANNED_ARGS, SITE_ARGS

SPEC = {
    "argument_spec": {
        **SITE_ARGS,
        **PLANNED_ARGS,
        **GATE_ARGS,
        "kind": {
            "type": "str",
            "required": True,
            "choices": [
                "application",
                "boot_image",
                "driver_package",
                "os_image",
                "os_upgrade_package",
                "package",
                "task_sequence",
            ],
        },
        "from": {"type": "raw", "required": True},
        "to": {"type": "raw", "required": True},
        "programs": {"type": "dict", "default": {}},
        "image_index": {"type": "int"},
        "scope": {
            "type": "dict",
            "options": {
                "names": {"type": "list", "elements": "str"},
                "patterns": {"type": "list", "elements": "str"},
                "folder": {"type": "raw"},
                "subfolders": {"type": "bool", "default": True},
            },
        },
        "include_disabled": {"type": "bool", "default": False},
        "allow_blank_secrets": {"type": "bool", "default": False, "no_log": False},
    },
}


def main() -> None:
    AnsibleModule(supports_check_mode=True, **SPEC).fail_json(
        msg="This module runs on the control node through its action plugin."
    )


if __name__ == "__main__":
    main()
