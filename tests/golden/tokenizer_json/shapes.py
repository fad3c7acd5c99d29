"""The tokenizers of this folder: published shapes with small vocabularies trained here, and probes of single components.

A probe's model shows everything: each byte of a piece is a token, and '#' stands before each character but a piece's
first. Everything is made by Hugging Face tokenizers and SentencePiece; nothing here is ours.
"""

import json
import os
import sys
import tempfile

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as spm_proto
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tokenizer"))
import reference  # noqa: E402
import texts  # noqa: E402

P, N, D, R = pre_tokenizers, normalizers, decoders, Regex
MARK = "\u2581"
SPECIALS = ["<|endoftext|>", "<s>", "</s>", "[CLS]", "[SEP]", "<think>", "[MASK]"]


def valid(data):
    try:
        return bool(data.decode())
    except UnicodeDecodeError:
        return False


def corpus():
    lines = [line.decode() for line in texts.generated(11, 1500, [], []) if valid(line)]
    # Control tokens are no words.
    return [t for t in texts.TRICKY * 2 + lines if t.strip() and not any(s in t for s in ("<|", "|>", "s>", "[CLS]"))]


CORPUS = corpus()
FEW = set(map(chr, range(32, 127))) | set("".join(texts.OTHER))  # Unigram's trainer wants every character as a token


def special(text, **flags):
    return AddedToken(text, **(dict(special=True, normalized=False) | flags))


def byte_level(words=False):
    return P.ByteLevel(add_prefix_space=False, use_regex=words)


def split(pattern, behavior="isolated", invert=False):
    return P.Split(R(pattern), behavior, invert)


def trained(model, trainer, normalizer=None, pre=None, decoder=None, lines=CORPUS):
    tokenizer = Tokenizer(model)
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    if pre is not None:
        tokenizer.pre_tokenizer = pre
    if decoder is not None:
        tokenizer.decoder = decoder
    tokenizer.train_from_iterator(lines, trainer)
    return tokenizer


def bytes_bpe(pre, normalizer=None, size=500, added=(), **model):
    trainer = trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=P.ByteLevel.alphabet(), max_token_length=12, show_progress=False
    )
    tokenizer = trained(models.BPE(), trainer, normalizer, pre, D.ByteLevel())
    if model:
        state = json.loads(tokenizer.to_str())
        state["model"] |= model
        tokenizer = Tokenizer.from_str(json.dumps(state))
    tokenizer.add_tokens([special("<|endoftext|>"), *added])
    return tokenizer


def template(tokenizer, single):
    names = [p for p in single.split() if p != "$A"]
    return processors.TemplateProcessing(single=single, special_tokens=[(n, tokenizer.token_to_id(n)) for n in names])


def spm_charsmap():
    """A few rules in SentencePiece's form: full-width letters, ligatures, composed accents, spaces, what goes away."""
    rules = {chr(0xFF01 + i): chr(0x21 + i) for i in range(94)}
    rules |= {"\ufb01": "fi", "\u00bd": "1\u20442", "\u2026": "...", "\u3000": " ", "\u00a0": " ", "\t": " ", "\u200b": ""}
    rules |= {"e\u0301": "\u00e9", "a\u0308": "\u00e4", "a\u0302\u0301": "\u1ea5", "a\u0302": "\u00e2", "\u1100\u1161": "\uac00"}
    with tempfile.TemporaryDirectory() as folder:
        tsv = os.path.join(folder, "rules.tsv")
        with open(tsv, "w") as out:
            for source, target in rules.items():
                print(" ".join(f"{ord(c):X}" for c in source), " ".join(f"{ord(c):X}" for c in target), sep="\t", file=out)
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(t for t in CORPUS if t.isascii()), model_prefix=os.path.join(folder, "m"), model_type="char", vocab_size=200,
            hard_vocab_limit=False, normalization_rule_tsv=tsv, minloglevel=2,
        )  # fmt: skip
        proto = spm_proto.ModelProto()
        proto.ParseFromString(open(os.path.join(folder, "m.model"), "rb").read())
    return proto.normalizer_spec.precompiled_charsmap


def unigram(normalizer, pre, specials=("<s>", "<pad>", "</s>", "<unk>"), bytes_too=False):
    specials = [special(s) for s in specials]
    trainer = trainers.UnigramTrainer(vocab_size=400, special_tokens=specials, unk_token="<unk>", show_progress=False)
    tokenizer = trained(
        models.Unigram(), trainer, normalizer, pre, D.Metaspace(), [t for t in CORPUS if FEW >= set(t)]
    )
    state = json.loads(tokenizer.to_str())
    # Scores that need few digits: what reads a tokenizer.json in tokenizers is not exact in the last bit of longer ones,
    # and that decides between ways of the same worth.
    state["model"]["vocab"] = [[t, round(score * 64) / 64] for t, score in state["model"]["vocab"]]
    if bytes_too:
        state["model"]["vocab"] += [[f"<0x{b:02X}>", 0.0] for b in range(256)]
        state["model"]["byte_fallback"] = True
        state["decoder"] = {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, state["decoder"]]}
    return Tokenizer.from_str(json.dumps(state))


def byte_fallback_bpe(normalizer, pre, decoder, specials):
    """As converted from SentencePiece: characters, bytes for what is unknown."""
    trainer = trainers.BpeTrainer(vocab_size=420, limit_alphabet=80, max_token_length=10, show_progress=False)
    tokenizer = trained(models.BPE(unk_token=None), trainer, normalizer, pre, decoder)
    state = json.loads(tokenizer.to_str())
    tokens = ["<unk>", *specials, *[f"<0x{b:02X}>" for b in range(256)]]
    tokens += [t for t in state["model"]["vocab"] if t not in tokens]
    state["model"] |= dict(
        vocab={t: i for i, t in enumerate(tokens)}, unk_token="<unk>", fuse_unk=True, byte_fallback=True
    )
    tokenizer = Tokenizer.from_str(json.dumps(state))
    tokenizer.add_special_tokens([special(t) for t in ["<unk>", *specials]])
    return tokenizer


def wordpiece(lowercase):
    trainer = trainers.WordPieceTrainer(
        vocab_size=500, limit_alphabet=200, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False
    )
    tokenizer = trained(
        models.WordPiece(unk_token="[UNK]"), trainer, N.BertNormalizer(lowercase=lowercase), P.BertPreTokenizer(), D.WordPiece()
    )
    tokenizer.post_processor = template(tokenizer, "[CLS] $A [SEP]")
    return tokenizer


def suffix_bpe(normalizer, pre, decoder, unk, alphabet=()):
    trainer = trainers.BpeTrainer(
        vocab_size=420, limit_alphabet=200, special_tokens=[unk], end_of_word_suffix="</w>", initial_alphabet=list(alphabet),
        show_progress=False,
    )  # fmt: skip
    return trained(models.BPE(unk_token=unk, end_of_word_suffix="</w>"), trainer, normalizer, pre, decoder)


CL100K = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
)
KIMI = "|".join([
    r"[\p{Han}]+",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+",
])  # fmt: skip
CLIP = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


def published():
    """name -> tokenizer"""
    out = {}
    out["gpt2"] = bytes_bpe(byte_level(True))
    out["gpt2"].post_processor = processors.ByteLevel(trim_offsets=False)
    out["roberta"] = bytes_bpe(P.ByteLevel(add_prefix_space=True), added=[special("<s>"), special("</s>"), special("[MASK]", lstrip=True)])
    out["roberta"].post_processor = processors.RobertaProcessing(
        ("</s>", out["roberta"].token_to_id("</s>")), ("<s>", out["roberta"].token_to_id("<s>"))
    )
    out["llama3"] = bytes_bpe(
        P.Sequence([split(reference.LLAMA3), byte_level()]), added=[special("<|begin_of_text|>")], ignore_merges=True
    )
    out["llama3"].post_processor = processors.Sequence(
        [processors.ByteLevel(trim_offsets=False), template(out["llama3"], "<|begin_of_text|> $A")]
    )
    out["qwen2"] = bytes_bpe(
        P.Sequence([split(reference.QWEN2), byte_level()]), N.NFC(), added=[AddedToken("<think>", normalized=False)]
    )
    out["gpt4o"] = bytes_bpe(P.Sequence([split(reference.GPT4O), byte_level()]))
    out["tekken"] = bytes_bpe(P.Sequence([split(reference.TEKKEN), byte_level()]), ignore_merges=True)
    out["cl100k"] = bytes_bpe(P.Sequence([split(CL100K), byte_level()]))
    out["kimi"] = bytes_bpe(P.Sequence([split(KIMI), byte_level()]))
    out["bloom"] = bytes_bpe(P.Sequence([split(reference.BLOOM), byte_level()]))
    out["starcoder"] = bytes_bpe(P.Sequence([P.Digits(True), byte_level(True)]), added=[AddedToken("  ", normalized=False)])
    stages = [split(r"\p{N}{1,3}"), split("[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"), split(reference.DEEPSEEK3)]
    out["deepseek3"] = bytes_bpe(P.Sequence([*stages, byte_level()]))
    out["phi"] = bytes_bpe(byte_level(True), added=[AddedToken(" " * n, normalized=False) for n in range(7, 1, -1)])
    spaces = D.Replace(MARK, " ")
    out["gemma"] = byte_fallback_bpe(
        N.Replace(" ", MARK), P.Split(" ", "merged_with_previous"), D.Sequence([spaces, D.ByteFallback(), D.Fuse()]), ["<s>", "</s>"]
    )
    out["gemma"].post_processor = template(out["gemma"], "<s> $A")
    strip = D.Sequence([spaces, D.ByteFallback(), D.Fuse(), D.Strip(" ", 1, 0)])
    out["llama2"] = byte_fallback_bpe(N.Sequence([N.Prepend(MARK), N.Replace(" ", MARK)]), None, strip, ["<s>", "</s>"])
    out["llama2"].post_processor = template(out["llama2"], "<s> $A")
    out["mistral"] = byte_fallback_bpe(None, P.Metaspace(prepend_scheme="first", split=False), strip, ["<s>", "</s>"])
    out["bert"], out["bert-cased"] = wordpiece(True), wordpiece(False)
    charsmap = N.Precompiled(spm_charsmap())
    out["xlm-r"] = unigram(
        N.Sequence([charsmap, N.Replace(R(" {2,}"), " ")]), P.Sequence([P.WhitespaceSplit(), P.Metaspace()])
    )
    out["xlm-r"].post_processor = template(out["xlm-r"], "<s> $A </s>")
    out["t5"] = unigram(charsmap, P.Sequence([P.WhitespaceSplit(), P.Metaspace()]))
    out["t5"].post_processor = template(out["t5"], "$A </s>")
    quotes = [N.Replace("``", '"'), N.Replace("''", '"')]
    out["albert"] = unigram(
        N.Sequence([*quotes, N.NFKD(), N.StripAccents(), N.Lowercase(), charsmap]), P.Metaspace(), ("<pad>", "<unk>", "[CLS]", "[SEP]")
    )
    out["albert"].post_processor = template(out["albert"], "[CLS] $A [SEP]")
    out["unigram-bytes"] = unigram(N.Nmt(), P.Metaspace(prepend_scheme="never"), bytes_too=True)
    out["clip"] = suffix_bpe(
        N.Sequence([N.NFC(), N.Replace(R(r"\s+"), " "), N.Lowercase()]),
        P.Sequence([split(CLIP, "removed", True), byte_level()]),
        D.ByteLevel(), "<|endoftext|>", P.ByteLevel.alphabet(),
    )  # fmt: skip
    out["openai-gpt"] = suffix_bpe(N.BertNormalizer(), P.BertPreTokenizer(), D.BPEDecoder(), "<unk>")
    words = trainers.WordLevelTrainer(vocab_size=400, special_tokens=["<unk>", "[CLS]"], show_progress=False)
    out["words"] = trained(models.WordLevel(unk_token="<unk>"), words, N.NFKC(), P.Whitespace(), None)
    out["ctc"] = trained(models.WordLevel(unk_token="<unk>"), words, None, split(".", "isolated"), D.CTC(pad_token="e"))
    return out


def probe_model():
    vocab = {f"<0x{b:02X}>": b for b in range(256)}
    return dict(type="BPE", vocab=vocab, merges=[], byte_fallback=True, continuing_subword_prefix="#", unk_token=None)


def probe(**parts):
    added = parts.pop("added", [])
    state = dict(version="1.0", added_tokens=[], normalizer=None, pre_tokenizer=None, post_processor=None, decoder=None)
    tokenizer = Tokenizer.from_str(json.dumps(state | {"model": probe_model()}))
    for name, part in parts.items():
        setattr(tokenizer, name, part)
    if added:
        tokenizer.add_tokens(added)
    return tokenizer


REGEXES = [
    r"\w+|[^\w\s]+", r"\b", r"\B", r"^", r"$", r"\Z", r"\A.", r".\z", r".", r"(?m:.)+", r"[^\n]+", r"\s*$", r"^\s+", r"a*", r"a*?b", r"a+?",
    r"(?:ab|a)(?:c|bcd)?", r"(?i:the|quick)", r"(?i)[a-f]+", r"(?i)[^a-f]+", r"(?i:\u03c3|k|\u00e5)", r"x(?=y)|y(?!x)", r"(?<=\d)(?=\D)", r"(?<!\s)\S",
    r"(?<=[a-z])(?=[A-Z])", r"\d{1,3}(?=(?:\d{3})*\b)", r"\p{L}{2,4}", r"\p{N}{1,3}+", r"\p{L}{2}?", r"a{,2}", r"[[:digit:]]+|[[:^space:]]", r"[\p{L}&&[^a-zA-Z]]+",
    r"[^\p{L}\p{M}]", r"\P{L}+", r"\p{^Lu}", r"[\w-]+", r"[]a]+", r"[a\]b]+", r"\x41|\x{4e2d}|\101", r"\h+", r"\p{Han}+|\p{Hiragana}+", r"\p{Letter}+|\p{Cyrillic}",
    r"(?>a+)b", r"\s++\S", r"(?:\s|\p{P})*+\w" if False else r"\s*+\w", r"[ \t]*+\n", r"(a|b)|(?<name>c)", r"(?#comment)a", r"x{a}|\{", r"(?:(?:a|ab)(?:c|bcd))(?:d*)", r"", r"(?!)",
    r"\p{Lu}\p{Ll}+|\p{Lu}+(?!\p{Ll})|\p{Ll}+", r"'(?:[sdmt]|ll|ve|re)|.", r"(?:[^\S\n]|\n(?!\n))+",
]  # fmt: skip


def probes():
    out = {}

    def put(name, **parts):
        out[name] = probe(**parts)

    for name in ["NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt", "ByteLevel"]:
        put("n-" + name.lower(), normalizer=getattr(N, name)())
    for left, right in [(True, True), (True, False), (False, True)]:
        put(f"n-strip-{left:d}{right:d}", normalizer=N.Strip(left=left, right=right))
    for bits in [0b1111, 0b1000, 0b0100, 0b0010, 0b0001, 0b0111]:
        flags = dict(clean_text=bool(bits & 8), handle_chinese_chars=bool(bits & 4), strip_accents=bool(bits & 2), lowercase=bool(bits & 1))
        put(f"n-bert-{bits:04b}", normalizer=N.BertNormalizer(**flags))
    put("n-bert-default", normalizer=N.BertNormalizer(lowercase=True, strip_accents=None))
    put("n-replace", normalizer=N.Sequence([N.Replace("a", "xyz"), N.Replace(R(r"\s+"), "_"), N.Replace(R("x*"), "-"), N.Prepend(">")]))
    put("n-precompiled", normalizer=N.Precompiled(spm_charsmap()))
    behaviors = ["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"]
    for b in behaviors:
        put(f"p-split-{b}", pre_tokenizer=P.Split(" ", b))
        put(f"p-split-{b}-invert", pre_tokenizer=P.Split(R(r"\w+|\s"), b, invert=True))
        put(f"p-punctuation-{b}", pre_tokenizer=P.Punctuation(b))
    for name in ["Whitespace", "WhitespaceSplit", "BertPreTokenizer", "UnicodeScripts"]:
        put("p-" + name.lower(), pre_tokenizer=getattr(P, name)())
    put("p-digits", pre_tokenizer=P.Digits(False))
    put("p-digits-each", pre_tokenizer=P.Digits(True))
    put("p-delimiter", pre_tokenizer=P.CharDelimiterSplit("e"))
    put("p-fixed", pre_tokenizer=P.FixedLength(length=3))
    for scheme in ["always", "first", "never"]:
        for cut in [True, False]:
            put(f"p-metaspace-{scheme}-{cut:d}", pre_tokenizer=P.Metaspace(prepend_scheme=scheme, split=cut), added=[special("<s>")])
    put("p-metaspace-digits", pre_tokenizer=P.Sequence([P.Digits(True), P.Metaspace(prepend_scheme="first")]))
    put("p-bytes-led", pre_tokenizer=P.ByteLevel(add_prefix_space=True, use_regex=True))
    for i, regex in enumerate(REGEXES):
        put(f"r-{i:02d}", pre_tokenizer=split(regex))
    put("a-flags", normalizer=N.Lowercase(), pre_tokenizer=P.WhitespaceSplit(), added=[
        AddedToken("think", single_word=True, normalized=False), AddedToken("World", normalized=True), AddedToken("<think>", lstrip=True, normalized=False),
        AddedToken("</s>", rstrip=True, normalized=False, special=True), special("<s>", lstrip=True, rstrip=True), special("[CLS]", normalized=True),
        AddedToken("He", single_word=True, normalized=True), AddedToken("  ", normalized=False), AddedToken("\u00e9", normalized=False)])  # fmt: skip
    put("a-prepend", normalizer=N.Sequence([N.Prepend(MARK), N.Replace(" ", MARK)]), added=[special("<s>", normalized=True), AddedToken("Hello", normalized=True)])
    cls = [special("[CLS]"), special("[SEP]")]
    put("t-bert", added=cls, post_processor=processors.BertProcessing(("[SEP]", 257), ("[CLS]", 256)))
    both = processors.TemplateProcessing(single="[SEP] [SEP] $A [CLS] [SEP]", special_tokens=[("[CLS]", 256), ("[SEP]", 257)])
    put("t-several", added=cls, post_processor=processors.Sequence([processors.ByteLevel(), both]))
    return out


def legacy_merges(tokenizer):
    """The same file as older versions wrote it: a merge is one text."""
    state = json.loads(tokenizer.to_str())
    state["model"]["merges"] = [" ".join(m) for m in state["model"]["merges"]]
    return json.dumps(state, ensure_ascii=False)


def without_control(tokenizer):
    """The same tokenizer, in whose texts nothing spells a control token: what untrusted text is read with.

    encode_special_tokens alone is not enough: Unigram and WordLevel take such texts for ordinary pieces.
    """
    state = json.loads(tokenizer.to_str())
    hidden = {t["content"] for t in state["added_tokens"] if t["special"]}
    state["added_tokens"] = [t for t in state["added_tokens"] if not t["special"]]
    model = state["model"]
    hide = lambda t: "\U0010fffd" + t if t in hidden else t  # noqa: E731
    if model["type"] == "Unigram":
        model["vocab"] = [[hide(t), score] for t, score in model["vocab"]]
    elif model["type"] == "WordLevel":
        model["vocab"] = {hide(t): i for t, i in model["vocab"].items()}
        model["unk_token"] = hide(model["unk_token"])
    else:
        return None
    state["post_processor"] = None
    return Tokenizer.from_str(json.dumps(state))
