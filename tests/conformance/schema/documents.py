"""Schemas as they are in use, and documents that they take or do not, for real.py and tests/bench/masks.py.

Schemas: those of tests/conformance/schemas.sh, and generated ones such as Pydantic writes for tools' arguments.
Documents are drawn from a schema, laid out as json.dumps does with members in the schema's order, and judged by
python-jsonschema; what is not valid comes of a valid one by a change. The same seed gives the same ones.
"""
import copy
import json
import pathlib
import random
import re
import subprocess
import warnings

try:
    from re import _constants as sre, _parser as sre_parse
except ImportError:
    import sre_constants as sre
    import sre_parse

import jsonschema

HERE = pathlib.Path(__file__).resolve().parent
TYPES = ["null", "boolean", "integer", "number", "string", "array", "object"]
FORMATS = {
    "date": "2024-02-29", "date-time": "2024-05-06T07:08:09Z", "time": "01:02:03Z", "duration": "P3DT4H",
    "email": "a.b@example.org", "idn-email": "a@example.org", "hostname": "www.example.org", "idn-hostname": "example.org",
    "ipv4": "192.168.0.1", "ipv6": "2001:db8::1", "uri": "https://example.org/a?b=c#d", "iri": "https://example.org/",
    "uri-reference": "../a/b", "iri-reference": "a/b", "uri-template": "/a/{b}", "json-pointer": "/a/0",
    "relative-json-pointer": "1/a", "uuid": "123e4567-e89b-12d3-a456-426614174000",
}
WORDS = ["a", "the city", "Paris", "x_1", "42", "", "say \"hi\"", "caf\u00e9", "line\nline", "C:\\temp", "\u4f60\u597d", "2024"]


class CannotDraw(Exception):
    pass


class Drawer:
    """Draws a value of a schema; often right, never sure."""

    def __init__(self, root, seed):
        self.root, self.random, self.left = root, random.Random(seed), 0

    def target(self, ref):
        if not ref.startswith("#"):
            raise CannotDraw(ref)
        at = self.root
        for part in ref[1:].split("/")[1:]:
            part = part.replace("~1", "/").replace("~0", "~")
            at = at[int(part)] if isinstance(at, list) else at[part]
        return at

    def conjunction(self, schema, chosen):
        """All schemas that apply, with one branch of each choice."""
        out, later = [], []
        if schema is True:
            return []
        if schema is False:
            raise CannotDraw("false")
        out.append(schema)
        for s in schema.get("allOf", []):
            out += self.conjunction(s, later)
        if "$ref" in schema:
            out += self.conjunction(self.target(schema["$ref"]), later)
        for key in ("anyOf", "oneOf"):
            if key in schema:
                later.append(schema[key])
        chosen += later
        return out

    def draw(self, schema, depth=0):
        self.left -= 1
        if depth > 12 or self.left < 0:
            raise CannotDraw("large")
        choices = []
        every = self.conjunction(schema, choices)
        while choices:
            branches = choices.pop(0)
            if depth > 5:  # a way out
                branches = sorted(branches, key=lambda b: len(json.dumps(b)))[:1]
            every += self.conjunction(self.random.choice(branches), choices)
        for s in every:
            if "const" in s:
                return s["const"]
        for s in every:
            if "enum" in s:
                return self.random.choice(s["enum"])
        types = set(TYPES)
        for s in every:
            if "type" in s:
                named = s["type"] if isinstance(s["type"], list) else [s["type"]]
                types &= set(named) | ({"integer"} if "number" in named else set())
        spoken = {"object": ("properties", "required", "patternProperties", "additionalProperties", "minProperties"),
                  "array": ("items", "prefixItems", "minItems"), "string": ("pattern", "format", "minLength", "maxLength")}
        likely = [t for t in TYPES if t in types and any(k in s for s in every for k in spoken.get(t, ()))]
        if not types:
            raise CannotDraw("no type")
        kind = self.random.choice(likely or sorted(types))
        if depth > 8 and "null" in types:
            kind = "null"
        return getattr(self, kind)(every, depth)

    def null(self, every, depth):
        return None

    def boolean(self, every, depth):
        return self.random.random() < 0.5

    def bounds(self, every):
        low = max([s[k] + d for s in every for k, d in (("minimum", 0), ("exclusiveMinimum", 1)) if k in s], default=None)
        high = min([s[k] - d for s in every for k, d in (("maximum", 0), ("exclusiveMaximum", 1)) if k in s], default=None)
        return low, high

    def integer(self, every, depth):
        low, high = self.bounds(every)
        if low is None:
            low = (high - 100) if high is not None else self.random.choice([-3, 0, 1, 1000])
        if high is None:
            high = low + self.random.choice([0, 5, 100000])
        low, high = int(-(-low // 1)), int(high // 1)
        if high < low:
            raise CannotDraw("bounds")
        value = self.random.randint(low, high)
        for s in every:
            if "multipleOf" in s:
                value = int(value // s["multipleOf"] * s["multipleOf"])
        return value

    def number(self, every, depth):
        value = self.integer(every, depth)
        low, high = self.bounds(every)
        fraction = value + self.random.choice([0.5, 0.25, 0.125])
        if self.random.random() < 0.5 or (high is not None and fraction > high) or any("multipleOf" in s for s in every):
            return value
        return fraction

    def string(self, every, depth):
        for s in every:
            if "format" in s and s["format"] in FORMATS:
                return FORMATS[s["format"]]
        least = max([s["minLength"] for s in every if "minLength" in s], default=0)
        most = min([s["maxLength"] for s in every if "maxLength" in s], default=10**6)
        patterns = [s["pattern"] for s in every if "pattern" in s]
        for _ in range(20):
            text = self.of_pattern(patterns[0]) if patterns else self.random.choice(WORDS)
            if not patterns:
                text = (text + "abcdefghij" * (least // 10 + 1))[: max(least, len(text))][:most]
            if least <= len(text) <= most and all(re.search(p, text) for p in patterns):
                return text
        raise CannotDraw("pattern")

    def of_pattern(self, pattern):
        return self.of_parts(sre_parse.parse(pattern))

    def of_parts(self, parts):
        return "".join(self.of_part(op, value) for op, value in parts)

    def of_part(self, op, value):
        choice, chars = self.random.choice, "abz019_-. AZ/"
        if op is sre.LITERAL:
            return chr(value)
        if op in (sre.ANY, sre.NOT_LITERAL):
            return choice([c for c in chars if c != value and ord(c) != value])
        if op is sre.IN:
            if value[0][0] is sre.NEGATE:
                taken = "".join(self.of_part(o, v) for o, v in value[1:] for _ in range(8))
                return choice([c for c in chars + "xyq!~" if c not in taken])
            return self.of_part(*choice(value))
        if op is sre.RANGE:
            return chr(self.random.randint(*value))
        if op is sre.CATEGORY:
            return choice({sre.CATEGORY_DIGIT: "0123456789", sre.CATEGORY_WORD: "abz09_", sre.CATEGORY_SPACE: " \t"}.get(value, "x!"))
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            low, high, inner = value
            return "".join(self.of_parts(inner) for _ in range(self.random.randint(low, min(int(high), low + 3))))
        if op is sre.SUBPATTERN:
            return self.of_parts(value[-1])
        if op is sre.BRANCH:
            return self.of_parts(choice(value[1]))
        if op is sre.AT:
            return ""
        raise CannotDraw(str(op))

    def array(self, every, depth):
        least = max([s["minItems"] for s in every if "minItems" in s], default=0)
        most = min([s["maxItems"] for s in every if "maxItems" in s], default=least + 3)
        if least > 30:
            raise CannotDraw("long")
        out = []
        for i in range(self.random.randint(least, max(least, most if most < 6 else least + 2)) if depth < 6 else least):
            each = []
            for s in every:
                prefix = s.get("prefixItems", [])
                each.append(prefix[i] if i < len(prefix) else s.get("items", True))
            if False in each:
                break
            out.append(self.draw({"allOf": each}, depth + 1))
        return out

    def object(self, every, depth):
        names = []
        for key in ("properties", "required"):
            for s in every:
                names += [n for n in s.get(key, {}) if n not in names]
        required = {n for s in every for n in s.get("required", [])}
        out = {}
        share = self.random.choice([0.1, 0.5, 0.9]) if len(names) < 30 else 0.1
        for name in names:
            if name in required or (depth < 7 and self.random.random() < share):
                self.member(every, name, out, depth)
        if self.random.random() < 0.3 or any(s.get("minProperties", 0) > len(out) for s in every):
            for s in every:
                for pattern in list(s.get("patternProperties", {}))[:2]:
                    name = self.of_pattern(pattern)
                    if name not in names and name not in out:
                        self.member(every, name, out, depth)
            if all("additionalProperties" not in s or s["additionalProperties"] not in (False,) for s in every):
                self.member(every, "other_1", out, depth)
        return out

    def member(self, every, name, out, depth):
        each = []
        for s in every:
            patterns = [v for p, v in s.get("patternProperties", {}).items() if re.search(p, name)]
            if name in s.get("properties", {}):
                each.append(s["properties"][name])
            elif not patterns:
                each.append(s.get("additionalProperties", True))
            each += patterns
        out[name] = self.draw({"allOf": each}, depth + 1)


def paths(value, at=()):
    yield at
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from paths(inner, at + (key,))


def changed(value, rnd):
    """One part replaced, taken away or added."""
    value = copy.deepcopy(value)
    path = rnd.choice(list(paths(value)))
    other = rnd.choice([None, True, -1, 10**9, 0.5, "zz", "x" * 300, [], [[]], {}, {"zz": 1}])
    if not path:
        return {**value, "zz_unknown": 1} if isinstance(value, dict) else other
    holder = value
    for key in path[:-1]:
        holder = holder[key]
    if isinstance(holder, dict) and rnd.random() < 0.4:
        del holder[path[-1]]
    else:
        holder[path[-1]] = other
    return value


def dumps(value):
    return json.dumps(value, ensure_ascii=False)


def documents(schema, seed, n=6):
    """Of each kind at most n texts: valid, invalid."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        judge = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
        drawer, rnd = Drawer(schema, seed), random.Random(seed)
        valid, invalid = {}, {}
        for _ in range(5 * n):
            try:
                drawer.left = 150
                value = drawer.draw(schema)
                if len(valid) < n and judge.is_valid(value):
                    valid.setdefault(dumps(value))
                if len(invalid) < n:
                    other = changed(value, rnd)
                    if not judge.is_valid(other):
                        invalid.setdefault(dumps(other))
            except (CannotDraw, KeyError, IndexError, TypeError, ValueError, AttributeError, re.error, RecursionError,
                    jsonschema.exceptions.RefResolutionError, jsonschema.exceptions.SchemaError):
                continue
            except Exception as e:  # of the validator, for schemas of other drafts
                if type(e).__module__.partition(".")[0] not in ("referencing", "jsonschema"):
                    raise
    return list(valid), list(invalid)


def generated(n, seed=7):
    """Schemas of tools' arguments as Pydantic and others write them."""
    rnd = random.Random(seed)
    names = ["city", "country", "query", "limit", "user_id", "start_date", "tags", "address", "items", "unit", "enabled",
             "email", "amount", "currency", "notes", "priority", "location", "filters", "metadata", "count"]

    def leaf():
        return rnd.choice([
            lambda: {"type": "string"}, lambda: {"type": "string", "minLength": 1, "maxLength": rnd.choice([20, 100])},
            lambda: {"type": "integer"}, lambda: {"type": "integer", "minimum": 0, "maximum": rnd.choice([10, 1000])},
            lambda: {"type": "number", "exclusiveMinimum": 0}, lambda: {"type": "number"}, lambda: {"type": "boolean"},
            lambda: {"type": "string", "enum": rnd.sample(["celsius", "fahrenheit", "kelvin", "low", "high"], 3)},
            lambda: {"type": "string", "format": rnd.choice(["date", "date-time", "email", "uuid", "uri"])},
            lambda: {"type": "string", "pattern": rnd.choice(["^[A-Z]{2}$", "^\\d{5}(-\\d{4})?$", "^[a-z0-9_-]+$"])},
            lambda: {"const": rnd.choice(["v1", 1, True])},
        ])()

    def any_of(depth, defs):
        kind = rnd.random()
        if depth > 2 or kind < 0.55:
            return leaf()
        if kind < 0.65:
            return {"anyOf": [any_of(depth + 1, defs), {"type": "null"}], "default": None}
        if kind < 0.8:
            return {"type": "array", "items": any_of(depth + 1, defs), **rnd.choice([{}, {"maxItems": 5}, {"minItems": 1}])}
        if kind < 0.9:
            name = f"Model{len(defs)}"
            defs[name] = {}
            defs[name] = object_of(depth + 1, defs)
            return {"$ref": f"#/$defs/{name}"}
        return object_of(depth + 1, defs)

    def object_of(depth, defs):
        properties = {n: {**any_of(depth, defs), "title": n.title()} for n in rnd.sample(names, rnd.randint(1, 6))}
        out = {"type": "object", "properties": properties, "required": [n for n in properties if rnd.random() < 0.6]}
        if rnd.random() < 0.7:
            out["additionalProperties"] = False
        return out

    for i in range(n):
        defs = {}
        schema = {"title": f"tool_{i}", **object_of(0, defs)}
        yield f"generated {i}", {**schema, "$defs": defs} if defs else schema


def published():
    folder = subprocess.run([HERE.parent / "schemas.sh"], check=True, capture_output=True, text=True).stdout.strip()
    for file in sorted(pathlib.Path(folder).glob("*.json")):
        text = file.read_text(encoding="utf-8-sig")
        try:
            yield file.stem, json.loads(text)
        except ValueError:
            continue


class Lines:
    """The program schema_lines."""

    def __init__(self, program, vocabulary):
        self.process = subprocess.Popen([program, vocabulary], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, question):
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())
