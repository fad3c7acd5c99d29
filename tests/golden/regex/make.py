#!/usr/bin/env python3
"""What Python's re matches, for lib/text/constraint/regex: whole texts (fullmatch) and anywhere in them (search).

Run: python3 make.py      (writes cases.json beside itself; the standard library only)

Patterns are written by hand, or drawn with a fixed seed over a small alphabet; texts are drawn from the pattern, drawn
from a pattern and changed, or any. Where ECMAScript and Python differ, Python is asked with what means the same: \\d and
\\w are ASCII (re.ASCII), and '$' is '\\Z', which does not match before a last line end."""
import json
import os
import random
import re
import sys
import warnings

ALPHABET = "ab1_- \n"
WRITTEN = r"""
^a
a$
^a$
^
$
^$

()
(|a)
^(a|b$)|c
(^a|b)1
(^|_)a(_|$)
^^a$$
(^)a($)
(?:^a|^b)
(^a)?b
a(b$)?
a(b|1$)
\Aab\Z
[a-c]+
[^a]
[^\d]
[\d_-]+
[\w-]
[^\s]
[\D]
[^\D]
[a\-b]
[-a]
[a-]
[\]a]
[a^]
[\n ]
.
.*
a.b
\s\S
\w\W
\d\D
a*
a+
a?
a{2}
a{2,}
a{1,2}
a{,2}
a{,}
a{0}
a{0,0}b
a{
a{x}
a{1
{
}
]
a{}
a{1,2}?
a*?b
a+?
a??
(ab)*
(ab|a)*
(a|ab)(1|b1)?
(a*)*
(a*)+b
(a?){2}
(a?b?)*
(a|)*
(|a)+
(a{1,2}){2}
((a|b){2}1){1,2}
(?:a|b)*(?:1|_)
(?P<x>a)b
a|b|1
a||b
|a
a|
(a||b)1
\x61\u0062
\t|\n|\r|\f|\v
\ca|\cJ
\.
\*\+\?\(\)\[\]\{\}\|\^\$\\
\_\-\ 
[ab][ab1][_]
(a|b)*a(a|b){2}
^(?:a|b)+$|^1
^a|b$
(?:(^a|b$)|_)
1(a+|b+)*
[a-b-1]
[+--]
é|ü+
[é-ü]
[^é]
😀{2}
""".strip("\n").split("\n")


def character(rng):
    """A pattern of one character, and the characters that it may be."""
    some = [("a", "a"), ("b", "b"), ("1", "1"), ("_", "_"), ("[ab]", "ab"), ("[^a]", "b1_- \n"), (r"\d", "1"), (r"\w", "ab1_"),
            (r"\W", "- \n"), (r"\s", " \n"), (".", "ab1_- "), ("[a-z1]", "ab1"), (r"[\d-]", "1-"), (r"[^\w]", "- \n"), (r"\D", "ab_- \n")]
    return rng.choice(some if rng.random() < 0.5 else some[:3])


def draw(rng, depth, first, last):
    """A pattern and a function that draws a text of it. `first`, `last`: at the beginning, the end: anchors may be."""
    kind = rng.random()
    if depth == 0 or kind < 0.25:
        one, of = character(rng)
        start, end = "^" * (first and rng.random() < 0.2), "$" * (last and rng.random() < 0.2)
        return start + one + end, lambda: rng.choice(of)
    if kind < 0.5:
        n = rng.randint(1, 3)
        parts = [draw(rng, depth - 1, first and i == 0, last and i == n - 1) for i in range(n)]
        return "".join(group(rng, p) if "|" in p else p for p, _ in parts), lambda: "".join(f() for _, f in parts)
    if kind < 0.7:
        options = [draw(rng, depth - 1, first, last) for _ in range(rng.randint(2, 3))]
        if rng.random() < 0.15:
            options.append(("", lambda: ""))
        return group(rng, "|".join(p for p, _ in options)), lambda: rng.choice(options)[1]()
    inner, text = draw(rng, depth - 1, False, False)
    least, most, written = rng.choice([(0, 3, "*"), (1, 3, "+"), (0, 1, "?"), (2, 2, "{2}"), (1, 3, "{1,}"), (0, 2, "{0,2}"), (2, 3, "{2,3}")])
    lazy = "?" * (rng.random() < 0.15)
    if len(inner) > 1 and not re.fullmatch(r"\\.|\[[^]]*\]", inner):
        inner = group(rng, inner)
    return inner + written + lazy, lambda: "".join(text() for _ in range(rng.randint(least, most)))


def group(rng, pattern):
    return rng.choice(["(", "(?:"]) + pattern + ")"


def any_text(rng):
    return "".join(rng.choice(ALPHABET) for _ in range(rng.randint(0, 5)))


def changed(rng, text):
    at = rng.randint(0, len(text))
    return text[:at] + rng.choice(["", rng.choice(ALPHABET)]) + text[at + rng.randint(0, 1):]


def case(rng, pattern, draw_text, most):
    """One line of the file: a pattern, texts, and for each whether Python matches: 1 or 0."""
    asked = re.compile(re.sub(r"(?<!\\)\$", r"\\Z", re.sub(r"\\c(.)", lambda m: "\\x%02x" % (ord(m[1]) % 32), pattern)), re.ASCII)
    answers = {}  # text: (full, search); few of each answer
    some = [draw_text, lambda: changed(rng, draw_text()), lambda: any_text(rng) + draw_text() + any_text(rng), lambda: any_text(rng)]
    for i in range(300):
        text = rng.choice(some)() if i > 0 else ""
        if text in answers or len(text) > most:
            continue  # a long text may take Python years
        answer = asked.fullmatch(text) is not None, asked.search(text) is not None
        if list(answers.values()).count(answer) < 4:
            answers[text] = answer
    bits = lambda which: "".join(str(int(a[which])) for a in answers.values())
    return {"pattern": pattern, "texts": list(answers), "full": bits(0), "search": bits(1)}


def main():
    warnings.simplefilter("ignore")
    rng = random.Random(20)
    hints = ["a", "b", "ab", "aab", "a1", "aa", "1", "_a_", "é", "ü", "üü", "😀😀", "]", "{", "}", "a{", "a{x}", "a{1", "a{}", "\\", "\t", "\r",
             "\x01", ".", ",", "*+?()[]{}|^$\\", "_- ", "-", "^"]
    cases = [case(rng, p, lambda: rng.choice(hints + [re.sub(r"\\(.)", r"\1", p)] * 3), 24) for p in WRITTEN]
    seen = {c["pattern"] for c in cases}
    while len(cases) < 400:
        pattern, text = draw(rng, rng.randint(1, 4), True, True)
        if pattern in seen or len(pattern) > 60:
            continue
        seen.add(pattern)
        cases.append(case(rng, pattern, text, 10))
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases.json")
    with open(path, "w", encoding="utf-8") as f:
        f.write('{"made_by": "tests/golden/regex/make.py, Python %d.%d re",\n"cases": [\n' % sys.version_info[:2])
        f.write(",\n".join(json.dumps(c, ensure_ascii=False) for c in cases))
        f.write("\n]}\n")


main()
