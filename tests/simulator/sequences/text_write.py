# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects to ``<sequence>`` text, compact and in the order in which the product writes (task-sequence-xml 1 to 6)."""

from __future__ import annotations

import typing as t

from ..objects import Obj
from . import forms as f
from . import tables
from .command_line import action_text
from .references import Reference, references_of

NOT_CHILDREN = frozenset({"Operands", "OperatorType"})


def escape_text(text: str) -> str:
    """Escape element text; quotes stay as they are."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escape_attribute(text: str) -> str:
    """Escape an attribute value. Line ends would be lost to normalisation, so they become references."""
    plain = escape_text(text).replace('"', "&quot;")
    return plain.replace("\r", "&#xD;").replace("\n", "&#xA;").replace("\t", "&#x9;")


class TextWriter:
    """Writes one sequence. ``forms`` belongs to the site's schema."""

    def __init__(self, forms: f.Forms) -> None:
        self.forms = forms
        self._out: list[str] = []

    def write(self, sequence: Obj) -> str:
        """Return the text of an SMS_TaskSequence."""
        self._out = []
        version = str(sequence.get("SchemaVersion") or tables.CURRENT_VERSION)
        steps = list(sequence.get("Steps") or [])
        self._out.append(f'<sequence version="{escape_attribute(version)}">')
        self._references(references_of(self.forms, sequence))
        self._shared_variables(steps)
        for step in steps:
            self._step(step, version in tables.OLD_VERSIONS)
        self._out.append("</sequence>")
        return "".join(self._out)

    # -- the parts before the steps ---------------------------------------------------------------

    def _references(self, found: list[Reference]) -> None:
        if not found:
            return
        self._out.append("<referenceList>")
        for item in found:
            if item.application:
                self._out.append(f'<reference application="{escape_attribute(item.id)}"/>')
            elif item.program is None:
                self._out.append(f'<reference package="{escape_attribute(item.id)}"/>')
            else:
                program = escape_attribute(item.program)
                self._out.append(f'<reference package="{escape_attribute(item.id)}" program="{program}"/>')
        self._out.append("</referenceList>")

    def _shared_variables(self, steps: list[Obj]) -> None:
        seen: dict[str, tuple[str, str]] = {}
        for step in f.walk(steps):
            if step.class_name == f.GROUP:
                continue
            for name, prop, text, shared, _hidden in variables_of(self.forms.of(step.class_name), step):
                if shared and name not in seen:
                    seen[name] = (prop, text)
        if not seen:
            return
        self._out.append("<globalVarList>")
        for name, (prop, text) in seen.items():
            self._variable(name, text, prop=prop)
        self._out.append("</globalVarList>")

    # -- steps ------------------------------------------------------------------------------------

    def _step(self, step: Obj, old: bool) -> None:
        if step.class_name == f.GROUP:
            self._group(step, old)
        elif step.class_name == f.CHILD_SEQUENCE:
            self._action(step, "subtasksequence", old, environment=False)
        else:
            self._action(step, "step", old, environment=True)

    def _group(self, group: Obj, old: bool) -> None:
        inner = list(group.get("Steps") or [])
        start = len(self._out)
        self._out.append("<group" + self._common(group) + ">")
        self._condition(group)
        for step in inner:
            self._step(step, old)
        if len(self._out) == start + 1:
            self._out[start] = self._out[start][:-1] + "/>"
        else:
            self._out.append("</group>")

    def _action(self, step: Obj, tag: str, old: bool, *, environment: bool) -> None:
        form = self.forms.of(step.class_name)
        head = f'<{tag} type="{escape_attribute(step.class_name)}"' + self._common(step)
        if environment:
            if step.get("Timeout"):
                head += f' timeout="{step.get("Timeout")}"'
            run_in = step.get("SupportedEnvironment")
            if run_in is not None:
                head += f' runIn="{escape_attribute(str(run_in))}"'
        head += f' successCodeList="{escape_attribute(self._marked(step, form.success_codes, "0"))}"'
        if not old:
            head += f' retryCount="{escape_attribute(self._marked(step, form.retry_count, "0"))}"'
            head += f' runFromNet="{escape_attribute(self._marked(step, form.run_from_net, "false"))}"'
        self._out.append(head + ">")
        self._condition(step)
        self._out.append("<action>" + escape_text(action_text(form, step)) + "</action>")
        variables = list(variables_of(form, step))
        self._out.append("<defaultVarList>" if variables else "<defaultVarList/>")
        for name, prop, text, _shared, hidden in variables:
            self._variable(name, text, prop=prop, hidden=hidden)
        self._out.append(("</defaultVarList>" if variables else "") + f"</{tag}>")

    def _common(self, step: Obj) -> str:
        text = f' name="{escape_attribute(str(step.get("Name", "")))}"'
        text += f' description="{escape_attribute(str(step.get("Description", "")))}"'
        if step.get("Enabled") is False:
            text += ' disable="true"'
        if step.get("ContinueOnError"):
            text += ' continueOnError="true"'
        return text

    @staticmethod
    def _marked(step: Obj, name: str | None, default: str) -> str:
        value = step.get(name) if name else None
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value) if value not in (None, "") else default

    def _variable(self, name: str, text: str, *, prop: str | None = None, hidden: bool = False) -> None:
        head = f'<variable name="{escape_attribute(name)}"'
        if prop is not None:
            head += f' property="{escape_attribute(prop)}"'
        if hidden:
            head += ' hidden="true"'
        self._out.append(f"{head}>{escape_text(text)}</variable>")

    # -- conditions -------------------------------------------------------------------------------

    def _condition(self, step: Obj) -> None:
        condition = step.get("Condition")
        operands = list(condition.get("Operands") or []) if condition is not None else []
        if not operands:
            return
        self._out.append("<condition>")
        for operand in operands:
            self._operand(operand, ignore=False)
        self._out.append("</condition>")

    def _operand(self, operand: Obj, *, ignore: bool) -> None:
        schema = self.forms.schema
        if schema.is_a(operand.class_name, f.OS_GROUP):
            self._nested(operand, "osConditionGroup", "", ignore=False)
        elif schema.is_a(operand.class_name, f.OS_EXPRESSION_GROUP):
            name = f' name="{escape_attribute(str(operand.get("Name", "")))}"'
            self._nested(operand, "osExpressionGroup", name, ignore=True)
        elif schema.is_a(operand.class_name, f.OPERATOR):
            self._nested(operand, "operator", "", ignore=ignore)
        else:
            self._expression(operand, ignore=ignore)

    def _nested(self, operand: Obj, tag: str, extra: str, *, ignore: bool) -> None:
        start = len(self._out)
        self._out.append(f'<{tag} type="{escape_attribute(str(operand.get("OperatorType", "")))}"{extra}>')
        if tag == "osExpressionGroup":
            keys = "".join(
                f' {name}="{escape_attribute(str(operand.get(prop, "")))}"' for name, prop in f.PLATFORM_KEYS
            )
            self._out.append(f"<platformKey{keys}/>")
        for inner in list(operand.get("Operands") or []):
            self._operand(inner, ignore=ignore)
        if len(self._out) == start + 1:
            self._out[start] = self._out[start][:-1] + "/>"
        else:
            self._out.append(f"</{tag}>")

    def _expression(self, operand: Obj, *, ignore: bool) -> None:
        mark = ' ignoreQueryFailure="true"' if ignore else ""
        self._out.append(f'<expression type="{escape_attribute(operand.class_name)}"{mark}>')
        for name in sorted(operand.props):
            value = operand.props[name]
            if value is not None and name not in NOT_CHILDREN:
                self._variable(name, f.scalar_text(value))
        self._out.append("</expression>")


def variables_of(form: f.Form, step: Obj) -> t.Iterator[tuple[str, str, str, bool, bool]]:
    """Yield (name, property, text, shared, hidden) of every variable that a step has; nulls have none."""
    for item in form.variables:
        value = step.get(item.prop.name)
        if value is None:
            continue
        if item.element_class is None:
            yield item.name, item.prop.name, f.to_text(item.prop, value), item.shared, item.hidden
            continue
        yield item.name, item.prop.name, str(len(value)), item.shared, True
        for index, element in enumerate(value):
            for prop in item.elements:
                inner = element.get(prop.name)
                if inner is not None:
                    text = f.to_text(prop, inner)
                    yield f"{item.name}{index}{prop.name}", f"{item.prop.name}{index}{prop.name}", text, \
                        item.shared, item.shared
