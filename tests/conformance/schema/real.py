#!/usr/bin/env python3
"""Schemas as they are in use, and documents judged by python-jsonschema, against what libinfer takes of them.

real.py SCHEMA_LINES VOCABULARY [--short]: no valid document may be refused, no invalid one accepted; schemas that are
refused are counted by what they have that is not done. --short: 40 schemas of each kind.
"""
import collections
import re
import sys

import documents


def main():
    short = "--short" in sys.argv
    lines = documents.Lines(*sys.argv[1:3])
    every = [*documents.generated(40 if short else 300)]
    if not short:
        every += documents.published()
    taken, counts, refused, wrong = 0, collections.Counter(), collections.Counter(), []
    for i, (name, schema) in enumerate(every):
        text = documents.dumps(schema)
        answer = lines.ask({"schema": text, "documents": []})
        if "refused" in answer:
            why = re.sub(r"'[^']*' (is not in the schema|has)", r"\1", answer["refused"])
            refused[re.sub(r" ?\(?#\S*\)?|\d+", "", why)[:70]] += 1
            continue
        valid, invalid = documents.documents(schema, i)
        answer = lines.ask({"schema": text, "documents": valid + invalid})
        taken += 1
        counts["no valid document drawn"] += not valid
        for k, d in enumerate(answer["documents"]):
            counts["valid" if k < len(valid) else "invalid"] += 1
            if d["accepted"] != (k < len(valid)) or "contradicts" in d:
                wrong.append((name, (valid + invalid)[k], d))
    print(f"{taken} schemas of {len(every)}: {dict(counts)}; wrong: {len(wrong)}")
    for why, n in refused.most_common():
        print(f"  refused {n:4}: {why}")
    for name, text, d in wrong[:20]:
        n = len(d.get("tokens", []))
        print(f"WRONG {name}: {'accepted' if d['accepted'] else f'refused after {n} tokens'}: {text[:300]}")
    # What was not looked at proves nothing.
    few = taken < (40 if short else 400) or min(counts["valid"], counts["invalid"]) < 2 * taken
    return 1 if wrong or few or counts["no valid document drawn"] > taken / 10 else 0


if __name__ == "__main__":
    sys.exit(main())
