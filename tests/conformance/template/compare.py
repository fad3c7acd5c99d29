"""Compares our template interpreter with jinja2 on every template of some folders and on many chats.

    python3 tests/conformance/template/compare.py build/release/bin/render_json FOLDER... [--random N] [--show N] [--only NAME]

Each template meets the chats of tests/golden/template/chats.py and N random ones of many_chats.py, these as they are and
with control tokens in everything that a user wrote. Two renderings agree when both give the same text, or both fail (and a
raise_exception with the same words). No byte of a marked text may be trusted, and the ranges that {% generation %} blocks wrote must
be those that transformers finds. Prints one line per template that differs and a summary; exit status 1 if any differs.
"""
import argparse
import collections
import json
import pathlib
import sys
import warnings

from tool import Tool, agree

import many_chats  # noqa: E402
import oracle  # noqa: E402
from chats import chats  # noqa: E402


def trusts_input(ours):
    """Whether a byte between the two marks, or a mark, is trusted."""
    data = ours.get("text", "").encode("utf-8", "surrogatepass")
    opening, closing = many_chats.OPEN.encode(), many_chats.CLOSE.encode()
    trusted = bytearray(len(data))
    for begin, end in ours.get("trusted", []):
        trusted[begin:end] = b"\x01" * (end - begin)
    at = data.find(opening)
    while at >= 0:
        end = data.find(closing, at)
        again = data.find(opening, at + 1)
        if end < 0 or 0 <= again < end:  # cut off by the template
            end = at
        if any(trusted[at : end + len(closing)]):
            return True
        at = again
    return False


def cases(random):
    for name, chat in chats():
        yield name, chat, False
    for k in range(random):
        yield f"random {k}", many_chats.chat(k), False
        yield f"injected {k}", many_chats.injected_chat(k), True


def main():
    p = argparse.ArgumentParser()
    p.add_argument("tool")
    p.add_argument("folder", nargs="+")
    p.add_argument("--random", type=int, default=100)
    p.add_argument("--show", type=int, default=0, help="print up to N differences")
    p.add_argument("--only", default="")
    a = p.parse_args()
    warnings.simplefilter("ignore")  # what Python says about the code that jinja2 makes
    tool = Tool(a.tool)
    found = {folder: sorted(pathlib.Path(folder).glob("*.jinja")) for folder in a.folder}
    for folder, templates in found.items():
        if not templates:
            sys.exit(f"no *.jinja in {folder}")
    files = sorted(f for templates in found.values() for f in templates if a.only in f.name)
    if not files:
        sys.exit(f"no template has {a.only} in its name")
    chosen = list(cases(a.random))
    count, full = collections.Counter(), 0
    for f in files:
        source = f.read_text()
        wrong, refusals = 0, collections.Counter()
        for name, chat, marked in chosen:
            case = {"template": source, "now": oracle.NOW, "bos_token": "<s>", "eos_token": "</s>", **chat}
            theirs = oracle.render(case)
            ours = tool.render(case)
            count["renderings"] += 1
            count["texts"] += "text" in theirs
            if ours.get("refused") and "text" in theirs:
                refusals[ours["error"]] += 1
                continue
            same = agree(ours, theirs)
            leaks = marked and "text" in ours and trusts_input(ours)
            count["marked"] += marked and "text" in ours and many_chats.OPEN in ours["text"]
            if theirs.get("generated"):
                count["generated"] += 1
                same &= ours.get("generated") == theirs["generated"]
            wrong += not same or leaks
            if (not same or leaks) and a.show > 0:
                a.show -= 1
                print(f"--- {f.name} / {name}{' TRUSTS INPUT' if leaks else ''}\n  jinja2: {json.dumps(theirs)[:1500]}\n  ours:   {json.dumps({k: v for k, v in ours.items() if k != 'trusted'})[:1500]}")
        full += wrong == 0 and not refusals
        count["differ"] += wrong
        count["refused"] += sum(refusals.values())
        if wrong:
            print(f"{f.name}: {wrong} differ")
        for reason, n in refusals.most_common(3):
            print(f"{f.name}: {n} refused: {reason[:200]}")
    print(f"{full} of {len(files)} templates agree fully; {count['differ']} of {count['renderings']} renderings differ ({count['texts']} of them give text, the others an error), {count['refused']} are refused by name; "
          f"{count['marked']} texts hold marked input, and none trusts a byte of it; {count['generated']} say what the model wrote" + (", or see above" if count["differ"] else ""))
    sys.exit(count["differ"] != 0)


if __name__ == "__main__":
    main()
