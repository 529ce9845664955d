# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Task sequences without a site: from YAML to the model and to ``<sequence>`` text, IDs in hand.

Names can only be resolved by a site, or by a list of references that says which ID belongs to which
name; everything else that a site would answer (display texts, package sizes) is taken from a
document that the steps came from, where there is one.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .._cim.instance import Instance
from .._errors import InvalidInput, Problem, ReferenceProblems
from . import dynamic_variables
from .equality import canonical_condition, differences
from .finish import collect_refs, edition_images, finish, refs_in
from .match import Matching, match
from .model import PREFIX, STORED, Ref, Sequence, Step
from .rules import load_rules
from .secret_places import HIDDEN_VALUES, RULES, SET_VARIABLE, has_rules, secret_names, secret_text
from .secrets import settle
from .xml_form import ATTRIBUTE_PROPERTIES


@dataclasses.dataclass(frozen=True)
class Answer:
    """What is known of a reference without a site."""

    id: str | None
    name: str | None
    row: Instance | None = None


def as_written(sequence: Sequence, old: Sequence | None = None) -> Sequence:
    """Return a parsed sequence with every reference as the text that stands there, for comparing and reading.

    :param old: where display texts of IDs come from.
    """
    finished = finish(sequence, lambda ref: Answer(written(ref), ref.name), old=old)
    for step in finished.walk():
        step.properties = {name: _without_refs(value) for name, value in step.properties.items()}
        pending = list(step.condition or ())
        while pending:
            operand = pending.pop()
            operand.properties = {name: _without_refs(value) for name, value in operand.properties.items()}
            pending.extend(operand.operands or ())
    return finished


def _without_refs(value: t.Any) -> t.Any:
    if isinstance(value, list):
        return [_without_refs(item) for item in value]
    return written(value) if isinstance(value, Ref) else value


def written(ref: Ref) -> str:
    """Return a reference as one text; a name that looks like an ID is quoted, so that the two never meet."""
    if ref.id is not None:
        return ref.id
    name = ref.name or ""
    if ref.kind != "program":
        # Lists of references become one text with commas.
        name = (f'"{name}"' if re.fullmatch(r"[A-Za-z0-9]{3}[0-9A-Fa-f]{5}", name) else name).replace(",", ";")
    facts = [text for text in (ref.manufacturer, ref.version, ref.language) if text]
    return f"{name} ({' '.join(facts)})" if facts else name


class Directory:
    """IDs of names: the ``references`` that ``from_sequence_xml`` and the modules return."""

    def __init__(self, references: t.Any, path: str = "references") -> None:
        self._ids: dict[tuple[str, str], set[str]] = {}
        if references is None:
            return
        if not isinstance(references, (list, tuple)):
            raise InvalidInput([Problem(path, "", "must be a list of {kind, name, id}")])
        for index, item in enumerate(references):
            if not isinstance(item, dict) or not isinstance(item.get("kind"), str):
                raise InvalidInput([Problem(f"{path}[{index}]", "", "must be a mapping with kind, name and id")])
            name, identity = item.get("name"), item.get("id")
            if isinstance(name, str) and name and isinstance(identity, str) and identity:
                self._ids.setdefault((item["kind"], name), set()).add(identity)

    def answer(self, ref: Ref) -> Answer:
        """Return the ID of a reference; ``None`` for a name that is not listed or listed with two IDs."""
        if ref.id is not None:
            return Answer(ref.id, ref.name)
        if ref.kind == "program":
            return Answer(ref.name, ref.name)
        found = self._ids.get((ref.kind, ref.name or ""), set())
        narrowed = any((ref.version, ref.manufacturer, ref.language))
        return Answer(next(iter(found)) if len(found) == 1 and not narrowed else None, ref.name)


def with_ids(sequence: Sequence, directory: Directory, old: Sequence | None = None) -> Sequence:
    """Return a parsed sequence with an ID for every name.

    :raises ReferenceProblems: lists every name that has none.
    """
    problems = []
    for ref in collect_refs(sequence):
        if ref.kind == "platform":
            rule = "is a name that only a site can look up; write the platform out as {name, arch, ...}"
            problems.append(Problem(ref.path, ref.name or ref.id or "", rule))
        elif directory.answer(ref).id is None:
            kind = ref.kind.replace("_", " ")
            rule = f"is the name of a {kind}; a document needs its ID: write {{id: ...}}, or give the ID in references"
            problems.append(Problem(ref.path, ref.name or "", rule))
    for image in edition_images(sequence):
        rule = "has an edition by name, which only a site can look up; write image_index"
        problems.append(Problem(image.path, image.name or image.id or "", rule))
    if problems:
        raise ReferenceProblems(problems)
    return finish(sequence, directory.answer, old=old)


def references(sequence: Sequence, names: t.Mapping[str, str] | None = None) -> list[dict[str, t.Any]]:
    """Return what a sequence with IDs refers to, each object once: kind, name where it is known, and ID."""
    known = {**names_inside(sequence), **(names or {})}
    found: dict[tuple[t.Any, ...], dict[str, t.Any]] = {}
    for ref in refs_in(sequence):
        if ref.kind == "program":
            item = {"kind": ref.kind, "name": ref.name, "id": ref.name}
            key: tuple[t.Any, ...] = (ref.kind, ref.name, ref.parent)
        else:
            item = {"kind": ref.kind, "name": known.get(str(ref.id).casefold()), "id": ref.id}
            key = (ref.kind, str(ref.id).casefold())
        found.setdefault(key, item)
    return list(found.values())


_TEXTS = (("AppInfo", "Name", "DisplayName"), ("PackageInfo", "PackageId", "Name"))


def names_inside(sequence: Sequence) -> dict[str, str]:
    """Return the names that steps hold beside IDs, by folded ID: applications, packages, child sequences."""
    found: dict[str, str] = {}
    for step in sequence.walk():
        for name, key, text in _TEXTS:
            items = step.properties.get(name)
            for item in items if isinstance(items, list) else ():
                if isinstance(item, Instance) and item.get(key) and item.get(text):
                    found.setdefault(str(item.get(key)).casefold(), str(item.get(text)))
        if step.properties.get("TsPackageID") and step.properties.get("TsName"):
            found.setdefault(str(step.properties["TsPackageID"]).casefold(), str(step.properties["TsName"]))
    return found


# -- on top of the document that the steps came from -----------------------------------------------

_DERIVED = {
    "ApplicationName": ("AppInfo", "NumApps"),
    "DownloadPackages": ("PackageInfo", "NumPackages"),
    "Adapters": ("NumAdapters",),
    "TsPackageID": ("TsName", "TsReferencePackages", "TsReferenceApplications", "TsReferenceSoftwareUpdates"),
}
_ATTRIBUTES = {
    "name": "Name",
    "description": "Description",
    "disable": "Enabled",
    "continueOnError": "ContinueOnError",
    "runIn": "SupportedEnvironment",
    "timeout": "Timeout",
    "successCodeList": "SuccessCodes",
    "retryCount": "RetryCount",
    "runFromNet": "RunFromNet",
}


def on_top_of(base: Sequence, new: Sequence, matching: Matching) -> Sequence:
    """Return the new sequence with everything that did not change in the very form of the base.

    Unchanged steps come out as they were, to the last attribute; in a changed step only what changed
    is written anew, and what has no WMI form (unknown elements and attributes) stays.
    """
    steps = [_merged(step, matching) for step in new.steps]
    extra = {name: value for name, value in base.properties.items() if name.startswith("xml:")}
    return Sequence(steps, {**new.properties, **extra, "SchemaVersion": base.properties.get("SchemaVersion")})


def _merged(new: Step, matching: Matching) -> Step:
    inner = None if new.steps is None else [_merged(child, matching) for child in new.steps]
    old = matching.old_of(new)
    if old is None:
        return Step(new.class_name, new.properties, new.condition, inner, new.path)
    changed = {difference.property for difference in differences(old, new)}
    properties = {name: value for name, value in old.properties.items() if name not in changed}
    properties |= {name: new.properties[name] for name in changed if new.properties.get(name) is not None}
    for source, names in _DERIVED.items():
        if source in changed:
            for name in names:
                properties.pop(name, None)
                if new.properties.get(name) is not None:
                    properties[name] = new.properties[name]
    _merge_secrets(properties, old, new)
    _merge_xml(properties, changed)
    same_condition = canonical_condition(old.condition) == canonical_condition(new.condition)
    return Step(new.class_name, properties, old.condition if same_condition else new.condition, inner, new.path)


def _merge_secrets(properties: dict[str, t.Any], old: Step, new: Step) -> None:
    """Take the new step's secrets; the old form where they are the same."""
    if new.class_name == SET_VARIABLE and any(name in secret_names(new) for name in HIDDEN_VALUES[:1]):
        # A masked value is one secret that stands in one of two properties, by site version.
        texts = [{secret_text(step.properties.get(name)) for name in HIDDEN_VALUES} - {""} for step in (old, new)]
        if texts[0] != texts[1]:
            _take(properties, new, HIDDEN_VALUES)
    else:
        names = sorted({*secret_names(old), *secret_names(new)})
        differing = [n for n in names if secret_text(old.properties.get(n)) != secret_text(new.properties.get(n))]
        _take(properties, new, differing)
    if has_rules(new) and has_rules(old) and _rule_secrets(old) != _rule_secrets(new):
        _take(properties, new, (RULES,))


def _rule_secrets(step: Step) -> list[str]:
    return [variable.value for variable in dynamic_variables.secrets(step.properties[RULES])]


def _take(properties: dict[str, t.Any], new: Step, names: t.Iterable[str]) -> None:
    for name in names:
        properties.pop(name, None)
        if new.properties.get(name) is not None:
            properties[name] = new.properties[name]


def _merge_xml(properties: dict[str, t.Any], changed: set[str]) -> None:
    """Drop what was kept verbatim where it says what has changed."""
    attributes = properties.get("xml:attributes")
    if isinstance(attributes, dict):
        kept = {name: text for name, text in attributes.items() if _ATTRIBUTES.get(name) not in changed}
        properties["xml:attributes"] = kept
    if changed - {*ATTRIBUTE_PROPERTIES, "Condition", "SuccessCodes"}:
        properties.pop("xml:action", None)


@dataclasses.dataclass
class Built:
    """A sequence that can be written as text, and the places whose secret is not known."""

    sequence: Sequence
    without_secret: list[str]


def build(new: Sequence, *, directory: Directory, base: Sequence | None = None, blank_secrets: bool = True) -> Built:
    """Return a parsed sequence as one with IDs, secrets, and the form of the document it came from.

    :param new: of ``parse_steps``; changed in place.
    :param blank_secrets: write nothing for a secret that is "stored on site" and not in ``base``.
    :raises ReferenceProblems: names without an ID.
    :raises InvalidInput: with ``blank_secrets`` off, every secret whose value is not known.
    """
    finished = with_ids(new, directory, base)
    finished.properties = dict(new.properties)
    matching = match(base, finished) if base is not None else None
    missing: list[str] = []
    try:
        report = settle(finished, base, matching, allow_blank_secrets=True)
        missing = report.blanked
        if missing and not blank_secrets:
            raise InvalidInput([Problem(path, "", "its value is not known here; give it") for path in missing])
    except InvalidInput as error:
        # Every place is settled by now, those of this error with an empty text.
        if not blank_secrets:
            raise
        missing = [problem.path for problem in error.problems]
    if base is not None and matching is not None:
        finished = on_top_of(base, finished, matching)
    return Built(finished, missing)


# -- what older site versions do not know -----------------------------------------------------------

_BITLOCKER = ("EnableBitLockerAction", "OfflineEnableBitLockerAction")
FEATURES: dict[str, tuple[tuple[str, ...], tuple[str, ...], bool]] = {
    "hidden_flag": (("SetVariableAction",), ("DoNotShowVariableValue",), False),
    "recurse": (("ApplyDriverPackageAction",), ("Recurse",), True),
    "shutdown": (("PrepareOSAction",), ("ShutdownPreparedOs",), True),
    "access_content_directly": (("ApplyOperatingSystemAction",), ("RunFromNet",), False),
    "encrypt_full_disk": (_BITLOCKER, ("EncryptFullDisk",), False),
    "encryption_method": (_BITLOCKER, ("EncryptMethod",), False),
    "skip_without_tpm": (("EnableBitLockerAction",), ("SkipWhenNoValidTPM",), False),
}
"""Name -> classes, properties, and whether the older command line is a form of its own (task-sequence-xml 3)."""


def leave_out(sequence: Sequence, features: t.Iterable[str]) -> None:
    """Remove what an older site version does not know, in place.

    :raises InvalidInput: a step that uses it.
    """
    problems = []
    for feature in features:
        classes, names, own_form = FEATURES[feature]
        folded = {(PREFIX + name).casefold() for name in classes}
        for step in sequence.walk():
            if step.class_name.casefold() not in folded:
                continue
            for name in names:
                value = step.properties.get(name)
                if value in (None, False, 0) or str(value).casefold() in ("false", "0", ""):
                    step.properties.pop(name, None)
                else:
                    problems.append(Problem(step.path, step.name, f"uses {feature}, which is to be left out"))
            if own_form:
                step.properties["xml:form"] = 1
    if problems:
        raise InvalidInput(problems)


# -- secrets that are asked for ---------------------------------------------------------------------


def reveal(steps: list[dict[str, t.Any]], sequence: Sequence) -> None:
    """Put the values of secrets into steps that ``describe`` made of the sequence, in place."""
    pending = list(zip(steps, sequence.steps, strict=True))
    while pending:
        shown, step = pending.pop()
        if step.steps:
            pending.extend(zip(shown["steps"], step.steps, strict=True))
        rule = load_rules().step(step.class_name)
        options = list(rule.options.values()) if rule is not None else []
        for name in secret_names(step):
            text = secret_text(step.properties.get(name))
            if not text:
                continue
            option = next((item.name for item in options if name in (item.property, item.companion)), None)
            if option is not None and shown.get(option) == STORED:
                shown[option] = text
            elif name in shown.get("properties", {}):
                shown["properties"][name] = text
        if has_rules(step):
            _reveal_rules(shown.get("rules"), _rule_secrets(step))


def _reveal_rules(rules: t.Any, values: list[str]) -> None:
    left = iter(values)
    for rule in rules or ():
        for setting in rule.get("set") or ():
            if isinstance(setting, dict) and setting.get("secret"):
                value = next(left, "")
                if setting.get("value") == STORED:
                    setting["value"] = value
