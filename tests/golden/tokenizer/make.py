#!/usr/bin/env python3
"""Makes the tiny-*.gguf and the vectors: text -> ids by Hugging Face tokenizers and SentencePiece (reference.py).

    pip install tokenizers==0.23.3 gguf==0.19.0 sentencepiece==0.2.3 transformers==5.23.0
    python3 make.py [SmolLM2-135M-Instruct.Q4_1.gguf]

Without an argument smollm2.jsonl is left as it is. tiny-bpe is trained on whole lines, without any pre-tokenizer, so that
its merges run across every place where some rule cuts: one vocabulary then tells all the rules apart. Each NAME.jsonl
starts with a line about itself ("also": other names of tokenizer.ggml.pre with the same answers); the others are {"text" or "hex", "special", "ids"}.
"""

import datetime
import json
import os
import random
import sys
import tempfile

import gguf
import sentencepiece
import texts
import tokenizers
from reference import ALSO, BYTE, CONTROL, NORMAL, RULES, UNUSED, USER_DEFINED, check_against_transformers, reference
from sentencepiece import sentencepiece_model_pb2 as spm_proto
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

HERE = os.path.dirname(os.path.abspath(__file__))
CONTROLS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
WHOLE = ["Hello", "\u0120world", "token", "?!."]  # no merges make these: only some rules take whole words first
USER = ["<think>", "</think>", "<tool_call>"]


def corpus(seed):
    lines = [line.decode() for line in texts.generated(seed, 6000, [], []) if valid(line)]
    return texts.TRICKY * 3 + lines


def valid(data):
    try:
        return bool(data.decode())
    except UnicodeDecodeError:
        return False


def make_bpe(path):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    # Without spaces for the trainer to hang on to, the longest of its tokens would be whole lines.
    trainer = trainers.BpeTrainer(
        vocab_size=1000, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), max_token_length=9, show_progress=False
    )
    tokenizer.train_from_iterator(corpus(1), trainer)
    model = json.loads(tokenizer.to_str())["model"]
    tokens = [t for t, _ in sorted(model["vocab"].items(), key=lambda item: item[1])]
    tokens += [t for t in WHOLE if t not in tokens]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens + CONTROLS + USER)
    writer.add_token_types([NORMAL] * len(tokens) + [CONTROL] * len(CONTROLS) + [USER_DEFINED] * len(USER))
    writer.add_token_merges([" ".join(m) if isinstance(m, list) else m for m in model["merges"]])
    writer.add_bos_token_id(len(tokens) + 1)
    writer.add_eos_token_id(len(tokens) + 2)
    finish(writer)


def make_spm(path):
    known = set(map(chr, range(32, 127))) | set("".join(texts.OTHER))  # few characters: the others go by bytes
    with tempfile.TemporaryDirectory() as folder:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(line for line in corpus(2) if known >= set(line)),
            model_prefix=os.path.join(folder, "m"),
            model_type="bpe",
            vocab_size=1000,
            byte_fallback=True,
            character_coverage=0.99,
            normalization_rule_name="identity",
            remove_extra_whitespaces=False,
            allow_whitespace_only_pieces=True,
            split_digits=True,
            user_defined_symbols=["<think>", "</think>"],
            minloglevel=2,
        )
        proto = spm_proto.ModelProto()
        proto.ParseFromString(open(os.path.join(folder, "m.model"), "rb").read())
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([p.piece for p in proto.pieces])
    writer.add_token_scores([p.score for p in proto.pieces])
    writer.add_token_types([p.type for p in proto.pieces])
    assert [p.piece for p in proto.pieces[:3]] == ["<unk>", "<s>", "</s>"] and BYTE in [p.type for p in proto.pieces]
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_space_prefix(True)
    finish(writer)


# Rules of many shapes: one character for one, for several, for none, for a space; several for one; one that goes on where
# another ends.
CHARSMAP = {chr(0xFF01 + i): chr(0x21 + i) for i in range(94)} | {
    "\ufb01": "fi", "\ufb03": "ffi", "\u00bd": "1/2", "\u3000": " ", "\u2003": " ", "\u00a0": " ", "\t": " ", "\n": " ", "\r": " ",
    "\u0085": " ", "\u2028": " ", "\u200b": "", "\ufeff": "", "\x01": "", "\x7f": "", "e\u0301": "\u00e9", "e\u0301\u0327": "\u0229\u0301",
    "\u1100\u1161": "\uac00", "\u1100\u1161\u11a8": "\uac01", "q\u0301q\u0301": "qq", "\u2126": "\u03a9", "\u2026": "...",
    "\ufdfa": "\u0635\u0644\u0649 \u0627\u0644\u0644\u0647 \u0639\u0644\u064a\u0647 \u0648\u0633\u0644\u0645",
}  # fmt: skip


def make_unigram(path, byte_fallback):
    """Without byte tokens unknown characters are <unk>, and spaces are squeezed; with them neither."""
    known = set(map(chr, range(32, 127))) | set("".join(texts.OTHER))
    with tempfile.TemporaryDirectory() as folder:
        rules = os.path.join(folder, "rules.tsv")
        with open(rules, "w") as out:
            for source, target in CHARSMAP.items():
                print(*(" ".join(f"{ord(c):X}" for c in text) for text in (source, target)), sep="\t", file=out)
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(line for line in corpus(4) if known >= set(line)),
            model_prefix=os.path.join(folder, "m"),
            model_type="unigram",
            vocab_size=1000,
            hard_vocab_limit=False,
            byte_fallback=byte_fallback,
            character_coverage=0.99,
            normalization_rule_tsv=rules,
            remove_extra_whitespaces=not byte_fallback,
            allow_whitespace_only_pieces=byte_fallback,
            pad_id=0, eos_id=1, unk_id=2, bos_id=-1,
            user_defined_symbols=["<think>", "</think>"],
            minloglevel=2,
        )  # fmt: skip
        proto = spm_proto.ModelProto()
        proto.ParseFromString(open(os.path.join(folder, "m.model"), "rb").read())
    writer = gguf.GGUFWriter(path, "t5")
    writer.add_tokenizer_model("t5")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([p.piece for p in proto.pieces])
    writer.add_token_scores([p.score for p in proto.pieces])
    writer.add_token_types([p.type for p in proto.pieces])
    writer.add_add_space_prefix(True)
    writer.add_remove_extra_whitespaces(proto.normalizer_spec.remove_extra_whitespaces)
    writer.add_precompiled_charsmap(proto.normalizer_spec.precompiled_charsmap)
    writer.add_pad_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_unk_token_id(2)
    finish(writer)


def make_bert(path):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(strip_accents=False, lowercase=False)  # both cases are in it
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(
        vocab_size=1500, limit_alphabet=400, special_tokens=specials, continuing_subword_prefix="##", show_progress=False
    )
    lines = corpus(5)
    tokenizer.train_from_iterator(lines + [normalizers.BertNormalizer().normalize_str(line) for line in lines], trainer)
    tokens = [t for t, _ in sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])]
    writer = gguf.GGUFWriter(path, "bert")
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("bert-bge")
    writer.add_token_list([t if t in specials else t[2:] if t.startswith("##") else "\u2581" + t for t in tokens])
    writer.add_token_types([CONTROL if t in specials else NORMAL for t in tokens])
    for id, name in enumerate(["padding", "unknown", "cls", "seperator", "mask"]):
        assert tokens[id] == specials[id]
        writer.add_uint32(f"tokenizer.ggml.{name}_token_id", id)
    finish(writer)


def make_gemma(path):
    """Merges across spaces, as with tiny-bpe; the vocabularies of published models have none and go word by word."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Replace(" ", "\u2581")
    trainer = trainers.BpeTrainer(vocab_size=1000, limit_alphabet=200, max_token_length=9, show_progress=False)
    tokenizer.train_from_iterator(corpus(6), trainer)
    model = json.loads(tokenizer.to_str())["model"]
    tokens = [t for t, _ in sorted(model["vocab"].items(), key=lambda item: item[1])]
    specials, byte_tokens = ["<pad>", "<eos>", "<bos>", "<unk>"], [f"<0x{b:02X}>" for b in range(256)]
    writer = gguf.GGUFWriter(path, "gemma4")
    writer.add_tokenizer_model("gemma4")
    writer.add_token_list(specials + byte_tokens + tokens + USER)
    writer.add_token_types([CONTROL] * 4 + [BYTE] * 256 + [NORMAL] * len(tokens) + [USER_DEFINED] * len(USER))
    writer.add_token_merges([" ".join(m) if isinstance(m, list) else m for m in model["merges"]])
    writer.add_pad_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_bos_token_id(2)
    writer.add_unk_token_id(3)
    writer.add_add_space_prefix(False)
    finish(writer)


def make_rwkv(path):
    """Every byte, and pieces of the texts' bytes that begin and end anywhere, characters cut through."""
    r = random.Random(7)
    tokens = {bytes([b]): None for b in range(256)}
    data = "".join(corpus(7)).encode()
    while len(tokens) < 1400:
        at, n = r.randrange(len(data)), r.choice([2, 2, 2, 3, 3, 4, 6, 9, 20])
        for end in range(at + 2, at + n + 1):
            tokens[data[at:end]] = None
    written = [repr(t)[2:-1] for t in tokens]
    writer = gguf.GGUFWriter(path, "rwkv7")
    writer.add_tokenizer_model("rwkv")
    writer.add_token_list(["<s>"] + written + ["[PAD]"])
    writer.add_token_types([CONTROL] + [NORMAL] * len(written) + [UNUSED])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    finish(writer)


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def make_vectors(name, path, vocabulary_name, pre, n_generated, **changes):
    oracle, vocabulary = reference(path, pre, **changes)
    specials = list(vocabulary.control()) + list(vocabulary.user_defined())
    cases = [(t.encode(), True) for t in texts.TRICKY + texts.CHAINS]
    cases += [(t.encode(), False) for t in texts.TRICKY if "<" in t]
    cases += [(d, i % 2 == 0) for i, d in enumerate(texts.generated(3, n_generated, specials, [])) if len(d) < 300]
    about = {
        "vocabulary": vocabulary_name,
        "pre": pre if pre is not None else vocabulary.pre,
        "also": ALSO.get(pre, ["granite-embed-multi-311m", "sarvam-moe"] if vocabulary.model == "gemma4" else []),
        "made_by": f"make.py: tokenizers {tokenizers.__version__}, sentencepiece {sentencepiece.__version__}",
        "date": datetime.date.today().isoformat(),
    } | changes
    with open(os.path.join(HERE, name + ".jsonl"), "w") as out:
        print(json.dumps(about), file=out)
        for data, special in cases:
            case = {"text": data.decode()} if valid(data) or not data else {"hex": data.hex()}
            case |= {"special": special, "ids": oracle.encode(data.decode("utf-8", "replace"), special)}
            print(json.dumps(case, separators=(",", ":")), file=out)


def main():
    check_against_transformers()
    bpe, spm = os.path.join(HERE, "tiny-bpe.gguf"), os.path.join(HERE, "tiny-spm.gguf")
    make_bpe(bpe)
    make_spm(spm)
    for pre in RULES:
        make_vectors("bpe-" + pre, bpe, "tiny-bpe.gguf", pre, 60)
    make_vectors("spm", spm, "tiny-spm.gguf", None, 120)
    for name, make in [
        ("unigram", lambda path: make_unigram(path, False)),
        ("unigram-bytes", lambda path: make_unigram(path, True)),
        ("bert", make_bert),
        ("gemma", make_gemma),
        ("rwkv", make_rwkv),
    ]:
        path = os.path.join(HERE, f"tiny-{name}.gguf")
        make(path)
        make_vectors(name, path, os.path.basename(path), None, 120)
    make_vectors("bert-cased", os.path.join(HERE, "tiny-bert.gguf"), "tiny-bert.gguf", None, 60, lowercase=False, strip_accents=False)
    if len(sys.argv) > 1:
        make_vectors("smollm2", sys.argv[1], "SmolLM2", None, 200)


main()
