"""Texts to tokenize: hand-picked ones (TRICKY) and a seeded generator that goes through all of Unicode."""

import random

TRICKY = [
    "", " ", "  ", "   ", "\t", "\n", "\n\n", "\r\n", "\r\n\r\n", " \n", "\n ", " \n \n ", "\t\n\t", "a", " a", "a ",
    "Hello world", "Hello token Hello", " Hello  world ", "Hello, y'all! How are you \U0001f601 ?\u6211\u60f3\u5728apple\u5de5\u4f5c1314151\u5929\uff5e",
    "I'm you're we've he'd she'll it's don't", "I'M YOU'RE WE'VE HE'D SHE'LL IT'S DON'T", "'s 't 're 've 'm 'll 'd", "'S'T'Re'vE'M'lL'D",
    "x'\u017f y'\u017fz '\u017f", "'r 'v 'l 'rE 're' ''s '", "it\u2019s", "3.14159 1,000,000 2^10 0x7f 1e-5", "1 12 123 1234 12345 123456 1234567",
    "abc123def456", "\u0661\u0662\u0663\u0664 \u0967\u0968\u0969 \u00b2\u00b3\u00b9\u00bc\u00bd\u00be \u2160\u2161 \u3007\u4e00 \U0001d7d8\U0001d7d9",
    "foo_bar-baz.qux/quux\\corge", "C++ C# F# .NET", "a=b+c*d/e%f^g&h|i~j`k", "<html><body>$1.00 + 2\u20ac</body></html>",
    "((((((((((", "!!!???...", "\u00a1\u00bf\u00ab\u00bb\u201c\u201d\u2018\u2019\u2026\u2014", "\u3002\uff0c\u3001\u0964\u06d4\u060c", "a.b,c!d?e(f)g|h",
    "e\u0301 \u00e9 e\u0301\u0327 e\u0327\u0301 a\u0308\u0323 \u1e69 s\u0323\u0307 s\u0307\u0323", "\u1100\u1161\u11a8 \uac01 \uac00\u11a8 \u1100\u1161",
    "\u212b \u2126 \u1fbe \u0344 \u2000 \ufb1d \U0001d15e \u0958", "\u0301abc \u0301\u0302 A\u0301BC\u0301 \u0301ABC",
    "camelCase PascalCase XMLHttpRequest iOS ABC\u01c5def \u02b0ABC ABC\u02b0 AB\u4e2dCD \u01c5\u01c8", "\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2 \u041c\u043e\u0441\u043a\u0432\u0430 \u053b\u0576\u0579\u057a\u0565\u055e\u057d",
    "\u4eca\u65e5\u306f\u4e16\u754c\u3001\u30ab\u30bf\u30ab\u30ca\u30fb\uff76\uff85 \uc548\ub155\ud558\uc138\uc694 \uc138\uacc4", "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645 \u05e9\u05dc\u05d5\u05dd",
    "\u0928\u092e\u0938\u094d\u0924\u0947 \u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 \u179f\u17bd\u179f\u17d2\u178f\u17b8", "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f3f3\ufe0f\u200d\U0001f308 \U0001f44d\U0001f3fd \U0001f1eb\U0001f1f7",
    "q\u0301q\u0301 x\u0323\u0301x q\u0303\u0331 !\u0301! \u0903\u0903a", "\u0915\u0941\u0924\u094d\u0924\u093e \u0928\u092e\u0938\u094d\u0924\u0947 \u0928\u092e\u0938\u094d\u0924\u0947", "\u05d1\u05bc\u05b0 \u0e01\u0e33\u0e25\u0e31\u0e07 \u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35", "1\u0301 2\u20e3 \u0301\u0301\u0301q\u0301",
    "\u00a0\u2003\u3000\u1680\u0085\u2028\u2029\u202f\u205f", "a\u00a0b\u2003c\u3000d\u0085e\u2028f", "\u200b\u200c\u200d\ufeff\u2060\u00ad", "\x00\x01\x1c\x1d\x1e\x1f\x7f", "a\x0b\x0cb",
    "\u3000\u3000a \u3000! \u3000\u3002", "\ufffd \uffff \ufdd0 \ue000 \U0010ffff \U000f0000 \U000e0001", "\U00020000\U0002a6df \U00010400\U00010428 \U00012000 \U0001e900",
    "def f(x):\n    if x > 0:\n\t\treturn x ** 2  # square\n\n\n    return None\n", "{\n  \"a\": [1, 2.5e3, null],\r\n  \"b\": \"\\u00e9\"\r\n}",
    "    four spaces\n        eight\n\ttab \t mixed \t\n  trailing   ", "a\n\n\n\nb\r\rc\n\r\nd", "!\n\n!\r\n/ //\n/\n x/\n", "...\n\n   \n\n...", "   \n   x", "word\n \t\n word",
    "\u2581 \u2581\u2581a \u2581b", "<0x41> <0x0A> <unk> <s> </s>", "\u0120\u0120hello \u010a \u00c4\u0142", "<|endoftext|>", "<|im_start|>user\nhi<|im_end|>\n", "a<|endoftext|>b <|endoftext|> c",
    "<|eot_id|><|start_header_id|>", "<|im_start", "|im_end|>", "<think> </think>", "[INST] [/INST]",
    "a" * 70, " " * 70, "\n" * 70, "1" * 70, "!" * 70, "ab" * 40, "\u4e2d" * 50, "\u0301" * 40, "\U0001f600" * 20, " a" * 40, "A" * 33 + "b", "\u1100" * 10 + "\u1161" * 10,
    "The quick brown fox jumps over the lazy dog. " * 3, "Antidisestablishmentarianism supercalifragilisticexpialidocious", "https://example.com/a?b=c&d=%20e#f user@example.org 2024-02-29T12:34:56Z",
]  # fmt: skip

# What the chains of single tokenizers look at: digits from either end, marks of several scripts, Chameleon's images.
CHAINS = [
    "1234567 12345 1234 123 12 1 1234567a 1234_ 12345\u0301 123456\u00bd \u00bd123456 1234.5678 \u0661\u0662\u0663\u0664\u0665 1234\u4e2d 1,234,567",
    "<sentinel:0><sentinel:123> <sentinel:> <sentinel:1 IMGIMGAZ IMGIMGABCDZ IMGIMGABCDEZ IMGIMGAJZ IMGIMGZ xIMGIMGBBZy\t\n      a     b",
    "\u300c\u4f60\u597d\u300d\uff0c\u4e16\u754c\uff01\u3105\u3106\u3107 \uc548\ub155\u3131\u314e\u2014\u2014\u201c\u5f15\u201d\u2018\u7528\u2019\u2026\u2026\ufe30\ufe4f",
    "Kimi\u6708\u4e4b\u6697\u9762AI \u3007\u3021\u3005\u303b \u2e80\u2fd5 \u4e2dABC\u6587def\u30ab\u30bf\u4e2d's \U00020000x",
    "a b c d, e f's x\u0301 y\u0301\u0302 z 1 a  b !/ !\n/ !//\n\nMerhaba d\u00fcnya'n\u0131n Ankara'da",
    "x" + " " * 3 + "y" + " " * 4 + "z" + " " * 5 + "!" + " " * 9 + "1" + " " * 600 + "w" + "\u3000" * 7,
    "!?!\n!?\r\n ?!\n\n\n ?\n 12\n\n34\r\r\n",
]

SPACES = [" ", " ", " ", "  ", "   ", "\n", "\n\n", "\t", "\r\n", "\r", "\u00a0", "\u3000", "\u2003", "\u0085", "\u2028", "\x0b", "\x1c", "\u1680"]
WORDS = """the of and to in is that for it was on with as at by from model token language Paris France capital because
I'm don't you'll THEY'RE We've 'tis o'clock rock'n'roll naive cafe resume HTTPServer iPhone McDonald x86_64 UTF-8 C++ foo() bar[0]
import return while True None self.value lambda printf("%d\\n"); <div class="a"> $x = \\frac{1}{2} https://a.b/c?d=e""".split()
OTHER = ["\u043f\u0440\u0438\u0432\u0435\u0442", "\u4f60\u597d\u4e16\u754c", "\u3053\u3093\u306b\u3061\u306f", "\uc548\ub155", "\u0645\u0631\u062d\u0628\u0627", "\u0928\u092e\u0938\u094d\u0924\u0947", "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35", "\u03b1\u03b2\u03b3", "Stra\u00dfe", "q\u0301q\u0301", "\u0915\u0941\u0924\u094d\u0924\u093e", "!\u0903", "na\u00efve", "\u1e9b\u0323", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f44d\U0001f3fd", "\U0001f1eb\U0001f1f7", "\ufb01", "\u01c6\u01c5\u01c4", "\uff21\uff42\uff11", "\u2167", "\u00bd\u00b2"]
MARKS = [0x300, 0x301, 0x302, 0x308, 0x30A, 0x323, 0x327, 0x328, 0x345, 0x5B0, 0x64B, 0x93C, 0x94D, 0x1AB0, 0x20D0, 0x3099, 0x302A, 0x1D165, 0xFE0F]


def scalar(r):
    """A character of any plane; assigned blocks more often than not."""
    pick = r.random()
    if pick < 0.35:
        c = r.randrange(0x80, 0x3000)
    elif pick < 0.6:
        c = r.randrange(0x3000, 0x10000)
    elif pick < 0.85:
        c = r.randrange(0x10000, 0x20000)
    else:
        c = r.randrange(0x20000, 0x110000)
    return "\ufffd" if 0xD800 <= c < 0xE000 else chr(c)


def segment(r, specials, pieces):
    kind = r.randrange(14)
    if kind <= 2:
        return "".join(r.choice(WORDS) + r.choice(SPACES[:4]) for _ in range(r.randrange(1, 8)))
    if kind == 3:
        return "".join(r.choice(SPACES) for _ in range(r.randrange(1, 8)))
    if kind == 4:
        return "".join(scalar(r) for _ in range(r.randrange(1, 12)))
    if kind == 5:
        return "".join(chr(r.randrange(32, 127)) for _ in range(r.randrange(1, 20)))
    if kind == 6:
        return r.choice(["'", "\u2019", "''", " '"]) + r.choice(["s", "S", "t", "T", "re", "rE", "VE", "m", "LL", "lL", "d", "D", "\u017f", "x", "l"])
    if kind == 7:
        pool = r.choice(["0123456789", "0123456789", "\u0660\u0661\u0669", "\u00b2\u00b3\u00b9\u00bc\u00bd", "\u2160\u216b\u3007\U0001d7ff\U00010d40"])
        return "".join(r.choice(pool) for _ in range(r.randrange(1, 9)))
    if kind == 8:
        return r.choice(["a", " ", "\n", "!", "1", "\u4e2d", "\u0301", "A", "\t", "\u00e9", "\U0001f600", scalar(r)]) * r.choice([2, 3, 5, 17, 40, 150])
    if kind == 9:
        return r.choice(OTHER)
    if kind == 10:
        marks = [chr(r.choice(MARKS)) for _ in range(r.randrange(1, 5))]
        return r.choice(["e", "A", "\u1100", "\u1100\u1161", "\uac00", "\u0915", scalar(r)]) + "".join(marks) + r.choice(["", "\u11a8", "B", "z"])
    if kind == 11 and specials:
        text = r.choice(specials)
        cut = r.randrange(4)
        return text[1:] if cut == 0 else text[:-1] if cut == 1 else text
    return "".join(r.choice(pieces) for _ in range(r.randrange(1, 6))) if pieces else "x"


def generated(seed, n, specials, pieces):
    """n byte strings, nearly all of them UTF-8."""
    r = random.Random(seed)
    for _ in range(n):
        text = "".join(segment(r, specials, pieces) for _ in range(r.choice([1, 1, 2, 3, 5, 8])))
        data = text.encode("utf-8", "replace")
        if r.random() < 0.1:
            broken = bytearray(data)
            for _ in range(r.randrange(1, 4)):
                at = r.randrange(len(broken) + 1)
                broken[at : at + r.randrange(2)] = bytes(r.choice([0x80, 0xBF, 0xC0, 0xC3, 0xE2, 0xED, 0xF0, 0xF4, 0xFF]) for _ in range(r.randrange(1, 3)))
            data = bytes(broken)
        yield data
