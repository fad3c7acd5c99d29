"""Tokenizers built from a GGUF vocabulary by other people's code: Hugging Face tokenizers for byte-level BPE, BPE over
characters and WordPiece, SentencePiece for SPM, both for Unigram. The vocabulary is read by the gguf package. Ours are the
table of names and, because nobody publishes a package with it, RWKV's search for the longest token.

RULES says what each tokenizer.ggml.pre stands for: (normaliser, pre-tokenizers, words before merges), as the models'
own tokenizer.json and transformers' own classes have them; check_against_transformers() compares where both exist.
"""

import ast
import re

import sentencepiece
from gguf import GGUFReader
from sentencepiece import sentencepiece_model_pb2 as spm_proto
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)


def split(pattern):
    return pre_tokenizers.Split(Regex(pattern), "isolated")


def bytes_only():
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)


def gpt2_words():
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)


def digits(individual):
    return pre_tokenizers.Digits(individual_digits=individual)


CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
TAIL = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
SLASH_TAIL = r" ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = CONTRACTION + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|" + TAIL
QWEN2 = CONTRACTION + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|" + TAIL
QWEN35 = (
    CONTRACTION
    + r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
U, L = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
LED = r"[^\r\n\p{L}\p{N}]?"
TEKKEN = f"{LED}{U}*{L}+|{LED}{U}+{L}*|" + r"\p{N}|" + SLASH_TAIL
GPT4O = f"{LED}{U}*{L}+{CONTRACTION}?|{LED}{U}+{L}*{CONTRACTION}?|" + r"\p{N}{1,3}|" + SLASH_TAIL
BLOOM = " ?[^(\\s|[.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c])]+"
DEEPSEEK_CJK = "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"
DEEPSEEK_ALPHABETS = (
    "A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293\u0295-\u02af\u0370-\u0373\u0376"
    "\u0377\u037b-\u037d\u037f\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03f5\u03f7-\u0481\u048a-\u052f\u0531-\u0556"
    "\u10a0-\u10c5\u13a0-\u13f5\u13f8-\u13fd\u1c90-\u1cba\u1cbd-\u1cbf\u1d00-\u1d2b\u1d6b-\u1d77\u1d79-\u1d9a"
    "\u1e00-\u1f15\u1f18-\u1f1d\u1f20-\u1f45\u1f48-\u1f4d\u1f50-\u1f57\u1f59\u1f5b\u1f5d\u1f5f-\u1f7d\u1f80-\u1fb4"
    "\u1fb6-\u1fbc\u1fbe\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-\u1fd3\u1fd6-\u1fdb\u1fe0-\u1fec\u1ff2-\u1ff4\u1ff6-\u1ffc"
    "\u2102\u2107\u210a-\u2113\u2115\u2119-\u211d\u2124\u2126\u2128\u212a-\u212d\u212f-\u2134\u2139\u213c-\u213f"
    "\u2145-\u2149\u214e\u2183\u2184\u2c00-\u2c7b\u2c7e-\u2ce4\u2ceb-\u2cee\u2cf2\u2cf3\ua640-\ua66d\ua680-\ua69b"
    "\ua722-\ua76f\ua771-\ua787\ua78b-\ua78e\uab70-\uabbf\ufb00-\ufb06\ufb13-\ufb17\uff21-\uff3a\uff41-\uff5a"
    "\U00010400-\U0001044f\U000104b0-\U000104d3\U000104d8-\U000104fb\U00010c80-\U00010cb2\U00010cc0-\U00010cf2"
    "\U000118a0-\U000118df\U0001e900-\U0001e943"
)
DEEPSEEK_MARKS = "\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+"
DEEPSEEK3 = (
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
    "| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"
)


UFAKZEKA = QWEN2.removeprefix(CONTRACTION + "|")
SEED_CODER = QWEN2.replace(r" ?[^\s\p{L}\p{N}]+[\r\n]*", r" ?[^\s\p{L}\p{N}\r\n]+")
JAIS2 = LLAMA3.removesuffix(r"\s+(?!\S)|\s+") + (
    r"\s{512}(?!\S)|\s{256}(?!\S)|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S)|\s{8}(?!\S)|\s{4}(?!\S)"
    r"|\s{1,2}(?!\S)|\s{1}"
)
BAILING = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"
)
EXAONE_MOE = (
    CONTRACTION
    + r"|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+"
)
MINICPM5 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}+")
YOUTU_SCRIPTS = (
    "[\uac00-\ud7a3\u3131-\u318e]+|[\uff01\u2026\u201c\u201d\u2018\u2019\u2014\uff1a\uff1b\uff0c\u3001-\u303f\ufe30-\ufe4f]+"
    "|[\u3105-\u312f]+|[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"
)
YOUTU = GPT4O.replace(r"\p{N}{1,3}", r"\p{N}")
NO_HAN_U, NO_HAN_L = (f"[{letters[1:-1]}&&[^\\p{{Han}}]]" for letters in (U, L))
KIMI_K2 = (
    rf"[\p{{Han}}]+|{LED}{NO_HAN_U}*{NO_HAN_L}+{CONTRACTION}?|{LED}{NO_HAN_U}+{NO_HAN_L}*{CONTRACTION}?|"
    + r"\p{N}{1,3}|" + TAIL
)
SPARK = DEEPSEEK3.replace("+[\r\n]*|\\s*[\r\n]+", "+|[\r\n]")


def rules():
    nfc = normalizers.NFC()
    gpt2 = [gpt2_words()]
    digits_gpt2 = [digits(True), gpt2_words()]
    han_kana = split("[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+")
    return {
        "gpt-2": (None, gpt2, False),
        "mpt": (nfc, gpt2, False),
        "smollm": (None, digits_gpt2, False),
        "command-r": (nfc, digits_gpt2, False),
        "llama-bpe": (None, [split(LLAMA3), bytes_only()], True),
        "dbrx": (None, [split(LLAMA3), bytes_only()], False),
        "minicpm5": (None, [split(r"\p{N}{1,3}"), split(MINICPM5), bytes_only()], True),
        "jais-2": (None, [split(JAIS2), bytes_only()], False),
        "qwen2": (nfc, [split(QWEN2), bytes_only()], False),
        "kormo": (None, [split(QWEN2), bytes_only()], False),
        "bailingmoe": (None, [split(BAILING), bytes_only()], False),
        "qwen35": (nfc, [split(QWEN35), bytes_only()], False),
        "laguna": (None, [split(r"[^\n]+|[\n]+"), split(QWEN2), bytes_only()], False),
        "seed-coder": (None, [split(SEED_CODER), bytes_only()], False),
        "ufakzeka": (None, [split(UFAKZEKA), bytes_only()], False),
        "exaone-moe": (None, [split(EXAONE_MOE), bytes_only()], False),
        "tekken": (None, [split(TEKKEN), bytes_only()], True),
        "gpt-4o": (None, [split(GPT4O), bytes_only()], False),
        "granite-embed-multi-97m": (None, [split(GPT4O), bytes_only()], True),
        "tiny_aya": (None, [split(r"\d{1,3}(?=(?:\d{3})*\b)"), split(GPT4O), bytes_only()], False),
        "youtu": (None, [split(YOUTU_SCRIPTS), split(YOUTU), bytes_only()], True),
        "kimi-k2": (None, [split(KIMI_K2), bytes_only()], False),
        "bloom": (None, [split(BLOOM), bytes_only()], False),
        "viking": (None, [split(BLOOM), split(r"\p{N}"), bytes_only()], False),
        "superbpe": (None, [split(r"\p{N}+"), split(r"(?=(\d{3})+(?!\d))"), bytes_only()], False),
        "falcon": (
            None,
            [pre_tokenizers.Punctuation("contiguous"), gpt2_words(), digits(False), split("[0-9][0-9][0-9]")],
            False,
        ),
        "chameleon": (
            None,
            [split("<sentinel:[0-9]+>"), split("(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z"), split("([\\t\\n]|    |  )"),
             digits(True), pre_tokenizers.Punctuation("isolated"), gpt2_words()],
            False,
        ),
        "deepseek-llm": (
            None,
            [split("[\r\n]"), split(f"\\s?[{DEEPSEEK_ALPHABETS}]+"), split(DEEPSEEK_MARKS), split(r"\s+$"),
             split(DEEPSEEK_CJK), digits(True), bytes_only()],
            False,
        ),
        "deepseek-coder": (
            None,
            [split("[\r\n]"), split(r"\s?\p{L}+"), split(r"\s?\p{P}+"), split(DEEPSEEK_CJK), digits(True),
             bytes_only()],
            False,
        ),
        "deepseek-v3": (None, [split(r"\p{N}{1,3}"), han_kana, split(DEEPSEEK3), bytes_only()], False),
        "spark2_5": (
            None, [split(r"\p{N}{1,3}"), han_kana, split(SPARK), split(r"\p{N}"), bytes_only()], False
        ),
    }  # fmt: skip


RULES = rules()
# Further names for the same.
ALSO = {
    "gpt-2": ["", "default", "phi-2", "jina-es", "jina-de", "jina-v1-en", "jina-v2-es", "jina-v2-de", "jina-v2-code",
              "roberta-bpe", "gigachat", "a.x-4.0", "mellum", "exaone4", "trillion", "granite-docling", "jais"],
    "mpt": ["olmo", "modern-bert"],
    "smollm": ["starcoder", "refact", "codeshell", "exaone", "minerva-7b", "mellum2"],
    "llama-bpe": ["llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2", "jina-v5-nano", "smaug-bpe", "glm4", "glm5"],
    "dbrx": ["chatglm-bpe"],
    "qwen2": ["deepseek-r1-qwen", "f2llmv2", "megrez", "stablelm2", "hunyuan"],
    "kormo": ["grok-2", "solar-open"],
    "bailingmoe": ["bailingmoe2", "llada-moe"],
    "gpt-4o": ["llama4", "kanana2", "talkie", "minimax-m2"],
    "tiny_aya": ["cohere2moe"],
    "bloom": ["poro-chat", "gpt3-finnish"],
    "deepseek-v3": ["hunyuan-dense", "hy_v4", "joyai-llm"],
}  # fmt: skip
RULE_OF = {name: name for name in RULES} | {also: name for name, names in ALSO.items() for also in names}


def check_against_transformers():
    """The rows that transformers defines itself are equal to its definitions. Needs transformers."""
    from transformers import CohereTokenizer, GPT2Tokenizer, GPTNeoXTokenizer, Qwen2Tokenizer
    from transformers.models.qwen3_5.tokenization_qwen3_5 import Qwen3_5Tokenizer

    text = "It'S 12\u00bd e\u0301\u0327 \n\n \u4f60\u597d  'LL\u0301 x\u0903y !!\r\n/ \u3000a"
    for name, cls in [("gpt-2", GPT2Tokenizer), ("mpt", GPTNeoXTokenizer), ("command-r", CohereTokenizer),
                      ("qwen2", Qwen2Tokenizer), ("qwen35", Qwen3_5Tokenizer)]:  # fmt: skip
        backend = cls(vocab={}, merges=[]).backend_tokenizer
        normalizer, stages, _ = RULES[name]
        assert str(backend.normalizer) == str(normalizer), name
        want = backend.pre_tokenizer.pre_tokenize_str(text)
        assert want == pre_tokenizers.Sequence(stages).pre_tokenize_str(text), name
        if name.startswith("qwen"):
            assert repr(backend.pre_tokenizer).split("behavior")[0] in repr(pre_tokenizers.Sequence(stages)), name


def is_markup(text):
    return len(text) >= 5 and re.fullmatch(r"<(\|.*\||\uff5c.*\uff5c)>", text, re.S) is not None


class Vocabulary:
    def __init__(self, path):
        fields = GGUFReader(path).fields

        def get(name, default=None):
            field = fields.get("tokenizer.ggml." + name)
            return default if field is None else field.contents()

        self.model, self.pre = get("model"), get("pre", "")
        self.tokens, self.scores, self.merges = get("tokens"), get("scores"), get("merges")
        self.types = get("token_type") or [NORMAL] * len(self.tokens)
        self.bos, self.eos, self.unk = get("bos_token_id", -1), get("eos_token_id", -1), get("unknown_token_id", -1)
        self.add_bos, self.add_eos = get("add_bos_token"), get("add_eos_token")
        self.add_space_prefix = get("add_space_prefix", True)
        self.remove_extra_whitespaces = get("remove_extra_whitespaces", False)
        self.charsmap = bytes(v & 255 for v in get("precompiled_charsmap") or [])
        self.lowercase = get("normalizer.lowercase", True)
        self.strip_accents = get("normalizer.strip_accents", self.lowercase)

    def control(self):
        """Texts that only trusted text may become: control tokens, and what a file wrongly calls user-defined."""
        ends = {"</s>", "<|endoftext|>", "<|im_end|>", "<|eot_id|>", "<|end|>", "<end_of_turn>", "<eos>"}
        return {
            t: i
            for i, (t, kind) in enumerate(zip(self.tokens, self.types))
            if t and (kind in (CONTROL, UNKNOWN) or t in ends or (kind == USER_DEFINED and is_markup(t)))
        }

    def user_defined(self):
        control = self.control()
        return {t: i for i, (t, k) in enumerate(zip(self.tokens, self.types)) if k == USER_DEFINED and t not in control}


class BpeReference:
    def __init__(self, vocabulary, pre=None):
        normalizer, stages, whole_words = RULES[RULE_OF[vocabulary.pre if pre is None else pre]]
        vocab = {t: i for i, t in enumerate(vocabulary.tokens)}
        merges = [tuple(m.split(" ")) for m in vocabulary.merges]
        self.tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges, ignore_merges=whole_words))
        if normalizer is not None:
            self.tokenizer.normalizer = normalizer
        self.tokenizer.pre_tokenizer = pre_tokenizers.Sequence(stages)
        self.tokenizer.decoder = decoders.ByteLevel()
        # In one list: tokenizers searches for the longest of those that it was given in one kind.
        added = [AddedToken(t, special=True, normalized=False) for t in vocabulary.control()]
        added += [AddedToken(t, special=False, normalized=False) for t in vocabulary.user_defined()]
        self.tokenizer.add_tokens(added)

    def encode(self, text, parse_special):
        self.tokenizer.encode_special_tokens = not parse_special
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def decode(self, ids):
        return self.tokenizer.decode(ids, skip_special_tokens=False)


class PlainReference:
    """Special tokens found by a regular expression, longest first; what lies between is encode_plain()'s."""

    def __init__(self, vocabulary):
        user, control = vocabulary.user_defined(), vocabulary.control()
        self.user, self.user_pattern = user, self.pattern(user)
        self.all, self.all_pattern = user | control, self.pattern(user | control)

    @staticmethod
    def pattern(texts):
        longest_first = sorted(texts, key=len, reverse=True)
        return re.compile("|".join(map(re.escape, longest_first))) if texts else None

    def encode(self, text, parse_special):
        ids_of, pattern = (self.all, self.all_pattern) if parse_special else (self.user, self.user_pattern)
        out, at = [], 0
        for match in pattern.finditer(text) if pattern else []:
            out += self.encode_plain(text[at : match.start()])
            out.append(ids_of[match.group()])
            at = match.end()
        return out + self.encode_plain(text[at:])


class SpmReference(PlainReference):
    MODEL = spm_proto.TrainerSpec.BPE

    def __init__(self, vocabulary, pre=None):
        super().__init__(vocabulary)
        proto = spm_proto.ModelProto()
        control = set(vocabulary.control().values())
        # SentencePiece knows one unknown token and wants it; others that a file calls unknown are never in a text.
        unk = vocabulary.unk if vocabulary.unk >= 0 else vocabulary.types.index(UNKNOWN)
        for i, (text, score, kind) in enumerate(zip(vocabulary.tokens, vocabulary.scores, vocabulary.types)):
            kind = UNKNOWN if i == unk else CONTROL if i in control or kind == UNKNOWN else kind
            proto.pieces.add(piece=text, score=score, type=kind)
        proto.trainer_spec.model_type = self.MODEL
        proto.trainer_spec.byte_fallback = BYTE in vocabulary.types
        proto.trainer_spec.unk_id = unk
        proto.normalizer_spec.name = "identity"
        proto.normalizer_spec.add_dummy_prefix = bool(vocabulary.add_space_prefix)
        proto.normalizer_spec.remove_extra_whitespaces = bool(vocabulary.remove_extra_whitespaces)
        proto.normalizer_spec.escape_whitespaces = True
        if self.MODEL != spm_proto.TrainerSpec.BPE:
            proto.normalizer_spec.precompiled_charsmap = vocabulary.charsmap
        self.processor = sentencepiece.SentencePieceProcessor(model_proto=proto.SerializeToString())

    def encode_plain(self, text):
        return self.processor.encode(text)

    def decode(self, ids):
        return self.processor.decode(ids)


class UnigramReference(SpmReference):
    """SentencePiece normalises; tokenizers cuts up, because it adds scores as doubles, where SentencePiece's floats round."""

    MODEL = spm_proto.TrainerSpec.UNIGRAM

    def __init__(self, vocabulary, pre=None):
        super().__init__(vocabulary)
        known = [k == NORMAL and t not in self.all for t, k in zip(vocabulary.tokens, vocabulary.types)]
        worst = min(s for s, k in zip(vocabulary.scores, known) if k)
        pieces = [
            (t, s) if k else (f"\0{i}\0", worst)  # no text holds these
            for i, (t, s, k) in enumerate(zip(vocabulary.tokens, vocabulary.scores, known))
        ]
        self.unk = vocabulary.unk
        self.tokenizer = Tokenizer(models.Unigram(pieces, unk_id=self.unk, byte_fallback=False))
        # Its own byte fallback would also find byte tokens spelled out in a text.
        self.bytes = {int(t[3:5], 16): i for i, t in enumerate(vocabulary.tokens) if vocabulary.types[i] == BYTE}

    def encode_plain(self, text):
        text = self.processor.normalize(text)
        found = self.tokenizer.encode(text, add_special_tokens=False)
        if not self.bytes:
            return found.ids
        out = []
        for id, (begin, end) in zip(found.ids, found.offsets):
            out += [self.bytes[b] for b in text[begin:end].encode()] if id == self.unk else [id]
        return out


class CharacterBpeReference(PlainReference):
    """Gemma 4: BPE by merges over characters, spaces written as U+2581, unknown characters as bytes."""

    def __init__(self, vocabulary, pre=None):
        super().__init__(vocabulary)
        vocab = {t: i for i, t in enumerate(vocabulary.tokens)}
        merges = [tuple(m.split(" ")) for m in vocabulary.merges]
        unk = vocabulary.tokens[vocabulary.unk] if vocabulary.unk >= 0 else None
        self.tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges, unk_token=unk, fuse_unk=True, byte_fallback=True))
        self.tokenizer.normalizer = normalizers.Replace(" ", "\u2581")
        self.tokenizer.decoder = decoders.Sequence(
            [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()]
        )

    def encode_plain(self, text):
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def decode(self, ids):
        return self.tokenizer.decode(ids, skip_special_tokens=False)


class BertReference(PlainReference):
    def __init__(self, vocabulary, pre=None):
        super().__init__(vocabulary)
        control = vocabulary.control()
        vocab = {
            t if t in control else t[1:] if t.startswith("\u2581") else "##" + t: i
            for i, t in enumerate(vocabulary.tokens)
        }
        unk = vocabulary.tokens[vocabulary.unk]
        self.tokenizer = Tokenizer(models.WordPiece(vocab, unk_token=unk, max_input_chars_per_word=100))
        self.tokenizer.normalizer = normalizers.BertNormalizer(
            strip_accents=vocabulary.strip_accents, lowercase=vocabulary.lowercase
        )
        self.tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        self.tokenizer.decoder = decoders.WordPiece("##", cleanup=True)

    def encode_plain(self, text):
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def decode(self, ids):
        return self.tokenizer.decode(ids, skip_special_tokens=False)


class RwkvReference(PlainReference):
    def __init__(self, vocabulary, pre=None):
        super().__init__(vocabulary)
        in_text = [k == NORMAL and t not in self.all for t, k in zip(vocabulary.tokens, vocabulary.types)]
        quoted = ((i, t.replace("'", "\\'").replace("\\\\'", "\\'")) for i, t in enumerate(vocabulary.tokens) if in_text[i])
        self.ids = {ast.literal_eval(f"b'{t}'"): i for i, t in quoted}
        self.longest = max(map(len, self.ids))

    def encode_plain(self, text):
        data, at, out = text.encode(), 0, []
        while at < len(data):
            n = next(n for n in range(self.longest, 0, -1) if data[at : at + n] in self.ids)  # every byte is a token
            out.append(self.ids[data[at : at + n]])
            at += n
        return out

    def decode(self, ids):
        texts = {i: t for t, i in self.ids.items()} | {i: t.encode() for t, i in self.all.items()}
        return b"".join(texts[i] for i in ids).decode("utf-8", "replace")


KINDS = {
    "gpt2": BpeReference,
    "llama": SpmReference,
    "gemma4": CharacterBpeReference,
    "t5": UnigramReference,
    "bert": BertReference,
    "rwkv": RwkvReference,
}


def reference(path, pre=None, **changes):
    """(oracle, vocabulary); changes: members of the vocabulary that stand in for the file's."""
    vocabulary = Vocabulary(path)
    for name, value in changes.items():
        setattr(vocabulary, name, value)
    return KINDS[vocabulary.model](vocabulary, pre), vocabulary
