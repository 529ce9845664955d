# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets of a task sequence: what is sent, what is kept, and what must never be shown.

Secrets are write-only: never compared, never returned. What the play does not give is kept by
sending back what the site gave along a match of the same class whose account is unchanged;
what the site did not hand out cannot be kept, so the write is refused.
"""

from __future__ import annotations

import copy
import dataclasses
import typing as t

from .._errors import InvalidInput, Problem, SecretUnreadable
from . import dynamic_variables
from .match import Matching
from .model import PREFIX, STORED, Secret, Sequence, Step
from .secret_places import (
    HIDDEN_VALUES,
    RULES,
    SET_VARIABLE,
    has_rules,
    is_true,
    secret_names,
    secret_text,
)
from .vocabulary import properties_of

ON_CHANGE = "on_change"
ON_CREATE = "on_create"
ALWAYS = "always"

_ACCOUNTS: dict[tuple[str, str], tuple[str, ...]] = {
    (PREFIX + "ApplyNetworkSettingsAction", "DomainPassword"): ("DomainUsername",),
    (PREFIX + "JoinDomainWorkgroupAction", "DomainPassword"): ("DomainUsername",),
    (PREFIX + "CaptureSystemImageAction", "CapturePassword"): ("CaptureUsername",),
    (PREFIX + "ConnectNetworkFolderAction", "Password"): ("Username",),
    (PREFIX + "RunCommandLineAction", "UserPassword"): ("UserName",),
    (PREFIX + "RunPowerShellScriptAction", "UserPassword"): ("UserName",),
    ("BDD_ConfigureADDS", "ADDSPassword"): ("ADDSUserName", "ADDSUserDomain"),
}
"""The properties that name the account a secret belongs to."""

_SWITCHES: dict[tuple[str, str], tuple[str, t.Callable[[t.Any], bool]]] = {
    (PREFIX + "ApplyWindowsSettingsAction", "AdminPassword"): (
        "RandomAdminPassword",
        lambda value: value is False or str(value).casefold() == "false",
    ),
    (PREFIX + "RestoreUserStateAction", "LocalAccountPassword"): ("LocalAccounts", is_true),
    (PREFIX + "EnableBitLockerAction", "PIN"): ("Mode", lambda value: str(value or "").casefold() == "tpmandpin"),
}
"""Where no account is named: the property whose value says that there is a secret."""


@dataclasses.dataclass
class SecretReport:
    """What became of the secrets: option paths only, never a value."""

    sent: list[str] = dataclasses.field(default_factory=list)
    """Places whose secret comes from the play."""
    kept: list[str] = dataclasses.field(default_factory=list)
    """Places whose stored secret is sent back."""
    missing: list[str] = dataclasses.field(default_factory=list)
    """New steps that name an account and have no secret."""
    blanked: list[str] = dataclasses.field(default_factory=list)
    """Places whose stored secret is lost because ``allow_blank_secrets`` says so."""
    forces_write: bool = False
    """``update_secrets: always`` and the play gives a secret."""


class _Place(t.NamedTuple):
    """One secret of a wanted step: where it stands and what the play and the site say."""

    path: str
    step: str
    given: str | None
    """The text the play gives, ``None`` when it gives none."""
    constant: bool
    """The play has the constant for a stored secret here."""
    matched: bool
    """The step continues a stored one with the same account."""
    stored: str
    expected: bool
    """The wanted step names an account or has the switch on, so a secret belongs here."""
    had: bool
    """The stored step did too."""


def settle(
    new: Sequence,
    old: Sequence | None,
    matching: Matching | None,
    *,
    update_secrets: str = ON_CHANGE,
    allow_blank_secrets: bool = False,
    writing: bool = True,
) -> SecretReport:
    """Put into ``new`` the secrets that are to be sent, and report what was done.

    :param new: the wanted sequence; changed in place. Afterwards no secret is left open.
    :param matching: of ``old`` and ``new``; ``None`` with ``old`` for a new sequence.
    :param update_secrets: ``on_change``, ``on_create`` or ``always``.
    :param writing: ``False`` when the sequences are equal: then only a misplaced constant is an
        error, unless ``update_secrets`` is ``always`` and the play gives a secret.
    :raises InvalidInput: the constant for stored secrets where nothing is stored.
    :raises SecretUnreadable: the write would blank stored secrets; ``detail`` lists the places.
    """
    work = _Settling(update_secrets)
    for step in new.walk():
        work.step(step, matching.old_of(step) if matching is not None and old is not None else None)
    report = work.report
    report.forces_write = update_secrets == ALWAYS and bool(report.sent)
    if work.misplaced:
        raise InvalidInput(work.misplaced)
    if work.unreadable and (writing or report.forces_write):
        if not allow_blank_secrets:
            raise SecretUnreadable(work.unreadable)
        report.blanked = [problem.path for problem in work.unreadable]
    return report


class _Settling:
    def __init__(self, update_secrets: str) -> None:
        self.update_secrets = update_secrets
        self.report = SecretReport()
        self.misplaced: list[Problem] = []
        self.unreadable: list[Problem] = []

    def step(self, step: Step, old: Step | None) -> None:
        """Settle every secret of one step."""
        names = secret_names(step)
        if old is not None:
            # A document that leaves a password of an undocumented class out means "keep" as well.
            names += [name for name in secret_names(old) if name not in names]
        if step.class_name == SET_VARIABLE:
            self._masked_variable(step, old)
            names = [name for name in names if name not in HIDDEN_VALUES]
        for name in names:
            _store(step, name, self._decide(_property_place(step, name, old)))
        if has_rules(step):
            self._rules(step, old)

    def _masked_variable(self, step: Step, old: Step | None) -> None:
        """Settle a masked variable: one secret that stands in one of two properties, by site version."""
        plain, hidden = HIDDEN_VALUES
        if not _is_masked(step):
            if step.properties.get(hidden) is not None:
                step.properties[hidden] = ""
            return
        home = hidden if _is_set(step.properties.get(hidden)) or not _is_set(step.properties.get(plain)) else plain
        had = old is not None and _is_masked(old)
        old_home = hidden
        if old is not None and had and not secret_text(old.properties.get(hidden)):
            old_home = plain
        place = _Place(
            _path(step, home),
            step.name,
            _given(step.properties.get(home)),
            _is_constant(step.properties.get(home)),
            had and old is not None and _account(step, home) == _account(old, home),
            secret_text(old.properties.get(old_home)) if old is not None and had else "",
            True,
            had,
        )
        text = self._decide(place)
        if text and place.stored == text and text != place.given:
            home = old_home
        other = plain if home == hidden else hidden
        _store(step, home, text)
        _store(step, other, None)

    def _rules(self, step: Step, old: Step | None) -> None:
        """Settle the secret values inside dynamic variable rules."""
        text = step.properties[RULES]
        wanted = dynamic_variables.secrets(text)
        if not wanted:
            return
        stock = dynamic_variables.secrets(old.properties[RULES]) if old is not None and has_rules(old) else []
        values = []
        for variable in wanted:
            stored = _take(stock, variable)
            place = _Place(
                f"{step.path}.rules, secret variable {variable.name}",
                step.name,
                variable.value if variable.value and variable.value != STORED else None,
                variable.value == STORED,
                stored is not None,
                stored.value if stored is not None else "",
                True,
                stored is not None,
            )
            values.append(self._decide(place) or "")
        step.properties[RULES] = dynamic_variables.replace_secrets(text, values)

    def _decide(self, place: _Place) -> str | None:
        """Return the text to send for one place, ``None`` or empty for none."""
        if place.constant and not (place.matched and place.stored):
            if place.matched and place.had:
                self._unreadable(place, "the site did not hand out the stored value")
                return None
            rule = f"{STORED!r} stands for a stored secret, but no step on the site that this one continues has one"
            self.misplaced.append(Problem(place.path, place.step, f"{rule}; give its value"))
            return None
        on_create = self.update_secrets == ON_CREATE and place.matched
        if place.given is not None and not (on_create and (place.stored or place.had)):
            self.report.sent.append(place.path)
            return place.given
        if place.matched and place.stored:
            self.report.kept.append(place.path)
            return place.stored
        if place.matched and place.had and place.expected:
            why = "the site did not hand out the stored value"
            if place.given is not None:
                why += ", and update_secrets: on_create does not send the one of the play"
            self._unreadable(place, why)
        elif place.had and place.expected:
            self._unreadable(place, "the account is another one, so the stored secret does not fit")
        elif place.expected:
            self.report.missing.append(place.path)
        return None

    def _unreadable(self, place: _Place, why: str) -> None:
        remedy = "give the secret in the play, or set allow_blank_secrets to lose it"
        if "on_create" in why:
            remedy = "use update_secrets: on_change, or set allow_blank_secrets to lose it"
        self.unreadable.append(Problem(place.path, place.step, f"{why}; {remedy}"))


def _store(step: Step, name: str, text: str | None) -> None:
    if text:
        step.properties[name] = Secret(text)
    elif step.properties.get(name) is not None:
        step.properties[name] = ""


def _property_place(step: Step, name: str, old: Step | None) -> _Place:
    value = step.properties.get(name)
    return _Place(
        _path(step, name),
        step.name,
        _given(value),
        _is_constant(value),
        old is not None and _account(step, name) == _account(old, name),
        secret_text(old.properties.get(name)) if old is not None else "",
        _expected(step, name),
        old is not None and _expected(old, name),
    )


def _path(step: Step, name: str) -> str:
    known = (properties_of(step.class_name) or {}).get(name)
    option = known.option if known is not None else None
    return f"{step.path}.{option}" if option else f"{step.path}.properties.{name}"


def _is_masked(step: Step) -> bool:
    return step.class_name == SET_VARIABLE and is_true(step.properties.get("DoNotShowVariableValue"))


def _is_set(value: t.Any) -> bool:
    return isinstance(value, Secret) or bool(secret_text(value))


def _is_constant(value: t.Any) -> bool:
    return value == STORED or (isinstance(value, Secret) and value.value in (None, STORED))


def _given(value: t.Any) -> str | None:
    """Return the text a play gives; an empty text of a document means "keep", an empty Secret "clear"."""
    if isinstance(value, Secret):
        return None if value.value in (None, STORED) else value.value
    if isinstance(value, str) and value and value != STORED:
        return value
    return None


def _account(step: Step, name: str) -> t.Any:
    names = _ACCOUNTS.get((step.class_name, name))
    if names is not None:
        return tuple(str(step.properties.get(item) or "").casefold() for item in names)
    if step.class_name == SET_VARIABLE:
        return str(step.properties.get("VariableName") or "").casefold()
    # A product key and the like belong to the step itself; a switch says whether there is one.
    return _expected(step, name)


def _expected(step: Step, name: str) -> bool:
    """Return whether a step says that it has a secret here."""
    names = _ACCOUNTS.get((step.class_name, name))
    if names is not None:
        return any(str(step.properties.get(item) or "") for item in names)
    switch = _SWITCHES.get((step.class_name, name))
    return switch is not None and switch[1](step.properties.get(switch[0]))


# -- dynamic variables -----------------------------------------------------------------------------


def _take(
    stock: list[dynamic_variables.SecretVariable], wanted: dynamic_variables.SecretVariable
) -> dynamic_variables.SecretVariable | None:
    """Take the stored variable of that name from the stock: first under the same condition, then any."""
    named = [variable for variable in stock if variable.name.casefold() == wanted.name.casefold()]
    found = next((variable for variable in named if variable.condition == wanted.condition), None)
    found = found or (named[0] if named else None)
    if found is not None:
        stock.remove(found)
    return found


# -- what is shown ---------------------------------------------------------------------------------


def mask(sequence: Sequence, constant: str = STORED) -> Sequence:
    """Return a copy in which every secret that has a value is ``constant`` (empty text for a backup)."""
    return Sequence([mask_step(step, constant) for step in sequence.steps], dict(sequence.properties))


def mask_step(step: Step, constant: str = STORED) -> Step:
    """Return a copy of a step, and of what is inside it, without its secrets."""
    properties = {name: copy.copy(value) for name, value in step.properties.items()}
    texts = []
    for name in secret_names(step):
        value = properties.get(name)
        if secret_text(value) or isinstance(value, Secret):
            texts.append(secret_text(value))
            properties[name] = constant
    if has_rules(step):
        found = dynamic_variables.secrets(properties[RULES])
        texts.extend(variable.value for variable in found)
        shown = [constant if variable.value else "" for variable in found]
        if found:
            properties[RULES] = dynamic_variables.replace_secrets(properties[RULES], shown)
    for name, value in properties.items():
        if isinstance(value, Secret):
            properties[name] = constant
    if isinstance(properties.get("xml:action"), str):
        for text in texts:
            if text:
                properties["xml:action"] = properties["xml:action"].replace(text, constant)
    inner = [mask_step(child, constant) for child in step.steps] if step.steps is not None else None
    return Step(step.class_name, properties, copy.deepcopy(step.condition), inner, step.path)
