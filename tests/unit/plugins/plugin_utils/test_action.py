# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The life cycle of an action: every end of a task is a result, and no result shows a secret."""

from __future__ import annotations

import typing as t
from unittest import mock

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible_collections.configmgr.osd.plugins.module_utils._args import SITE_ARGS
from ansible_collections.configmgr.osd.plugins.plugin_utils import _errors as errors
from ansible_collections.configmgr.osd.plugins.plugin_utils._action import ResourceAction, own_folder
from ansible_collections.configmgr.osd.plugins.plugin_utils._resources._base import Outcome, Resource
from tests.unit.plugins.plugin_utils.fake_site import FakeCim, site

SECRET = "hunter2secret"
SPEC: dict[str, t.Any] = {
    "argument_spec": {
        **SITE_ARGS,
        "name": {"type": "str"},
        "password": {"type": "str", "no_log": True},
        "level": {"type": "str", "no_log": True, "choices": ["low"]},
        "old": {"type": "str", "removed_in_version": "9.0.0", "removed_from_collection": "configmgr.osd"},
    },
}


class Thing(Resource):
    key = "thing"
    work: t.ClassVar[t.Callable[[Thing], Outcome]]

    def converge(self) -> Outcome:
        return type(self).work(self)


class Action(ResourceAction):
    spec = SPEC
    resource = Thing

    connected: t.Any = None

    def _connect(self, arguments: t.Any, task_vars: t.Any) -> t.Any:
        return self.connected


class Harness:
    """An action with everything around it replaced."""

    def __init__(self) -> None:
        self.cim: FakeCim
        self.display = mock.Mock(verbosity=0)

    def __call__(self, work: t.Any = None, *, check: bool = False, asynchronous: int = 0, **args: t.Any) -> t.Any:
        task = mock.Mock(
            args=args,
            async_val=asynchronous,
            check_mode=check,
            diff=True,
            action="configmgr.osd.cm_thing",
            environment=None,
        )
        task.get_path.return_value = "play.yml:7"
        Thing.work = staticmethod(work or (lambda thing: Outcome(False, {"thing": thing.params["name"]})))
        action = Action(task, mock.Mock(), mock.Mock(check_mode=check), mock.Mock(), mock.Mock(), None)
        action._display = self.display
        action.connected, self.cim = site(read_only=check)
        self.action = action
        with mock.patch.object(ResourceAction.__mro__[1], "run", return_value={}):
            result = action.run(task_vars={})
        assert SECRET not in str(result)
        return result


@pytest.fixture
def run() -> Harness:
    return Harness()


def test_success(run: Harness) -> None:
    outcome = Outcome(True, {"thing": {"id": 1}, "msg": "done"}, {"before": "", "after": "x"})
    assert run(lambda thing: outcome) == {
        "changed": True,
        "thing": {"id": 1},
        "msg": "done",
        "diff": {"before": "", "after": "x"},
    }


@pytest.mark.parametrize(
    "args",
    [{"level": SECRET}, {"nope": 1, "password": SECRET}, {"name": {SECRET: 1}, "password": SECRET}],
)
def test_bad_input_is_a_result_without_secrets(run: Harness, args: dict[str, t.Any]) -> None:
    result = run(**args)
    assert result["failed"] and not result["changed"]
    assert result["error"]["code"] == "invalid_input" and result["error"]["task_path"] == "play.yml:7"


def test_the_module_is_named(run: Harness) -> None:
    assert run(nmae="x")["msg"].startswith("Unsupported options for configmgr.osd.cm_thing: nmae")


def test_async_is_refused(run: Harness) -> None:
    assert "does not support async" in run(asynchronous=5)["msg"]


def raising(error: BaseException) -> t.Any:
    def work(thing: Thing) -> Outcome:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "code", "unreachable", "changed"),
    [
        (errors.AccessDenied("no", hresult=0x80041003), "access_denied", False, False),
        (errors.LoginFailed("no"), "login_failed", True, False),
        (errors.Unreachable("no"), "unreachable", True, False),
        (AnsibleConnectionFailure("no"), "unreachable", True, False),
        (errors.OutcomeUnknown("lost", attempted="save x"), "outcome_unknown", False, True),
        (errors.InvalidInput([errors.Problem("steps[0].name", "x", "no")]), "invalid_input", False, False),
        (RuntimeError(f"bug with {SECRET}"), "unexpected", False, False),
    ],
)
def test_every_error_is_a_result(
    run: Harness, error: BaseException, code: str, unreachable: bool, changed: bool
) -> None:
    result = run(raising(error), password=SECRET)
    assert result["error"]["code"] == code
    assert result.get("unreachable", False) is unreachable
    assert result.get("failed", False) is not unreachable
    assert result["changed"] is changed
    if code == "unexpected":
        assert "RuntimeError" in result["exception"]
    if code == "access_denied":
        assert result["error"]["hresult"] == "0x80041003"


def test_a_time_out_of_the_task_is_not_swallowed(run: Harness) -> None:
    class TaskTimeout(BaseException):
        pass

    with pytest.raises(TaskTimeout):
        run(raising(TaskTimeout()))


def test_what_was_done_before_a_failure_is_reported(run: Harness) -> None:
    def work(thing: Thing) -> Outcome:
        thing.task.site.write("create SMS_Package", lambda: None)
        raise errors.Unreachable("the line went dead")

    result = run(work)
    assert result["failed"] and result["changed"] and "unreachable" not in result
    assert "Done before the failure: create SMS_Package" in result["msg"]


def test_check_mode_reaches_the_site(run: Harness) -> None:
    result = run(lambda thing: thing.task.site.write("create SMS_Package", lambda: None), check=True)
    assert result["failed"] and "in check mode" in result["msg"]


def test_secrets_of_resources_are_kept_out_of_messages(run: Harness) -> None:
    def work(thing: Thing) -> Outcome:
        thing.task.hide(SECRET, "1234")
        thing.task.warn(f"watch {SECRET}")
        raise errors.ServerFault(f"refused {SECRET} of P0101234", detail={"text": [SECRET]})

    result = run(work)
    assert result["msg"] == "refused ******** of P0101234"
    assert result["error"]["detail"] == {"text": ["********"]}
    run.display.warning.assert_called_once_with("watch ********")


def test_identifiers_stay_intact_beside_short_secrets(run: Harness) -> None:
    result = run(lambda thing: Outcome(False, {"thing": {"package_id": "P0100012"}, "msg": "P0100012"}), password="1")
    assert result["thing"]["package_id"] == "P0100012" and result["msg"] == "P0100012"


def test_a_missing_namespace_is_explained(run: Harness) -> None:
    def work(thing: Thing) -> Outcome:
        assert thing.task.site.code == "P01"
        raise errors.InvalidClass("no such namespace", hresult=0x8004100E)

    result = run(work)
    assert "no SMS Provider" in result["msg"]


@pytest.mark.parametrize(
    ("args", "part"),
    [
        ({"site_code": "P0"}, "site_code (P0)"),
        ({"operation_timeout": 0}, "operation_timeout (0)"),
        ({"max_envelope_size": -1}, "max_envelope_size (-1)"),
    ],
)
def test_site_options(run: Harness, args: dict[str, t.Any], part: str) -> None:
    assert part in run(**args)["msg"]


def test_deprecations_are_shown(run: Harness) -> None:
    run(old="x")
    notice = run.display.deprecated.call_args.kwargs
    assert "old" in notice["msg"] and notice["collection_name"] == "configmgr.osd"


def test_files_are_found_like_those_of_template(run: Harness) -> None:
    def work(thing: Thing) -> Outcome:
        with mock.patch.object(run_action(), "_find_needle", return_value="/play/files/a.xml") as find:
            assert thing.task.find_file("a.xml") == "/play/files/a.xml"
            find.assert_called_once_with("files", "a.xml")
        with mock.patch.object(run_action(), "_find_needle", side_effect=AnsibleError("Could not find a.xml")):
            thing.task.find_file("a.xml")
        raise AssertionError

    actions: list[Action] = []
    original = Action.__init__

    def remember(self: Action, *args: t.Any) -> None:
        original(self, *args)
        actions.append(self)

    def run_action() -> Action:
        return actions[-1]

    with mock.patch.object(Action, "__init__", remember):
        result = run(work)
    assert result["error"]["code"] == "invalid_input" and "Could not find a.xml" in result["msg"]


def test_one_line_per_request(run: Harness) -> None:
    run.display.verbosity = 3
    run()
    observer = run.action._observer()
    assert observer is not None
    event = mock.Mock(request=b"12345", response=b"123", ms=4.4, result="ok")
    event.operation.__str__ = lambda self: "Get SMS_Package PackageID='P0100001'"
    observer(event)
    line = run.display.vvv.call_args.args[0]
    assert line == "Get SMS_Package PackageID='P0100001': 5 bytes out, 3 in, 4 ms, ok"
    run.display.verbosity = 0
    assert run.action._observer() is None


def test_relative_paths_do_not_end_in_a_collection() -> None:
    inside = "/usr/share/ansible/collections/ansible_collections/configmgr/osd/playbooks"
    assert own_folder("/srv/project/playbooks") == "/srv/project/playbooks"
    assert own_folder(inside) is None
    assert own_folder("/srv/my_ansible_collections_list") == "/srv/my_ansible_collections_list"
    assert own_folder(None) is None
