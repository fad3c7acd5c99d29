package org.libinfer;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;

/**
 * A model that answers: a runtime, a model and an engine in one. Any number of threads may use it at a time.
 *
 * <pre>{@code
 * try (LLM llm = LLM.open("model.gguf")) {
 *   System.out.println(llm.chat("Name the capital of France."));
 *   try (Request request = llm.stream(Message.user("Tell me a story."))) {
 *     for (Piece piece : request) System.out.print(piece);
 *   }
 * }
 * }</pre>
 */
public final class LLM implements AutoCloseable {
  private final Engine engine;

  private LLM(Engine engine) {
    this.engine = engine;
  }

  /**
   * Opens a model; waits until it is loaded.
   *
   * @param path a GGUF file
   * @return the model, ready to answer
   */
  public static LLM open(String path) {
    return open(Path.of(path));
  }

  /**
   * Opens a model; waits until it is loaded.
   *
   * @param path a GGUF file
   * @return the model, ready to answer
   */
  public static LLM open(Path path) {
    return open(path, ModelOptions.DEFAULT, EngineOptions.DEFAULT);
  }

  /**
   * Opens a model; waits until it is loaded.
   *
   * @param path a GGUF file
   * @param model such as a chat template of your own
   * @param options such as devices, context and memory
   * @return the model, ready to answer
   */
  public static LLM open(Path path, ModelOptions model, EngineOptions options) {
    // What the engine needs of these two stays when they are closed; model() goes with the engine.
    try (InferRuntime runtime = InferRuntime.create()) {
      Model opened = runtime.open(path, model);
      try {
        return new LLM(opened.engine(options));
      } catch (RuntimeException e) {
        opened.close();
        throw e;
      }
    }
  }

  /**
   * The engine: what this class has no short form for.
   *
   * @return the engine
   */
  public Engine engine() {
    return engine;
  }

  /**
   * The model: tokenizer, facts, template.
   *
   * @return the model
   */
  public Model model() {
    return engine.model();
  }

  /**
   * Continues a text; waits for all of it.
   *
   * @param prompt the text
   * @return the continuation
   */
  public Completion generate(String prompt) {
    return generate(prompt, SamplingParams.DEFAULT);
  }

  /**
   * Continues a text; waits for all of it.
   *
   * @param prompt the text
   * @param params what is wanted
   * @return the continuation
   */
  public Completion generate(String prompt, SamplingParams params) {
    try (Request request = engine.submit(prompt, params)) {
      return request.complete();
    }
  }

  /**
   * Continues several texts at the same time; waits for all.
   *
   * @param prompts the texts
   * @param params what is wanted
   * @return the continuations, in the order of the texts
   */
  public List<Completion> generate(Collection<String> prompts, SamplingParams params) {
    List<Request> running = new ArrayList<>();
    try {
      for (String prompt : prompts) running.add(engine.submit(prompt, params));
      List<Completion> all = new ArrayList<>();
      for (Request request : running) all.add(request.complete());
      return all;
    } finally {
      running.forEach(Request::close);
    }
  }

  /**
   * Continues a text, later.
   *
   * @param prompt the text
   * @param params what is wanted
   * @return a future; cancelling it stops the work
   */
  public CompletableFuture<Completion> generateAsync(String prompt, SamplingParams params) {
    return engine.submit(prompt, params).toFuture();
  }

  /**
   * Continues a text, to be read as it comes.
   *
   * @param prompt the text
   * @param params what is wanted
   * @return the running request, to be closed
   */
  public Request stream(String prompt, SamplingParams params) {
    return engine.submit(prompt, params);
  }

  /**
   * Answers a user's message; waits for all of it.
   *
   * @param text the message
   * @return the answer
   */
  public Completion chat(String text) {
    return chat(List.of(Message.user(text)), SamplingParams.DEFAULT);
  }

  /**
   * Answers a user's message; waits for all of it.
   *
   * @param text the message
   * @param params what is wanted
   * @return the answer
   */
  public Completion chat(String text, SamplingParams params) {
    return chat(List.of(Message.user(text)), params);
  }

  /**
   * Answers a chat; waits for all of it.
   *
   * @param messages the chat
   * @return the answer
   */
  public Completion chat(Message... messages) {
    return chat(Arrays.asList(messages), SamplingParams.DEFAULT);
  }

  /**
   * Answers a chat; waits for all of it.
   *
   * @param messages the chat
   * @param params what is wanted
   * @return the answer
   */
  public Completion chat(Collection<Message> messages, SamplingParams params) {
    try (Request request = engine.submit(messages, params)) {
      return request.complete();
    }
  }

  /**
   * Answers a chat, later.
   *
   * @param messages the chat
   * @param params what is wanted
   * @return a future; cancelling it stops the work
   */
  public CompletableFuture<Completion> chatAsync(Collection<Message> messages, SamplingParams params) {
    return engine.submit(messages, params).toFuture();
  }

  /**
   * Answers a chat, to be read as it comes.
   *
   * @param messages the chat
   * @return the running request, to be closed
   */
  public Request stream(Message... messages) {
    return stream(Arrays.asList(messages), SamplingParams.DEFAULT);
  }

  /**
   * Answers a chat, to be read as it comes.
   *
   * @param messages the chat
   * @param params what is wanted
   * @return the running request, to be closed
   */
  public Request stream(Collection<Message> messages, SamplingParams params) {
    return engine.submit(messages, params);
  }

  /**
   * Answers to a chat as a reactive stream: each subscriber gets one of its own.
   *
   * @param messages the chat
   * @param params what is wanted
   * @return a publisher of pieces
   */
  public Flow.Publisher<Piece> publish(Collection<Message> messages, SamplingParams params) {
    return engine.publish(messages, params);
  }

  /**
   * Answers a request in the JSON of OpenAI's chat completions; waits for all of it.
   *
   * @param json the request: messages, tools, response_format, and more
   * @return the chat.completion in JSON; with "stream" all chunks, one a line
   */
  public String chatJson(String json) {
    try (Request request = engine.submitJson(json, SamplingParams.DEFAULT)) {
      return request.text();
    }
  }

  /**
   * The vector of a text: the mean of the last layer's rows, of length 1.
   *
   * @param text the text
   * @return n_embd numbers
   */
  public float[] embed(String text) {
    return embed(List.of(text)).get(0);
  }

  /**
   * The vectors of texts, computed together.
   *
   * @param texts the texts
   * @return a vector for each
   */
  public List<float[]> embed(Collection<String> texts) {
    List<float[]> vectors = new ArrayList<>();
    for (Completion c : generate(texts, SamplingParams.builder().embed("mean").build())) vectors.add(c.embedding());
    return vectors;
  }

  /**
   * A text that the program and the model write by turns.
   *
   * @return an empty prompt
   */
  public Prompt prompt() {
    return engine.prompt();
  }

  /** Ends what runs, and lets go of engine and model. */
  @Override
  public void close() {
    engine.close();
    engine.model().close();
  }
}
