"""What jinja2 offers to a template of transformers, and which of it our interpreter does, asked name by name.

    python3 tests/conformance/template/language.py build/release/bin/render_json [--write]

The names come from jinja2's own registries and Python's types, so that none can be forgotten; each is tried in a small
template. Without --write, exit status 1 when README.md has another table than this finds, or when a name is neither done nor
refused by its name.
"""
import argparse
import pathlib
import sys

from tool import Tool

import jinja2  # noqa: E402
import oracle  # noqa: E402

README = pathlib.Path(__file__).parents[3] / "README.md"
BEGIN, END = "<!-- templates -->\n", "<!-- /templates -->\n"
STATEMENTS = {  # what the parser and the extensions know, as a whole template each
    "for": "{% for x in [1] recursive %}{{ x }}{% else %}{% endfor %}", "if": "{% if 1 %}{% elif 0 %}{% else %}{% endif %}", "block": "{% block a %}{% endblock %}", "extends": "{% extends 'a' %}", "print": "{% print 1 %}",
    "macro": "{% macro m(a, b=1) %}{% endmacro %}{{ m(1) }}", "include": "{% include 'a' %}", "from": "{% from 'a' import b %}", "import": "{% import 'a' as b %}", "set": "{% set x = 1 %}{% set y | upper %}a{% endset %}",
    "with": "{% with a = 1 %}{% endwith %}", "autoescape": "{% autoescape true %}{% endautoescape %}", "call": "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{% endcall %}", "filter": "{% filter upper %}a{% endfilter %}",
    "break": "{% for x in [1] %}{% break %}{% endfor %}", "continue": "{% for x in [1] %}{% continue %}{% endfor %}", "generation": "{% generation %}a{% endgeneration %}",
}
RECEIVERS = {"str": "'a'", "list": "[1]", "tuple": "(1,)", "dict": "{'a': 1}", "int": "1", "float": "(1.5)", "range": "range(3)"}
LOOP = "index index0 revindex revindex0 first last length depth depth0 previtem nextitem cycle changed".split()


def public(kind):
    return [n for n in dir(kind) if not n.startswith("_")]


def names():
    """(group, name, template that needs it)."""
    tags = set(jinja2.parser._statement_keywords) | {"call", "filter"} | {t for e in oracle.ENV.extensions.values() for t in e.tags}
    for n in sorted(tags):
        yield "statements", n, STATEMENTS[n]
    for n in sorted(oracle.ENV.filters):
        yield "filters", n, "{{ x | " + n + " }}"
    for n in sorted(oracle.ENV.tests):
        if n.isalpha():
            yield "tests", n, "{{ x is " + n + " }}"
    for n in sorted(oracle.ENV.globals):
        yield "functions", n, "{{ " + n + "() }}"
    for kind in (str, list, tuple, dict, int, float, range):
        for n in public(kind):
            receiver = RECEIVERS[kind.__name__]
            value = getattr(kind, n)
            if not oracle.ENV.is_safe_attribute(eval(receiver), n, value):
                continue  # the sandbox allows no change
            yield f"members of {kind.__name__}", n, "{{ " + receiver + "." + n + ("() }}" if callable(value) else " }}")
    for n in LOOP:
        yield "members of loop", n, "{% for x in [1] %}{{ loop." + n + " is defined }}{% endfor %}"


def state(tool, group, name, template):
    answer = tool.render({"template": template})
    if answer.get("refused"):
        return "refused" if name in answer["error"] else "nameless"
    error = answer.get("error", "")
    if "has no attribute" in error or f"'{name}' is undefined" in error:
        return "forgotten"
    if group == "members of loop" and answer.get("text") != "True" and name not in ("previtem", "nextitem"):
        return "forgotten"
    if group == "statements" and "text" not in answer:
        return "forgotten"
    return "done"


def table(tool):
    groups, wrong = {}, []
    for group, name, template in names():
        s = state(tool, group, name, template)
        groups.setdefault(group, {"done": [], "refused": []}).setdefault(s, []).append(name)
        if s not in ("done", "refused"):
            wrong.append(f"{group} {name}: {s}")
    rows = ["| | as in jinja2 | refused by name |", "|---|---|---|"]
    for group, found in groups.items():
        cell = {s: " ".join(f"`{n}`" for n in found[s]) for s in ("done", "refused")}
        done = f"all {len(found['done'])}" if not found["refused"] and len(found["done"]) > 12 else cell["done"]
        rows.append(f"| {group} | {done} | {cell['refused']} |")
    return "\n".join(rows) + "\n", wrong


def main():
    p = argparse.ArgumentParser()
    p.add_argument("tool")
    p.add_argument("--write", action="store_true")
    a = p.parse_args()
    text, wrong = table(Tool(a.tool))
    readme = README.read_text()
    head, rest = readme.split(BEGIN)
    old, tail = rest.split(END)
    if a.write:
        README.write_text(head + BEGIN + text + END + tail)
    elif old != text:
        wrong.append(f"README.md has another table of the template language: run {pathlib.Path(__file__).name} with --write")
    print("\n".join(wrong) or "the template language is as README.md says")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
