# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  backup:
    description:
      - Whether to save an existing task sequence to the control node before it is changed or deleted.
      - The file is an C(object.xml) with the steps and the options of the package, without secrets.
        O(configmgr.osd.cm_task_sequence#module:src) restores from it; secrets that the site still holds are kept then.
      - When the file cannot be written, nothing is changed.
    type: bool
    default: false
  backup_dir:
    description:
      - The folder on the control node for O(backup), made when it is missing.
      - A relative path counts from the folder of the playbook, or from the current folder where the playbook is one of
        a collection. The default is C(backup) in that folder.
      - In an execution environment the folder is gone after the job. Name one that is kept, or read the file that
        RV(backup_file) names in a later task and store it elsewhere.
    type: path
"""
