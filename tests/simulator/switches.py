# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What no source settles is a switch here, with the cautious answer as its default.

The command line offers each as ``--<name with hyphens>``, the control port as ``POST /switches``.
"""

from __future__ import annotations

import dataclasses
import typing as t


@dataclasses.dataclass(frozen=True)
class Switch:
    """One question: the answers it can have (empty: any text; ints for a number) and what it stands for."""

    name: str
    default: str | int
    choices: tuple[str, ...]
    help: str
    question: bool = True
    """Whether a live site can settle it; false for the pace of the simulation and for what goes wrong on purpose."""


_ALL = (
    Switch("secrets", "opaque", ("clear", "opaque", "blank"),
           "what GetSequence returns for stored secrets (provider-behaviour 3.3)"),
    Switch("send_sequence_text", "ignore", ("ignore", "require", "refuse"),
           "SetSequence with or without the read-only Sequence text in the package (provider-behaviour 2.1)"),
    Switch("get_sequence_source", "stored", ("stored", "given"),
           "GetSequence decodes what the site holds, or the instance it is handed"),
    Switch("qualifiers", "enforce", ("enforce", "ignore"),
           "SetSequence enforces Not_Null, AllowedLen, ValueRange and so on (provider-behaviour 2.11)"),
    Switch("dangling_references", "accept", ("accept", "refuse"),
           "SetSequence with an ID that the site does not have (provider-behaviour 2.10)"),
    Switch("set_sequence_releases_lock", "yes", ("yes", "no"),
           "SetSequence gives back the implicit lock as Put does (provider-behaviour 9)"),
    Switch("schedule_tokens", "server", ("server", "refuse"),
           "SMS_ScheduleMethods is there, or access to it is refused"),
    Switch("duplicate_names", "allow", ("allow", "refuse"),
           "two task sequences of one name (provider-behaviour 2.2)"),
    Switch("delete_cascade", "cascade", ("cascade", "keep", "refuse"),
           "advertisements of a deleted package: deleted with it, left behind, or in the way (provider-behaviour 2.7)"),
    Switch("delete_lingers", 0, (),
           "a deleted package stays with ActionInProgress 3 for so many reads (provider-behaviour 2.7)"),
    Switch("lazy_columns", "error", ("error", "error_wide", "null"),
           "a lazy property named in a query: 0x80041001, the same for the longer list one tool reports, or null "
           "(provider-behaviour 1.4)"),
    Switch("projection", "accept", ("accept", "refuse"),
           "queries that name columns at all (wsman 5)"),
    Switch("select_all_packages", "refuse", ("refuse", "allow"),
           "SELECT * without WHERE over a package class (provider-behaviour 1.4)"),
    Switch("wql_doubled_quote", "accept", ("accept", "refuse"),
           "'' inside a quoted WQL text (provider-behaviour 11)"),
    Switch("wql_backslash_quote", "accept", ("accept", "refuse"),
           "\\' inside a quoted WQL text (provider-behaviour 11)"),
    Switch("wql_double_quotes", "accept", ("accept", "refuse"),
           "WQL text between double quotes (provider-behaviour 11)"),
    Switch("wql_subqueries", "accept", ("accept", "refuse"),
           "IN (SELECT ...) in a WQL query that comes over WS-Management (provider-behaviour 11)"),
    Switch("lazy_null", "blank", ("blank", "refuse", "keep"),
           "a null in Put or SetSequence for a lazy property that holds a value (provider-behaviour 2.1)"),
    Switch("lazy_null_advertisement", "refuse", ("refuse", "blank", "keep"),
           "the same for SMS_Advertisement, where a live site answered 0x80041001 (provider-behaviour 1.4)"),
    Switch("unlisted_change", "ignore", ("ignore", "apply", "refuse"),
           "a property changed in Put but missing from the list of modified properties (wsman 2.2)"),
    Switch("read_only_change", "refuse", ("refuse", "ignore"),
           "a read-only property sent with another value"),
    Switch("sedo_missing", "refuse", ("refuse", "accept"),
           "a save of a SEDO object without its SedoObjectVersion (provider-behaviour 2.3)"),
    Switch("hidden_get", "not_found", ("not_found", "denied"),
           "Get of an object that the account's scopes hide (provider-behaviour 1.2)"),
    Switch("ghost_advertisement", "accept", ("accept", "refuse"),
           "an advertisement of a task sequence whose ProgramName is not * (provider-behaviour 4.1)"),
    Switch("advertise_disabled", "accept", ("accept", "refuse"),
           "advertising a disabled task sequence (provider-behaviour 4.1)"),
    Switch("name_limit", 255, (),
           "longest package name the database takes (provider-behaviour 2.2)"),
    Switch("collection_delay", 15, (),
           "seconds until a collection is evaluated after a change or a request", question=False),
    Switch("rule_changes", "evaluate", ("evaluate", "wait"),
           "changed rules of a collection are evaluated, or that waits for RequestRefresh (provider-behaviour 7.2)"),
    Switch("collection_queries", "rewrite", ("rewrite", "keep"),
           "the text of a query rule is altered by the site, or kept (provider-behaviour 7.2)"),
    Switch("duplicate_collections", "refuse", ("refuse", "allow"),
           "two collections of one name (provider-behaviour 7.2)"),
    Switch("content_delay", 60, (),
           "seconds until content arrives at a distribution point, fails there, or is gone", question=False),
    Switch("content_fails", "", (),
           "content that does not arrive: PackageID@server, * for any, several with commas", question=False),
    Switch("content_error_state", "4", ("3", "4"),
           "MessageState of content that failed: 3 in the documentation, 4 on a live site (provider-behaviour 6.3)"),
    Switch("group_package_again", "refuse", ("refuse", "accept"),
           "AddPackages with a package that the group holds already (provider-behaviour 6.2)"),
    Switch("flat_children", "yes", ("yes", "no"),
           "SMS_TaskSequencePackageReference_Flat lists what child sequences refer to (provider-behaviour 2.10)"),
    Switch("import_delay", 10, (),
           "seconds until an imported device shows as SMS_R_System (provider-behaviour 7.1)"),
    Switch("import_existing", "flag", ("flag", "error"),
           "import of a device that exists without overwriting: MachineExists, or an error (provider-behaviour 7.1)"),
    Switch("masked_read", "empty", ("empty", "null", "clear"),
           "the value of a masked variable when it is read (provider-behaviour 7.4)"),
    Switch("masked_rewrite", "blank", ("blank", "keep"),
           "a masked variable that comes back empty: blanked or kept (provider-behaviour 7.4)"),
    Switch("clients", "new", ("new", "all", "none"),
           "what simulated clients act on: advertisements made after the reset, all of them, none", question=False),
    Switch("client_policy", 60, (),
           "seconds until a client knows of an advertisement that it is targeted by", question=False),
    Switch("client_step", 30, (),
           "seconds that a client takes for a step", question=False),
    Switch("client_content", "check", ("check", "ignore"),
           "a step whose content is on no distribution point fails", question=False),
    Switch("pxe_boot", "by_itself", ("by_itself", "told"),
           "a device without client starts a required deployment from the network by itself, or when it is told",
           question=False),
    Switch("fail_step", "", (),
           "steps that fail: <Device>/<Step name>=<exit code>, several with a semicolon, * for every device",
           question=False),
    Switch("summarisation", 60, (),
           "seconds until a summary of a deployment that was asked for is there", question=False),
    Switch("old_site", "", (),
           "properties that this site does not have, separated by commas: an older version", question=False),
    Switch("source_access", "allowed", (),
           "whether the site may read sources: allowed, denied, or the beginnings of paths it may not read, separated "
           "by semicolons", question=False),
    Switch("source_denied_as", "win32", ("win32", "wmi"),
           "a source that the site may not read: 0x80041001 with ErrorCode 0x80070005, or 0x80041003 (peers b)"),
    Switch("image_delay", 60, (),
           "seconds until a boot image is built", question=False),
    Switch("source_delay", 0, (),
           "seconds until the site has taken in the content of other images after RefreshPkgSource", question=False),
    Switch("tick", 0, (),
           "seconds by which every read moves the site's clock", question=False),
)
SWITCHES: dict[str, Switch] = {item.name: item for item in _ALL}


class Switches:
    """The answers in force on one site; read as attributes, changed with ``update``."""

    def __init__(self, values: t.Mapping[str, t.Any] | None = None) -> None:
        self._values: dict[str, str | int] = {}
        self.reset()
        self.update(values or {})

    def reset(self) -> None:
        """Go back to the defaults."""
        self._values = {name: item.default for name, item in SWITCHES.items()}

    def update(self, values: t.Mapping[str, t.Any]) -> None:
        """Set several switches, all or none. Raises ValueError for an unknown switch or answer."""
        checked: dict[str, str | int] = {}
        for key, value in values.items():
            name = key.replace("-", "_")
            item = SWITCHES.get(name)
            if item is None:
                raise ValueError(f"unknown switch {key}; known: {', '.join(SWITCHES)}")
            if isinstance(item.default, int):
                checked[name] = int(value)
            elif item.choices and str(value) not in item.choices:
                raise ValueError(f"{key}: {value!r} is none of {', '.join(item.choices)}")
            else:
                checked[name] = str(value)
        self._values.update(checked)

    def as_dict(self) -> dict[str, str | int]:
        """Return all answers."""
        return dict(self._values)

    def __getattr__(self, name: str) -> t.Any:
        try:
            return self.__dict__["_values"][name]
        except KeyError:
            raise AttributeError(f"no switch {name}") from None
