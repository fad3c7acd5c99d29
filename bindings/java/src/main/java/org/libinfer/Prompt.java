package org.libinfer;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import org.libinfer.internal.NativePrompt;
import org.libinfer.internal.NativeTexts;

/**
 * A text that the program and the model write by turns. What was computed stays, so that each turn computes only what it
 * adds.
 *
 * <pre>{@code
 * Prompt p = llm.prompt();
 * p.append("Q: What is the capital of France?\nA:").gen("city", SamplingParams.builder().stop("\n").build());
 * String city = p.value("city");
 * }</pre>
 *
 * <p>Calls from several threads come one after another, except {@link #cancel} and {@link #close}.
 */
public final class Prompt implements AutoCloseable {
  private static final int SLICE = 50; // milliseconds after which a waiting thread looks whether it was interrupted

  private final Handle<NativePrompt> handle;
  private final Engine engine;

  Prompt(NativePrompt made, Engine engine) {
    this.engine = engine;
    handle = new Handle<>(this, engine, "prompt", made, NativePrompt::delete);
  }

  /**
   * Appends text as it is; what spells a control token stays text.
   *
   * @param text the text
   * @return this
   */
  public synchronized Prompt append(String text) {
    handle.run(p -> p.append(text, false));
    return this;
  }

  /**
   * Appends text of the program's own, in which what spells a control token becomes that token.
   *
   * @param text the text; never a user's
   * @return this
   */
  public synchronized Prompt appendTrusted(String text) {
    handle.run(p -> p.append(text, true));
    return this;
  }

  /**
   * Appends messages through the model's template. What was generated since the messages before is the assistant's answer.
   *
   * @param messages the messages
   * @return this
   */
  public synchronized Prompt append(Message... messages) {
    return append(Arrays.asList(messages), SamplingParams.DEFAULT);
  }

  /**
   * Appends messages through the model's template.
   *
   * @param messages the messages
   * @param params of these, what begins with "chat."
   * @return this
   */
  public synchronized Prompt append(Collection<Message> messages, SamplingParams params) {
    handle.run(p -> Texts.use(params, o -> Texts.with(messages, texts -> {
      p.append_chat(texts, o);
      return texts;
    })));
    return this;
  }

  /**
   * Has the model go on, and returns at once; the answer joins the text when it has ended.
   *
   * @param name whose value the answer will be
   * @return this
   */
  public Prompt gen(String name) {
    return gen(name, SamplingParams.DEFAULT);
  }

  /**
   * Has the model go on, and returns at once; the answer joins the text when it has ended.
   *
   * @param name whose value the answer will be
   * @param params such as where to stop
   * @return this
   */
  public synchronized Prompt gen(String name, SamplingParams params) {
    handle.run(p -> Texts.use(params, o -> p.gen(Texts.name(name), o)));
    return this;
  }

  /**
   * The same as {@link #gen}, to be pulled piece by piece.
   *
   * @param name whose value the answer will be
   * @param params such as where to stop
   * @return the answer; closing it cancels it
   */
  public synchronized Request stream(String name, SamplingParams params) {
    return new Request(handle.call(p -> Texts.with(params, o -> p.stream(Texts.name(name), o))), engine);
  }

  /**
   * Appends the one of these texts that the model finds likeliest here.
   *
   * @param name whose value it will be
   * @param choices the texts
   * @return the chosen one
   */
  public String select(String name, String... choices) {
    return select(name, Arrays.asList(choices)).text();
  }

  /** What {@link #select(String, List)} has chosen. */
  public static final class Selection {
    private final List<String> choices;
    private final double[] scores; // and the index behind them

    Selection(List<String> choices, double[] scores) {
      this.choices = choices;
      this.scores = scores;
    }

    /**
     * Which was chosen.
     *
     * @return its index
     */
    public int index() {
      return (int) scores[scores.length - 1];
    }

    /**
     * What was chosen.
     *
     * @return the text
     */
    public String text() {
      return choices.get(index());
    }

    /**
     * How likely each was.
     *
     * @return the mean log-probability of a token, for each choice
     */
    public double[] scores() {
      return Arrays.copyOf(scores, scores.length - 1);
    }
  }

  /**
   * Appends the one of these texts that the model finds likeliest here.
   *
   * @param name whose value it will be
   * @param choices the texts, at most 1024
   * @return the chosen one, and the scores of all
   */
  public synchronized Selection select(String name, List<String> choices) {
    List<String> kept = List.copyOf(choices);
    NativeTexts texts = new NativeTexts();
    try {
      for (String choice : kept) texts.add(Texts.name(choice));
      double[] scores =
          handle.call(p -> Texts.with(SamplingParams.DEFAULT, o -> p.select(Texts.name(name), texts, o)));
      return new Selection(kept, scores);
    } finally {
      texts.delete();
    }
  }

  /**
   * A prompt of its own with the same text and values.
   *
   * @return the other prompt
   */
  public synchronized Prompt fork() {
    return new Prompt(handle.call(NativePrompt::fork), engine);
  }

  /**
   * Takes over what another prompt has by name; the texts stay apart.
   *
   * @param other such as a fork; first waits for what it generates
   * @return this
   */
  public synchronized Prompt join(Prompt other) {
    other.await();
    handle.run(p -> other.handle.run(q -> p.join(q)));
    return this;
  }

  /**
   * Waits until nothing is being generated.
   *
   * @return this
   */
  public Prompt await() {
    while (!handle.call(p -> p.wait_for(SLICE))) {
      if (Thread.currentThread().isInterrupted()) {
        cancel();
        throw InferException.of(-8, "the waiting thread was interrupted", "");
      }
    }
    return this;
  }

  /**
   * What was generated or selected under a name; waits for it.
   *
   * @param name which
   * @return its text
   */
  public synchronized String value(String name) {
    await();
    return handle.call(p -> p.value(Texts.name(name)));
  }

  /**
   * The whole text; waits for what is being generated.
   *
   * @return text
   */
  public synchronized String text() {
    await();
    return handle.call(NativePrompt::text);
  }

  /** Stops what it generates or selects. */
  public void cancel() {
    if (handle.closed()) return;
    try {
      handle.run(NativePrompt::cancel);
    } catch (IllegalStateException e) {
      // closed meanwhile, which cancels
    }
  }

  /** Cancels what still runs, and lets go of it. */
  @Override
  public void close() {
    cancel();
    handle.close();
  }
}
