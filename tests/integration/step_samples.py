# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Steps and conditions made from the rules: every class with its mandatory options, and with everything set.

A :class:`Sample` says what the play writes and which options have to come back. The references are objects of the
seed ``contoso.yml``.
"""

from __future__ import annotations

import dataclasses
import itertools
import typing as t

from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.rules import OptionRule, StepRule, load_rules

STORED = "<stored on site>"
TEXT_ONLY = ("set_dynamic_variables", "run_task_sequence")
"""Types that always go through the text form, and so would take their whole sequence with them."""

COMMON = ("name", "description", "enabled", "continue_on_error", "condition", "timeout", "run_in")
REFERENCES = {
    "package": "Monitoring Agent",
    "content": "OSD Scripts",
    "application": "Contoso VPN",
    "os_image": "Windows 11 24H2",
    "os_upgrade_package": "Windows 11 24H2 upgrade",
    "driver_package": "Dell Latitude 7440 - Windows 11",
    "driver_category": "Dell Latitude 7440",
    "task_sequence": "Finance - Applications",
}
MORE_REFERENCES = {
    "content": "Unattend files",
    "application": {"name": "Contoso Office", "version": "5.1"},
    "driver_category": "HP EliteBook 840",
}
EDITION, EDITION_INDEX = "Windows 11 Enterprise", 3
SCRIPT = (
    "Write-Host '{#no comment} {{ no template }} {% no tag %} %_SMSTSMachineName%'  \n"
    "\tif ($a -lt 1) { exit 3010 }\n"
)
LIMITS: dict[str, t.Any] = {
    "min_os_version": "10.0.19041", "max_os_version": "10.0.26100", "client_min_version": "5.00.9096.1000",
    "os_language": 1031,
}  # fmt: skip
PARTITIONS = [
    {"name": "EFI", "type": "efi", "size": 500, "size_unit": "mb", "file_system": "fat32", "assign_letter": False},
    {"name": "MSR", "type": "msr", "size": 128, "size_unit": "mb"},
    {"name": "Windows", "type": "primary", "size": 60, "size_unit": "percent", "letter_variable": "OSDisk",
     "bootable": True, "quick_format": False},
    {"name": "Data & <more>", "type": "primary", "size": 40, "size_unit": "gb"},
    {"name": "Recovery", "type": "recovery", "size": 100, "size_unit": "percent"},
    {"name": "Box", "type": "extended", "size": 20, "size_unit": "gb"},
    {"name": "Inner", "type": "logical", "size": 10, "size_unit": "gb"},
    {"name": "Tools", "type": "hidden", "size": 1024, "size_unit": "mb"},
]  # fmt: skip
ADAPTERS = [
    {"name": "Fixed", "mac_address": "00:15:5D:01:02:03",
     "ip_addresses": [{"address": "10.0.0.10", "netmask": "255.255.255.0"},
                      {"address": "10.0.1.10", "netmask": "255.255.0.0"}],
     "gateways": ["10.0.0.1", "10.0.1.1"], "gateway_metric": 5, "dns_servers": ["10.0.0.2", "10.0.0.3"],
     "register_dns": True, "register_full_dns": True, "wins_servers": ["10.0.0.4", "10.0.0.5"], "lmhosts": True,
     "netbios": "disabled", "tcp_ports": [80, 443], "udp_ports": [53], "ip_protocols": ["6", "17"]},
    {"name": "Automatic"},
    {"name": "Both", "dhcp": True, "ip_addresses": [{"address": "10.0.2.10", "netmask": "255.255.255.0"}],
     "netbios": "enabled"},
]  # fmt: skip
DYNAMIC_RULES = [
    {"when": {"make": "Dell*", "model": "*7440*"}, "set": {"DriverPackage": "DELL7440", "Empty": ""}},
    {"when": {"make": "HP"}, "set": {"A": "1"}},
    {"when": {"model": "Surface & <Pro>"}, "set": {"A": "2"}},
    {"when": {"asset_tag": "A-1"}, "set": {"A": "3"}},
    {"when": {"mac_address": "00:15:5D:01:02:03"}, "set": {"A": "4"}},
    {"when": {"serial_number": "S'1"}, "set": {"A": "5"}},
    {"when": {"uuid": "7A4F2E90-0C44-4B6D-9C0B-2E6E3C9B1001"}, "set": {"A": "6"}},
    {"when": {"default_gateway": "10.0.0.1"}, "set": {"A": "7"}},
    *({"when": {"variable": "OSDComputerName", "operator": operator, "value": "KIOSK%"}, "set": {"A": operator}}
      for operator in ("not_equals", "less", "less_equal", "greater", "greater_equal", "like", "not_like")),
    {"when": {"variable": "OSDComputerName", "value": "K1"}, "set": {"A": "8"}},
    {"when": {"variable": "OSDComputerName", "operator": "exists"}, "set": {"A": "9"}},
    {"when": {"variable": "OSDComputerName", "operator": "not_exists"}, "set": {"A": "10"}},
    {"set": [{"name": "BiosPassword", "value": "Canary-rules-1", "secret": True}, {"name": "B", "value": "2"},
             {"name": "Pin", "value": "Canary-rules-2", "secret": True}]},
]  # fmt: skip


@dataclasses.dataclass
class Sample:
    """A step: what is written, what comes back (options, without name and type), and what may be missing then."""

    given: dict[str, t.Any]
    expected: dict[str, t.Any]
    loose: frozenset[str] = frozenset()


@dataclasses.dataclass
class _Value:
    given: t.Any
    expected: t.Any


def _different(option: OptionRule, default: t.Any) -> int:
    least = option.minimum if option.minimum is not None else 1
    for number in (7, least, least + 1, least + 2):
        if number != default and (option.maximum is None or number <= option.maximum):
            return number
    raise AssertionError(option.name)


def _text(option: OptionRule, rule: StepRule) -> str:
    known = rule.properties[option.property]
    text = f'{option.name} "1" & <2> %3% \u00fc'
    most = known.max_length
    return text if most is None or len(text) <= most else text[:most].strip() or "x"


def _value(rule: StepRule, option: OptionRule) -> _Value:
    """Return a value that is not the default, and the form in which it comes back."""
    known = rule.properties[option.property]
    default = known.null_means if known.default is None else known.default
    same: t.Any
    if option.kind in ("secret", "pin"):
        return _Value("24681357" if option.kind == "pin" else f"Canary-{option.name}", STORED)
    if option.kind == "bool":
        same = default is not True
    elif option.kind in ("int", "number_text"):
        same = _different(option, default if option.kind == "int" else int(default or 0))
    elif option.kind in ("words", "open_words"):
        others = [word for word, wmi in option.words.items() if wmi.casefold() != str(default).casefold()]
        same = (others or ["SomethingElse"])[-1]
    elif option.kind == "check":
        same = LIMITS.get(option.name) or (list(option.words)[-1] if option.words else 4321)
        limit = rule.properties[t.cast(str, option.companion)].default
        if option.words and limit is not None and option.words[same].casefold() == limit.casefold():
            return _Value(same, True)
    elif option.kind == "edition":
        return _Value(EDITION, None)
    elif option.kind == "masked":
        return _Value("Canary-masked", STORED)
    elif option.kind in ("ref_list", "refs"):
        same = [REFERENCES[t.cast(str, option.ref)], MORE_REFERENCES[t.cast(str, option.ref)]]
    else:
        same = {
            "ref": lambda: REFERENCES[t.cast(str, option.ref)],
            "program": lambda: "Silent install",
            "text": lambda: _text(option, rule),
            "membership": lambda: _text(option, rule),
            "version": lambda: "10.0.1",
            "texts": lambda: ["one", "two & <2>"],
            "codes": lambda: [0, 3010, -5],
            "script": lambda: SCRIPT,
            "rules": lambda: DYNAMIC_RULES,
            "embedded": lambda: PARTITIONS if option.name == "partitions" else ADAPTERS,
        }[option.kind]()
    return _Value(same, _hidden(same) if option.kind == "rules" else same)


def _hidden(rules: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    def shown(settings: t.Any) -> t.Any:
        if isinstance(settings, dict):
            return settings
        return [{**item, "value": STORED} if item.get("secret") else item for item in settings]

    return [{**rule, "set": shown(rule["set"])} for rule in rules]


def _groups(rule: StepRule) -> list[list[str]]:
    return [
        names for check in rule.checks for kind, names in check.items() if kind in ("one_of", "at_most_one", "any_of")
    ]


def _fits(rule: StepRule, given: dict[str, t.Any]) -> dict[str, t.Any]:
    """Leave out what cannot stand with the rest."""
    given = dict(given)
    for _again in range(3):
        for check in rule.checks:
            for name, others in check.get("needs", {}).items():
                if name in given and not any(other in given for other in others):
                    del given[name]
            for name, condition in check.get("only_if", {}).items():
                for other, words in condition.items():
                    if given.get(other) not in words:
                        given.pop(name, None)
    return given


def _named(rule: StepRule, label: str, given: dict[str, t.Any], expected: dict[str, t.Any]) -> Sample:
    # What follows from another option of the same step is left out when it is read.
    loose = {"tcpip_filtering", "random_admin_password"} & set(given)
    if "edition" in given:
        expected = {**expected, "image_index": EDITION_INDEX}
        del expected["edition"]
    if given.get("value") is not None and "secret" in rule.options and not given.get("secret"):
        expected = {**expected, "value": given["value"]}
    return Sample({"name": label, "type": rule.type, **given}, expected, frozenset(loose))


def _choices(rule: StepRule) -> t.Iterator[set[str]]:
    """Yield the options that stay out, once for every way through the alternatives."""
    groups = _groups(rule)
    for chosen in itertools.product(*groups):
        keep = set(chosen)
        banned = {name for group in groups for name in group} - keep
        if all(len(keep & set(group)) == 1 for group in groups):
            yield banned


def step_rules() -> list[StepRule]:
    """Return the rules of all step classes."""
    return [rule for rule in load_rules().steps() if rule.kind == "step"]


def minimal(rule: StepRule) -> list[Sample]:
    """Return the smallest steps of a class, one for every alternative that it asks for."""
    found: dict[str, Sample] = {}
    must = [group for check in rule.checks for kind, group in check.items() if kind in ("one_of", "any_of")]
    for chosen in itertools.product(*must):
        wanted = {option.name for option in rule.options.values() if option.required} - {"name"} | set(chosen)
        for _again in range(3):
            for check in rule.checks:
                for name, others in check.get("needs", {}).items():
                    if name in wanted and not wanted & set(others):
                        wanted.add(others[0])
        values = {name: _value(rule, rule.options[name]) for name in rule.options if name in wanted}
        sample = _named(
            rule, f"{rule.type} {len(found) + 1}", {name: value.given for name, value in values.items()},
            {name: value.expected for name, value in values.items()},
        )  # fmt: skip
        found.setdefault(repr(sorted(wanted)), sample)
    return list(found.values())


def full(rule: StepRule) -> list[Sample]:
    """Return steps with as many options as go together; every option is in one of them at least."""
    values = {name: _value(rule, option) for name, option in rule.options.items() if name not in COMMON}
    general: dict[str, t.Any] = {"description": 'Text with "quotes" & <tags>', "enabled": False,
                                 "continue_on_error": True}  # fmt: skip
    if "timeout" in rule.options:
        general["timeout"] = 901
    if "run_in" in rule.options:
        usual = rule.options["run_in"].word(rule.run_in_default)
        general["run_in"] = next(word for word in rule.options["run_in"].words if word != usual)
    found: dict[str, Sample] = {}
    for banned in _choices(rule):
        given = {name: value.given for name, value in values.items() if name not in banned}
        given = {**general, **_fits(rule, given)}
        expected = {name: values[name].expected if name in values else value for name, value in given.items()}
        label = f"{rule.type} full {len(found) + 1}"
        found.setdefault(repr(sorted(given)), _named(rule, label, given, expected))
    return list(found.values())


def words(rule: StepRule) -> list[Sample]:
    """Return one step per word of every option with a fixed list, in a step that may have it."""
    found = []
    for option in rule.options.values():
        if option.kind not in ("words", "open_words") or option.name == "run_in":
            continue
        default = rule.properties[option.property].default
        for word, wmi in option.words.items():
            base = minimal(rule)[0].given | {option.name: word}
            base |= _companions(rule, option.name, word)
            is_default = default is not None and wmi.casefold() == str(default).casefold() and not option.required
            base["name"] = f"{rule.type} {option.name} {word}"
            found.append(Sample(base, {} if is_default else {option.name: word}))
    return found


def _companions(rule: StepRule, option: str, word: str) -> dict[str, t.Any]:
    """Return the options that a word asks for or makes possible."""
    found = {}
    for check in rule.checks:
        for name, condition in {**check.get("require_if", {}), **check.get("only_if", {})}.items():
            if word in condition.get(option, ()):
                found[name] = _value(rule, rule.options[name]).given
    return found


def coverage(rule: StepRule, samples: t.Iterable[Sample]) -> set[str]:
    """Return the options of a class that no sample sets."""
    own = set(rule.options) - {"name", "condition"}
    return own - {name for sample in samples if sample.given["type"] == rule.type for name in sample.given}


def conditions() -> list[dict[str, t.Any]]:
    """Return every kind of condition with every operator and every option."""
    rules = load_rules()
    found: list[dict[str, t.Any]] = []

    def operators(key: str, name: str) -> list[str]:
        rule = t.cast(StepRule, rules.get(rules.condition_keys[key]))
        return list(rule.options[name].words)

    for operator in operators("variable", "operator"):
        entry: dict[str, t.Any] = {"variable": "OSD & <Name>", "operator": operator}
        found.append(entry if "exists" in operator else {**entry, "value": 'a "b" %c%'})
    found.append({"variable": "Empty", "value": ""})
    found.append({"wmi": "SELECT * FROM Win32_ComputerSystem WHERE Model LIKE '%7440%' AND TotalPhysicalMemory > 1"})
    found.append({"wmi": "SELECT * FROM Win32_Tpm", "namespace": r"root\cimv2\Security\MicrosoftTpm"})
    for operator in operators("registry", "operator"):
        entry = {"registry": r"HKLM\SOFTWARE\Contoso", "value_name": "Build", "operator": operator}
        found.append(entry if "exists" in operator else {**entry, "value": "7"})
    for number, kind in enumerate(operators("registry", "value_type")):
        hive = ("HKLM", "HKCU", "HKU", "HKCC")[number % 4]
        found.append({"registry": rf"{hive}\SOFTWARE\Type", "value_name": "V", "value_type": kind, "value": "1"})
    for operator in operators("file", "version_operator"):
        found.append({"file": r"C:\Program Files\a & b.exe", "version": "10.0.1", "version_operator": operator})
    for operator in operators("file", "modified_operator"):
        found.append({"file": r"C:\x", "modified": "2025-06-01T08:00:00Z", "modified_operator": operator})
        found.append({"folder": r"C:\x", "modified": "2025-06-01T08:00:00Z", "modified_operator": operator})
    found += [{"file": r"X:\sms\keepdata.tag"}, {"folder": r"C:\Windows.old"}]
    found.append({"file": r"C:\x", "version": "1.2", "version_operator": "less", "modified": "2025-06-01T08:00:00Z",
                  "modified_operator": "greater_equal"})  # fmt: skip
    code = "{7A4F2E90-0C44-4B6D-9C0B-2E6E3C9B1001}"
    found.append({"software": "Contoso VPN", "product_code": code, "upgrade_code": code, "version": "6.4",
                  "match": "this_version"})  # fmt: skip
    found.append({"software": "Contoso VPN", "product_code": code, "upgrade_code": code, "version": "6.4",
                  "match": "any_version"})  # fmt: skip
    found += [{"os_language": 1033}, {"os_language": 1031}]
    return found


def nested(depth: int = 4) -> dict[str, t.Any]:
    """Return all, any and none within each other, with an expression on every level."""
    entry: dict[str, t.Any] = {"variable": "Deepest", "value": "1"}
    for level in range(depth):
        leaf = {"variable": f"Level{level}", "value": str(level)}
        entry = {("none", "any", "all")[level % 3]: [leaf, entry, {"none": [leaf]}]}
    return entry


def normal_condition(entry: t.Any) -> t.Any:
    """Leave out of a condition what means the default, so that what was written equals what was read."""
    if isinstance(entry, list):
        return [normal_condition(item) for item in entry]
    for word in ("all", "any", "none"):
        if word in entry:
            return {word: normal_condition(entry[word])}
    rules = load_rules()
    key = next((key for key in rules.condition_keys if key in entry), None)
    rule = rules.get(rules.condition_keys[key]) if key else None
    if rule is None or key not in rule.options:
        return entry
    found = {}
    for name, value in entry.items():
        option = rule.options[name]
        default = rule.properties[option.property].default
        wmi = option.words.get(value, value) if option.words else value
        if option.required or default is None or str(wmi).casefold() != str(default).casefold():
            found[name] = value
    return found
