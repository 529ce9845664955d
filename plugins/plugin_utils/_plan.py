# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The change set of a task: what the play wants, what the site has, and the diff between them.

A plan is made before anything is written; check mode shows it, a run carries it out. So what
``--check --diff`` shows is what a run then does.
"""

from __future__ import annotations

import dataclasses
import typing as t

import yaml

NOT_THERE_YET = "<not there yet>"
"""Stands in diffs for the ID of an object that only a run would make."""

Action = t.Literal["none", "create", "update", "delete", "replace"]


class Change(t.NamedTuple):
    """One option that is to get another value; both values in the form of the play."""

    option: str
    before: t.Any
    after: t.Any


@dataclasses.dataclass
class Plan:
    """What a run does: one action on one object, with the options that change.

    ``before`` and ``after`` are the whole object in the form of the play (``None`` when it is
    not there), already free of secrets: they go into the diff as they are. ``properties`` holds
    the values for the wire by WMI name; only the resource reads it.
    """

    action: Action = "none"
    before: dict[str, t.Any] | None = None
    after: dict[str, t.Any] | None = None
    changes: list[Change] = dataclasses.field(default_factory=list)
    properties: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    notes: list[str] = dataclasses.field(default_factory=list)
    """Sentences for ``msg``, such as "This is a new deployment ID."."""

    @property
    def changed(self) -> bool:
        return self.action != "none"

    @property
    def options(self) -> list[str]:
        """The names of the options that change, in the order in which they were compared."""
        return [change.option for change in self.changes]

    def change(self, option: str, before: t.Any, after: t.Any, **properties: t.Any) -> None:
        """Record that an option changes, with the WMI properties that carry it."""
        self.changes.append(Change(option, before, after))
        self.properties.update(properties)

    def diff(self, title: str) -> dict[str, str]:
        """Return Ansible's diff: the object before and after as YAML text.

        ``title`` names the object in the headers, for example ``package Contoso Agent``.
        """
        return {
            "before": to_yaml(self.before) if self.before is not None else "",
            "after": to_yaml(self.after) if self.after is not None else "",
            "before_header": title,
            "after_header": title,
        }


class _Dumper(yaml.SafeDumper):
    """Block lists indented below their key, long lines kept, no aliases: text for people."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: t.Any) -> bool:
        return True


def to_yaml(value: t.Any) -> str:
    """Return plain values as YAML text that ends with a newline, keys in their order."""
    text = yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=10_000
    )
    return str(text)


def flow(value: t.Any) -> str:
    """Return a plain value as YAML in one line, long texts cut."""
    text = yaml.dump(value, Dumper=_Dumper, default_flow_style=True, allow_unicode=True, sort_keys=False, width=10**9)
    line = text.removesuffix("\n").removesuffix("\n...")
    return line if len(line) <= 300 else line[:297] + "..."
