# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what a play wrote to validated parameters, the same on every ansible-core."""

from __future__ import annotations

import dataclasses
import datetime
import difflib
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError

SHORTEST_SCRUBBED = 6
"""A secret shorter than this never enters a message; searching for it would destroy IDs."""
HIDDEN = "********"


def plain(value: t.Any) -> t.Any:
    """Return task arguments without tags or vault wrappers, as built-in types."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, str):
        # Plain str() hands unsafe texts of ansible-core before 2.19 back as they are.
        return str.__str__(value)
    if getattr(value, "__ENCRYPTED__", False):
        return str.__str__(str(value))
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, t.Mapping):
        return {plain(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(v) for v in value]
    if isinstance(value, (datetime.date, datetime.datetime)):
        # An unquoted time in YAML; the text is what the user wrote, but for the separator.
        return str(value)
    return str(value)


@dataclasses.dataclass
class Arguments:
    """The outcome of validation; ``errors`` may quote secrets until :meth:`scrub` went over them."""

    params: dict[str, t.Any]
    given: frozenset[str]
    errors: list[str]
    warnings: list[str]
    deprecations: list[dict[str, t.Any]]
    secrets: frozenset[str]


def validate(spec: t.Mapping[str, t.Any], args: t.Mapping[str, t.Any], module: str) -> Arguments:
    """Validate plain arguments against a module's SPEC.

    ``ActionBase.validate_argument_spec`` is not used: it leaks ``no_log`` values when validation
    fails. The validator's result knows them also then.
    """
    warnings: list[str] = []
    problems: list[str] = []
    options = spec["argument_spec"]
    settled = _settle_texts(args, options, "", warnings, problems)
    names = {alias: name for name, option in options.items() for alias in (name, *option.get("aliases", ()))}
    # Core takes an option without a value (name: null) for one that was given, so that required_one_of is content.
    settled = {key: value for key, value in settled.items() if value is not None or key not in names}
    checked = ArgumentSpecValidator(**spec).validate(settled)
    for notice in checked._warnings:
        warnings.append(f"Both option {notice['option']} and its alias {notice['alias']} are set.")
    errors = problems + [_explain(error, options, module) for error in checked.errors.errors]
    params = checked.validated_parameters
    given = {names[key] for key in settled if key in names}
    # What the environment supplied is wanted as well: it is neither absent nor the default.
    given |= {
        name
        for name, option in options.items()
        if "fallback" in option and params.get(name) is not None and params.get(name) != option.get("default")
    }
    return Arguments(
        params=params,
        given=frozenset(given),
        errors=errors,
        warnings=warnings,
        deprecations=list(checked._deprecations),
        secrets=frozenset(str(value) for value in checked._no_log_values),
    )


def _settle_texts(
    args: t.Mapping[str, t.Any],
    options: t.Mapping[str, t.Any],
    prefix: str,
    warnings: list[str],
    problems: list[str],
) -> dict[str, t.Any]:
    """Treat what YAML or older cores made of texts; core itself would silently write Python's form."""
    names = {alias: option for name, option in options.items() for alias in (name, *option.get("aliases", ()))}
    settled: dict[str, t.Any] = {}
    for name, value in args.items():
        # A key that YAML read as a number would break core's own search for unsupported options.
        key = name if isinstance(name, str) else str(name)
        option = names.get(key)
        path = f"{prefix}{key}"
        if option is None or value is None:
            settled[key] = value
        elif option.get("type", "str") == "str":
            settled[key] = _settle_text(value, option, str(key), path, warnings, problems)
        elif option.get("type") == "dict" and "options" in option and isinstance(value, dict):
            settled[key] = _settle_texts(value, option["options"], f"{path}.", warnings, problems)
        elif option.get("type") == "list" and option.get("elements") == "str" and isinstance(value, list):
            settled[key] = [
                _settle_text(item, option, str(key), f"{path}[{index}]", warnings, problems)
                for index, item in enumerate(value)
            ]
        elif not _fits_options(value, option):
            # Core would look for options inside of it all the same, and fail with a TypeError.
            a_list = option.get("type") == "list"
            problems.append(f"{path}: must be {'a list of mappings' if a_list else 'a mapping'}")
        else:
            settled[key] = value
    return settled


def _fits_options(value: t.Any, option: t.Mapping[str, t.Any]) -> bool:
    """Whether core can look for the options that an option holds; it makes mappings of texts by itself."""
    if "options" not in option:
        return True
    items = value if option.get("type") == "list" and isinstance(value, list) else [value]
    return all(isinstance(item, (dict, str)) for item in items)


def _settle_text(
    value: t.Any, option: t.Mapping[str, t.Any], key: str, path: str, warnings: list[str], problems: list[str]
) -> t.Any:
    if isinstance(value, bool):
        text = "true" if value else "false"
        if option.get("choices") and text not in option["choices"]:
            return value
        warnings.append(f"{path}: the boolean was taken as the text {text}; quote it.")
        return text
    if isinstance(value, (dict, list)):
        problems.append(
            f"{path}: must be text, not a {'mapping' if isinstance(value, dict) else 'list'}; on ansible-core before "
            "2.19 a template result that looks like a list or mapping is converted: add '| string'"
        )
        return ""
    if isinstance(value, float) or (isinstance(value, int) and (key == "site_code" or key.endswith("_id"))):
        problems.append(f"{path}: was read as the number {value}: quote it")
        return ""
    return value


def _explain(error: Exception, options: t.Mapping[str, t.Any], module: str) -> str:
    text = str(getattr(error, "msg", error))
    if not isinstance(error, UnsupportedError):
        return text
    unknown = text.partition(". Supported parameters")[0].split(", ")
    hints = []
    for name in unknown:
        near = _nearest(name, options)
        if near:
            hints.append(f"did you mean {' or '.join(near)} instead of {name}?")
    return f"Unsupported options for {module}: {text}" + (" " + " ".join(hints) if hints else "")


def _nearest(name: str, options: t.Mapping[str, t.Any]) -> list[str]:
    """Return the options that look most like an unknown one, which may be dotted, on the same level."""
    *path, last = name.split(".")
    for part in path:
        options = options.get(part, {}).get("options", {})
    return [".".join([*path, near]) for near in difflib.get_close_matches(last, list(options), n=3, cutoff=0.6)]


def scrub(text: str, secrets: t.Iterable[str]) -> str:
    """Remove secrets from a text for people; short ones stay (see ``SHORTEST_SCRUBBED``)."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SHORTEST_SCRUBBED:
            text = text.replace(secret, HIDDEN)
    return text


def scrub_tree(value: t.Any, secrets: t.Collection[str]) -> t.Any:
    """Scrub every text in nested lists and mappings."""
    if isinstance(value, str):
        return scrub(value, secrets)
    if isinstance(value, t.Mapping):
        return {k: scrub_tree(v, secrets) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [scrub_tree(v, secrets) for v in value]
    return value
