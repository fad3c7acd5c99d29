package org.libinfer.test;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.libinfer.Completion;
import org.libinfer.FinishReason;
import org.libinfer.InferException;
import org.libinfer.InferRuntime;
import org.libinfer.LLM;
import org.libinfer.Message;
import org.libinfer.Piece;
import org.libinfer.Prompt;
import org.libinfer.Request;
import org.libinfer.SamplingParams;

/** Answers by pieces and as a whole, chats, JSON, prompt programs, with a real model; all of it read in UTF-8. */
class RequestTest {
  private static LLM llm;

  @BeforeAll
  static void open() {
    llm = LLM.open(Golden.smollm2());
  }

  @AfterAll
  static void close() {
    llm.close();
  }

  private static final Message QUESTION = Message.user("Name the capital of France.");

  @Test
  void iteratorStreamAndWholeAnswerAreTheSame() {
    SamplingParams params = Golden.greedy(24);
    Completion whole = llm.chat(List.of(QUESTION), params);
    assertTrue(whole.text().contains("Paris"), whole.text());
    StringBuilder text = new StringBuilder();
    List<Piece> pieces = new ArrayList<>();
    try (Request request = llm.stream(List.of(QUESTION), params)) {
      for (Piece piece : request) {
        text.append(piece.text());
        pieces.add(piece);
      }
      assertNull(request.next());
      assertTrue(request.ended());
    }
    assertEquals(whole.text(), text.toString());
    assertTrue(pieces.size() > 3, "it came by pieces");
    assertEquals(whole.finish(), pieces.get(pieces.size() - 1).finish());
    try (Stream<Piece> stream = llm.stream(List.of(QUESTION), params).stream()) {
      assertEquals(whole.text(), stream.map(Piece::text).collect(Collectors.joining()));
    }
  }

  @Test
  void emojiGoInAndComeOutWhole() {
    String birds = "Repeat: \uD83E\uDD86\uD83D\uDC27\uD83E\uDD89 caf\u00e9 \u4f60\u597d a\0b";
    int[] ids = llm.model().encode(birds);
    assertEquals(birds, llm.model().decode(ids));
    assertTrue(llm.model().render(List.of(Message.user(birds))).contains(birds));
    // An answer whose every character takes several tokens: no piece holds a part of one.
    SamplingParams birdsOnly = SamplingParams.builder().temperature(0).maxTokens(60)
        .responseRegex("(\uD83E\uDD86|\uD83D\uDC27){5}").build();
    StringBuilder text = new StringBuilder();
    try (Request request = llm.stream(List.of(Message.user("Ducks and penguins.")), birdsOnly)) {
      int tokens = 0;
      for (Piece piece : request) {
        assertFalse(piece.text().contains("\ufffd"), piece.text());
        assertEquals(0, piece.text().length() % 2, "a surrogate alone");
        text.append(piece);
        tokens += piece.tokens().length;
      }
      assertTrue(tokens > 5, "characters were split over tokens");
    }
    assertTrue(text.toString().matches("(\uD83E\uDD86|\uD83D\uDC27){5}"), text.toString());
  }

  @Test
  void pollWaitsNoLongerThanItMay() {
    try (Request request = llm.stream("Once upon a time", Golden.exactly(200))) {
      long begin = System.nanoTime();
      Piece none = request.poll(Duration.ZERO);
      assertTrue(none != null || System.nanoTime() - begin < Duration.ofSeconds(2).toNanos());
      assertNotNull(request.poll(Duration.ofSeconds(30)));
      assertFalse(request.ended());
    }
  }

  @Test
  void cancelEndsIt() {
    try (Request request = llm.stream("Once upon a time", Golden.exactly(1500))) {
      assertNotNull(request.next());
      request.cancel();
      long begin = System.nanoTime();
      Expect.failure(InferException.Cancelled.class, request::complete);
      assertTrue(System.nanoTime() - begin < Duration.ofSeconds(2).toNanos(), "within a step");
      assertEquals(FinishReason.CANCELLED, request.usage().finish());
      assertTrue(request.usage().generatedTokens() < 1500);
      request.cancel(); // has no effect
    }
  }

  @Test
  void manyAnswersAndTheirLogprobs() {
    SamplingParams params =
        SamplingParams.builder().n(3).seed(7).maxTokens(6).ignoreEnd(true).logprobs(2).build();
    Completion first = llm.generate("The sea is", params);
    assertEquals(3, first.samples().size());
    for (Completion c : first.samples()) {
      assertEquals(6, c.tokens().length);
      assertEquals(6, c.logprobs().length);
      for (float l : c.logprobs()) assertTrue(l <= 0);
    }
    try (Request request = llm.stream("The sea is", Golden.exactly(2).toBuilder().logprobs(3).build())) {
      Piece piece = request.next();
      assertEquals(3, piece.top().get(0).size());
      assertEquals(piece.tokens()[0], piece.top().get(0).get(0).token()); // greedy: the likeliest
      assertEquals(piece.logprobs()[0], piece.top().get(0).get(0).logprob());
    }
  }

  @Test
  void severalPromptsAreAnsweredInOrder() {
    List<String> prompts = List.of("One, two, three,", "Monday, Tuesday,", "A, B, C,", "red, green,");
    List<Completion> together = llm.generate(prompts, Golden.exactly(8));
    for (int i = 0; i < prompts.size(); ++i) {
      assertEquals(llm.generate(prompts.get(i), Golden.exactly(8)).text(), together.get(i).text());
    }
  }

  @Test
  void vectorsHaveLengthOneAndLikeTextsAreNear() {
    List<float[]> v = llm.embed(List.of("The cat sat on the mat.", "A cat is sitting on a mat.", "Interest rates rose."));
    assertEquals(llm.model().fact("n_embd"), v.get(0).length);
    assertEquals(1, dot(v.get(0), v.get(0)), 1e-4);
    assertTrue(dot(v.get(0), v.get(1)) > dot(v.get(0), v.get(2)));
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; ++i) sum += a[i] * b[i];
    return sum;
  }

  @Test
  void chatsInJson() {
    String answer = llm.chatJson("{\"messages\":[{\"role\":\"user\",\"content\":\"Name the capital of France.\"}],"
        + "\"temperature\":0,\"max_tokens\":20}");
    assertTrue(answer.contains("\"object\":\"chat.completion\"") && answer.contains("Paris"), answer);
    try (Request request = llm.engine().submitJson(
        "{\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"max_tokens\":4}", SamplingParams.DEFAULT)) {
      for (String line : request.text().split("\n")) assertTrue(line.contains("chat.completion.chunk"), line);
    }
    InferException e = Expect.failure(InferException.Unsupported.class, () -> llm.chatJson("{\"messages\":[],\"frob\":1}"));
    assertTrue(e.getMessage().contains("frob"), e.getMessage());
  }

  @Test
  void promptProgram() {
    SamplingParams line = SamplingParams.builder().temperature(0).maxTokens(20).stop("\n").build();
    try (Prompt p = llm.prompt()) {
      p.append("Q: What is the capital of France?\nA:").gen("city", line);
      assertTrue(p.value("city").contains("Paris"), p.value("city"));
      Prompt.Selection taken;
      String other;
      try (Prompt f = p.fork()) {
        f.append("\nQ: And of Italy?\nA:").gen("other", line);
        taken = p.append("\nParis is a").select("kind", List.of(" city", " spoon", " planet"));
        p.join(f);
        other = f.value("other");
        assertTrue(f.text().contains("And of Italy?") && !f.text().contains("Paris is a"), f.text());
      }
      assertEquals(" city", taken.text());
      assertEquals(3, taken.scores().length);
      assertTrue(taken.scores()[0] > taken.scores()[1]);
      assertEquals(" city", p.value("kind"));
      assertEquals(other, p.value("other"));
      assertFalse(other.isBlank());
      assertTrue(p.text().endsWith("\nParis is a city"), p.text());
      Expect.failure(InferException.NotFound.class, () -> p.value("nothing"));
    }
    try (Prompt chat = llm.prompt()) {
      chat.append(QUESTION);
      StringBuilder text = new StringBuilder();
      try (Request answer = chat.stream("answer", Golden.greedy(24))) {
        for (Piece piece : answer) text.append(piece);
      }
      assertEquals(text.toString(), chat.value("answer"));
      Expect.failure(InferException.Invalid.class, () -> llm.prompt().append("text").append(QUESTION));
    }
  }

  @Test
  void mistakesAreToldByClass() {
    InferException e = Expect.failure(InferException.NotFound.class,
        () -> llm.generate("x", SamplingParams.builder().set("temprature", 1.0).build()));
    assertTrue(e.hint().contains("temperature"), e.hint());
    assertEquals(-3, e.status());
    Expect.failure(InferException.Invalid.class,
        () -> llm.generate("x", SamplingParams.builder().temperature(-1).build()));
    Expect.failure(InferException.TooLong.class, () -> llm.generate("word ".repeat(9000)));
    Expect.failure(InferException.NotFound.class, () -> LLM.open("no such file.gguf"));
    Expect.failure(InferException.Invalid.class, () -> llm.model().fact("n_vocab\0"));
    Expect.failure(NullPointerException.class, () -> llm.generate((String) null));
    Expect.failure(NullPointerException.class, () -> llm.engine().submit((int[]) null, SamplingParams.DEFAULT));
    Expect.failure(InferException.Invalid.class, () -> llm.engine().submit(new int[] {-1}, SamplingParams.DEFAULT));
  }

  @Test
  void engineTellsAndKeeps() throws Exception {
    Map<String, Long> counters = llm.engine().counters();
    assertTrue(counters.size() > 3, counters.toString());
    assertTrue(llm.engine().describe().startsWith("{"));
    assertTrue(llm.engine().metrics().contains("# TYPE"));
    assertTrue(llm.model().metadata().get("general.architecture").contains("llama"));
    assertEquals(2, llm.model().special("eos"));
    try (InferRuntime runtime = InferRuntime.create()) {
      assertTrue(runtime.devices().stream().anyMatch(d -> d.backend().equals("cpu") && d.isCpu()));
      assertTrue(InferRuntime.version().matches("\\d+\\.\\d+\\.\\d+"));
    }
    int[] tokens;
    try (Request request = llm.stream("A long enough text, so that it fills at least one page of the cache: one two three"
        + " four five six seven eight nine ten eleven twelve thirteen fourteen fifteen.", Golden.exactly(8))) {
      request.complete();
      tokens = request.tokens();
    }
    java.nio.file.Path file = java.nio.file.Files.createTempFile("libinfer", ".state");
    try {
      long saved = llm.engine().save(tokens, file);
      assertTrue(saved >= 32);
      assertArrayEquals(java.util.Arrays.copyOf(tokens, (int) saved), llm.engine().restore(file));
    } finally {
      java.nio.file.Files.delete(file);
    }
    assertTrue(llm.engine().pin("text", tokens) >= 32);
    llm.engine().unpin("text");
    llm.engine().pause();
    llm.engine().resume();
    assertTrue(llm.engine().drain(Duration.ofSeconds(10)));
    Expect.failure(InferException.Full.class, () -> llm.generate("x"));
    llm.engine().resume();
    assertEquals(List.of(), llm.engine().adapters());
  }
}
