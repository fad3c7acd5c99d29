#!/usr/bin/env python3
"""Masks of constrained answers: libinfer beside xgrammar and llguidance, in one run, on one thread.

masks.py SCHEMA_LINES VOCABULARY [--generated N] [--published N] [--results FILE]
with the python of `packaging/python.sh masks`. The same vocabulary (the tokens' bytes as our tokenizer has them), the
same schemas and documents (tests/conformance/schema/documents.py), the same tokens. Before each token of each document
its mask is made; counted are the documents that all engines that take the schema accept. Times are the processor's: of
this process for the peers, with what a call from Python costs; of our program for ours. "first": compiling and the
first mask. `./dev bench masks` runs it.
"""
import argparse
import json
import os
import pathlib
import statistics
import sys
import time
import types

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "conformance" / "schema"))
import documents  # noqa: E402


def stand_in_for_torch():
    """What xgrammar imports of torch and transformers, and does not use here: its masks go into numpy arrays."""
    import tvm_ffi  # noqa: F401  does without torch, but not with this one
    torch, transformers = types.ModuleType("torch"), types.ModuleType("transformers")
    torch.int32, torch.Tensor, torch.tensor = "int32", type("Tensor", (), {}), lambda *a, **k: None
    for name in ("PreTrainedTokenizerBase", "PreTrainedTokenizerFast", "LogitsProcessor"):
        setattr(transformers, name, type(name, (), {}))
    torch.LongTensor = torch.FloatTensor = torch.Tensor
    sys.modules.update(torch=torch, transformers=transformers)


def now():
    return time.process_time_ns() / 1000


class XGrammar:
    name = "xgrammar"

    def __init__(self, tokens, ends):
        stand_in_for_torch()
        import numpy
        import xgrammar
        self.x = xgrammar
        self.info = xgrammar.TokenizerInfo(tokens, vocab_type=xgrammar.VocabType.RAW, stop_token_ids=ends)
        self.mask = numpy.zeros((1, (len(tokens) + 31) // 32), dtype=numpy.int32)

    def compile(self, schema):
        compiler = self.x.GrammarCompiler(self.info, max_threads=1, cache_enabled=False)
        return compiler.compile_json_schema(schema, any_whitespace=False, separators=(", ", ": "), strict_mode=False)

    def begin(self, compiled):
        self.matcher = self.x.GrammarMatcher(compiled)

    def fill(self):
        self.matcher.fill_next_token_bitmask(self.mask)

    def accept(self, token):
        return self.matcher.accept_token(token)


class LLGuidance:
    name = "llguidance"

    def __init__(self, tokens, ends):
        import llguidance
        import llguidance.numpy
        import numpy
        self.l = llguidance

        id_of = {t: i for i, t in enumerate(tokens)}

        class Tokenizer:
            eos_token_id, bos_token_id = ends[0], None

            def __init__(self):
                self.tokens = tokens
                self.special_token_ids = [i for i, t in enumerate(tokens) if not t]

            def __call__(self, text):  # for what is forced, which is not timed: the longest token at each place
                out, text = [], text.encode() if isinstance(text, str) else text
                while text:
                    n = next((n for n in range(min(len(text), 32), 0, -1) if text[:n] in id_of), 1)
                    out.append(id_of.get(text[:n], 0))
                    text = text[n:]
                return out

        self.tokenizer = llguidance.LLTokenizer(llguidance.TokenizerWrapper(Tokenizer()),
                                                slices=llguidance.LLTokenizer.json_slices())
        self.mask = numpy.zeros((len(tokens) + 31) // 32, dtype=numpy.int32)
        self.at = (self.mask.ctypes.data, self.mask.nbytes)

    def compile(self, schema):
        options = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
        grammar = self.l.LLMatcher.grammar_from_json_schema(schema, overrides=options)
        matcher = self.l.LLMatcher(self.tokenizer, grammar, log_level=0)
        if matcher.is_error():
            raise ValueError(matcher.get_error())
        return matcher

    def begin(self, compiled):
        self.matcher = compiled.deep_copy()

    def fill(self):
        self.matcher.unsafe_compute_mask_ptr(*self.at)

    def accept(self, token):
        return self.matcher.consume_token(token)


def walk(engine, schema, every):
    """{"first_us": t, "documents": [[t of each mask], or None: not accepted]}, or why not."""
    started = now()
    try:
        compiled = engine.compile(schema)
        engine.begin(compiled)
        engine.fill()
    except Exception as e:  # each has its own
        return {"refused": str(e)[:200]}
    out = {"first_us": now() - started, "documents": []}
    for ids in every:
        engine.begin(compiled)
        times = []
        for token in ids:
            t = now()
            engine.fill()
            times.append(now() - t)
            if not engine.accept(token):
                times = None
                break
        out["documents"].append(times)
    return out


def quantiles(values):
    values = sorted(values)
    at = lambda q: values[min(len(values) - 1, int(q * len(values)))]  # noqa: E731
    return {"p50": at(0.5), "p99": at(0.99), "mean": statistics.fmean(values), "max": values[-1]}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("schema_lines")
    p.add_argument("vocabulary")
    p.add_argument("--generated", type=int, default=200)
    p.add_argument("--published", type=int, default=10**6)
    p.add_argument("--results", type=pathlib.Path)
    o = p.parse_args()
    ours = documents.Lines(o.schema_lines, o.vocabulary)
    vocabulary = ours.ask({"vocabulary": True})
    tokens = [bytes.fromhex(t) for t in vocabulary["tokens"]]
    engines = [e(tokens, vocabulary["ends"]) for e in (XGrammar, LLGuidance)]
    names = ["libinfer"] + [e.name for e in engines]
    masks = {n: [] for n in names}
    first = {n: [] for n in names}
    refused = {n: 0 for n in names}
    n_schemas = n_documents = 0
    for i, (name, schema) in enumerate([*documents.generated(o.generated), *documents.published()][: o.generated + o.published]):
        text = documents.dumps(schema)
        if "refused" in ours.ask({"schema": text, "documents": []}):
            refused["libinfer"] += 1
            continue
        valid, _ = documents.documents(schema, i, 3)
        answer = ours.ask({"schema": text, "documents": valid})
        every = [d["tokens"] for d in answer["documents"] if d["accepted"]]
        own = {"first_us": answer["compile_us"] + answer["first_us"],
               "documents": [d["mask_us"] for d in answer["documents"] if d["accepted"]]}
        results = {"libinfer": own, **{e.name: walk(e, text, every) for e in engines}}
        for n in names:
            refused[n] += "refused" in results[n]
        taken = [n for n in names if "refused" not in results[n]]
        if len(taken) < len(names):
            continue  # the same schemas for all
        n_schemas += 1
        for n in names:
            first[n].append(results[n]["first_us"])
        for d in range(len(every)):
            if all(results[n]["documents"][d] is not None for n in names):
                n_documents += 1
                for n in names:
                    masks[n] += results[n]["documents"][d]
        if n_schemas % 20 == 0:
            print(f"... {n_schemas} schemas", file=sys.stderr)
    print(f"{n_schemas} schemas that all take, {n_documents} documents, {len(masks['libinfer'])} masks of {len(tokens)} tokens; times in microseconds")
    lines = []
    for n in names:
        m, f = quantiles(masks[n]), quantiles(first[n])
        line = {"engine": n, "refused": refused[n], **{f"mask_{k}_us": round(v, 1) for k, v in m.items()},
                **{f"first_{k}_us": round(v, 1) for k, v in f.items()}}
        lines.append(line)
        print(f"  {n:10} mask p50 {m['p50']:8.1f}  p99 {m['p99']:8.1f}  mean {m['mean']:7.1f}  max {m['max']:9.1f} | first p50 {f['p50']:9.1f}  p99 {f['p99']:10.1f}  max {f['max']:10.1f} | refused {refused[n]}")
    if o.results:
        head = {"what": "masks", "machine": os.uname().machine, "date": time.strftime("%Y-%m-%d"), "schemas": n_schemas, "documents": n_documents, "tokens": len(tokens)}
        o.results.write_text("".join(json.dumps({**head, **line}) + "\n" for line in lines))


if __name__ == "__main__":
    main()
