# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``<sequence>`` text to objects. Refuses what it does not understand and names it; saves nothing."""

from __future__ import annotations

import re
import typing as t
import xml.etree.ElementTree as ET

from ..objects import Obj
from . import forms as f

DEPTH_LIMIT = 64
STEP_ATTRIBUTES = frozenset({
    "type", "name", "description", "disable", "continueOnError", "timeout", "runIn", "successCodeList",
    "retryCount", "runFromNet",
})
BESIDE_STEPS = {"sequence": ("referenceList", "globalVarList"), "group": ("condition",)}
GROUP_ATTRIBUTES = frozenset({"type", "name", "description", "disable", "continueOnError"})


class BadText(Exception):
    """The text is not a sequence of this site. ``where`` is a path of names, ``text`` says what is wrong."""

    def __init__(self, where: str, text: str) -> None:
        super().__init__(f"{where}: {text}" if where else text)
        self.where = where
        self.text = text


class UnknownClass(BadText):
    """A step or condition class that the site's schema does not have."""

    def __init__(self, where: str, class_name: str) -> None:
        super().__init__(where, f"unknown class {class_name}")
        self.class_name = class_name


class TextReader:
    """Reads one text. ``notes`` collects what was left out because no class has a place for it."""

    def __init__(self, forms: f.Forms, *, keep_cr: bool = False) -> None:
        self.forms = forms
        self.keep_cr = keep_cr
        self.notes: list[str] = []

    def read(self, text: str) -> Obj:
        """Return the SMS_TaskSequence. Raises BadText; UnknownClass when a class is missing.

        With ``keep_cr`` a raw CR LF stays as it is; otherwise it becomes LF, as XML parsing prescribes.
        """
        root = self._parse(text)
        if root.tag != "sequence":
            raise BadText("", f"the root element is {root.tag!r}, not 'sequence'")
        sequence = Obj(f.SEQUENCE, {"SchemaVersion": root.get("version"), "Steps": self._steps(root, "", 0)})
        return sequence

    def _parse(self, text: str) -> ET.Element:
        if re.search(r"<!(DOCTYPE|ENTITY)", text, re.IGNORECASE):
            raise BadText("", "a document type declaration is not accepted")
        if self.keep_cr:
            text = text.replace("\r", "&#13;")
        text = text.lstrip("\ufeff")
        if text.lstrip().startswith("<?xml"):
            text = text[text.index("?>") + 2:] if "?>" in text else text
        try:
            return ET.fromstring(text)
        except ET.ParseError as error:
            raise BadText("", f"not well-formed: {error}") from error
        except (UnicodeError, ValueError) as error:
            raise BadText("", f"not readable: {error}") from error

    # -- steps ------------------------------------------------------------------------------------

    def _steps(self, parent: ET.Element, path: str, depth: int) -> list[Obj]:
        if depth > DEPTH_LIMIT:
            raise BadText(path, f"groups are nested deeper than {DEPTH_LIMIT}")
        found = []
        for child in parent:
            if child.tag in {"step", "subtasksequence"}:
                found.append(self._action(child, path))
            elif child.tag == "group":
                found.append(self._group(child, path, depth))
            elif child.tag not in BESIDE_STEPS.get(parent.tag, ()):
                raise BadText(path, f"unexpected element {child.tag!r} in {parent.tag!r}")
        return found

    def _group(self, node: ET.Element, path: str, depth: int) -> Obj:
        here = f"{path}/{node.get('name', '')}"
        group = Obj(f.GROUP, self._common(node, here, GROUP_ATTRIBUTES))
        group.props["Condition"] = self._condition(node, here)
        group.props["Steps"] = self._steps(node, here, depth + 1)
        return group

    def _action(self, node: ET.Element, path: str) -> Obj:
        here = f"{path}/{node.get('name', '')}"
        class_name = node.get("type") or ""
        item = self.forms.schema.get(class_name)
        if item is None:
            raise UnknownClass(here, class_name)
        if item.abstract or item.name == f.GROUP or not self.forms.schema.is_a(item.name, f.BASE_STEP):
            raise BadText(here, f"{item.name} is not a class of steps")
        if (node.tag == "subtasksequence") != (item.name == f.CHILD_SEQUENCE):
            raise BadText(here, f"{item.name} does not belong into the element {node.tag!r}")
        step = Obj(item.name, self._common(node, here, STEP_ATTRIBUTES))
        step.props["Condition"] = self._condition(node, here)
        environment = item.properties["SupportedEnvironment"]
        step.props["SupportedEnvironment"] = node.get("runIn", environment.default)
        timeout = node.get("timeout")
        known = item.properties.get("Timeout")
        if known is not None and timeout is not None:
            step.props["Timeout"] = self._number(timeout, here, "timeout")
        elif known is not None:
            step.props["Timeout"] = 0 if known.qualifiers.get("Not_Null") else None
        self._variables(node, step, here)
        return step

    def _common(self, node: ET.Element, here: str, known: frozenset[str]) -> dict[str, t.Any]:
        for name in node.attrib:
            if name not in known:
                self.notes.append(f"{here}: attribute {name} of {node.tag} has no place in the classes")
        return {
            "Name": node.get("name", ""),
            "Description": node.get("description", ""),
            "Enabled": not self._flag(node, "disable", here),
            "ContinueOnError": self._flag(node, "continueOnError", here),
        }

    @staticmethod
    def _flag(node: ET.Element, name: str, here: str) -> bool:
        text = node.get(name, "false").casefold()
        if text not in {"true", "false"}:
            raise BadText(here, f"attribute {name} is {text!r}, neither true nor false")
        return text == "true"

    @staticmethod
    def _number(text: str, here: str, name: str) -> int:
        if not re.fullmatch(r"\d{1,10}", text.strip()) or int(text) > 0xFFFFFFFF:
            raise BadText(here, f"attribute {name} is {text!r}, not a number")
        return int(text)

    # -- variables --------------------------------------------------------------------------------

    def _variables(self, node: ET.Element, step: Obj, here: str) -> None:
        form = self.forms.of(step.class_name)
        listed = node.find("defaultVarList")
        for child in node:
            if child.tag not in {"action", "defaultVarList", "condition"}:
                raise BadText(here, f"unexpected element {child.tag!r} in {node.tag!r}")
        elements: dict[str, dict[int, dict[str, t.Any]]] = {}
        counts: dict[str, int] = {}
        seen: set[str] = set()
        for child in listed if listed is not None else ():
            name = child.get("property")
            if child.tag != "variable" or not name:
                raise BadText(here, "a variable of defaultVarList has no property")
            if name.casefold() in seen:
                raise BadText(here, f"property {name} is there twice")
            seen.add(name.casefold())
            self._variable(form, step, here, name, child.text or "", elements, counts)
        for array, rows in elements.items():
            if array not in counts:
                raise BadText(here, f"array {array} has elements but no count")
            if sorted(rows) != list(range(counts[array])):
                raise BadText(here, f"array {array} says {counts[array]} elements and has the indexes {sorted(rows)}")
        for array, count in counts.items():
            if count and array not in elements:
                raise BadText(here, f"array {array} says {count} elements and has none")
            item = t.cast(f.Variable, form.find(array))
            rows = elements.get(array, {})
            step.props[array] = [Obj(item.element_class or "", rows[index]) for index in sorted(rows)]

    def _variable(
        self, form: f.Form, step: Obj, here: str, name: str, text: str,
        elements: dict[str, dict[int, dict[str, t.Any]]], counts: dict[str, int],
    ) -> None:
        item = form.find(name)
        try:
            if item is not None and item.element_class is not None:
                counts[item.prop.name] = int(text)
                return
            if item is not None:
                step.props[item.prop.name] = f.from_text(item.prop, text)
                return
            for array in form.variables:
                match = re.fullmatch(re.escape(array.prop.name) + r"(\d{1,4})(\D.*)", name, re.IGNORECASE)
                if array.element_class is None or match is None:
                    continue
                wanted = match.group(2).casefold()
                prop = next((one for one in array.elements if one.name.casefold() == wanted), None)
                if prop is not None:
                    row = elements.setdefault(array.prop.name, {}).setdefault(int(match.group(1)), {})
                    row[prop.name] = f.from_text(prop, text)
                    return
        except ValueError as error:
            raise BadText(here, f"property {name}: {error}") from error
        self.notes.append(f"{here}: {step.class_name} has no property {name}; its value was left out")

    # -- conditions -------------------------------------------------------------------------------

    def _condition(self, node: ET.Element, here: str) -> Obj | None:
        found = node.findall("condition")
        if not found:
            return None
        if len(found) > 1:
            raise BadText(here, "more than one condition")
        return Obj(f.CONDITION, {"Operands": [self._operand(child, here, 0) for child in found[0]]})

    def _operand(self, node: ET.Element, here: str, depth: int) -> Obj:
        if depth > DEPTH_LIMIT:
            raise BadText(here, f"conditions are nested deeper than {DEPTH_LIMIT}")
        if node.tag == "expression":
            return self._expression(node, here)
        classes = {"operator": f.OPERATOR, "osConditionGroup": f.OS_GROUP, "osExpressionGroup": f.OS_EXPRESSION_GROUP}
        if node.tag not in classes:
            raise BadText(here, f"unexpected element {node.tag!r} in a condition")
        operand = Obj(classes[node.tag], {"OperatorType": node.get("type")})
        inner = list(node)
        if node.tag == "osExpressionGroup":
            operand.props["Name"] = node.get("name", "")
            keys = [child for child in inner if child.tag == "platformKey"]
            if len(keys) != 1:
                raise BadText(here, "an osExpressionGroup needs one platformKey")
            for name, prop in f.PLATFORM_KEYS:
                operand.props[prop] = keys[0].get(name)
            inner = [child for child in inner if child.tag != "platformKey"]
        operand.props["Operands"] = [self._operand(child, here, depth + 1) for child in inner]
        return operand

    def _expression(self, node: ET.Element, here: str) -> Obj:
        class_name = node.get("type") or ""
        item = self.forms.schema.get(class_name)
        if item is None:
            raise UnknownClass(here, class_name)
        if item.abstract or not self.forms.schema.is_a(item.name, f.BASE_EXPRESSION):
            raise BadText(here, f"{item.name} is not a class of conditions")
        operand = Obj(item.name)
        for child in node:
            name = child.get("name")
            if child.tag != "variable" or not name:
                raise BadText(here, f"an expression of {item.name} holds something that is not a variable")
            prop = item.prop(name)
            if prop is None:
                self.notes.append(f"{here}: {item.name} has no property {name}; its value was left out")
                continue
            try:
                operand.props[prop.name] = f.from_text(prop, child.text or "")
            except ValueError as error:
                raise BadText(here, f"property {name}: {error}") from error
        return operand
