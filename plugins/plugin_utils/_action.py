# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The life cycle of every module: plain arguments, validate, connect, converge, report.

An action file holds four lines: the module's SPEC and the resource class. Nothing is ever raised
from :meth:`ResourceAction.run` for a failed task: ansible-core would add the cause's text or a
traceback, unscrubbed, and would end a loop early.
"""

from __future__ import annotations

import os
import time
import traceback
import typing as t

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase

from . import _connection
from ._cim.catalogue import Catalogue
from ._cim.masking import Masker
from ._cim.trace import ENVIRONMENT, TraceWriter, observers
from ._errors import ConfigMgrError, InvalidInput, OutcomeUnknown, Problem, Unreachable
from ._input import Arguments, plain, scrub, scrub_tree, validate
from ._provider.site import SITE_CODE, Compatibility, Site
from ._resources._base import Resource, Task
from ._wsman.client import WsmanClient
from ._wsman.exchange import Event

SHOW_REQUESTS = 3
SHOW_ENVELOPES = 5
"""How many -v show one line per request, and the masked messages."""


def own_folder(playbook_dir: t.Any) -> str | None:
    """Return the folder that a user's relative paths count from, None for the current one.

    A playbook of a collection lies in the collection: nothing of the user's is there, and what is
    written there is gone with the next installation.
    """
    folder = str(playbook_dir or "")
    return folder if folder and "ansible_collections" not in folder.split(os.sep) else None


class ResourceAction(ActionBase):
    """Runs one resource; subclasses set ``spec`` and ``resource`` and nothing else."""

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = True

    _sleep = staticmethod(time.sleep)
    _clock = staticmethod(time.monotonic)

    spec: t.ClassVar[dict[str, t.Any]] = {}
    resource: t.ClassVar[type[Resource]] = Resource

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Carry out the task and return its result; see the module docstring."""
        if self._task.async_val:
            return {"failed": True, "msg": f"{self._task.action} does not support async; remove the keyword."}
        result = t.cast("dict[str, t.Any]", super().run(tmp, task_vars))
        try:
            arguments = validate(self.spec, plain(self._task.args), self._task.action)
        except RecursionError:
            result.update(self._failed(InvalidInput("The options of the task are nested too deeply.")))
            return result
        for warning in arguments.warnings:
            self._display.warning(scrub(warning, arguments.secrets))
        for notice in arguments.deprecations:
            self._display.deprecated(**notice)
        if arguments.errors:
            failure = InvalidInput(scrub("; ".join(arguments.errors), arguments.secrets))
            result.update(self._failed(failure))
        else:
            result.update(self._outcome(arguments, task_vars or {}))
        return result

    # -- the task -------------------------------------------------------------------------------

    def _outcome(self, arguments: Arguments, task_vars: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        task = Task(
            arguments.params,
            given=arguments.given,
            check_mode=bool(self._task.check_mode),
            diff_mode=bool(self._task.diff),
            connect=lambda: self._connect(arguments, task_vars),
            warn=lambda text: self._display.warning(scrub(text, secrets())),
            find_file=self._find_file,
            show=lambda text: self._display.display(scrub(f"{host}: {text}", secrets())),
            sleep=self._sleep,
            clock=self._clock,
            playbook_dir=own_folder(task_vars.get("playbook_dir")),
        )
        # Progress bears the name that the play knows, which the results of the task bear as well.
        host = task_vars.get("inventory_hostname") or self._play_context.remote_addr
        task.hide(*arguments.secrets)

        def secrets() -> set[str]:
            return task.hidden

        failure: dict[str, t.Any]
        try:
            return self._converge(task)
        except ConfigMgrError as exc:
            site = task.connected_site
            failure = self._failed(site.explain(exc) if site else exc, site)
        except AnsibleConnectionFailure as exc:
            failure = self._failed(Unreachable(str(exc)), task.connected_site)
        except Exception as exc:
            # Anything else is a defect; it must end this item only, with what helps to find it.
            defect = ConfigMgrError(f"Unexpected error in {self._task.action}: {type(exc).__name__}: {exc}")
            failure = self._failed(defect, task.connected_site)
            failure["exception"] = traceback.format_exc()
        for key in ("msg", "exception"):
            if key in failure:
                failure[key] = scrub(failure[key], secrets())
        failure["error"]["detail"] = scrub_tree(failure["error"]["detail"], secrets())
        return failure

    def _converge(self, task: Task) -> dict[str, t.Any]:
        self._check_site_options(task)
        resource = self.resource(task)
        resource.validate()
        outcome = resource.converge()
        # Plain types only: what the wire brought may be a text of our own kind, or an object where none was expected.
        result: dict[str, t.Any] = {"changed": outcome.changed, **plain(outcome.values)}
        if task.diff_mode and outcome.diff is not None:
            result["diff"] = plain(outcome.diff)
        if "msg" in result:
            result["msg"] = scrub(result["msg"], task.hidden)
        return result

    @staticmethod
    def _check_site_options(task: Task) -> None:
        problems = []
        code = task.params.get("site_code")
        if code is not None and not SITE_CODE.match(code):
            problems.append(Problem("site_code", code, "must be the three letters or digits of a site code; quote it"))
        for option in ("operation_timeout", "max_envelope_size"):
            number = task.params.get(option)
            if number is not None and number < 1:
                problems.append(Problem(option, str(number), "must be a positive number"))
        if problems:
            raise InvalidInput(problems)

    def _connect(self, arguments: Arguments, task_vars: t.Mapping[str, t.Any]) -> Site:
        params = arguments.params
        compatibility = Compatibility.from_option(params.get("compatibility"))
        timeout = float(params["operation_timeout"])
        wsman = WsmanClient(
            _connection.open_transport(self._connection, task_vars=task_vars, operation_timeout=timeout),
            operation_timeout=timeout,
            max_envelope_size=params.get("max_envelope_size"),
            uri_family=compatibility.uri,
            observer=self._observer(),
        )
        return Site.connect(
            wsman,
            site_code=params.get("site_code"),
            namespace=params.get("namespace"),
            compatibility=compatibility,
            read_only=bool(self._task.check_mode),
        )

    def _observer(self) -> t.Callable[[Event], None] | None:
        """Return what looks at every exchange: -vvv, -vvvvv, and the trace folder."""
        folder = os.environ.get(ENVIRONMENT)
        level = self._display.verbosity
        masker = Masker(Catalogue.load()) if folder or level >= SHOW_ENVELOPES else None
        host = self._play_context.remote_addr

        def show(event: Event) -> None:
            sizes = f"{len(event.request)} bytes out, {len(event.response)} in"
            self._display.vvv(f"{event.operation}: {sizes}, {event.ms:.0f} ms, {event.result}", host=host)
            if masker is not None and level >= SHOW_ENVELOPES:
                for body in (event.request, event.response):
                    self._display.vvvvv(masker.mask(body).decode("utf-8", "replace"), host=host)

        return observers(
            show if level >= SHOW_REQUESTS else None,
            TraceWriter(folder, masker, self._display.warning) if folder and masker is not None else None,
        )

    # -- helpers --------------------------------------------------------------------------------

    def _failed(self, error: ConfigMgrError, site: Site | None = None) -> dict[str, t.Any]:
        """Return the result of a failed task; what was written before makes it ``changed``."""
        done = list(site.written) if site else []
        message = error.message
        if done:
            message = f"{message.rstrip('.')}. Done before the failure: {'; '.join(done)}."
        result: dict[str, t.Any] = {
            "failed": True,
            "changed": bool(done) or isinstance(error, OutcomeUnknown),
            "msg": message,
            "error": error.details(self._task.get_path() or None),
        }
        if isinstance(error, Unreachable) and not done:
            result["unreachable"] = True
            del result["failed"]
        return result

    def _find_file(self, name: str) -> str:
        try:
            return str(self._find_needle("files", name))
        except AnsibleError as exc:
            raise InvalidInput([Problem("src", name, str(exc))]) from None
