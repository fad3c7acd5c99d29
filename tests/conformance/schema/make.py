#!/usr/bin/env python3
"""Writes tests/golden/schema/suite.json: what schema_suite_test.cc runs of the official JSON Schema test suite.

make.py SUITE, where SUITE is a checkout of https://github.com/json-schema-org/JSON-Schema-Test-Suite: its draft2020-12,
without the files of keywords that are not done and of schemas that are elsewhere, and with what its optional/format
says of the formats as they are checked here.
"""
import json
import pathlib
import sys

EXCLUDED = {
    "contains", "maxContains", "minContains", "dependentRequired", "dependentSchemas", "dynamicRef", "if-then-else",
    "not", "refRemote", "unevaluatedItems", "unevaluatedProperties", "uniqueItems", "vocabulary",
}
FORMATS = [
    "date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "iri", "iri-reference", "json-pointer",
    "relative-json-pointer", "time", "uri", "uri-reference", "uri-template", "uuid",
]


def groups(path):
    out = []
    for group in json.loads(path.read_text(encoding="utf-8")):
        tests = [[t["description"], t["data"], t["valid"]] for t in group["tests"]]
        out.append({"description": group["description"], "schema": group["schema"], "tests": tests})
    return out


def main():
    folder = pathlib.Path(sys.argv[1]) / "tests" / "draft2020-12"
    files = {f.stem: groups(f) for f in sorted(folder.glob("*.json")) if f.stem not in EXCLUDED}
    for name in FORMATS:
        files["format " + name] = groups(folder / "optional" / "format" / (name + ".json"))
    out = pathlib.Path(__file__).resolve().parents[2] / "golden" / "schema" / "suite.json"
    head = {
        "source": "JSON-Schema-Test-Suite, tests/draft2020-12, by tests/conformance/schema/make.py",
        "license": "MIT, Copyright (c) 2012 Julian Berman",
    }
    lines = [json.dumps(head)[1:-1] + ', "files": {']
    for i, (name, all_groups) in enumerate(files.items()):
        body = ",\n".join(json.dumps(g, ensure_ascii=False, separators=(",", ":")) for g in all_groups)
        lines.append(f'{"," if i else ""}{json.dumps(name)}: [\n{body}\n]')
    text = "{" + "\n".join(lines) + "\n}}\n"
    assert json.loads(text)["files"] == files
    out.write_text(text, encoding="utf-8")
    print(f"{out}: {len(text.encode())} bytes, {sum(len(g['tests']) for f in files.values() for g in f)} tests")


if __name__ == "__main__":
    main()
