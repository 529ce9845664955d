# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control port: what tests ask and tell the simulated site, beside the wire (JSON over HTTP on loopback).

Reads here never touch the journal, so a test can look at the site without disturbing its counts.
"""

from __future__ import annotations

import contextlib
import dataclasses
import http.server
import json
import socketserver
import threading
import typing as t
import urllib.parse

from .clients import engine as clients
from .exchange import Front
from .objects import Obj, ProviderError, Ref

Handled = tuple[int, t.Any]
FRONT_SWITCHES: dict[str, tuple[str, ...]] = {
    "uri": ("both", "dmtf", "wmi"), "datetime": ("cim", "raw"), "explicit_lock": ("honour", "ignore"),
}
"""Switches of the front end itself; all others belong to the provider."""


class Refused(Exception):
    """A request to the control port that makes no sense; the text goes back with status 400."""


def to_json(value: t.Any) -> t.Any:
    """Turn a value into plain data; objects carry their class as ``__class``."""
    if isinstance(value, Obj):
        return {"__class": value.class_name, **{name: to_json(item) for name, item in value.props.items()}}
    if isinstance(value, Ref):
        return {"__reference": value.class_name, **dict(value.keys)}
    if isinstance(value, list):
        return [to_json(item) for item in value]
    return str(value) if isinstance(value, str) else value


class Control:
    """The answers of the control port over all sites of the process."""

    def __init__(self, fronts: dict[str, Front], stop: t.Callable[[], None]) -> None:
        self._fronts = fronts
        self._stop = stop
        self._start = {name: dataclasses.replace(front.settings) for name, front in fronts.items()}
        self._start_provider = {name: self._provider_switches(front) for name, front in fronts.items()}

    def handle(self, method: str, path: str, query: dict[str, str], data: t.Any) -> Handled:
        """Answer one request."""
        name = path.strip("/").replace("/", "_")
        action = getattr(self, f"_{method.lower()}_{name}", None)
        if action is None:
            return 404, {"error": f"no {method} {path}; there are {', '.join(self._routes())}"}
        if not isinstance(data, dict):
            return 400, {"error": "the body must be a JSON object"}
        try:
            return 200, action({**query, **data})
        except (Refused, ValueError, KeyError, TypeError) as error:
            return 400, {"error": f"{type(error).__name__}: {error}"}
        except ProviderError as error:
            return 409, {"error": error.text, "wbem": error.wbem, "extended": error.extended}

    def _routes(self) -> list[str]:
        return sorted(
            " /".join((verb.upper(), name.replace("_", "/"))) for attribute in dir(self)
            for verb, name in [attribute[1:].partition("_")[::2]] if verb in ("get", "post"))

    def _pick(self, query: dict[str, t.Any]) -> Front:
        name = query.get("store") or next(iter(self._fronts))
        if name not in self._fronts:
            raise Refused(f"no store {name}; there are {', '.join(self._fronts)}")
        return self._fronts[name]

    def _picked(self, query: dict[str, t.Any]) -> list[Front]:
        return [self._pick(query)] if query.get("store") else list(self._fronts.values())

    def _post_reset(self, query: dict[str, t.Any]) -> t.Any:
        for front in self._picked(query):
            front.reset(query.get("seed"))
            for field in dataclasses.fields(front.settings):
                setattr(front.settings, field.name, getattr(self._start[front.name], field.name))
            self._update_provider(front, self._start_provider[front.name])
        return {"ok": True}

    def _get_journal(self, query: dict[str, t.Any]) -> t.Any:
        return self._pick(query).journal.view(int(query.get("since", 0)))

    def _post_journal_clear(self, query: dict[str, t.Any]) -> t.Any:
        for front in self._picked(query):
            front.journal.clear()
        return {"ok": True}

    def _post_journal_bodies(self, query: dict[str, t.Any]) -> t.Any:
        for front in self._picked(query):
            front.journal.keep_bodies = query.get("keep") in (True, "true")
        return {"ok": True}

    def _get_faults(self, query: dict[str, t.Any]) -> t.Any:
        return {"faults": self._pick(query).plan.view()}

    def _post_faults(self, query: dict[str, t.Any]) -> t.Any:
        rules = query.get("faults")
        if not isinstance(rules, list):
            raise Refused("the body must be {\"faults\": [...]}")
        for front in self._picked(query):
            front.plan.set(rules)
        return {"ok": True}

    def _get_switches(self, query: dict[str, t.Any]) -> t.Any:
        front = self._pick(query)
        return {**self._front_switches(front), **self._provider_switches(front),
                "max_envelope_kb": front.settings.max_envelope // 1024}

    def _post_switches(self, query: dict[str, t.Any]) -> t.Any:
        wanted = {key.replace("-", "_"): value for key, value in query.items() if key != "store"}
        for front in self._picked(query):
            set_switches(front, wanted)
        return {"ok": True}

    def _post_clock(self, query: dict[str, t.Any]) -> t.Any:
        for front in self._picked(query):
            t.cast(t.Any, front.provider).ahead(float(query["seconds"]))
        return {"ok": True}

    def _post_client(self, query: dict[str, t.Any]) -> t.Any:
        front = self._pick(query)
        with front.lock:
            return clients.order(t.cast(t.Any, front.provider), query)

    def _get_enumerations(self, query: dict[str, t.Any]) -> t.Any:
        return self._pick(query).enumerations.view()

    def _get_object(self, query: dict[str, t.Any]) -> t.Any:
        front = self._pick(query)
        class_name = query.get("class") or ""
        item = front.provider.schema.get(class_name)
        if item is None:
            raise Refused(f"no class {class_name}")
        given = json.loads(query["keys"]) if "keys" in query else {
            key[4:]: value for key, value in query.items() if key.startswith("key.")}
        keys = {}
        for key, value in given.items():
            prop = item.prop(key)
            if prop is None:
                raise Refused(f"{item.name} has no property {key}")
            keys[prop.name] = value if prop.type in ("string", "datetime") else _number(value)
        with front.lock:
            return to_json(front.provider.get(self._namespace(front, query), item.name, keys))

    def _get_query(self, query: dict[str, t.Any]) -> t.Any:
        front = self._pick(query)
        with front.lock:
            result = front.provider.query(self._namespace(front, query), query["wql"])
        return [to_json(obj) for obj in result.objs]

    def _get_sequence(self, query: dict[str, t.Any]) -> t.Any:
        front = self._pick(query)
        namespace = self._namespace(front, query)
        with front.lock, _clear_secrets(front):
            package = front.provider.get(namespace, "SMS_TaskSequencePackage", {"PackageID": query["package_id"]})
            outs = front.provider.invoke(
                namespace, "SMS_TaskSequencePackage", "GetSequence", None, {"TaskSequencePackage": package.copy()})
        tree = next((value for value in outs.values() if isinstance(value, Obj)), None)
        return {"sequence": package.get("Sequence"), "tree": to_json(tree)}

    def _get_notes(self, query: dict[str, t.Any]) -> t.Any:
        return to_json(list(getattr(self._pick(query).provider, "notes", ())))

    def _post_lock(self, query: dict[str, t.Any]) -> t.Any:
        front = self._pick(query)
        front.provider.hold_lock(  # type: ignore[attr-defined]
            query["path"], query["user"], query.get("machine", "ADMIN-PC"), query.get("context"))
        return {"ok": True}

    def _post_unlock(self, query: dict[str, t.Any]) -> t.Any:
        return {"ok": self._pick(query).provider.drop_lock(query["path"])}  # type: ignore[attr-defined]

    def _get_classes(self, query: dict[str, t.Any]) -> t.Any:
        return self._pick(query).provider.schema.names()

    def _get_namespaces(self, query: dict[str, t.Any]) -> t.Any:
        return list(self._pick(query).provider.namespaces())

    def _post_stop(self, _query: dict[str, t.Any]) -> t.Any:
        self._stop()
        return {"ok": True}

    @staticmethod
    def _namespace(front: Front, query: dict[str, t.Any]) -> str:
        wanted = query.get("namespace")
        names = list(front.provider.namespaces())
        if wanted is None:
            return next((name for name in names if "/site_" in name.casefold()), names[0])
        found = next((name for name in names if name.casefold() == wanted.casefold()), None)
        if found is None:
            raise Refused(f"no namespace {wanted}; there are {', '.join(names)}")
        return found

    @staticmethod
    def _front_switches(front: Front) -> dict[str, str]:
        return {name: getattr(front.settings, name) for name in FRONT_SWITCHES}

    @staticmethod
    def _provider_switches(front: Front) -> dict[str, t.Any]:
        switches = getattr(front.provider, "switches", None)
        return dict(switches.as_dict()) if switches is not None else {}

    @staticmethod
    def _update_provider(front: Front, values: dict[str, t.Any]) -> None:
        if values:
            front.provider.switches.update(values)  # type: ignore[attr-defined]


def set_switches(front: Front, wanted: dict[str, t.Any]) -> None:
    """Set switches of the front end and of the provider, all or none; ValueError for an unknown one or answer."""
    own: dict[str, t.Any] = {}
    rest: dict[str, t.Any] = {}
    for key, value in wanted.items():
        if key == "max_envelope_kb":
            own["max_envelope"] = int(value) * 1024
        elif key not in FRONT_SWITCHES:
            rest[key] = value
        elif value not in FRONT_SWITCHES[key]:
            raise ValueError(f"{key}: {value!r} is none of {', '.join(FRONT_SWITCHES[key])}")
        else:
            own[key] = value
    if rest:
        front.provider.switches.update(rest)  # type: ignore[attr-defined]
    for key, value in own.items():
        setattr(front.settings, key, value)


@contextlib.contextmanager
def _clear_secrets(front: Front) -> t.Iterator[None]:
    """Let an independent read see what is stored, whatever GetSequence shows on the wire."""
    switches = getattr(front.provider, "switches", None)
    if switches is None:
        yield
        return
    before = switches.secrets
    switches.update({"secrets": "clear"})
    try:
        yield
    finally:
        switches.update({"secrets": before})


def _number(value: t.Any) -> t.Any:
    if isinstance(value, str):
        return value.casefold() == "true" if value.casefold() in ("true", "false") else int(value)
    return value


class ControlListener(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """The HTTP side of the control port."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], control: Control) -> None:
        super().__init__(address, _Handler)
        self.control = control
        self._thread: threading.Thread | None = None

    def server_bind(self) -> None:
        """Bind without the look-up of a host name that the base class does."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and free the port."""
        self.shutdown()
        self.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: ControlListener

    def log_message(self, format: str, *args: t.Any) -> None:  # noqa: A002
        """Keep quiet."""

    def do_GET(self) -> None:  # noqa: N802
        """Answer a read."""
        self._run("GET")

    def do_POST(self) -> None:  # noqa: N802
        """Answer an order."""
        self._run("POST")

    def _run(self, method: str) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
        try:
            data = json.loads(raw) if raw.strip() else {}
            status, answer = self.server.control.handle(method, parts.path, query, data)
        except json.JSONDecodeError as error:
            status, answer = 400, {"error": str(error)}
        body = json.dumps(answer, ensure_ascii=False).encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
