# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Icons of the HTML report: one symbol for every family of steps, 16 by 16, drawn with lines."""

from __future__ import annotations

ICONS = {
    "group": "M1.5 4.5v8h13v-7h-7l-1.5-2h-4.5z",
    "child": "M2.5 2.5h7v5h-7zM6.5 10.5h7v4h-7zM4.5 7.5v5h2",
    "disk": "M2 4.5c0-1.4 2.7-2.5 6-2.5s6 1.1 6 2.5-2.7 2.5-6 2.5-6-1.1-6-2.5z"
    "M2 4.5v7c0 1.4 2.7 2.5 6 2.5s6-1.1 6-2.5v-7M2 8c0 1.4 2.7 2.5 6 2.5s6-1.1 6-2.5",
    "system": "M2 3h12v8h-12zM6 14h4M8 11v3",
    "driver": "M4.5 4.5h7v7h-7zM6 4.5v-3M10 4.5v-3M6 14.5v-3M10 14.5v-3M4.5 6h-3M4.5 10h-3M14.5 6h-3M14.5 10h-3",
    "network": "M6 2h4v3.5h-4zM1.5 10.5h4v3.5h-4zM10.5 10.5h4v3.5h-4zM8 5.5v2.5M3.5 10.5v-2.5h9v2.5",
    "user": "M8 8c1.7 0 3-1.3 3-3s-1.3-3-3-3-3 1.3-3 3 1.3 3 3 3zM2.5 14c.4-2.5 2.7-4 5.5-4s5.1 1.5 5.5 4",
    "software": "M8 1.5l6 3v7l-6 3-6-3v-7zM2 4.5l6 3 6-3M8 7.5v7",
    "security": "M4 7.5h8v6.5h-8zM5.5 7.5v-2.5c0-1.7 1-3 2.5-3s2.5 1.3 2.5 3v2.5M8 10v1.5",
    "script": "M1.5 3h13v10h-13zM4 6l2 2-2 2M8 10.5h3.5",
    "variable": "M5.5 2.5c-2 0-2 1-2 2.5s0 2.5-1.5 3c1.5.5 1.5 1.5 1.5 3s0 2.5 2 2.5M10.5 2.5c2 0 2 1 2 2.5s0 2.5 1.5 3"
    "c-1.5.5-1.5 1.5-1.5 3s0 2.5-2 2.5M6.5 6.5l3 3M9.5 6.5l-3 3",
    "restart": "M12.8 5.5a5.5 5.5 0 1 0 .7 2.5M13 2v3.5h-3.5",
    "check": "M8 14.5c3.6 0 6.5-2.9 6.5-6.5s-2.9-6.5-6.5-6.5-6.5 2.9-6.5 6.5 2.9 6.5 6.5 6.5zM5 8.2l2 2 4-4.2",
    "other": "M8 14.5c3.6 0 6.5-2.9 6.5-6.5s-2.9-6.5-6.5-6.5-6.5 2.9-6.5 6.5 2.9 6.5 6.5 6.5zM8 5v3.5M8 10.8v.4",
}
"""Family of a step -> path."""
