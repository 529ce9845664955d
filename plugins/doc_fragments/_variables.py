# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  variables:
    description:
      - Task sequence variables of the object.
      - A mapping of names to values, or a list of mappings with C(name), C(value), C(masked), and C(state). A value in
        the mapping may be such a mapping, too, without C(name).
      - Names are compared without case. Quote values that YAML would read as something else than text.
      - C(masked=true) hides the value in the console and on the network. The site does not hand out a masked value, so
        it is never compared and never shown; the value V(<stored on site>), or none, keeps the stored one.
      - A variable that is stored as masked stays masked unless the play says C(masked=false) and gives its value.
      - C(state=absent) removes a variable.
      - Every change sends all variables back. An object with masked variables is therefore changed only when the play
        gives the values of all of them that stay, see O(masked_rewrite).
    type: raw
  variables_mode:
    description:
      - What happens to stored variables that O(variables) does not name.
      - V(merge) leaves them as they are.
      - V(complete) removes them.
    type: str
    choices: [complete, merge]
    default: merge
  masked_rewrite:
    description:
      - What to do when a change would send masked variables back whose values the play does not give.
      - V(refuse) fails with the code C(secret_unreadable) and lists them.
      - V(assume_kept) sends them back as the site handed them out. A site that does not keep the stored value then
        holds an empty one. Nobody has settled yet which sites do.
    type: str
    choices: [assume_kept, refuse]
    default: refuse
  update_secrets:
    description:
      - When values of masked variables are sent. The site cannot be asked whether a stored value equals one of the
        play.
      - V(on_change) sends them whenever the variables are written for another reason.
      - V(on_create) sends them only for variables that are not masked on the site yet.
      - V(always) writes in every run, which rotates them.
    type: str
    choices: [on_change, on_create, always]
    default: on_change
"""
