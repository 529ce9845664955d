# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From steps in YAML form, with or without the options of the task sequence, to the parts of a report.

The steps are shown as they are written: nothing is asked of a site, and what a module would refuse is shown, too. So a
report can be made of a file that waits for its review.
"""

from __future__ import annotations

import hashlib
import re
import typing as t

from ..._errors import InvalidInput
from ..model import GROUP, PREFIX
from ..rules import StepRule, load_rules
from . import numbering
from .conditions import condition_lines
from .hidden import is_on
from .package import package_facts
from .parts import Entry, Mark, Report
from .settings import fill_settings
from .text import clean, is_id_text, one_line, placeholder, reference_text
from .usage import Usage

DEEPEST = 100
"""Groups and child task sequences inside each other."""
MOST = 20_000
"""Entries of a report; child task sequences may run others, so a short text can stand for many steps."""

GROUP_TYPE = "group"
CHILD_TYPE = "run_task_sequence"
_FAMILIES = {
    "disk": "format_and_partition_disk convert_disk_to_dynamic",
    "system": "apply_operating_system_image apply_data_image upgrade_operating_system capture_operating_system_image "
    "setup_windows_and_configmgr apply_windows_settings capture_windows_settings prepare_windows_for_capture "
    "prepare_configmgr_client_for_capture install_deployment_tools",
    "driver": "apply_driver_package auto_apply_drivers",
    "network": "apply_network_settings capture_network_settings join_domain_or_workgroup connect_to_network_folder",
    "user": "capture_user_state restore_user_state request_state_store release_state_store",
    "software": "install_application install_package install_software_updates download_package_content",
    "security": "enable_bitlocker disable_bitlocker pre_provision_bitlocker",
    "script": "run_command_line run_powershell_script",
    "variable": "set_task_sequence_variable set_dynamic_variables",
    "restart": "restart_computer",
    "check": "check_readiness",
    "child": CHILD_TYPE,
    "group": GROUP_TYPE,
}
_FAMILY = {kind: family for family, kinds in _FAMILIES.items() for kind in kinds.split()}
FAMILIES = (*_FAMILIES, "other")

_WHERE = {"winpe": "Windows PE only", "full_os": "full Windows only", "any": ""}
_ENVIRONMENTS = {"winpe": "winpe", "fullos": "full_os", "winpeandfullos": "any", "any": "any"}


def build(
    given: t.Any, *, title: str = "", scheme: str = "client", children: t.Mapping[str, t.Any] | None = None
) -> Report:
    """Return the report of a task sequence.

    :param given: plain data: the list of steps, or a mapping with ``steps`` and options of the task sequence, as the
        module accepts it, as a file holds it, or as one item that the info module returns.
    :param scheme: how steps are numbered, see ``numbering.py``.
    :param children: steps, or mappings with ``steps``, of other task sequences, by name or package ID.
    :raises InvalidInput: when there are no steps to report, or too many.
    """
    if scheme not in numbering.SCHEMES:
        raise InvalidInput(f"numbering must be one of {', '.join(numbering.SCHEMES)}")
    given = _item(given, "the input")
    options = given if isinstance(given, dict) else {}
    builder = _Builder(children or {}, _listed_names(given))
    own = {one_line(options.get(key)).casefold() for key in ("name", "package_id")} - {""}
    report = Report(one_line(title) or one_line(options.get("name")) or "Task sequence")
    report.description = clean(options.get("description"))
    report.facts = package_facts(options, builder.usage)
    report.entries = builder.entries(_steps(given, "the input"), _Place("", 0, frozenset(own), ""))
    report.numbering, report.notes = numbering.number(report.entries, scheme)
    report.references, report.variables = builder.usage.references(), builder.usage.variables()
    _count(report)
    return report


def _item(given: t.Any, what: str) -> t.Any:
    """Return the one task sequence in a result of the info module, anything else as it is."""
    if not isinstance(given, dict) or "task_sequences" not in given:
        return given
    items = given["task_sequences"]
    if isinstance(items, list) and len(items) == 1:
        return items[0]
    raise InvalidInput(f"{what} is a result with more or less than one task sequence: give one item of task_sequences")


def _steps(given: t.Any, what: str) -> list[t.Any]:
    """Return the list of steps of what was given.

    :raises InvalidInput: when there is none.
    """
    steps = given
    if isinstance(given, dict):
        if given.get("steps") is None:
            raise InvalidInput(
                f"{what} holds no steps; the info module reads them when name or package_id is given, "
                "or with gather: [steps]"
            )
        steps = given["steps"]
    if isinstance(steps, str):
        raise InvalidInput(f"{what} is text: the filters from_sequence_yaml and from_sequence_xml make steps of it")
    if not isinstance(steps, list):
        raise InvalidInput(f"{what} must be the list of steps of a task sequence, or a mapping with steps")
    return steps


def _listed_names(given: t.Any) -> dict[str, str]:
    """Return the names of IDs, folded, that ``references`` of a mapping lists beside the steps."""
    listed = given.get("references") if isinstance(given, dict) else None
    return {
        one_line(item["id"]).casefold(): one_line(item["name"])
        for item in (listed if isinstance(listed, list) else ())
        if isinstance(item, dict) and item.get("id") and item.get("name")
    }


class _Place(t.NamedTuple):
    """Where a list of entries stands: the path of names, the depth, the task sequences around it, why it is off."""

    path: str
    level: int
    around: frozenset[str]
    off: str


class _Builder:
    """Makes entries, and notes on the way what they use."""

    def __init__(self, children: t.Mapping[str, t.Any], names: dict[str, str]) -> None:
        self.usage = Usage()
        self._children = {
            one_line(key).casefold(): _item(value, f"the child task sequence {one_line(key)}")
            for key, value in children.items()
        }
        self._names = dict(names)
        for child in self._children.values():
            self._names.update(_listed_names(child))
        self._count = 0

    def entries(self, steps: list[t.Any], place: _Place) -> list[Entry]:
        """Return the entries of one list of steps."""
        if place.level > DEEPEST:
            raise InvalidInput(f"groups and child task sequences are nested more than {DEEPEST} levels deep")
        self._count += len(steps)
        if self._count > MOST:
            raise InvalidInput(f"the report would have more than {MOST} steps, child task sequences included")
        seen: dict[str, int] = {}
        found = []
        for step in steps:
            if not isinstance(step, dict):
                raise InvalidInput("every step must be a mapping: a step with type, or a group with steps")
            step = {str(key): value for key, value in step.items()}
            name = one_line(step.get("name"))
            seen[name] = seen.get(name, 0) + 1
            found.append(self._entry(step, name, place, f"{place.path}\n{seen[name]} {name}"))
        return found

    def _entry(self, step: dict[str, t.Any], name: str, place: _Place, path: str) -> Entry:
        rule, class_name, kind, title = _kind(step)
        step = self._named(step, rule)
        entry = Entry(name, kind, title, _FAMILY.get(kind, "other"), _anchor(name, path), place.level)
        entry.description = clean(step.get("description"))
        entry.off = "disabled" if step.get("enabled") is not None and not is_on(step["enabled"]) else place.off
        entry.continues = is_on(step.get("continue_on_error"))
        entry.where = _where(step, rule)
        entry.condition = condition_lines(step.get("condition"))
        fill_settings(entry, rule, class_name, step)
        self.usage.step(entry, rule, step)
        below = _Place(path, place.level + 1, place.around, "inside a disabled group" if entry.off else "")
        if kind == GROUP_TYPE:
            entry.steps = self.entries(_inner(step, name), below)
        elif step.get("steps") is not None:
            raise InvalidInput(f"{name!r} has both type and steps: a group has no type, a step has no steps")
        if kind == CHILD_TYPE:
            self._child(entry, step.get("task_sequence"), below)
        entry.marks = list(_marks(entry))
        return entry

    def _named(self, step: dict[str, t.Any], rule: StepRule) -> dict[str, t.Any]:
        """Return a step whose references by ID bear their names, where these were listed."""
        if not self._names:
            return step
        found = {name: step[name] for name, option in rule.options.items() if option.ref and step.get(name)}
        return {**step, **{name: self._with_name(value) for name, value in found.items()}}

    def _with_name(self, value: t.Any) -> t.Any:
        if isinstance(value, list):
            return [self._with_name(item) for item in value]
        identity = value.get("id") if isinstance(value, dict) else value[3:] if is_id_text(value) else None
        name = self._names.get(one_line(identity).casefold()) if identity else None
        if name is None or isinstance(value, dict) and value.get("name"):
            return value
        return {"name": name, "id": identity}

    def _child(self, entry: Entry, reference: t.Any, below: _Place) -> None:
        """Put the steps of an enabled child task sequence below the step that runs it."""
        entry.child = reference if reference is not None else ""
        keys = _names(reference)
        known = next((key for key in keys if key in self._children), None)
        if entry.off:
            return
        if keys & below.around:
            entry.notes.append("This task sequence is already being run here: it refers back to itself.")
        elif known is None:
            entry.notes.append("The steps of this task sequence are not part of this report.")
        else:
            around = below.around | keys | {known}
            steps = _steps(self._children[known], f"the child task sequence {known}")
            entry.steps = self.entries(steps, below._replace(around=around))


def _inner(step: t.Mapping[str, t.Any], name: str) -> list[t.Any]:
    steps = step.get("steps")
    if steps is None:
        return []
    if not isinstance(steps, list):
        raise InvalidInput(f"the steps of the group {name!r} must be a list")
    return steps


def _kind(step: t.Mapping[str, t.Any]) -> tuple[StepRule, str, str, str]:
    """Return rule, class, type and title; a class or word that nobody knows is shown by its name."""
    rules = load_rules()
    given = one_line(step.get("type"))
    rule = rules.by_type(given) if given else rules.get(GROUP) if "steps" in step else None
    if rule is not None:
        return rule, rule.class_name, rule.type, rule.title
    action = t.cast(StepRule, rules.get(PREFIX + "Action"))
    return action, given, given or "unknown", given or "Step without a type"


def _names(reference: t.Any) -> frozenset[str]:
    if isinstance(reference, dict) and placeholder(reference) is None:
        found = {one_line(reference.get(key)) for key in ("name", "id")}
    else:
        found = {reference_text(reference)[0]}
    return frozenset(name.casefold() for name in found if name)


def _anchor(name: str, path: str) -> str:
    """Return an address that stays the same while the step keeps its name and its group."""
    words = "-".join(re.findall(r"[a-z0-9]+", name.casefold()))[:40].strip("-")
    digest = hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"s-{words}-{digest}" if words else f"s-{digest}"


def _where(step: t.Mapping[str, t.Any], rule: StepRule) -> str:
    """Return where a step can run: what it says, or what its class does by default."""
    given = one_line(step.get("run_in")) or rule.run_in_default or ""
    key = _ENVIRONMENTS.get(given.replace("_", "").casefold())
    return _WHERE[key] if key is not None else given


def _marks(entry: Entry) -> t.Iterator[Mark]:
    if entry.off:
        yield Mark(entry.off, "off")
    if entry.continues:
        yield Mark("continues on error", "warn")
    if entry.where:
        yield Mark(entry.where, "where")
    if entry.secrets:
        yield Mark("holds a secret" if entry.secrets == 1 else f"holds {entry.secrets} secrets", "secret")


def _count(report: Report) -> None:
    entries = list(report.walk())
    steps = [entry for entry in entries if entry.kind != GROUP_TYPE]
    kinds: dict[str, int] = {}
    for entry in steps:
        kinds[entry.title] = kinds.get(entry.title, 0) + 1
    report.kinds = sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
    report.counts = [
        ("Steps", len(steps)),
        ("Groups", len(entries) - len(steps)),
        ("With a condition", sum(bool(entry.condition) for entry in entries)),
        ("Disabled", sum(bool(entry.off) for entry in entries)),
        ("Continue on error", sum(entry.continues for entry in entries)),
        ("Scripts", sum(len(entry.scripts) for entry in entries)),
        ("Restarts", sum(entry.family == "restart" for entry in entries)),
        ("Child sequences", sum(entry.family == "child" for entry in entries)),
        ("Secrets", sum(entry.secrets for entry in entries)),
    ]
