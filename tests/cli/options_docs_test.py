"""docs/options.md and `attune COMMAND --help` say the same: the same options, the same defaults.   options_docs_test.py PROGRAM tests/models/golden"""

import pathlib
import re
import sys
import unittest

from program import GOLDEN, attune

DOCS = pathlib.Path(GOLDEN).resolve().parents[2] / "docs/options.md"


def help_options(command):
    """name -> (group, default as the help states it, or None where it states none)."""
    options, group, name = {}, "", None
    for line in attune(command, "--help").stdout.decode().splitlines():
        begins = re.match(r"  --(?:\[no-\])?([a-z0-9-]+)( [A-Z]+)?(?:  |$)", line)
        if begins:
            name = begins[1]
            options[name] = [group, bool(begins[2]), line[begins.end() :]]
        elif line.startswith("   ") and name:
            options[name][2] += " " + line.strip()
        else:
            group, name = line.rstrip(":"), None
    return {name: (group, default_in(text, has_value)) for name, (group, has_value, text) in options.items()}


def default_in(text, has_value):
    if not has_value:
        return "on" if "(default: on)" in text else "off"
    if "(required" in text:
        return "required"
    found = re.search(r"default ([^);]+)\)$", text)  # "default: ..." is prose
    return found[1] if found else None


def docs_tables(section):
    """The options of a section of the page in order: (name, default)."""
    page = DOCS.read_text()
    rows = []
    for line in page[page.index(section) :].splitlines()[1:]:
        if line.startswith("# ") or (section.startswith("## ") and line.startswith("## ")):
            break
        if not line.startswith("| `--"):
            continue
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        names = re.findall(r"`--([a-z0-9-]+)`", cells[0])
        defaults = cells[1].split(", ") if len(names) > 1 and ", " in cells[1] else [cells[1]] * len(names)
        rows += zip(names, defaults, strict=True)
    return rows


def as_value(text):
    """What a default says before its explanation, as a number where it is one."""
    text = text.split(" (")[0].split(" draws")[0].split(" steps")[0].strip("`")
    try:
        return float(text)
    except ValueError:
        return text


class Docs(unittest.TestCase):
    def compare(self, section, options):
        documented = docs_tables(section)
        self.assertEqual(len(dict(documented)), len(documented), "an option stands twice")
        self.assertEqual(set(dict(documented)) - set(options), set(), "in docs/options.md only")
        self.assertEqual(set(options) - set(dict(documented)), set(), "in the help only")
        compared = 0
        for name, default in documented:
            stated = options[name][1]
            if stated is not None:
                self.assertEqual(as_value(default), as_value(stated), f"the default of --{name}")
                compared += 1
        return compared

    def test_train(self):
        options = help_options("train")
        self.assertGreater(len(options), 60)
        self.assertGreater(self.compare("# Options of `attune train`", options), 45)

    def test_groups_are_the_sections(self):
        for name, (group, _) in help_options("train").items():
            if group == "Data":
                continue  # one group of the help; the page gives the texts a section of their own
            self.assertIn(name, dict(docs_tables(f"## {group}")), f"--{name} stands in another section than '{group}'")

    def test_other_commands(self):
        for command in ("eval", "predict", "embed", "search", "compare", "data", "models", "quantize", "runs", "serve", "info", "tokenize"):
            with self.subTest(command):
                options = help_options(command)
                self.assertTrue(options)
                own = {name: option for name, option in options.items() if option[0] != "Data"}
                shared = dict(docs_tables("## Data"))
                self.assertEqual(set(options) - set(own) - set(shared), set(), "read from files, but not in the page's section 'Data'")
                self.compare(f"## `attune {command}`", own)

    def test_commands_that_train(self):
        for command, group in (("select-loss", "The choice"), ("tune", "The search")):
            options = help_options(command)
            own = {name: option for name, option in options.items() if option[0] == group}
            self.compare(f"## `attune {command}`", own)
            self.assertEqual(set(options) - set(own), set(help_options("train")))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
