#!/usr/bin/env python3
"""Makes tiny-bpe.gguf, tiny-spm.gguf and the vectors: text -> ids by Hugging Face tokenizers and SentencePiece.

    pip install tokenizers==0.23.3 gguf==0.19.0 sentencepiece==0.2.3 transformers==5.23.0
    python3 make.py [SmolLM2-135M-Instruct.Q4_1.gguf]

Without an argument smollm2.jsonl is left as it is. tiny-bpe is trained on whole lines, without any pre-tokenizer, so that
its merges run across every place where some rule cuts: one vocabulary then tells all the rules apart. Each NAME.jsonl
starts with a line about itself; the others are {"text" or "hex", "special", "ids"}.
"""

import datetime
import json
import os
import sys
import tempfile

import gguf
import sentencepiece
import texts
import tokenizers
from reference import BYTE, CONTROL, NORMAL, RULES, USER_DEFINED, check_against_transformers, reference
from sentencepiece import sentencepiece_model_pb2 as spm_proto
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

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


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def make_vectors(name, path, vocabulary_name, pre, n_generated):
    oracle, vocabulary = reference(path, pre)
    specials = list(vocabulary.control()) + list(vocabulary.user_defined())
    cases = [(t.encode(), True) for t in texts.TRICKY]
    cases += [(t.encode(), False) for t in texts.TRICKY if "<" in t]
    cases += [(d, i % 2 == 0) for i, d in enumerate(texts.generated(3, n_generated, specials, [])) if len(d) < 300]
    about = {
        "vocabulary": vocabulary_name,
        "pre": pre if pre is not None else vocabulary.pre,
        "made_by": f"make.py: tokenizers {tokenizers.__version__}, sentencepiece {sentencepiece.__version__}",
        "date": datetime.date.today().isoformat(),
    }
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
    same = {"", "default", "olmo", "starcoder", "refact"}  # rows equal to another
    for pre in RULES:
        if pre not in same:
            make_vectors("bpe-" + pre, bpe, "tiny-bpe.gguf", pre, 60)
    make_vectors("spm", spm, "tiny-spm.gguf", None, 120)
    if len(sys.argv) > 1:
        make_vectors("smollm2", sys.argv[1], "SmolLM2", None, 200)


main()
