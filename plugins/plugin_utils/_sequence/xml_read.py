# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read ``<sequence>`` text, as the product exports and stores it, into the model.

Nothing is dropped: what the model cannot derive when it is written again is kept in ``xml:``
properties (see ``vocabulary.XML_ONLY``) and named in the notes
(reference: task-sequence-xml, sections 1 and 4 to 6).
"""

from __future__ import annotations

import re
import typing as t

from .._cim.instance import CimDatetime, Instance
from . import xml_tree
from .command_lines import action, forms
from .model import GROUP, PREFIX, Operand, Secret, Sequence, Step, number_paths
from .secret_places import is_secret
from .vocabulary import Known, properties_of
from .xml_form import SUB_SEQUENCE, attribute_text, element_text, step_attributes, step_variables
from .xml_lists import global_variables, references
from .xml_tree import Limits, Node, refuse

_OPERATOR = PREFIX + "ConditionOperator"
OS_GROUP = PREFIX + "OSConditionGroup"
OS_EXPRESSIONS = PREFIX + "OSExpressionGroup"
WMI_EXPRESSION = PREFIX + "WMIConditionExpression"
PLATFORM = {
    "arch": "PlatformArchKey",
    "type": "PlatformTypeKey",
    "minVer": "PlatformMinVerKey",
    "maxVer": "PlatformMaxVerKey",
}
"""Attributes of ``<platformKey>`` and the properties they stand for."""

_STEP_ELEMENTS = {"step", "group", "subtasksequence"}
_DMTF = re.compile(r"\d{14}\.\d{6}[+-](\d{3}|\*{3})")


def read_sequence(
    data: str | bytes,
    *,
    limits: Limits | None = None,
    source: str = "sequence_xml",
    notes: list[str] | None = None,
) -> Sequence:
    """Return the model of a ``<sequence>`` document.

    :param data: text, or bytes in UTF-8, UTF-16 or the declared encoding; the ``object.xml`` of a
        console export is accepted as well.
    :param source: how messages name the document.
    :param notes: receives remarks about what was kept verbatim or is out of step.
    :raises InvalidInput: not well-formed, unsafe, too large, or no ConfigMgr task sequence.
    """
    text = xml_tree.decode(data, source)
    root = xml_tree.parse(text, source, limits)
    if root.tag == "INSTANCE":
        root = xml_tree.parse(_embedded_text(root, source), f"{source} (its Sequence property)", limits)
    if root.tag != "sequence":
        refuse(source, "the root element has to be <sequence> (or an object.xml of a console export)", root, root.tag)
    return _Reader(source, notes if notes is not None else []).sequence(root)


def _embedded_text(root: Node, source: str) -> str:
    """Return the Sequence property of an exported SMS_TaskSequencePackage object."""
    class_name = root.attributes.get("CLASSNAME", "")
    if class_name != "SMS_TaskSequencePackage":
        refuse(source, "the object is no SMS_TaskSequencePackage", root, class_name)
    for node in root.children:
        if node.attributes.get("NAME") == "Sequence":
            value = node.first("VALUE")
            if value is not None and value.text.strip():
                return value.text.strip()
    refuse(source, "the exported object holds no Sequence", root)


class _Reader:
    def __init__(self, source: str, notes: list[str]) -> None:
        self.source = source
        self.notes = notes
        self.version = ""

    def sequence(self, root: Node) -> Sequence:
        self.version = root.attributes.get("version", "")
        self._refuse_mdt(root)
        sequence = Sequence()
        if self.version:
            sequence.properties["SchemaVersion"] = self.version
        others = {name: text for name, text in root.attributes.items() if name != "version"}
        if others:
            sequence.properties["xml:attributes"] = others
        lists: dict[str, Node] = {}
        self._text_between(root, "the sequence")
        for child in root.children:
            if child.tag in _STEP_ELEMENTS:
                sequence.steps.append(self._step(child))
            elif child.tag in ("referenceList", "globalVarList"):
                lists[child.tag] = child
            else:
                self._unknown_element(sequence.properties, child, "the sequence")
        number_paths(sequence)
        self._compare_lists(sequence, lists)
        return sequence

    def _refuse_mdt(self, root: Node) -> None:
        """MDT's own documents look alike, but their steps have no class and no WMI form."""
        untyped = next((node for node in _elements(root) if node.tag == "step" and "type" not in node.attributes), None)
        if untyped is not None or "name" in root.attributes:
            refuse(
                self.source,
                "this is a task sequence of the Microsoft Deployment Toolkit (steps without a type), "
                "which Configuration Manager cannot hold",
                untyped or root,
            )

    # -- steps ---------------------------------------------------------------------------------

    def _step(self, node: Node) -> Step:
        if node.tag == "group":
            step = Step(GROUP, steps=[])
        else:
            fallback = SUB_SEQUENCE if node.tag == "subtasksequence" else ""
            step = Step(node.attributes.get("type") or fallback)
            if not step.class_name:
                refuse(self.source, "a step without a type", node)
        where = f"line {node.line}, {node.tag} {node.attributes.get('name', '')!r}"
        self._attributes(step, node)
        self._text_between(node, where)
        text = ""
        for child in node.children:
            if child.tag == "condition" and step.condition is None:
                self._inner(step.properties, child, "condition")
                step.condition = [self._operand(inner) for inner in child.children]
            elif child.tag in _STEP_ELEMENTS and step.steps is not None:
                step.steps.append(self._step(child))
            elif child.tag == "action" and step.steps is None:
                self._inner(step.properties, child, "action")
                text = child.text
            elif child.tag == "defaultVarList" and step.steps is None:
                self._inner(step.properties, child, "defaultVarList")
                self._text_between(child, where)
                self._variables(step, child)
            else:
                self._unknown_element(step.properties, child, where)
        self._deviations(step, node, text, where)
        return step

    def _attributes(self, step: Step, node: Node) -> None:
        given = node.attributes
        properties = step.properties
        properties["Name"] = given.get("name", "")
        if "description" in given:
            properties["Description"] = given["description"]
        properties["Enabled"] = given.get("disable", "").casefold() != "true"
        properties["ContinueOnError"] = given.get("continueOnError", "").casefold() == "true"
        if step.is_group:
            return
        if "runIn" in given:
            properties["SupportedEnvironment"] = given["runIn"]
        if given.get("timeout", "").strip():
            text = given["timeout"].strip()
            if not _is_integer(text):
                refuse(self.source, "timeout has to be a number of seconds", node, text)
            properties["Timeout"] = int(text)

    def _variables(self, step: Step, node: Node) -> None:
        known = properties_of(step.class_name) or {}
        arrays = sorted((name for name, slot in known.items() if slot.embedded and slot.array), key=len, reverse=True)
        elements: dict[str, dict[int, dict[str, str]]] = {}
        texts: dict[str, Node] = {}
        for child in node.children:
            name = child.attributes.get("property")
            if child.tag != "variable" or not name:
                self._unknown_element(step.properties, child, f"line {child.line}, {step.name!r}")
                continue
            if name in texts:
                refuse(self.source, "a step has two variables for one property", child, name)
            texts[name] = child
            usual = ("name", "property", "hidden" if child.attributes.get("hidden") == "true" else "")
            self._inner(step.properties, child, f"variable {name}", usual)
        for name, child in texts.items():
            array = None if name in known else _element_of(name, arrays)
            if array is not None:
                elements.setdefault(array[0], {}).setdefault(array[1], {})[array[2]] = child.text
            elif name in arrays:
                step.properties[name] = self._count(child, len(texts))
            else:
                step.properties[name] = self._value(child.text, known.get(name))
        for name, items in elements.items():
            count = step.properties.get(name)
            size = max(max(items) + 1, count if isinstance(count, int) else 0)
            if size > len(texts):
                refuse(self.source, f"{name} has an element {size - 1}, but not all before it", node)
            step.properties[name] = [
                self._instance(known[name].embedded or "", items.get(index, {})) for index in range(size)
            ]
        for name in arrays:
            if isinstance(step.properties.get(name), int):
                count = step.properties[name]
                step.properties[name] = [Instance(known[name].embedded or "") for _unused in range(count)]
        for name in list(step.properties):
            value = step.properties[name]
            if isinstance(value, str) and value and is_secret(step, name):
                step.properties[name] = Secret(value)

    def _count(self, node: Node, variables: int) -> int:
        text = node.text.strip()
        if not text:
            return 0
        if not _is_integer(text) or int(text) > variables:
            refuse(self.source, "the number of embedded objects cannot be right", node, text)
        return int(text)

    def _instance(self, class_name: str, texts: dict[str, str]) -> Instance:
        known = properties_of(class_name) or {}
        return Instance(class_name, {name: self._value(text, known.get(name)) for name, text in texts.items()})

    def _value(self, text: str, known: Known | None) -> t.Any:
        """Return the typed value of a variable; text that does not fit its type stays text."""
        if known is None:
            return text
        if known.array:
            return [_scalar(item, known) for item in text.split(",")] if text else []
        return _scalar(text, known)

    # -- conditions ----------------------------------------------------------------------------

    def _operand(self, node: Node, in_os_group: bool = False) -> Operand:
        given = node.attributes
        if node.tag == "expression":
            return self._expression(node, in_os_group)
        if node.tag == "operator":
            operand = Operand(_OPERATOR, {"OperatorType": given.get("type", "")}, [])
        elif node.tag == "osConditionGroup":
            operand = Operand(OS_GROUP, {"OperatorType": given.get("type", "or")}, [])
        elif node.tag == "osExpressionGroup":
            operand = Operand(OS_EXPRESSIONS, {"Name": given.get("name", "")}, [])
            operand.properties["OperatorType"] = given.get("type", "and")
        else:
            refuse(self.source, "unknown element in a condition", node, node.tag)
        operands = operand.operands = []
        for child in node.children:
            if child.tag == "platformKey" and node.tag == "osExpressionGroup":
                for attribute, name in PLATFORM.items():
                    if attribute in child.attributes:
                        operand.properties[name] = child.attributes[attribute]
                self._inner(operand.properties, child, "platformKey", PLATFORM)
            else:
                operands.append(self._operand(child, node.tag == "osExpressionGroup"))
        self._extra_attributes(operand, node, {"type", "name"} if node.tag == "osExpressionGroup" else {"type"})
        return operand

    def _expression(self, node: Node, in_os_group: bool) -> Operand:
        class_name = node.attributes.get("type", "")
        if not class_name:
            refuse(self.source, "an expression without a type", node)
        operand = Operand(class_name)
        known = properties_of(class_name) or {}
        for child in node.children:
            name = child.attributes.get("name")
            if child.tag != "variable" or not name:
                refuse(self.source, "an expression holds variables with a name only", child, child.tag)
            if name in operand.properties:
                refuse(self.source, "an expression has two variables of one name", child, name)
            operand.properties[name] = self._value(child.text, known.get(name))
            self._inner(operand.properties, child, f"variable {name}", ("name",))
        expected = {"ignoreQueryFailure": "true"} if in_os_group and class_name == WMI_EXPRESSION else {}
        extra = {name: text for name, text in node.attributes.items() if name != "type"}
        if extra != expected:
            operand.properties["xml:attributes"] = extra
            self._note(f"line {node.line}: {', '.join(extra) or 'a missing ignoreQueryFailure'} has no WMI form")
        return operand

    def _extra_attributes(self, operand: Operand, node: Node, usual: set[str]) -> None:
        extra = {name: text for name, text in node.attributes.items() if name not in usual}
        if extra:
            operand.properties["xml:attributes"] = extra
            self._note(f"line {node.line}: attribute {', '.join(extra)} of {node.tag} has no WMI form")

    def _inner(
        self, properties: dict[str, t.Any], node: Node, element: str, usual: t.Collection[str] = ()
    ) -> None:
        """Keep the unknown attributes of an element inside a step or a condition."""
        extra = {name: text for name, text in node.attributes.items() if name not in usual}
        if extra:
            properties.setdefault("xml:inner", {})[element] = extra
            self._note(f"line {node.line}, {element}: kept as they are: {', '.join(sorted(extra))}")

    def _text_between(self, node: Node, where: str) -> None:
        if node.text.strip():
            self._note(f"{where}: text between the elements (line {node.line}) means nothing and is left out")

    # -- what cannot be derived ----------------------------------------------------------------

    def _deviations(self, step: Step, node: Node, action_text: str, where: str) -> None:
        derived = step_attributes(step, self.version)
        kept = {name: text for name, text in node.attributes.items() if derived.get(name, "") != text}
        if node.tag == "subtasksequence" and node.attributes.get("type") == SUB_SEQUENCE:
            kept.pop("type", None)
        for spelled in ("disable", "continueOnError"):
            if kept.get(spelled, "").casefold() in ("true", "false"):
                del kept[spelled]
        if kept:
            step.properties["xml:attributes"] = kept
            self._note(f"{where}: kept as they are: {', '.join(sorted(kept))}")
        if step.is_group:
            return
        self._keep_action(step, action_text, where)
        listed = node.first("defaultVarList")
        if listed is None:
            return
        expected = {variable.property: variable for variable in step_variables(step)}
        names: dict[str, list[t.Any]] = {}
        for child in listed.children:
            name = child.attributes.get("property", "")
            found = [child.attributes.get("name", ""), child.attributes.get("hidden") == "true"]
            variable = expected.get(name)
            if variable is not None and found != [variable.name, variable.hidden]:
                names[name] = found
        if names:
            step.properties["xml:variables"] = names

    def _keep_action(self, step: Step, text: str, where: str) -> None:
        known = forms(step.class_name)
        for form in range(known):
            if action(step, form) == text:
                if form:
                    step.properties["xml:form"] = form
                return
        if text:
            step.properties["xml:action"] = text
            if known:
                self._note(f"{where}: its command line does not follow from its properties and is kept as it is")

    def _unknown_element(self, properties: dict[str, t.Any], node: Node, where: str) -> None:
        properties.setdefault("xml:elements", []).append(_serialize(node))
        self._note(f"{where}: unknown element {node.tag} (line {node.line}) is kept as it is")

    def _compare_lists(self, sequence: Sequence, lists: dict[str, Node]) -> None:
        listed = [child.attributes for child in lists["referenceList"].children] if "referenceList" in lists else []
        own = references(sequence)
        if {tuple(sorted(item.items())) for item in listed} != {tuple(sorted(item.items())) for item in own}:
            self._note("referenceList does not match the enabled steps; it is written anew")
        names = (
            {child.attributes.get("name") for child in lists["globalVarList"].children}
            if "globalVarList" in lists
            else set()
        )
        if names != {variable.name for variable in global_variables(sequence)}:
            self._note("globalVarList does not match the steps; it is written anew")

    def _note(self, text: str) -> None:
        self.notes.append(f"{self.source}: {text}")


def _scalar(text: str, known: Known) -> t.Any:
    stripped = text.strip()
    if known.type == "boolean":
        return {"true": True, "false": False, "": None}.get(stripped.casefold(), text)
    if known.is_number:
        if not stripped:
            return None
        return int(stripped) if _is_integer(stripped) else text
    if known.type == "datetime" and _DMTF.fullmatch(stripped):
        return CimDatetime(stripped)
    return text


def _is_integer(text: str) -> bool:
    return bool(re.fullmatch(r"-?[0-9]{1,20}", text))


def _element_of(name: str, arrays: list[str]) -> tuple[str, int, str] | None:
    """Split ``Partitions0Size`` into array, index and property; ``None`` when it is none of the arrays'."""
    for array in arrays:
        match = re.fullmatch(re.escape(array) + r"(\d{1,4})(\D.*)", name) if name.startswith(array) else None
        if match:
            return array, int(match.group(1)), match.group(2)
    return None


def _elements(root: Node) -> t.Iterator[Node]:
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(node.children))


def _serialize(node: Node) -> str:
    attributes = "".join(f' {name}="{attribute_text(text)}"' for name, text in node.attributes.items())
    inner = "".join(_serialize(child) for child in node.children) or element_text(node.text)
    return f"<{node.tag}{attributes}>{inner}</{node.tag}>"
