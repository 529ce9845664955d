# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A site in a dictionary, for tests of what lies above the CIM client.

It knows just enough: rows by class, conditions by their own test, lazy properties null in queries,
a counter for IDs, and a place to plan failures. The simulated site is for everything else.
"""

from __future__ import annotations

import typing as t

from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.catalogue import Catalogue
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.client import MethodResult
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._errors import NotFound
from ansible_collections.configmgr.osd.plugins.plugin_utils._provider.site import Compatibility, Site
from ansible_collections.configmgr.osd.plugins.plugin_utils._resources._base import Task

READS = ("get", "query")


class FakeCim:
    """The part of the CIM client that resources and the provider layer use."""

    def __init__(self, *rows: Instance, namespace: str = "root/sms/site_P01") -> None:
        self.catalogue = Catalogue.load()
        self.namespace = namespace
        self.rows: list[Instance] = list(rows)
        self.calls: list[tuple[t.Any, ...]] = []
        self.failures: dict[str, list[t.Any]] = {}
        """Verb to what happens on its next calls: an exception to raise before, or (exception,) to raise after."""
        self.answers: dict[str, MethodResult] = {}
        self.counter = 0x100

    def in_namespace(self, namespace: str) -> FakeCim:
        other = FakeCim(namespace=namespace)
        other.rows, other.calls, other.failures = self.rows, self.calls, self.failures
        return other

    def of(self, verb: str) -> list[tuple[t.Any, ...]]:
        """Return the calls of one verb."""
        return [call for call in self.calls if call[0] == verb]

    def writes(self) -> list[tuple[t.Any, ...]]:
        return [call for call in self.calls if call[0] not in READS]

    def _happen(self, verb: str, *facts: t.Any) -> t.Callable[[], None]:
        self.calls.append((verb, *facts))
        planned = self.failures.get(verb) or []
        failure = planned.pop(0) if planned else None
        if isinstance(failure, BaseException):
            raise failure

        def after() -> None:
            if isinstance(failure, tuple):
                raise failure[0]

        return after

    def _find(self, class_name: str, keys: t.Mapping[str, t.Any]) -> Instance | None:
        for row in self.rows:
            if self.catalogue.is_a(row.class_name, class_name) and all(
                str(row.get(name, "")).casefold() == str(value).casefold() for name, value in keys.items()
            ):
                return row
        return None

    def get(self, class_name: str, keys: t.Mapping[str, t.Any]) -> Instance:
        self._happen("get", class_name, dict(keys))()
        row = self._find(class_name, keys)
        if row is None:
            raise NotFound(f"no {class_name} {keys}", hresult=0x80041002)
        return Instance(row.class_name, dict(row.properties))

    def query(
        self,
        class_name: str,
        *,
        where: t.Any = None,
        columns: t.Sequence[str] | None = None,
        limit: int | None = None,
    ) -> list[Instance]:
        self._happen("query", class_name, where.text if where else "", tuple(columns or ()))()
        found = []
        for row in self.rows:
            if not self.catalogue.is_a(row.class_name, class_name):
                continue
            if where is not None and where.test is not None and not where.test(row):
                continue
            definition = self.catalogue.get(row.class_name)
            lazy = definition.lazy if definition else frozenset()
            chosen = {name.casefold() for name in columns} if columns else None
            found.append(
                Instance(
                    row.class_name,
                    {
                        name: value
                        for name, value in row.properties.items()
                        if name.casefold() not in lazy and (chosen is None or name.casefold() in chosen)
                    },
                )
            )
        return found[:limit] if limit else found

    def create(self, instance: Instance) -> dict[str, str]:
        after = self._happen("create", instance)
        values = dict(instance.properties)
        definition = self.catalogue.get(instance.class_name)
        keys = definition.keys if definition else ()
        if keys == ("PackageID",):
            self.counter += 1
            values["PackageID"] = f"P01{self.counter:05X}"
        self.rows.append(Instance(instance.class_name, values))
        after()
        return {name: str(values[name]) for name in keys}

    def put(self, instance: Instance, *, keys: t.Mapping[str, t.Any], modified: t.Sequence[str]) -> None:
        after = self._happen("put", instance, dict(keys), list(modified))
        row = self._find(instance.class_name, keys)
        if row is None:
            raise NotFound(f"no {instance.class_name} {keys}")
        for name in modified:
            row.properties[name] = instance.properties[name]
        after()

    def delete(self, class_name: str, keys: t.Mapping[str, t.Any]) -> None:
        after = self._happen("delete", class_name, dict(keys))
        row = self._find(class_name, keys)
        if row is None:
            raise NotFound(f"no {class_name} {keys}")
        self.rows.remove(row)
        after()

    def invoke(
        self, class_name: str, method: str, params: t.Mapping[str, t.Any], *, keys: t.Any = None
    ) -> MethodResult:
        self._happen("invoke", class_name, method, dict(params))()
        return self.answers[method]


def package(package_id: str, name: str, class_name: str = "SMS_Package", **properties: t.Any) -> Instance:
    """Return a row of a package-like class."""
    return Instance(class_name, {"PackageID": package_id, "Name": name, **properties})


def site(*rows: Instance, read_only: bool = False) -> tuple[Site, FakeCim]:
    """Return a connected site over a fake client."""
    cim = FakeCim(*rows)
    return (
        Site(
            t.cast(t.Any, cim),
            code="P01",
            compatibility=Compatibility(),
            catalogue=cim.catalogue,
            read_only=read_only,
        ),
        cim,
    )


class Run:
    """One task: a resource over a fake site, with what it warned of."""

    def __init__(
        self,
        resource: t.Any,
        spec: t.Mapping[str, t.Any],
        rows: t.Iterable[Instance] = (),
        *,
        check: bool = False,
        cim: FakeCim | None = None,
        **options: t.Any,
    ) -> None:
        self.site, fresh = site(*rows, read_only=check)
        self.cim = cim or fresh
        self.site.cim = t.cast(t.Any, self.cim)
        self.warnings: list[str] = []
        defaults = {name: option.get("default") for name, option in spec["argument_spec"].items()}
        self.task = Task(
            {**defaults, **options},
            given=[name for name, value in options.items() if value is not None],
            check_mode=check,
            diff_mode=True,
            connect=lambda: self.site,
            warn=self.warnings.append,
        )
        self.resource = resource(self.task)

    def __call__(self) -> t.Any:
        self.resource.validate()
        return self.resource.converge()
