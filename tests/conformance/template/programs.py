"""Random template programs, rendered by our interpreter and by jinja2.

    python3 tests/conformance/template/programs.py build/release/bin/render_json [--count N] [--seed S] [--show K] [--mutate [FOLDER...]]

A program is a few statements over the variables of tests/golden/template/constructs.py; expressions are grown by type, so that
most of them have a value, and now and then with a wrong type, so that errors are compared as well. Two answers agree when
both give the same text or both fail. What ours refuses by name (integers beyond 64 bits, a filter or method that it does
not have) is counted apart. Exit status 1 if any differs.
"""
import argparse
import collections
import json
import pathlib
import random
import re
import sys
import warnings

from tool import Tool, agree

import many_chats  # noqa: E402
import oracle  # noqa: E402
from compare import trusts_input  # noqa: E402
from constructs import CONTEXT  # noqa: E402

NAMES = {
    "str": ["s", "e", "sp", "u", "q", "lines", "csv", "names[0]", "people[0].name", "w"],
    "int": ["n", "z", "neg", "xs[0]", "people[1].age", "i"],
    "float": ["f", "1.0", "0.1", "-2.5", "1e16", "1e-7", "100.0", "3.14159"],
    "bool": ["t", "no", "true", "false"],
    "list": ["xs", "mixed", "names", "empty", "people", "d['x y']", "[]"],
    "ints": ["xs", "[5, 5, 2]", "range(4)", "[]", "[-1, 0, 7]", "(1, 2, 3)"],
    "strs": ["names", "s.split()", "csv.split(',')", "['a', 'B', 'b']", "('x',)", "[e, q]"],
    "dict": ["d", "ed", "people[0]", "people[1]", "{'k': 1, 'j': [2]}", "{'\u00e9': '<b>', 'q': none}"],
    "any": ["nil", "missing", "d.missing", "none", "people", "mixed[6]"],
}
TEXTS = ["''", "'a'", "' x '", "'Hello'", "'o'", "','", "'-'", "'\\n'", "'%s'", "'{}'", "'<b>&'", "\"it's\"", "'\u00e9\u4f60'", "'A b.C'", "'12'", "'-3'", "'0x1f'", "'1.5'",
         "'a,b;c'", "'  two  words '", "'\u01c4\u00df\u0130'", "'x\\ty'", "'\\r\\n'", "'\U0001f600z'", "'abcabc'", "'http://x.y/?a=b c'"]
TYPES = ["str", "int", "float", "bool", "list", "ints", "strs", "dict", "any"]


class Grower:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.macros = []

    def pick(self, options):
        return self.r.choice(options)

    def chance(self, p):
        return self.r.random() < p

    def atom(self, kind):
        r = self.r
        if kind == "str":
            return self.pick(TEXTS) if self.chance(0.6) else self.pick(NAMES["str"])
        if kind == "int":
            return str(r.choice([0, 1, 2, 3, 7, 10, 42, -1, 255, 1000])) if self.chance(0.6) else self.pick(NAMES["int"])
        return self.pick(NAMES[kind])

    def e(self, kind, depth):
        """An expression of the kind, as a term that can stand left of a dot."""
        if self.chance(0.03):
            kind = self.pick(TYPES)
        if depth <= 0:
            a = self.atom(kind)
            return f"({a})" if a.startswith("-") else a
        x = getattr(self, "grow_" + kind)(depth - 1)
        return x if re.fullmatch(r"[\w.]+|'[^']*'", x) and not x[0].isdigit() else f"({x})"

    def small(self):
        return self.pick(["0", "1", "2", "3", "-1", "-2", "5", "none", "z", "i"])

    def slice(self):
        return "[" + ":".join(self.pick(["", "", "0", "1", "2", "-1", "-3", "9", "none"]) for _ in range(self.pick([2, 2, 3]))) + "]"

    def grow_str(self, d):
        e, p = self.e, self.pick
        s = e("str", d)
        return p([
            lambda: s + self.slice(), lambda: f"{s}[{self.small()}]", lambda: f"{s} + {e('str', d)}", lambda: f"{s} ~ {e(p(TYPES), d)} ~ {e(p(TYPES), d)}",
            lambda: f"{s} * {p(['0', '1', '2', '3', '-1', 'true'])}",
            lambda: f"{s}.{p(['upper', 'lower', 'strip', 'lstrip', 'rstrip', 'title', 'capitalize', 'swapcase', 'casefold', 'expandtabs'])}()",
            lambda: f"{s}.{p(['strip', 'lstrip', 'rstrip', 'removeprefix', 'removesuffix'])}({e('str', 0)})",
            lambda: f"{s}.replace({e('str', 0)}, {e('str', 0)}{p(['', ', 1', ', -1', ', 0', '*1'[:0]])})",
            lambda: f"{s}.{p(['center', 'ljust', 'rjust'])}({e('int', 0)}{p(['', ', '+repr('*'), ', '+repr('ab')])})", lambda: f"{s}.zfill({e('int', 0)})",
            lambda: f"{s}.join({e('strs', d)})", lambda: f"{s}.expandtabs({p(['', '4', '0', '1', 'tabsize=3'])})",
            lambda: f"{s} | {p(['upper', 'lower', 'trim', 'title', 'capitalize', 'string', 'reverse', 'striptags', 'urlencode', 'tojson', 'indent', 'center', 'wordwrap(7)', 'first', 'last', 'pprint', 'urlize'])}",
            lambda: f"{s} | replace({e('str', 0)}, {e('str', 0)}{p(['', ', 1', ', 0', ', none'])})",
            lambda: f"{e(p(['str', 'any']), d)} | {p(['escape', 'e', 'safe', 'forceescape'])} ~ ''",  # plain again: markup's own methods are not followed
            lambda: f"{s} | trim({e('str', 0)})", lambda: f"{s} | center({e('int', 0)})",
            lambda: f"{s} | indent({p(['2', '0', repr('> '), '4, true', '2, blank=true', 'first=true', '1, true, true'])})",
            lambda: f"{s} | truncate({p(['3', '5', '9', '5, true', '5, false, '+repr('!'), '8, leeway=0', '4, true, '+repr('')+', 1'])})",
            lambda: f"{s} | wordwrap({p(['3', '5', '9', '5, false', '6, true, '+repr('|'), '4, break_on_hyphens=false'])})",
            lambda: f"{s} | default({e('any', 0)}{p(['', ', true', ', boolean=true'])})",
            lambda: f"{e('list', d)} | join({p(['', e('str', 0), e('str', 0)])})", lambda: f"{e('list', d)} | join(',', attribute={p(['0', repr('name'), repr('a.b')])})",
            lambda: f"{e(p(TYPES), d)} | {p(['string', 'tojson', 'trim', 'upper', 'pprint', 'title', 'urlencode'])}",
            lambda: f"{e(p(TYPES), d)} | tojson({p(['indent=2', 'indent=0', 'sort_keys=true', 'ensure_ascii=true', 'separators=('+repr(',')+', '+repr(':')+')', 'true, 4', 'indent='+repr('--'), 'indent=none'])})",
            lambda: f"'%s|%5s|%-4s|%r' % ({s}, {e('str', 0)}, {e('int', 0)}, {e(p(TYPES), 0)})",
            lambda: f"'{p(['%d', '%5d', '%-5d|', '%05d', '%+d', '% d', '%x', '%#x', '%X', '%o', '%i', '%e', '%g', '%.3f', '%8.2f', '%.0f', '%c', '%a', '%5.1f%%', '%.2e', '%G', '%E', '%#o', '%s', '%.2s', '%10.3s'])}' % {e(p(['int', 'int', 'float', 'str', 'bool', 'any']), d)}",
            lambda: f"'%(a)s-%(b)s' | format(a={e(p(TYPES), 0)}, b={s})",
            lambda: "'{" + p(["", "0", "!r", "!s", "!a", ":>6", ":<6", ":^7", ":*^9", ":6", ":.2", ":>+6", ":,", ":_", ":+", ": ", ":05", ":x", ":#x", ":#b", ":o", ":e", ":.2f", ":%", ":.1%", ":g", ":n", ":c", ":d", ":10.3f", ":<8d", ":X", ":E", ":G", ":#X", ":.3g", ":10,", ":=8", ":08.2f", ":,.2f", ":s", ":.0f", ":#.3g"]) + "}|'.format(" + e(p(["int", "int", "float", "str", "bool", "any", "list"]), d) + ")",
            lambda: "'{0} {1} {k}'.format(" + f"{s}, {e(p(TYPES), 0)}, k={e(p(TYPES), 0)})",
            lambda: f"{e('dict', d)} | xmlattr", lambda: f"{e('int', d)} | filesizeformat{p(['', '(true)'])}",
            lambda: f"{s} if {e('bool', d)} else {e('str', d)}", lambda: f"{s}.partition({e('str', 0)})[{p('012')}]", lambda: f"{s} or {e('str', d)}", lambda: f"{s} and {e('str', d)}",
            lambda: f"{e('strs', d)}[{self.small()}]", lambda: f"{s}.format_map({e('dict', 0)})", lambda: f"{s}.translate({{97: 'x', 98: none, 32: 95}})",
        ])()

    def grow_int(self, d):
        e, p = self.e, self.pick
        n = e("int", d)
        return p([
            lambda: f"{n} {p(['+', '-', '*', '//', '%'])} {e('int', d)}", lambda: f"-{n}", lambda: f"+{n}", lambda: f"{n} ** {p(['0', '1', '2', '3'])}",
            lambda: f"{e(p(['str', 'list', 'strs', 'dict', 'ints']), d)} | {p(['length', 'count'])}", lambda: f"{n} | {p(['abs', 'int', 'round'])}", lambda: f"{e('ints', d)} | {p(['sum', 'min', 'max', 'first', 'last', 'length'])}",
            lambda: f"{e(p(['str', 'float', 'any']), d)} | int{p(['', '(7)', '(default=-1)', '(0, 16)', '(base=2)', '(1, 0)'])}", lambda: f"{e('str', d)}.{p(['find', 'rfind', 'count', 'index', 'rindex'])}({e('str', 0)}{p(['', ', 1', ', -2', ', 1, 3', ', none, 2'])})",
            lambda: f"{e('ints', d)}[{self.small()}]", lambda: f"{e('list', d)}.{p(['index', 'count'])}({e(p(TYPES), 0)})", lambda: f"{e('float', d)} | round | int", lambda: f"{n} if {e('bool', d)} else {e('int', d)}",
            lambda: f"{e('bool', d)} + {n}", lambda: f"{e('ints', d)} | sum(start={n})", lambda: f"{e('str', d)} | wordcount", lambda: f"{n}.bit_length()", lambda: f"range({n}, {e('int', 0)}) | length", lambda: f"{e('list', d)} | sum(attribute={p([repr('age'), '0'])})",
        ])()

    def grow_float(self, d):
        e, p = self.e, self.pick
        return p([
            lambda: f"{e('float', d)} {p(['+', '-', '*', '/', '//', '%'])} {e(p(['int', 'float']), d)}", lambda: f"{e('int', d)} / {e('int', d)}", lambda: f"{e(p(['str', 'int', 'float', 'any']), d)} | float{p(['', '(1.5)', '(default=none)'])}",
            lambda: f"{e(p(['float', 'int']), d)} | round({p(['0', '1', '2', '-1', '3', '1, ' + repr('ceil'), '0, ' + repr('floor'), 'method=' + repr('ceil'), '2, ' + repr('common')])})", lambda: f"{e('float', d)} | abs", lambda: f"{e('float', d)} ** {p(['2', '0.5', '-1', '0'])}", lambda: f"-{e('float', d)}",
            lambda: f"{e('int', d)} ** {p(['-1', '0.5', '-2'])}", lambda: f"{e('float', d)}.is_integer()",
        ])()

    def grow_bool(self, d):
        e, p = self.e, self.pick
        any_ = lambda: e(p(TYPES), d)  # noqa: E731
        return p([
            lambda: f"{any_()} {p(['==', '!='])} {any_()}", lambda: f"{e('int', d)} {p(['<', '<=', '>', '>='])} {e(p(['int', 'float', 'bool']), d)}", lambda: f"{e('str', d)} {p(['<', '<=', '>', '>='])} {e('str', d)}",
            lambda: f"{e('ints', d)} {p(['<', '>=', '=='])} {e('ints', d)}", lambda: f"{any_()} {p(['in', 'not in'])} {e(p(['list', 'dict', 'strs', 'str', 'ints']), d)}", lambda: f"{e('str', d)} in {e('str', d)}",
            lambda: f"not {any_()}", lambda: f"{e('bool', d)} {p(['and', 'or'])} {e('bool', d)}", lambda: f"{e('int', d)} < {e('int', d)} {p(['<', '<=', '!='])} {e('int', d)}",
            lambda: f"{any_()} is {p(['', 'not '])}{p(['defined', 'undefined', 'none', 'string', 'number', 'integer', 'float', 'boolean', 'mapping', 'sequence', 'iterable', 'callable', 'true', 'false', 'escaped', 'hashable' if self.chance(0.02) else 'lower', 'upper', 'filter', 'test'])}",
            lambda: f"{e('int', d)} is {p(['', 'not '])}{p(['odd', 'even', 'divisibleby 3', 'divisibleby(2)', 'divisibleby(0)', 'eq 3', 'gt(1)', 'le 7', 'ne 0', 'in [1, 2, 42]', 'equalto(5)', 'sameas 1', 'lt 5', '== 2' if self.chance(0.02) else 'ge 2'])}",
            lambda: f"{any_()} is {p(['', 'not '])}{p(['in', 'eq', 'ne', 'sameas', 'lt', 'equalto', 'greaterthan', 'lessthan'])}({any_()})",
            lambda: f"{e('str', d)}.{p(['startswith', 'endswith'])}({e('str', 0)}{p(['', ', 1', ', -2, 5'])})", lambda: f"{e('str', d)}.startswith(('a', 'H', {e('str', 0)}))",
            lambda: f"{e('str', d)}.{p(['isdigit', 'isalpha', 'isalnum', 'isspace', 'isupper', 'islower', 'istitle', 'isnumeric', 'isdecimal', 'isascii', 'isidentifier', 'isprintable'])}()",
        ])()

    def grow_list(self, d):
        e, p = self.e, self.pick
        any_ = lambda k=d: e(p(TYPES), k)  # noqa: E731
        xs = e(p(["list", "ints", "strs"]), d)
        return p([
            lambda: "[" + ", ".join(any_() for _ in range(self.r.randrange(4))) + "]", lambda: "(" + "".join(any_() + ", " for _ in range(self.r.randrange(4))) + ")", lambda: xs + self.slice(), lambda: f"{xs} + {e(p(['list', 'ints', 'strs']), d)}",
            lambda: f"{xs} * {p(['0', '2', '-1'])}", lambda: f"{xs} | {p(['list', 'reverse | list', 'reverse', 'unique | list', 'sort', 'select | list', 'reject | list', 'unique', 'batch(2) | list', 'slice(2) | list'])}",
            lambda: f"{xs} | batch({p(['1', '2', '3', '2, 0', '3, none', '0'])}) | list", lambda: f"{xs} | slice({p(['1', '2', '3', '2, 0', '4, none'])}) | list",
            lambda: f"{e('dict', d)}.{p(['keys', 'values', 'items'])}(){p(['', ' | list'])}", lambda: f"{e('dict', d)} | {p(['items', 'items | list', 'dictsort', 'dictsort(true)', 'dictsort(reverse=true)', 'dictsort(false, ' + repr('value') + ')', 'list'])}",
            lambda: f"{xs} | map({p([repr(x) for x in ['upper', 'string', 'abs', 'int', 'length', 'tojson', 'list', 'trim', 'first', 'float', 'round']])}) | list", lambda: f"{xs} | map('{p(['default', 'replace', 'int', 'center', 'truncate', 'round', 'join'])}', {e(p(['str', 'int']), 0)}{p(['', ', ' + e('str', 0)])}) | list",
            lambda: f"people | map(attribute={p([repr('name'), repr('tags'), repr('tags.0'), repr('nope')])}{p(['', ', default=0', ', default=' + repr('-')])}) | list",
            lambda: f"{xs} | {p(['select', 'reject'])}({p([repr(x) for x in ['odd', 'even', 'string', 'number', 'defined', 'none', 'mapping', 'true', 'lower', 'upper', 'iterable', 'integer']])}) | list",
            lambda: f"{xs} | {p(['select', 'reject'])}({p([repr(x) for x in ['gt', 'lt', 'eq', 'ne', 'in', 'ge', '==', '<', 'divisibleby', 'sameas']])}, {any_(0)}) | list",
            lambda: f"people | {p(['selectattr', 'rejectattr'])}({p([repr('age'), repr('tags'), repr('name')])}{p(['', ', ' + repr('defined'), ', ' + repr('eq') + ', 30', ', ' + repr('equalto') + ', ' + repr('bob'), ', ' + repr('in') + ', [25, ' + repr('Ann') + ']', ', ' + repr('>') + ', 26'])}) | list",
            lambda: f"people | groupby({p([repr('age'), repr('name'), repr('name[0]'), repr('tags')])}{p(['', ', default=0', ', case_sensitive=true'])}) | list", lambda: f"people | sort(attribute={p([repr('age'), repr('name'), repr('age,name')])}{p(['', ', reverse=true', ', case_sensitive=true'])})",
            lambda: f"{xs} | sort({p(['reverse=true', 'true', 'case_sensitive=true', 'false, true'])})", lambda: f"{e('str', d)} | list", lambda: f"{e('str', d)}.{p(['split', 'rsplit'])}({p(['', e('str', 0), e('str', 0) + ', 1', 'none, 1', 'maxsplit=1', 'sep=' + e('str', 0), e('str', 0) + ', -1'])})",
            lambda: f"{e('str', d)}.splitlines({p(['', 'true', 'keepends=true'])})", lambda: f"{e('str', d)}.{p(['partition', 'rpartition'])}({e('str', 0)})", lambda: f"[{any_()}, {any_()}] | {p(['first', 'last', 'min', 'max', 'length', 'unique | list', 'sort'])}",
            lambda: f"{xs}.copy()", lambda: f"{xs} | {p(['min', 'max'])}({p(['', 'case_sensitive=true', 'attribute=' + repr('age')])})",
        ])()

    def grow_ints(self, d):
        e, p = self.e, self.pick
        return p([
            lambda: "[" + ", ".join(e("int", d) for _ in range(self.r.randrange(5))) + "]", lambda: f"range({', '.join(e('int', 0) for _ in range(self.r.randrange(1, 4)))})", lambda: e("ints", d) + self.slice(), lambda: f"{e('ints', d)} | {p(['sort', 'reverse | list', 'unique | list', 'list'])}",
            lambda: f"{e('strs', d)} | map('length') | list", lambda: f"{e('ints', d)} | select({p([repr('odd'), repr('even')])}) | list",
        ])()

    def grow_strs(self, d):
        e, p = self.e, self.pick
        return p([lambda: "[" + ", ".join(e("str", d) for _ in range(self.r.randrange(4))) + "]", lambda: f"{e('str', d)}.split({p(['', e('str', 0)])})", lambda: f"{e('strs', d)} | {p(['sort', 'unique | list', 'map(' + repr('upper') + ') | list', 'reverse | list'])}", lambda: f"{e('str', d)} | list", lambda: e("strs", d) + self.slice()])()

    def grow_dict(self, d):
        e, p = self.e, self.pick
        return p([
            lambda: "{" + ", ".join(f"{e(p(['str', 'str', 'int', 'bool']), 0)}: {e(p(TYPES), d)}" for _ in range(self.r.randrange(4))) + "}", lambda: f"dict({', '.join(f'{k}={e(p(TYPES), d)}' for k in 'abc'[: self.r.randrange(4)])})", lambda: f"dict({e('dict', d)}, k={e(p(TYPES), 0)})",
            lambda: f"dict([({e('str', 0)}, {e(p(TYPES), d)})])", lambda: f"{e('dict', d)}.copy()", lambda: f"people[{p(['0', '1', '-1'])}]", lambda: f"dict(**{e('dict', 0)})", lambda: f"dict.fromkeys({e('strs', 0)})" if self.chance(0.1) else "d",
        ])()

    def grow_any(self, d):
        e, p = self.e, self.pick
        return p([
            lambda: f"{e('dict', d)}.{p(['a', 'b', 'k', 'name', 'items', 'missing', 'x'])}", lambda: f"{e('dict', d)}[{e(p(['str', 'int']), 0)}]", lambda: f"{e('dict', d)}.get({e('str', 0)}{p(['', ', ' + e(p(TYPES), 0)])})", lambda: f"{e('list', d)}[{self.small()}]", lambda: f"{e('list', d)} | {p(['first', 'last', 'min', 'max'])}",
            lambda: f"{e(p(TYPES), d)} {p(['or', 'and'])} {e(p(TYPES), d)}", lambda: f"{e(p(TYPES), d)} if {e('bool', d)}", lambda: f"{e(p(TYPES), d)} | default({e(p(TYPES), d)}{p(['', ', true'])})", lambda: f"{e(p(TYPES), d)}.{p(['real', 'x', 'upper', 'keys', '0'])}", lambda: f"{e('dict', d)} | attr({e('str', 0)})",
            lambda: f"{self.pick(self.macros)}({', '.join(e(p(TYPES), 0) for _ in range(self.r.randrange(3)))})" if self.macros else e(p(TYPES), d), lambda: f"{e(p(TYPES), d)} {p(['+', '-', '*', '/', '%', '~'])} {e(p(TYPES), d)}", lambda: f"{e(p(TYPES), d)} | {p(['length', 'list', 'first', 'int', 'float', 'abs', 'sum', 'reverse', 'items', 'string', 'sort', 'join', 'round', 'min'])}",
        ])()

    # ---- statements

    def print_(self, d):
        return "{{" + self.pick([" ", " ", "- ", "-"]) + self.e(self.pick(TYPES), d) + self.pick([" ", " ", " -"]) + "}}"

    def text(self):
        return self.pick(["", "", " ", "\n", "  \n", "a", "x y\n", "\n\n  ", "<|t|>", " \t"])

    def tag(self, inside):
        return "{%" + self.pick(["", "", "", "-", "+"]) + f" {inside} " + self.pick(["", "", "", "-", "+"]) + "%}"

    def body(self, depth, size=3):
        return "".join(self.text() + self.statement(depth - 1) for _ in range(self.r.randrange(1, size))) + self.text()

    def statement(self, depth):
        e, p, t = self.e, self.pick, self.tag
        any_ = lambda d=1: e(p(TYPES), d)  # noqa: E731
        if depth <= 0 or self.chance(0.4):
            return self.print_(p([1, 2, 2, 3]))
        return p([
            lambda: t(f"set {p(['w', 'i', 'v'])} = {any_(2)}"), lambda: t(f"set a, b = {any_()}, {any_()}") + "{{ a }}{{ b }}", lambda: t(f"set v{p(['', ' | upper', ' | trim', ' | replace(' + repr('~') + ', ' + repr('b') + ') | title'])}") + self.body(depth) + t("endset") + "{{ v }}",
            lambda: t(f"if {any_(2)}") + self.body(depth) + (t(f"elif {any_()}") + self.body(depth) if self.chance(0.4) else "") + (t("else") + self.body(depth) if self.chance(0.5) else "") + t("endif"),
            lambda: t(f"for v in {e(p(['list', 'ints', 'strs', 'dict', 'str']), 2)}{p(['', '', ' if v', ' if loop is defined', ' if v is string'])}") + self.loop_body(depth) + (t("else") + self.body(depth) if self.chance(0.3) else "") + t("endfor"),
            lambda: t(f"for k, v in {e('dict', 1)}.items()") + "{{ k }}={{ v }}" + self.loop_body(depth) + t("endfor"),
            lambda: self.macro(depth), lambda: t(f"with w = {any_()}, i = {any_()}") + self.body(depth) + t("endwith"), lambda: t(f"filter {p(['upper', 'trim', 'title', 'indent(2) | upper', 'escape'])}") + self.body(depth) + t("endfilter"),
            lambda: t("generation") + self.body(depth) + t("endgeneration"), lambda: t(f"set ns = namespace(x={any_()}, y=0)") + self.body(depth) + t(f"set ns.{p(['x', 'y', 'new'])} = {p(['ns.y + 1', 'ns.x', any_()])}") + "{{ ns.x }}{{ ns.y }}{{ ns.new }}",
            lambda: "{#" + p(["", "-"]) + " c " + p(["", "-"]) + "#}", lambda: t("raw") + "{{ x }}{% if %}" + t("endraw"), lambda: t(f"print {any_()}, {any_()}") if self.chance(0.3) else self.print_(2),
            lambda: self.call(depth), lambda: t(f"for v in {p(['people', '[[1, [2]], [3, []]]', '[{' + repr('c') + ': []}]'])} recursive") + "{{ loop.depth }}{{ v }}" + (f"{{{{ loop({p(['v[1:]', '[]', 'v[1]', 'v.tags', 'v.c'])}) }}}}" if self.chance(0.8) else "") + t("endfor") if self.chance(0.4) else self.print_(2),
        ])()

    def loop_body(self, depth):
        out = self.body(depth)
        if self.chance(0.6):
            out += "{{ loop." + self.pick(["index", "index0", "revindex", "revindex0", "first", "last", "length", "depth", "depth0", "previtem", "nextitem", "changed(v)", "cycle('a', 'b')", "changed(v is string)", "nope"]) + " }}"
        if self.chance(0.25):
            out += self.tag(f"if {self.e('bool', 1)}") + self.tag(self.pick(["break", "continue"])) + self.tag("endif")
        return out + self.pick(["", "{{ v }}", "{{ i }}"])

    def macro(self, depth):
        name = self.pick(["m1", "m2"])
        parameters = self.pick(["", "v", "v, w='d'", "v=1, w=v", "w", "v, i=[]"])
        body = self.body(depth) + self.pick(["{{ v }}", "{{ w }}", "{{ varargs }}", "{{ kwargs }}", "{{ v is defined }}", "{{ caller() }}", "{{ caller(1) if caller }}", "{{ " + name + ".name }}", ""])
        out = self.tag(f"macro {name}({parameters})") + body + self.tag("endmacro")
        self.macros.append(name)
        return out + "{{ " + name + "(" + ", ".join([self.e(self.pick(TYPES), 1) for _ in range(self.r.randrange(3))] + self.pick([[], [], ["v=1"], ["w='k'"], ["*[1]"], ["**{'w': 2}"]])) + ") }}"

    def call(self, depth):
        if not self.macros:
            return self.macro(depth)
        return self.tag(f"call{self.pick(['', '(x)', '(x=2)'])} {self.pick(self.macros)}({self.pick(['', '1', 'w=3'])})") + self.body(depth) + self.pick(["{{ x }}", ""]) + self.tag("endcall")

    def program(self):
        # w and i are set first: jinja2 resolves a name that is set after inner scopes read it in a way of its own
        return "{% set w = 'w\u00f6rd' %}{% set i = 2 %}" + self.body(4, 4)


# Where ours fails and jinja2 may not: integers have 64 bits; what jinja2 makes of a wrong slice depends on whether it folds
# the expression as a constant; the items of what is no dict are an error at once, not when they are first asked for.
KNOWN = ("64 bits", "cannot be sliced", "items needs a dict")


def mutant(seed, sources):
    """A template with a few characters lost, doubled, exchanged or put in."""
    r = random.Random(seed)
    s = r.choice(sources) if sources else Grower(seed).program()
    for _ in range(r.choice([1, 1, 1, 2, 3])):
        at, size = r.randrange(len(s)), r.choice([1, 1, 2, 3, 8])
        piece = s[at : at + size]
        how = r.randrange(4)
        if how == 0:
            s = s[:at] + s[at + size :]
        elif how == 1:
            s = s[:at] + piece + s[at:]
        elif how == 2:
            s = s[:at] + r.choice(PIECES) + s[at:]
        else:
            s = s[:at] + r.choice(PIECES) + s[at + size :]
    return s or "x"


PIECES = list("{}%#-+|.,:()[]'\"=<>!~*/ \n\t\\_0a1e\u00e9") + ["{{", "}}", "{%", "%}", "{#", "#}", " if ", " else ", " not ", " in ", " is ", " and ", "{%- ", " -%}", "**", "//", "none", "|e", "{% raw %}", "{% endraw %}", "loop", "1_0", "\r\n", "\\n", "\\x41", "for", "\u00a0", "\x0b", "0x1F", "1.5e3"]


def refused(ours):
    """Ours says that it does not have it: by the construct's name, or a known limit."""
    return ours.get("refused") or any(k in ours.get("error", "") for k in KNOWN)


def marked(value):
    """The same value with a private character at the end of every string and of most keys."""
    if isinstance(value, dict):
        return {k if k in ("a", "b", "name", "age", "tags") else k + many_chats.OPEN: marked(v) for k, v in value.items()}
    if isinstance(value, list):
        return [marked(v) for v in value]
    return value + many_chats.OPEN if isinstance(value, str) else value


def main():
    p = argparse.ArgumentParser()
    p.add_argument("tool")
    p.add_argument("--count", type=int, default=3000)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--show", type=int, default=10)
    p.add_argument("--mutate", nargs="*", metavar="FOLDER", help="damaged templates instead: random programs, or those of the folders")
    p.add_argument("--refusals", action="store_true", help="say what was refused")
    a = p.parse_args()
    warnings.simplefilter("ignore")  # what Python says about the code that jinja2 makes
    tool = Tool(a.tool)
    sources = [f.read_text() for folder in a.mutate or [] for f in sorted(pathlib.Path(folder).glob("*.jinja"))]
    marked_context = {k: marked(v) for k, v in CONTEXT.items()}
    counts, reasons = collections.Counter(), collections.Counter()
    for k in range(a.count):
        extra = marked_context if k % 2 else CONTEXT
        seed = f"{a.seed}.{k}"
        source = Grower(seed).program() if a.mutate is None else mutant(seed, sources)
        case = {"template": source, "now": oracle.NOW, **(many_chats.chat(k) if sources else {"extra": extra})}
        theirs = oracle.render(case)
        if re.search(r"0x[0-9a-f]{6}|<(class '|slot |namespace {|macro '|loopcontext )", theirs.get("text", "").lower()):
            counts["objects"] += 1  # how Python writes them is not followed
            continue
        ours = tool.render(case)
        if refused(ours) and "text" in theirs:
            counts["refused"] += 1
            reasons[re.sub(r"^chat template, line \d+, column \d+: ", "", ours["error"])] += 1
        elif agree(ours, theirs) and not trusts_input(ours):
            counts["text" if "text" in theirs else "errors"] += 1
        else:
            counts["differ"] += 1
            if a.show > 0:
                a.show -= 1
                print(f"--- {a.seed}.{k}: {json.dumps(case['template'])}\n  jinja2: {json.dumps(theirs)[:800]}\n  ours:   {json.dumps({k: v for k, v in ours.items() if k in ('text', 'error')})[:800]}")
    for reason, n in reasons.most_common() if a.refusals else []:
        print(f"{n:6} {reason[:150]}")
    print(f"{a.count} {'random' if a.mutate is None else 'damaged'} programs: {counts['text']} give the same text, {counts['errors']} fail in both, {counts['refused']} are refused by name, {counts['objects']} print objects, {counts['differ']} differ")
    sys.exit(counts["differ"] != 0)


if __name__ == "__main__":
    main()
