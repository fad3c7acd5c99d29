#!/usr/bin/env python3
"""Writes unicode.gen.cc: character properties as Hugging Face tokenizers sees them.

    pip install unicodedata2==16.0.0 tokenizers==0.23.3
    python3 make_unicode.py > unicode.gen.cc

tokenizers holds several Unicodes, and a tokenizer trained with it remembers them all:
  - its regular expressions (Oniguruma) know Unicode 16: equal to unicodedata2 16.0.0 in every general category, checked below;
  - Digits() asks Rust's char::is_numeric (Unicode 17) and Punctuation() an old table: both are asked of tokenizers itself;
  - NFC knows Unicode 9: what it does not reorder or compose is left out of the tables;
  - BERT's normaliser has a table of marks and controls of its own, and lower-cases as Rust does: both are asked of it;
    so are StripAccents(), Whitespace() and UnicodeScripts().
"""

import sys

import tokenizers
import unicodedata2 as ucd
from tokenizers import Regex, normalizers, pre_tokenizers

assert ucd.unidata_version == "16.0.0" and tokenizers.__version__ == "0.23.3"
CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
NFC = normalizers.NFC().normalize_str
BLOCK = 128


def of_regex(regex):
    """Code points that the regular expression matches."""
    split = pre_tokenizers.Split(Regex(regex), "removed")
    kept = {ord(ch) for piece, _ in split.pre_tokenize_str("".join(map(chr, CODE_POINTS))) for ch in piece}
    return set(CODE_POINTS) - kept


def of_isolating(pre_tokenizer):
    """Code points that the pre-tokenizer cuts out from between letters."""
    text = "a".join(map(chr, CODE_POINTS))
    return {ord(p) for p, _ in pre_tokenizer.pre_tokenize_str(text) if len(p) == 1} - {ord("a")}


def bert(c, **steps):
    """The character between two letters through steps of BertNormalizer; without the letters."""
    off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**(off | steps)).normalize_str("a" + chr(c) + "a")[1:-1]


def in_category(*names):
    return {c for c in CODE_POINTS if ucd.category(chr(c)).startswith(names)}


CATEGORIES = (
    "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Cs Co Cn".split()
)  # numbered as in pipeline/code_set.cc
for name in [n for n in CATEGORIES if n != "Cs"] + ["M", "N", "P", "S"]:
    assert of_regex(r"\p{%s}" % name) == in_category(name), name

# Order: the bits of unicode.h.
FLAGS = [
    in_category("Lu", "Lt"),
    in_category("Ll"),
    in_category("Lm", "Lo"),
    in_category("M"),
    in_category("N"),
    in_category("P"),
    in_category("S"),
    of_regex(r"\s"),
    of_isolating(pre_tokenizers.Digits(individual_digits=True)),
    of_isolating(pre_tokenizers.Punctuation("isolated")),
]


CLEAN = {c: bert(c, clean_text=True) for c in CODE_POINTS}
IGNORED = {c for c, text in CLEAN.items() if text == ""}
# What is cleaned to a space is what regular expressions call one, but for controls; what is cut out as punctuation, what Punctuation() says.
assert {c for c, text in CLEAN.items() if text == " "} == of_regex(r"\s") - IGNORED
assert of_isolating(pre_tokenizers.BertPreTokenizer()) == FLAGS[9]
CJK = [(0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F), (0x2B920, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)]
assert {c for c in CODE_POINTS if len(bert(c, handle_chinese_chars=True)) > 1} == {c for a, b in CJK for c in range(a, b + 1)}  # bert_normalizer.cc


def lower_runs():
    """(first, last, step, difference) of what one character becomes in lower case; U+0130 alone becomes two."""
    runs = []
    for c in CODE_POINTS:
        low = bert(c, lowercase=True)
        if low == chr(c):
            continue
        if len(low) > 1:
            assert (c, low) == (0x130, "i\u0307")
            continue
        difference = ord(low) - c
        if runs and runs[-1][3] == difference:
            first, last, step, _ = runs[-1]
            if c - last == step or (first == last and c - last <= 2):
                runs[-1] = (first, c, c - last, difference)
                continue
        runs.append((c, c, 1, difference))
    return runs


def of_rust_word():
    whitespace = pre_tokenizers.Whitespace()
    return {c for c in CODE_POINTS if whitespace.pre_tokenize_str("a" + chr(c))[0][0] == "a" + chr(c)}


def check_white():
    """kSpace is what Rust calls white space, too."""
    split = pre_tokenizers.WhitespaceSplit()
    assert of_regex(r"\s") == {c for c in CODE_POINTS if len(split.pre_tokenize_str("a" + chr(c) + "b")) == 2}


def compatibility():
    """[(first, count, length, at)] and the characters: what NFKD makes of characters that NFD leaves."""
    nfd, nfkd = normalizers.NFD().normalize_str, normalizers.NFKD().normalize_str
    runs, flat = [], []
    for c in CODE_POINTS:
        to = nfkd(chr(c))
        if to == nfd(chr(c)):
            continue
        if runs and runs[-1][0] + runs[-1][1] == c and runs[-1][2] == len(to):
            runs[-1][1] += 1
        else:
            runs.append([c, 1, len(to), len(flat)])
        flat += [ord(x) for x in to]
    assert max(flat) < 0x10000 and len(flat) < 0x10000
    return runs, flat


def case_twins():
    """Characters that are the same without regard to case though neither is the other's lower case."""
    lower = {c: bert(c, lowercase=True) for c in CODE_POINTS}
    twins = []
    for c in CODE_POINTS:
        fold = chr(c).casefold()
        if len(fold) == 1 and fold != chr(c) and lower[c] != fold and lower[ord(fold)] != chr(c):
            twins.append((c, ord(lower[ord(fold)])))
    return twins


def regex_scripts():
    names = (
        "Han Hiragana Katakana Hangul Bopomofo Latin Greek Cyrillic Armenian Hebrew Arabic Devanagari Bengali Gujarati "
        "Tamil Telugu Kannada Malayalam Thai Lao Tibetan Myanmar Georgian Khmer Mongolian Ethiopic"
    ).split()
    for name in names:
        runs = []
        for c in sorted(of_regex(r"\p{%s}" % name)):
            if runs and runs[-1][1] == c - 1:
                runs[-1][1] = c
            else:
                runs.append([c, c])
        yield name, runs


def fixed_scripts():
    """[(first, script)]: up to the next row. 0: any. What UnicodeScripts() does not cut apart is of one script."""
    scripts = pre_tokenizers.UnicodeScripts()

    def apart(a, b):
        return len(scripts.pre_tokenize_str(a + b)) == 2

    rows, known, last = [], [], None
    for c in map(chr, CODE_POINTS):
        if not apart("a", c) and not apart("\u4e00", c):
            script = 0
        elif last and last[1] and not apart(last[0], c):
            script = last[1]
        else:
            found = [s for s, one in known if not apart(one, c)]
            assert len(found) <= 1
            script = found[0] if found else len(known) + 1
            if not found:
                known.append((script, c))
        if not last or last[1] != script:
            rows.append((ord(c), script))
        last = (c, script)
    assert len(known) < 256
    return rows


check_white()


def combining_classes():
    known = {}
    for c in CODE_POINTS:
        k = ucd.combining(chr(c))
        # U+0334 is of class 1, U+0345 of class 240: a mark that NFC knows moves past one of them.
        text = "a\u0345" + chr(c) if k < 240 else "a" + chr(c) + "\u0334"
        if k and NFC(text) == ucd.normalize("NFC", text):
            known[c] = k
    return known


def canonical_pairs():
    """(decomposition of one step, {(first, second): composed}); Hangul is arithmetic and left out."""
    one_step, composed = {}, {}
    for c in CODE_POINTS:
        mapping = ucd.decomposition(chr(c))
        if not mapping or mapping.startswith("<"):
            continue
        parts = tuple(int(x, 16) for x in mapping.split())
        text = "".join(map(chr, parts))
        if len(parts) == 2 and ucd.normalize("NFC", text) == chr(c):
            if NFC(text) != chr(c):
                continue  # newer than NFC knows
            composed[parts] = c
        one_step[c] = parts
    return one_step, composed


CLASSES = combining_classes()
ONE_STEP, COMPOSED = canonical_pairs()


def full_decomposition(c):
    if c not in ONE_STEP:
        return [c]
    return [d for part in ONE_STEP[c] for d in full_decomposition(part)]


DECOMPOSED = {c: full_decomposition(c) for c in ONE_STEP}
# What a text may hold and still be changed by NFC: marks with a class, what NFC replaces, what may join the character before it.
not_yes = {c for c in CODE_POINTS if NFC(chr(c)) != chr(c)} | {second for _, second in COMPOSED}
not_yes |= set(range(0x1161, 0x1176)) | set(range(0x11A8, 0x11C3))
FLAGS.append(set(CLASSES) | not_yes)
FLAGS.append(IGNORED)
FLAGS.append({c for c in CODE_POINTS if bert(c, strip_accents=True) == ""})
FLAGS += [of_regex(r"\p{Han}"), of_regex(r"\w"), of_regex(r"\d")]
# Beside the category, in the byte of kUnicodeCategories.
MORE_FLAGS = [{c for c in CODE_POINTS if normalizers.StripAccents().normalize_str(chr(c)) == ""}, of_rust_word()]


def rows(values, width=16, form="{}"):
    values = list(values)
    for i in range(0, len(values), width):
        yield "    " + ", ".join(form.format(v) for v in values[i : i + width]) + ","


def table(type_name, name, values, width=24, form="{}"):
    values = list(values)
    print(f"const {type_name} {name}[{len(values)}] = {{")
    print("\n".join(rows(values, width, form)))
    print("};")


def main():
    combos, kinds, blocks, first = {}, [], [], []
    seen = {}
    of = {}
    for bit, members in enumerate(FLAGS):
        for c in members:
            of[c] = of.get(c, 0) | 1 << bit
    for start in range(0, 0x110000, BLOCK):
        block = []
        for c in range(start, start + BLOCK):
            more = sum(32 << i for i, members in enumerate(MORE_FLAGS) if c in members)
            value = (of.get(c, 0), CATEGORIES.index(ucd.category(chr(c))) | more)
            if value not in combos:
                combos[value] = len(kinds)
                kinds.append(value)
            block.append(combos[value])
        key = tuple(block)
        if key not in seen:
            seen[key] = len(blocks)
            blocks.append(block)
        first.append(seen[key])
    assert len(kinds) <= 256 and len(blocks) <= 65535

    print("// clang-format off")
    print("// Written by make_unicode.py (Unicode as in Hugging Face tokenizers 0.23.3). Do not edit.")
    print('#include "text/tokenizer/unicode.h"\n')
    print("namespace infer::text {\n")
    table("uint16_t", "kUnicodeKinds", [flags for flags, _ in kinds])
    table("uint8_t", "kUnicodeCategories", [category for _, category in kinds])
    print(f"const size_t kUnicodeKindCount = {len(kinds)};")
    table("uint16_t", "kUnicodeBlocks", first)
    table("uint8_t", f"kUnicodeOfBlock", [k for block in blocks for k in block], 32)
    table("uint16_t", "kAsciiFlags", [of.get(c, 0) for c in range(128)], 16)
    print()
    classes = sorted(CLASSES.items())
    table("CombiningClass", "kCombiningClasses", classes, 8, "{{0x{0[0]:X}, {0[1]}}}")
    print(f"const size_t kCombiningClassCount = {len(classes)};\n")
    flat, index = [], []
    for c, parts in sorted(DECOMPOSED.items()):
        index.append((c, len(flat), len(parts)))
        flat += parts
    table("char32_t", "kDecomposedTo", flat, 16, "0x{:X}")
    table("Decomposition", "kDecompositions", index, 8, "{{0x{0[0]:X}, {0[1]}, {0[2]}}}")
    print(f"const size_t kDecompositionCount = {len(index)};\n")
    pairs = sorted((a, b, c) for (a, b), c in COMPOSED.items())
    table("Composition", "kCompositions", pairs, 6, "{{0x{0[0]:X}, 0x{0[1]:X}, 0x{0[2]:X}}}")
    print(f"const size_t kCompositionCount = {len(pairs)};\n")
    lower = lower_runs()
    table("LowerRun", "kLowerRuns", lower, 6, "{{0x{0[0]:X}, 0x{0[1]:X}, {0[2]}, {0[3]}}}")
    print(f"const size_t kLowerRunCount = {len(lower)};\n")
    runs, flat = compatibility()
    table("char16_t", "kCompatibleTo", flat, 16, "0x{:X}")
    table("CompatibleRun", "kCompatible", runs, 8, "{{0x{0[0]:X}, {0[1]}, {0[2]}, {0[3]}}}")
    print(f"const size_t kCompatibleCount = {len(runs)};\n")
    twins = case_twins()
    table("CaseTwin", "kCaseTwins", twins, 8, "{{0x{0[0]:X}, 0x{0[1]:X}}}")
    print(f"const size_t kCaseTwinCount = {len(twins)};\n")
    scripts = list(regex_scripts())
    for name, members in scripts:
        table("CodeSpan", "kScript" + name, members, 8, "{{0x{0[0]:X}, 0x{0[1]:X}}}")
    print("const NamedSpans kScripts[] = {")
    for name, _ in scripts:
        print(f'    {{"{name.lower()}", kScript{name}}},')
    print("};")
    print(f"const size_t kScriptCount = {len(scripts)};\n")
    fixed = fixed_scripts()
    table("uint32_t", "kFixedScripts", [c << 8 | script for c, script in fixed], 12, "0x{:X}")
    print(f"const size_t kFixedScriptCount = {len(fixed)};\n")
    print("}  // namespace infer::text")
    print(f"{len(kinds)} kinds, {len(blocks)} blocks, {len(classes)} classes, {len(pairs)} pairs", file=sys.stderr)


main()
