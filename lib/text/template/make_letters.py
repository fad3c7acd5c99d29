"""Writes letters.gen.cc: letter case, digits and printability as Python's own str methods know them.

    python3 lib/text/template/make_letters.py > lib/text/template/letters.gen.cc
"""
import sys
import unicodedata

ALL = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def ranges(predicate):
    """[(first, last, stride)] of the code points for which predicate holds; stride 1 or 2."""
    points = [ord(c) for c in ALL if predicate(c)]
    out = []
    for p in points:
        if out:
            first, last, stride = out[-1]
            if p - last == stride or (first == last and p - last == 2):
                out[-1] = (first, p, p - last)
                continue
        out.append((p, p, 1))
    return out


def mapping(convert):
    """([(first, last, stride, delta)], [(code, [mapped...])]) for single and for longer mappings."""
    single, special = [], []
    for c in ALL:
        m = convert(c)
        if m == c:
            continue
        if len(m) > 1:
            special.append((ord(c), [ord(x) for x in m]))
            continue
        p, delta = ord(c), ord(m) - ord(c)
        if single:
            first, last, stride, d = single[-1]
            if d == delta and (p - last == stride or (first == last and p - last == 2)):
                single[-1] = (first, p, p - last, d)
                continue
        single.append((p, p, 1, delta))
    return single, special


def table(kind, name, rows):
    print(f"const {kind} {name}[] = {{")
    line = "   "
    for row in rows:
        text = " {" + ", ".join(str(x) for x in row) + "},"
        if len(line) + len(text) > 116:
            print(line)
            line = "   "
        line += text
    print(line)
    print("};")
    print(f"const size_t {name}Size = {len(rows)};\n")


print("// Made by make_letters.py with Python %d.%d, Unicode %s. Do not edit." % (*sys.version_info[:2], unicodedata.unidata_version))
print('#include "text/template/letters_tables.h"\n')
print("namespace infer::text::jinja {\n")
table("Span", "kUpper", ranges(str.isupper))
table("Span", "kLower", ranges(str.islower))
table("Span", "kAlpha", ranges(str.isalpha))
table("Span", "kDecimal", ranges(str.isdecimal))
table("Span", "kDigit", ranges(lambda c: c.isdigit() and not c.isdecimal()))
table("Span", "kNumeric", ranges(lambda c: c.isnumeric() and not c.isdigit()))
table("Span", "kTitle", ranges(lambda c: unicodedata.category(c) == "Lt"))
table("Span", "kHidden", ranges(lambda c: not c.isprintable()))
for name, convert in (("ToUpper", str.upper), ("ToLower", str.lower)):
    single, special = mapping(convert)
    table("Shift", f"k{name}", single)
    table("Special", f"k{name}Special", [(c, *(m + [0, 0])[:3]) for c, m in special])
differs = [(ord(c), [ord(x) for x in c.title()]) for c in ALL if c.title() != c.upper()]
table("Special", "kToTitleSpecial", [(c, *(m + [0, 0])[:3]) for c, m in differs])
print("}  // namespace infer::text::jinja")
