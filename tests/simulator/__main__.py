# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Start a simulated site: ``python -m tests.simulator --ready-file F``."""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import signal
import sys
import tempfile
import threading
import types
import typing as t

from .auth import Accounts
from .control import FRONT_SWITCHES, Control, ControlListener, set_switches
from .exchange import Front
from .operations import Settings
from .provider import Site
from .server import Listener
from .switches import SWITCHES
from .tls import self_signed, server_context

WATCH_SECONDS = 0.5
DEFAULT_ACCOUNT = "CORP\\svc-ansible:Simulated-1"


def address(text: str) -> tuple[str, int]:
    """Read ``host:port``; only loopback is allowed, for the passwords of a simulated site are public."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or host not in ("127.0.0.1", "localhost"):
        raise argparse.ArgumentTypeError(f"{text}: expected 127.0.0.1:port or localhost:port")
    return host, int(port)


def account(text: str) -> tuple[str, str]:
    """Read ``DOMAIN\\user:password``."""
    name, colon, password = text.partition(":")
    if not colon or not name:
        raise argparse.ArgumentTypeError(f"{text}: expected name:password")
    return name, password


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    made = argparse.ArgumentParser(prog="python -m tests.simulator", description=__doc__, allow_abbrev=False)
    made.add_argument("--ready-file", type=pathlib.Path, required=True, metavar="FILE",
                      help="JSON file with process id and ports, written when all ports listen")
    made.add_argument("--seed", metavar="FILE", help="seed file instead of the built-in company site")
    made.add_argument("--listen", type=address, default=("127.0.0.1", 0), metavar="HOST:PORT",
                      help="HTTP port of the first store (default: any free one)")
    made.add_argument("--https", type=address, nargs="?", const=("127.0.0.1", 0), metavar="HOST:PORT",
                      help="add an HTTPS port per store; without --cert and --key with a certificate made on the spot")
    made.add_argument("--cert", type=pathlib.Path, metavar="PEM")
    made.add_argument("--key", type=pathlib.Path, metavar="PEM")
    made.add_argument("--control", type=address, default=("127.0.0.1", 0), metavar="HOST:PORT", help="control port")
    made.add_argument("--stores", default="default", metavar="NAME,...", help="one isolated site per name")
    made.add_argument("--mdt", action="store_true", help="load the classes of MDT's integration")
    made.add_argument("--account", type=account, action="append", default=[], metavar="NAME:PASSWORD",
                      help="another account beside the default one")
    made.add_argument("--max-envelope-kb", type=int, default=500, metavar="KB", help="MaxEnvelopeSizekb of the service")
    made.add_argument("--exit-with", type=int, metavar="PID", help="end when this process has ended")
    for name, answers in FRONT_SWITCHES.items():
        made.add_argument(*spellings(name), dest=f"switch_{name}", choices=answers, help=f"default {answers[0]}")
    for item in SWITCHES.values():
        extra: dict[str, t.Any] = {"choices": item.choices} if item.choices else {"metavar": "VALUE"}
        made.add_argument(*spellings(item.name), dest=f"switch_{item.name}",
                          help=f"{item.help} (default {item.default})".replace("%", "%%"), **extra)
    return made


def spellings(name: str) -> list[str]:
    """Return the option of a switch: with hyphens, and as the client's ``compatibility`` key spells it."""
    return list(dict.fromkeys((f"--{name.replace('_', '-')}", f"--{name}")))


class Process:
    """Everything that listens, from one command line."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.finished = threading.Event()
        self.listeners: list[Listener] = []
        self.fronts: dict[str, Front] = {}
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        switches = {name[len("switch_"):]: value for name, value in vars(options).items()
                    if name.startswith("switch_") and value is not None}
        context, self.certificate = self._tls(options)
        stores: dict[str, dict[str, int | None]] = {}
        for index, name in enumerate(options.stores.split(",")):
            settings = Settings(max_envelope=options.max_envelope_kb * 1024)
            site = make_site(options, name)
            front = Front(name, site, settings)
            set_switches(front, switches)
            self.fronts[name] = front
            accounts = Accounts(known_accounts(site, options.account))
            main = self._listen(options.listen if index == 0 else (options.listen[0], 0), "main", front, accounts)
            read_only = self._listen((options.listen[0], 0), "read_only", front, accounts)
            secure = None
            if context is not None:
                where = options.https if index == 0 else (options.https[0], 0)
                secure = self._listen(where, "https", front, accounts, context)
            stores[name] = {"http": main.port, "read_only": read_only.port, "https": secure.port if secure else None}
        self.control = ControlListener(options.control, Control(self.fronts, self.finished.set))
        first = next(iter(stores.values()))
        self.facts = {
            "pid": os.getpid(), **first, "control": self.control.server_port, "stores": stores,
            "certificate": str(self.certificate) if self.certificate else None,
        }

    def _tls(self, options: argparse.Namespace) -> tuple[t.Any, pathlib.Path | None]:
        if options.https is None:
            return None, None
        cert, key = options.cert, options.key
        if cert is None or key is None:
            self._folder = tempfile.TemporaryDirectory(prefix="simulator-")
            cert, key = self_signed(pathlib.Path(self._folder.name))
        return server_context(cert, key), cert

    def _listen(
        self, where: tuple[str, int], kind: str, front: Front, accounts: Accounts, context: t.Any = None,
    ) -> Listener:
        listener = Listener(where, kind, front, accounts, context)
        self.listeners.append(listener)
        return listener

    def run(self, ready_file: pathlib.Path, watched: int | None = None) -> None:
        """Serve until told to stop, or until the watched process has ended, then free everything."""
        for listener in (*self.listeners, self.control):
            listener.start()
        write_ready(ready_file, self.facts)
        try:
            while not self.finished.wait(WATCH_SECONDS):
                if watched is not None and not alive(watched):
                    break
        finally:
            for listener in (*self.listeners, self.control):
                listener.stop()
            ready_file.unlink(missing_ok=True)
            if self._folder is not None:
                self._folder.cleanup()


def make_site(options: argparse.Namespace, name: str) -> Site:
    """Return the provider of one store."""
    switches = {switch: getattr(options, f"switch_{switch}") for switch in SWITCHES}
    given = {switch: value for switch, value in switches.items() if value is not None}
    site = Site(*([options.seed] if options.seed else []), mdt=options.mdt, switches=given, name=name)
    return site


def known_accounts(site: Site, more: t.Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the passwords: the default account, the administrators of the seed (the same one), and the given ones."""
    name, password = account(DEFAULT_ACCOUNT)
    seeded = {item.name: password for item in site.accounts.values()}
    return {name: password, **seeded, **dict(more)}


def alive(pid: int) -> bool:
    """Say whether a process exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def write_ready(path: pathlib.Path, facts: dict[str, t.Any]) -> None:
    """Write the ready file in one step, so that nobody reads half of it."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    temporary.replace(path)


def main(arguments: t.Sequence[str] | None = None) -> int:
    """Run a simulated site until SIGTERM, SIGINT or /stop."""
    options = parser().parse_args(arguments)
    sys.setrecursionlimit(10000)
    process = Process(options)

    def stop(_number: int, _frame: types.FrameType | None) -> None:
        process.finished.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    process.run(options.ready_file, options.exit_with)
    return 0


if __name__ == "__main__":
    sys.exit(main())
