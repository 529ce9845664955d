# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  site_code:
    description:
      - The three-character code of the site.
      - When omitted, the site is discovered, which costs one more request per task.
      - If not set, the value of the environment variable E(CONFIGMGR_SITE_CODE) is used.
    type: str
  namespace:
    description:
      - The WMI namespace of the site, for example V(root/sms/site_P01).
      - Needed only where neither discovery nor O(site_code) leads to it.
    type: str
  operation_timeout:
    description:
      - Seconds that the server may take for one request.
      - A value above 60 has an effect only where the server's C(MaxTimeoutms) was raised.
      - The read timeout of the connection is at least this value plus 15 seconds for the task.
    type: int
    default: 60
  max_envelope_size:
    description:
      - The largest request that the server accepts, in KiB, when its C(MaxEnvelopeSizekb) differs from 500.
      - Requests are measured before they are sent, so that a too large one fails with the size and the remedy.
    type: int
  compatibility:
    description:
      - Switches for what differs between servers, or what only a test against a site can settle.
      - Set them for all modules with C(module_defaults) and C(group/configmgr.osd.cm).
      - If not set, the value of the environment variable E(CONFIGMGR_COMPATIBILITY) (a JSON object) is used.
    type: dict
    default: {}
    suboptions:
      uri:
        description: The form of class addresses, that of the DMTF or the older one of WMI.
        type: str
        choices: [dmtf, wmi]
        default: dmtf
      datetime:
        description: How points in time are sent, as Windows' own client does, as ISO 8601 text, or as DMTF text.
        type: str
        choices: [cim_datetime, iso, text]
        default: cim_datetime
      projection:
        description: Whether queries may name columns (V(auto)) or always ask for whole rows (V(never)).
        type: str
        choices: [auto, never]
        default: auto
      send_sequence_text:
        description:
          - Whether the text of a sequence goes back to the server with its package.
          - V(auto) sends it for reading the steps and leaves it out for writing them.
        type: str
        choices: [auto, always, never]
        default: auto
      write_via:
        description: Whether steps are written as embedded objects or as text that the server converts.
        type: str
        choices: [objects, xml]
        default: objects
      schedule_tokens:
        description: Whether the server makes the schedule tokens (V(server)) or this collection does (V(direct)).
        type: str
        choices: [server, direct]
        default: server
      explicit_lock:
        description:
          - Whether the lock of an object is requested before it is saved and released after, at two more requests.
          - By default the site takes a free lock by itself and gives it back.
        type: bool
        default: false
notes:
  - The inventory host is the site server or another host with the SMS Provider, reached by the connection plugin
    P(ansible.builtin.winrm#connection) or P(ansible.builtin.psrp#connection). Nothing is run or installed on it.
  - Set C(gather_facts=false) in the play; gathering facts would start PowerShell on the host.
"""
