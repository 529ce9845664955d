# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The base of every resource: what it knows of its task, and the order in which it works.

A module is a resource class plus a few lines of wiring. A resource that manages an object
derives from :class:`ManagedResource` and fills in ``read``, ``plan``, ``apply`` and
``summary``; one that only reads derives from :class:`Resource` and fills in ``converge``::

    class Thing(ManagedResource):
        key = kind = "thing"

        def validate(self):                 # before connecting; raise InvalidInput with all problems
        def read(self):                     # the live object, or None
        def plan(self, before):             # a Plan; resolves references; never writes
        def apply(self, before, plan):      # writes, re-reads, returns the live object (None = deleted)
        def summary(self, live, plan):      # the returned dictionary; live is None when planned

The base never calls ``apply`` in check mode, and the site refuses writes then as well.
"""

from __future__ import annotations

import dataclasses
import os
import time
import typing as t

from .._errors import InvalidInput, Problem
from .._plan import Plan
from .._provider.references import Resolver
from .._provider.site import Site


@dataclasses.dataclass
class Outcome:
    """What a resource hands back.

    ``values`` are the top-level keys of the result; ``diff`` is added only in diff mode.
    """

    changed: bool
    values: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    diff: dict[str, t.Any] | None = None


class Task:
    """What a resource knows of the task that it serves.

    ``params`` holds every option of the module with its default (``None`` when there is none),
    ``given`` the names of those that the play (or module defaults, or the environment) set to
    something else than null: an omitted option is not managed.
    """

    def __init__(
        self,
        params: t.Mapping[str, t.Any],
        *,
        given: t.Collection[str] = (),
        check_mode: bool = False,
        diff_mode: bool = False,
        connect: t.Callable[[], Site] | None = None,
        warn: t.Callable[[str], None] | None = None,
        find_file: t.Callable[[str], str] | None = None,
        show: t.Callable[[str], None] | None = None,
        sleep: t.Callable[[float], None] = time.sleep,
        clock: t.Callable[[], float] = time.monotonic,
        playbook_dir: str | None = None,
    ) -> None:
        self.params = dict(params)
        self.given = frozenset(given)
        self.check_mode = check_mode
        self.diff_mode = diff_mode
        self.hidden: set[str] = set()
        self._connect = connect
        self._warn = warn
        self._find_file = find_file
        self._show = show
        self.sleep = sleep
        self.clock = clock
        self._playbook_dir = playbook_dir
        self._site: Site | None = None
        self._warned: set[str] = set()

    @property
    def site(self) -> Site:
        """The connected site; the first use connects (and discovers unless ``site_code`` is set)."""
        if self._site is None:
            if self._connect is None:
                raise RuntimeError("this task has no connection")
            self._site = self._connect()
        return self._site

    @property
    def connected_site(self) -> Site | None:
        """The site when something connected to it already."""
        return self._site

    def wants(self, option: str) -> bool:
        """Whether the play manages this option."""
        return option in self.given

    def warn(self, text: str) -> None:
        """Show a warning once."""
        if text not in self._warned:
            self._warned.add(text)
            if self._warn is not None:
                self._warn(text)

    def show(self, text: str) -> None:
        """Print a line of progress at once; results only appear when a task has ended."""
        if self._show is not None:
            self._show(text)

    def hide(self, *values: t.Any) -> None:
        """Keep these texts out of every message of the task (the second line; quote paths, not values)."""
        self.hidden.update(str(value) for value in values if value is not None)

    def find_file(self, name: str) -> str:
        """Return the path on the control node of a file that is searched like that of ``template``.

        Raises :class:`InvalidInput` with the places that were searched.
        """
        if self._find_file is None:
            raise RuntimeError("this task cannot look for files")
        return self._find_file(name)

    def local_path(self, name: str) -> str:
        """Return a path on the control node; a relative one counts from the folder of the user's own playbook."""
        return os.path.realpath(os.path.join(self._playbook_dir or os.getcwd(), name))

    def resolver(self, *, missing_ok: bool = False) -> Resolver:
        """Return a resolver that knows the task's ``planned``, ``unknown_ids`` and check mode.

        ``missing_ok``: a missing object is an answer (``Resolved.missing``), as ``state: absent`` wants it.
        """
        return Resolver(
            self.site,
            planned=self.params.get("planned") or (),
            check_mode=self.check_mode,
            unknown_ids=self.params.get("unknown_ids") or "fail",
            missing_ok=missing_ok,
        )


class Resource:
    """Something that a task reads or manages."""

    key: t.ClassVar[str] = ""
    """The return key: the resource noun, or its plural for an ``_info`` module."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.params = task.params

    def validate(self) -> None:
        """Check everything that needs no connection; raise one :class:`InvalidInput` with all problems."""

    def converge(self) -> Outcome:
        """Do the work of the task."""
        raise NotImplementedError

    def refuse(self, problems: t.Sequence[Problem]) -> None:
        """Raise the problems, if any."""
        if problems:
            raise InvalidInput(problems)


class ManagedResource(Resource):
    """An object with ``state: present | absent``: read, plan, apply unless check mode, report."""

    kind: t.ClassVar[str] = ""
    """The kind of the object in the reference table; part of every returned resource."""

    @property
    def absent(self) -> bool:
        return bool(self.params.get("state") == "absent")

    def read(self) -> t.Any | None:
        """Return the live object in whatever form the resource likes, ``None`` when it is not there."""
        raise NotImplementedError

    def plan(self, before: t.Any | None) -> Plan:
        """Return what a run does; resolve references and check gates here. Writes nothing."""
        raise NotImplementedError

    def apply(self, before: t.Any | None, plan: Plan) -> t.Any | None:
        """Carry the plan out, read again, and return the live object (``None`` when it was deleted)."""
        raise NotImplementedError

    def summary(self, live: t.Any | None, plan: Plan) -> dict[str, t.Any] | None:
        """Return the object for the result; ``None`` when it is absent.

        ``live`` is the object after the task; in check mode the one before it. ``planned`` must
        be true, and the ID null, when the object exists only in the plan.
        """
        raise NotImplementedError

    def title(self) -> str:
        """Name the object in diff headers and messages, for example ``package Contoso Agent``."""
        name = self.params.get("name") or self.params.get("package_id") or ""
        return f"{self.kind.replace('_', ' ')} {name}".strip()

    def extra(self, plan: Plan) -> dict[str, t.Any]:
        """Return more top-level keys of the result, such as ``scopes`` or ``unresolved``."""
        return {}

    def message(self, plan: Plan) -> str | None:
        """Return the sentence for ``msg``; ``None`` leaves ``msg`` out."""
        return " ".join(plan.notes) or None

    def converge(self) -> Outcome:
        before = self.read()
        plan = self.plan(before)
        live = before
        if plan.changed and not self.task.check_mode:
            live = self.apply(before, plan)
        elif plan.action == "delete":
            live = None
        values: dict[str, t.Any] = {self.key: self.summary(live, plan)}
        values.update(self.extra(plan))
        message = self.message(plan)
        if message:
            values["msg"] = message
        return Outcome(plan.changed, values, plan.diff(self.title()) if plan.changed else None)
