package org.libinfer.test;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.libinfer.Completion;
import org.libinfer.FinishReason;
import org.libinfer.InferException;
import org.libinfer.InferRuntime;
import org.libinfer.LLM;
import org.libinfer.Message;
import org.libinfer.Model;
import org.libinfer.ModelOptions;
import org.libinfer.Request;

/** The same ids, texts and errors as in every other language: tests/golden, made by independent implementations. */
class GoldenTest {
  @Test
  void tinyModelsAnswerWithTheIdsOfTransformers() throws IOException {
    List<String> models = Golden.tinyModels();
    assertTrue(models.size() >= 15);
    for (String name : models) {
      Golden golden = new Golden("tiny/" + name + ".golden");
      int[] prompt = Arrays.copyOf(golden.ints("tokens"), Integer.parseInt(golden.text("prompt")));
      int[] expected = golden.ints("greedy");
      try (LLM llm = Golden.reference(Golden.FOLDER.resolve("tiny/" + name + ".gguf"), 256);
          Request request = llm.engine().submit(prompt, Golden.exactly(expected.length))) {
        Completion answer = request.complete();
        assertArrayEquals(expected, answer.tokens(), name);
        assertEquals(FinishReason.LENGTH, answer.finish());
        assertEquals(expected.length, answer.usage().generatedTokens());
        assertEquals(prompt.length, answer.usage().promptTokens());
        int[] all = Arrays.copyOf(prompt, prompt.length + expected.length);
        System.arraycopy(expected, 0, all, prompt.length, expected.length);
        assertArrayEquals(all, request.tokens());
      }
    }
  }

  @Test
  void logitsAreThoseOfTransformers() {
    Golden golden = new Golden("tiny/llama.golden");
    int[] tokens = golden.ints("tokens");
    try (LLM llm = Golden.reference(Golden.FOLDER.resolve("tiny/llama.gguf"), 256)) {
      float[][] rows = llm.engine().logits(tokens, 0);
      double wrong = 0;
      double all = 0;
      for (int i = 0; i < rows.length; ++i) {
        for (int j = 0; j < rows[i].length; ++j) {
          double expected = golden.data()[i * rows[i].length + j];
          wrong += Math.pow(rows[i][j] - expected, 2);
          all += expected * expected;
        }
      }
      assertEquals(tokens.length, rows.length);
      assertTrue(wrong / all < 1e-6, () -> "the rows differ");
    }
  }

  @Test
  void chatsAreRenderedAndAnsweredAsByTransformers() {
    try (LLM llm = Golden.reference(Golden.smollm2(), 128)) {
      for (int n = 0; n < 3; ++n) {
        Golden golden = new Golden("smollm2/greedy_" + n + ".golden");
        String quoted = golden.text("rendered");
        String rendered = Golden.unescaped(quoted.substring(1, quoted.length() - 1));
        assertEquals(rendered, llm.model().render(List.of(Message.user(golden.text("user")))));
        assertArrayEquals(golden.ints("prompt"), llm.model().encode(rendered, false, true));
      }
      Golden golden = new Golden("smollm2/greedy_0.golden");
      int[] expected = golden.ints("greedy");
      Completion answer =
          llm.chat(List.of(Message.user(golden.text("user"))), Golden.greedy(expected.length));
      assertEquals("The capital of France is Paris.", answer.text());
      assertArrayEquals(expected, answer.tokens());
      assertEquals(FinishReason.STOP, answer.finish());
      assertEquals(golden.ints("prompt").length, answer.usage().promptTokens());
    }
  }

  @Test
  void textBecomesTheIdsOfOtherTokenizers() {
    int astral = 0;
    for (String vocabulary : List.of("spm", "unigram-bytes", "gemma")) {
      Path file = Golden.FOLDER.resolve("tokenizer/tiny-" + vocabulary + ".gguf");
      try (InferRuntime runtime = InferRuntime.create();
          Model model = runtime.open(file, ModelOptions.builder().modelPartial(true).build())) {
        List<Golden.Tokens> cases = Golden.tokenizer(vocabulary + ".jsonl");
        assertTrue(cases.size() > 100, vocabulary);
        for (Golden.Tokens c : cases) {
          if (unpaired(c.text)) continue;
          assertArrayEquals(c.ids, model.encode(c.text, false, c.trusted), () -> vocabulary + ": " + c.text);
          if (c.text.codePoints().anyMatch(p -> p > 0xffff)) ++astral;
        }
      }
    }
    assertTrue(astral > 20, "emoji were among them");
  }

  private static boolean unpaired(String text) {
    return text.codePoints().anyMatch(p -> p >= 0xd800 && p < 0xe000);
  }

  @Test
  void malformedFilesAreRefusedByTheirClassWithTheirHint() {
    String refusals = String.join("\n", Golden.lines(Golden.ROOT.resolve("lib/formats/refusals.def")));
    int seen = 0;
    try (InferRuntime runtime = InferRuntime.create()) {
      for (String line : Golden.lines(Golden.FOLDER.resolve("errors/index.txt"))) {
        if (line.startsWith("#") || line.isBlank()) continue;
        String[] cells = line.split(" "); // file, status, row of refusals.def
        Path file = Golden.FOLDER.resolve("errors").resolve(cells[0]);
        InferException e = Expect.failure(InferException.class, () -> runtime.open(file).close());
        assertEquals(classOf(cells[1]), e.getClass(), line + ": " + e);
        assertEquals(hint(refusals, cells[2]), e.hint(), line);
        ++seen;
      }
    }
    assertTrue(seen >= 30);
  }

  private static Class<?> classOf(String status) {
    switch (status) {
      case "INFER_E_CORRUPT": return InferException.Corrupt.class;
      case "INFER_E_UNSUPPORTED": return InferException.Unsupported.class;
      case "INFER_E_NOT_FOUND": return InferException.NotFound.class;
      default: throw new AssertionError(status);
    }
  }

  /** The last cell of a row REFUSE(id, STATUS, "sentence", "hint"). */
  private static String hint(String table, String id) {
    String text = "\\s*\"((?:[^\"\\\\]|\\\\.)*)\"\\s*";
    Matcher row = Pattern.compile("REFUSE\\(" + id + ",\\s*\\w+," + text + "," + text + "\\)").matcher(table);
    assertTrue(row.find(), id);
    return row.group(2);
  }
}
