package org.libinfer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** An answer as a whole. */
public final class Completion {
  private final String text;
  private final int[] tokens;
  private final float[] logprobs;
  private final FinishReason finish;
  private final float[] embedding;
  private final List<Completion> samples;
  private final Usage usage;

  private Completion(Part from, List<Completion> samples, Usage usage) {
    this.text = from.text.toString();
    this.tokens = Arrays.copyOf(from.tokens, from.size);
    this.logprobs = Arrays.copyOf(from.logprobs, from.known);
    this.finish = from.finish;
    this.embedding = from.embedding;
    this.samples = samples;
    this.usage = usage;
  }

  /** Pieces of one sample, put together. */
  private static final class Part {
    final StringBuilder text = new StringBuilder();
    int[] tokens = new int[64];
    int size;
    float[] logprobs = {};
    int known;
    float[] embedding = {};
    FinishReason finish = FinishReason.NONE;

    void add(Piece p) {
      text.append(p.text());
      int[] ids = p.rawTokens();
      if (size + ids.length > tokens.length) tokens = Arrays.copyOf(tokens, 2 * (size + ids.length));
      System.arraycopy(ids, 0, tokens, size, ids.length);
      size += ids.length;
      float[] more = p.rawLogprobs();
      if (known + more.length > logprobs.length) logprobs = Arrays.copyOf(logprobs, 2 * (known + more.length));
      System.arraycopy(more, 0, logprobs, known, more.length);
      known += more.length;
      if (p.rawEmbedding().length > 0) embedding = p.rawEmbedding();
      finish = p.finish();
    }
  }

  /** Collects pieces. */
  static final class Collector {
    private final List<Part> parts = new ArrayList<>();

    void add(Piece p) {
      while (parts.size() <= p.sample()) parts.add(new Part());
      parts.get(p.sample()).add(p);
    }

    Completion whole(Usage usage) {
      if (parts.isEmpty()) parts.add(new Part());
      List<Completion> samples = new ArrayList<>();
      for (int i = 1; i < parts.size(); ++i) samples.add(new Completion(parts.get(i), Collections.emptyList(), usage));
      return new Completion(parts.get(0), samples, usage);
    }
  }

  /**
   * The text.
   *
   * @return all of it
   */
  public String text() {
    return text;
  }

  /**
   * The tokens.
   *
   * @return their ids
   */
  public int[] tokens() {
    return tokens.clone();
  }

  /**
   * The log-probability of each token, where {@link SamplingParams.Builder#logprobs} asked.
   *
   * @return as many as tokens, or none
   */
  public float[] logprobs() {
    return logprobs.clone();
  }

  /**
   * Why it ended.
   *
   * @return the reason
   */
  public FinishReason finish() {
    return finish;
  }

  /**
   * The vector that {@link SamplingParams.Builder#embed} asked for.
   *
   * @return the numbers, or none
   */
  public float[] embedding() {
    return embedding.clone();
  }

  /**
   * All answers that {@link SamplingParams.Builder#n} asked for.
   *
   * @return this one, then the others
   */
  public List<Completion> samples() {
    List<Completion> all = new ArrayList<>();
    all.add(this);
    all.addAll(samples);
    return Collections.unmodifiableList(all);
  }

  /**
   * Counts and times, of all answers together.
   *
   * @return them
   */
  public Usage usage() {
    return usage;
  }

  /** The text. */
  @Override
  public String toString() {
    return text;
  }
}
