package org.libinfer;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Flow;
import java.util.function.Supplier;
import org.libinfer.internal.NativeEngine;

/**
 * Runs requests, of any thread and as many as come: what runs together shares every step, and the bits of an answer do not
 * depend on the company.
 */
public final class Engine implements AutoCloseable {
  private static final int SLICE = 50; // milliseconds after which a waiting thread looks whether it was interrupted

  private final Handle<NativeEngine> handle;
  private final Model model;

  Engine(NativeEngine made, Model model) {
    this.handle = new Handle<>(this, model, "engine", made, NativeEngine::delete);
    this.model = model;
  }

  /**
   * The model that it runs.
   *
   * @return the model
   */
  public Model model() {
    return model;
  }

  /**
   * Begins an answer to a text as it is.
   *
   * @param prompt the text
   * @param params what is wanted
   * @return the running request
   */
  public Request submit(String prompt, SamplingParams params) {
    return new Request(handle.call(e -> Texts.with(params, o -> e.submit_text(prompt, o))), this);
  }

  /**
   * Begins an answer to token ids.
   *
   * @param tokens ids
   * @param params what is wanted
   * @return the running request
   */
  public Request submit(int[] tokens, SamplingParams params) {
    return new Request(handle.call(e -> Texts.with(params, o -> e.submit_tokens(tokens, o))), this);
  }

  /**
   * Begins an answer to a chat, through the model's template.
   *
   * @param messages the chat
   * @param params what is wanted
   * @return the running request
   */
  public Request submit(Collection<Message> messages, SamplingParams params) {
    return new Request(
        handle.call(e -> Texts.with(messages, texts -> Texts.with(params, o -> e.submit_chat(texts, o)))), this);
  }

  /**
   * Begins an answer to a chat in the JSON of OpenAI's chat completions: messages, tools, response_format, and more. The
   * pieces' text is JSON: with "stream" one chunk a line, else the chat.completion in the last piece.
   *
   * @param json the request
   * @param params what the request does not say
   * @return the running request
   */
  public Request submitJson(String json, SamplingParams params) {
    return new Request(handle.call(e -> Texts.with(params, o -> e.submit_json(json, o))), this);
  }

  /**
   * Answers to a text, as a reactive stream: each subscriber gets one of its own, which begins when it asks for pieces.
   *
   * @param prompt the text
   * @param params what is wanted
   * @return a publisher of pieces
   */
  public Flow.Publisher<Piece> publish(String prompt, SamplingParams params) {
    return publisher(() -> submit(prompt, params));
  }

  /**
   * Answers to a chat, as a reactive stream: each subscriber gets one of its own, which begins when it asks for pieces.
   *
   * @param messages the chat
   * @param params what is wanted
   * @return a publisher of pieces
   */
  public Flow.Publisher<Piece> publish(Collection<Message> messages, SamplingParams params) {
    List<Message> kept = List.copyOf(messages);
    return publisher(() -> submit(kept, params));
  }

  private static Flow.Publisher<Piece> publisher(Supplier<Request> submit) {
    return new PiecePublisher(submit, Async.threads());
  }

  /**
   * A text that the program and the model write by turns.
   *
   * @return an empty prompt
   */
  public Prompt prompt() {
    return prompt(SamplingParams.DEFAULT);
  }

  /**
   * A text that the program and the model write by turns.
   *
   * @param params for whatever the prompt asks; calls may say other
   * @return an empty prompt
   */
  public Prompt prompt(SamplingParams params) {
    return new Prompt(handle.call(e -> Texts.with(params, e::prompt)), this);
  }

  /**
   * Logits of a token sequence, from a position on.
   *
   * @param tokens ids
   * @param first the first position wanted
   * @return a row of n_vocab numbers for each position
   */
  public float[][] logits(int[] tokens, int first) {
    int width = Math.toIntExact(model.fact("n_vocab"));
    float[] flat = handle.call(e -> e.logits(tokens, first, width));
    float[][] rows = new float[flat.length / width][];
    for (int i = 0; i < rows.length; ++i) rows[i] = Arrays.copyOfRange(flat, i * width, (i + 1) * width);
    return rows;
  }

  /**
   * What the engine counts: steps, tokens, pages in use.
   *
   * @return values by name
   */
  public Map<String, Long> counters() {
    String[] cells = Texts.taken(handle.call(NativeEngine::counters));
    Map<String, Long> all = new LinkedHashMap<>();
    for (int i = 0; i + 1 < cells.length; i += 2) all.put(cells[i], Long.parseLong(cells[i + 1]));
    return Collections.unmodifiableMap(all);
  }

  /**
   * What the engine decided when it was made: devices, kernels, context, bytes.
   *
   * @return JSON
   */
  public String describe() {
    return handle.call(NativeEngine::describe);
  }

  /**
   * Everything that is counted and measured, in the text format of Prometheus.
   *
   * @return text
   */
  public String metrics() {
    return handle.call(NativeEngine::metrics);
  }

  /**
   * The latest steps and requests, for the viewers of Chrome and Perfetto, where trace.steps asks.
   *
   * @return JSON
   */
  public String trace() {
    return handle.call(NativeEngine::trace);
  }

  /** Waits until no step runs; requests stay as they are until {@link #resume}. */
  public void pause() {
    handle.run(NativeEngine::pause);
  }

  /** Goes on; also ends {@link #drain}. */
  public void resume() {
    handle.run(NativeEngine::resume);
  }

  /**
   * Takes no further request, and waits until none is left.
   *
   * @param timeout how long to wait
   * @return false where the time has passed before
   */
  public boolean drain(Duration timeout) {
    long end = System.nanoTime() + timeout.toNanos();
    for (;;) {
      long left = Math.max(0, (end - System.nanoTime()) / 1_000_000);
      if (handle.call(e -> e.drain((int) Math.min(SLICE, left)))) return true;
      if (left == 0 || Thread.currentThread().isInterrupted()) return false;
    }
  }

  /**
   * Forgets prefixes that no request uses, and gives memory back to the system.
   *
   * @return bytes that it got
   */
  public long trim() {
    return handle.call(NativeEngine::trim);
  }

  /**
   * Keeps what the prefix cache knows of these tokens in a file.
   *
   * @param tokens such as {@link Request#tokens} of a request that has ended
   * @param file which; replaced once the new one is whole
   * @return how many of the tokens it holds
   */
  public long save(int[] tokens, Path file) {
    String name = Texts.name(file.toString());
    return handle.call(e -> Texts.with(SamplingParams.DEFAULT, o -> e.save(tokens, name, o)));
  }

  /**
   * Reads such a file into the prefix cache: requests that begin with its tokens go on behind them.
   *
   * @param file which
   * @return its tokens
   */
  public int[] restore(Path file) {
    String name = Texts.name(file.toString());
    return handle.call(e -> Texts.with(SamplingParams.DEFAULT, o -> e.restore(name, o)));
  }

  /**
   * Keeps what the prefix cache knows of these tokens there, whatever else needs room.
   *
   * @param name for {@link #unpin}
   * @param tokens such as those of a system prompt
   * @return how many of them stay
   */
  public long pin(String name, int[] tokens) {
    return handle.call(e -> Texts.with(SamplingParams.DEFAULT, o -> e.pin(Texts.name(name), tokens, o)));
  }

  /**
   * Ends {@link #pin}.
   *
   * @param name which
   */
  public void unpin(String name) {
    handle.run(e -> e.unpin(Texts.name(name)));
  }

  /**
   * Loads a low-rank adapter (LoRA), for requests that name it by {@link SamplingParams.Builder#adapter}.
   *
   * @param name for requests
   * @param file a GGUF file
   * @param options its scale
   */
  public void loadAdapter(String name, Path file, AdapterOptions options) {
    String path = Texts.name(file.toString());
    handle.run(e -> Texts.use(options, o -> e.load_adapter(Texts.name(name), path, o)));
  }

  /**
   * Drops an adapter; requests that have it go on.
   *
   * @param name which
   */
  public void dropAdapter(String name) {
    handle.run(e -> e.drop_adapter(Texts.name(name)));
  }

  /**
   * The adapters that are loaded.
   *
   * @return names
   */
  public List<String> adapters() {
    return List.of(Texts.taken(handle.call(NativeEngine::adapters)));
  }

  /** Ends its running requests, which fail as cancelled, and lets go of it. */
  @Override
  public void close() {
    handle.close();
  }
}
