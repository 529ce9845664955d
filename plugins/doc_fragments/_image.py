# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  name:
    description:
      - The name of the object.
      - An exact match is looked for first, then one that differs in case only, if there is exactly one.
      - Together with O(package_id) it renames the object with that ID, and never creates one.
    type: str
  package_id:
    description:
      - The ID of the object, for example V(PS100020). Quote it.
    type: str
  version:
    description:
      - The version. Quote it, because V(5.10) without quotes is the number 5.1.
      - It is set on the object of that name; where several bear the name, it chooses one of them.
      - With O(state=absent) only an object with exactly this version is deleted. The same holds for O(manufacturer)
        and O(language).
    type: str
  manufacturer:
    description:
      - The manufacturer.
    type: str
  language:
    description:
      - The language.
    type: str
  description:
    description:
      - The comment, at most 512 characters. V("") clears it.
    type: str
  source_path:
    description:
      - The UNC path of the source, for example V(\\\\files.example.com\\osd\\install.wim).
      - Required to create the object. Compared without regard to case.
      - The site opens the path with the account of the connection. A network login cannot be passed on to the file
        server, so the site may be refused although the account has the right; the error C(source_denied) then lists the
        ways out.
    type: str
  priority:
    description:
      - The priority with which the content is sent to other sites.
    type: str
    choices: [high, medium, low]
  share_name:
    description:
      - The name of a share of its own on distribution points. V("") uses the common one.
    type: str
  copy_to_package_share:
    description:
      - Whether distribution points also keep the content in a share, so that it can be used without a download.
    type: bool
  persist_in_cache:
    description:
      - Whether clients keep the content in their cache.
    type: bool
  binary_delta_replication:
    description:
      - Whether only the changed parts of files are sent.
    type: bool
  flag_bits:
    description:
      - Bits of C(PkgFlags) by number, for settings whose bit is not documented.
      - To find one, set it in the console, and compare what the info module returns in C(flag_bits).
      - Bits that are not named stay as they are.
    type: dict
    suboptions:
      set:
        description:
          - Bits to set.
        type: list
        elements: int
      clear:
        description:
          - Bits to clear.
        type: list
        elements: int
  disconnect_users:
    description:
      - Whether users who hold files in the share of a distribution point are disconnected when the content changes.
      - What is left out stays as it is.
    type: dict
    suboptions:
      enabled:
        description:
          - Whether they are disconnected.
        type: bool
      delay:
        description:
          - Minutes between warning and disconnection.
        type: int
      retries:
        description:
          - How often it is tried before users are disconnected.
        type: int
  refresh:
    description:
      - Whether the site takes the content in again and sends it to all distribution points that have it.
      - V(never) leaves that to somebody else. When an option that the content depends on changes, the result says so.
      - V(on_change) does it when such an option changes on an existing object. A new object needs none.
      - V(always) does it every time, so such a task always reports a change.
      - The start of a refresh may time out without harm; with O(wait) the task follows the work on the site.
    type: str
    choices: [never, on_change, always]
    default: never
"""

    # For classes that hold what the site read in the WIM file.
    METADATA = r"""
options:
  image_property:
    description:
      - What the site would read in the WIM file, as XML in the form of the property C(ImageProperty).
      - With it the site stores this text, and need not open the file to learn its editions.
      - Compared as XML, blanks between elements do not count.
    type: str
  reload:
    description:
      - Whether the site reads the WIM file to see whether its editions are still those that it holds, and takes them
        over if not.
      - It is done without this option when O(source_path) changes and O(image_property) is not given.
      - Mutually exclusive with O(image_property).
    type: bool
    default: false
"""

    INFO = r"""
options:
  name:
    description:
      - The name of one object, matched exactly first, then without regard to case.
      - Where several bear the name, all of them are returned.
    type: str
  package_id:
    description:
      - The ID of one object. Mutually exclusive with O(name).
      - Without O(name) and O(package_id) all objects that the account sees are listed.
    type: str
"""
