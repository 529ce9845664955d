# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Step classes and properties that the catalogue does not know: check mode asks the site what a save would meet.

A save is refused as a whole by a site that does not know one of them (the deployment toolkit is missing, or the
release is older), so only check mode needs to ask beforehand. It costs one request for each such class.
"""

from __future__ import annotations

import typing as t

from .._cim.catalogue import Catalogue
from .._errors import InvalidClass, InvalidInput, NotFound, Problem, ServerFault
from .._provider.site import Site
from .._sequence.model import Sequence, Step


def refuse_unknown(site: Site, wanted: Sequence, live: Sequence | None) -> None:
    """Raise :class:`InvalidInput` with every step class and property that the site does not have.

    What the stored steps hold already is known to the site.
    """
    held = {(step.class_name.casefold(), name) for step in (live.walk() if live else ()) for name in _names(step)}
    asked: dict[str, set[str] | None] = {}
    problems = []
    for step in wanted.walk():
        names = [name for name in _unknown(step) if (step.class_name.casefold(), name) not in held]
        if not names:
            continue
        if step.class_name not in asked:
            try:
                asked[step.class_name] = _properties(site, step.class_name)
            except ServerFault:
                # An account that may not read schemas learns it from the run.
                return
        known = asked[step.class_name]
        if known is None:
            rule = "the site has no such class of steps; an older release, or the deployment toolkit is not integrated"
            problems.append(Problem(f"{step.path}.type", step.class_name, rule))
        else:
            missing = [name for name in names if name and name.casefold() not in known]
            rule = f"{step.class_name} has no such property on this site"
            problems += [Problem(f"{step.path}.properties.{name}", "", rule) for name in missing]
    if problems:
        raise InvalidInput(problems)


def _names(step: Step) -> t.Iterator[str]:
    """Yield the properties of a step, and an empty name for its class."""
    yield ""
    yield from step.properties


def _unknown(step: Step) -> list[str]:
    """Return what the catalogue does not know: names of properties, or all with the empty one for an unknown class."""
    definition = Catalogue.load().get(step.class_name)
    if definition is None:
        return list(_names(step))
    known = {name.casefold() for name in definition.properties}
    return [name for name in step.properties if name.casefold() not in known]


def _properties(site: Site, class_name: str) -> set[str] | None:
    """Return the properties of a class, lower case; ``None`` when the site does not have it."""
    try:
        found = site.cim.get_class(class_name)
    except (InvalidClass, NotFound):
        return None
    return {name.casefold() for name in found.properties}
