#!/usr/bin/env python3
"""table.py: what becomes a row, and which lines it refuses."""
import json, os, subprocess, sys, tempfile, unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import table

RUN = {"kind": "run", "date": "2026-11-23", "cpu": "Some <CPU>", "threads": 2, "commit": "abc", "peer": True}
MACHINE = {"kind": "machine", "read_bytes_per_s": 2e10, "int8_ops_per_s": 4e11, "isa": "avx2"}
DECODE = {"kind": "decode", "name": "1b-q4_k_m", "kv": "f16", "tokens": 64, "batch": 1, "depth": 0, "tokens_per_s": 21.5, "fraction_of_limit": 0.8,
          "limited_by": "memory", "peer_tokens_per_s": 10.0, "ratio": 2.1, "ratio_q1": 2.0, "ratio_q3": 2.3, "pairs": 5}
START = {"kind": "start", "name": "1b-q4_k_m", "ms": 100.0, "peer_ms": 1000.0, "ratio": 0.1, "ratio_q1": 0.09, "ratio_q3": 0.11, "pairs": 5}
ALONE = {"kind": "alone", "name": "1b-q4_k_m", "peak_bytes": 2**20, "peer_peak_bytes": 2**21}


class Table(unittest.TestCase):
    def rows(self, *lines):
        return [l for l in table.markdown([RUN, MACHINE, *lines]).splitlines() if l.startswith("| 1B")]

    def test_a_measurement_is_a_row_with_both_figures_and_the_ratio(self):
        self.assertEqual(self.rows(DECODE), ["| 1B (Llama 3.2's shape) Q4_K_M | decode | 21.5 tokens/s | 80 % (memory) | 10.0 | **2.10** (2.00 .. 2.30, 5 pairs) |"])

    def test_batch_depth_and_kv_are_in_the_name(self):
        row = self.rows(dict(DECODE, batch=4, depth=8192, kv="q8_0"))[0]
        self.assertIn("| 4 requests decoding together, 8192 tokens of context, q8_0 KV |", row)

    def test_steps_of_several_commits_are_said(self):
        text = table.markdown([RUN, MACHINE, {"kind": "step", "step": "a", "commit": "abc"}, DECODE, {"kind": "step", "step": "b", "commit": "def"}])
        self.assertIn(", commit abc, def: reads", text)

    def test_the_faster_form_is_named(self):
        self.assertIn("| decode, one term |", self.rows(dict(DECODE, terms=1))[0])
        self.assertIn("| decode |", self.rows(dict(DECODE, terms=2, onednn=False))[0])
        self.assertIn("| decode, oneDNN |", self.rows(dict(DECODE, onednn=True))[0])

    def test_a_step_of_several_is_held_against_a_step_of_one(self):
        self.assertIn("; a step costs 1.09 of one request's |", self.rows(DECODE, dict(DECODE, batch=4, tokens_per_s=79.0))[1])

    def test_noise_is_said(self):
        self.assertIn("5 pairs, noisy)", self.rows(dict(DECODE, noisy=True))[0])

    def test_without_a_peer_the_cells_are_empty(self):
        self.assertTrue(self.rows({k: v for k, v in DECODE.items() if "ratio" not in k and "peer" not in k})[0].endswith("(memory) |  |  |"))

    def test_start_memory_sizes_and_kernels_are_there(self):
        text = table.markdown([RUN, MACHINE, DECODE, START, ALONE, {"kind": "size", "file": "libinfer.so", "stripped_bytes": 4.5e6},
                               {"kind": "matmul_kernel", "isa": "avx2", "type": "q4_1", "rows": 1, "gb_per_s": 9.5, "gop_per_s": 30.1}])
        for part in ["| process start to first token | 100 ms |", "| peak memory | 1 MiB |  | 2 MiB | **0.50** |", "libinfer.so 4.50 MB", "| q4_1 | 9.5 GB/s, 30 GOP/s |"]:
            self.assertIn(part, text)

    def test_what_cannot_be_is_refused(self):
        broken = [dict(DECODE, fraction_of_limit=1.03), dict(DECODE, tokens_per_s=0), dict(DECODE, tokens_per_s=float("nan")), dict(DECODE, ratio_q1=3),
                  dict(DECODE, tokens="many"), {k: v for k, v in DECODE.items() if k != "peer_tokens_per_s"}]
        for line in broken:
            with self.assertRaises(SystemExit, msg=line):
                self.rows(line)
        for lines in [[MACHINE, DECODE], [RUN, DECODE], [RUN, MACHINE]]:
            with self.assertRaises(SystemExit):
                table.markdown(lines)

    def test_of_a_step_that_two_files_have_the_first_counts(self):
        step = lambda name, value: [{"kind": "step", "step": name}, {"kind": "decode", "value": value}]
        head, seen = [{"kind": "run"}], set()
        self.assertEqual(table.unseen(head + step("a", 1), seen), head + step("a", 1))
        self.assertEqual(table.unseen(head + step("a", 2) + step("b", 3), seen), head + step("b", 3))

    def test_the_readme_keeps_what_is_outside_the_marks(self):
        with tempfile.TemporaryDirectory() as folder:
            raw, readme = os.path.join(folder, "lines.jsonl"), os.path.join(folder, "README.md")
            with open(raw, "w") as out:
                out.writelines(json.dumps(l) + "\n" for l in [RUN, MACHINE, DECODE])
            with open(readme, "w") as out:
                out.write(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n")
            for _ in range(2):
                subprocess.run([sys.executable, os.path.join(HERE, "table.py"), raw, "--readme", readme], check=True)
                text = open(readme).read()
                self.assertTrue(text.startswith("before\n" + table.BEGIN + "\nSome <CPU>"))
                self.assertTrue(text.endswith(table.END + "\nafter\n"))
                self.assertNotIn("old", text)
            both = subprocess.run([sys.executable, os.path.join(HERE, "table.py"), raw, raw], check=True, stdout=subprocess.PIPE, text=True).stdout
            self.assertEqual(both, table.markdown([RUN, MACHINE, DECODE]) + "\n\n" + table.markdown([RUN, MACHINE, DECODE]) + "\n")
            open(readme, "w").write("no marks")
            self.assertNotEqual(subprocess.run([sys.executable, os.path.join(HERE, "table.py"), raw, "--readme", readme], stderr=subprocess.DEVNULL).returncode, 0)
            self.assertEqual(open(readme).read(), "no marks")


if __name__ == "__main__":
    unittest.main()
