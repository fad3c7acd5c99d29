package org.libinfer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.libinfer.internal.NativeRequest;

/** What an answer has grown by: whole characters, and the tokens that made them. */
public final class Piece {
  private static final int HAS_LOGPROBS = 1;
  private static final int HAS_TOP = 2;
  private static final int HAS_EMBEDDING = 4;
  private static final float[] NO_NUMBERS = {};

  private final String text;
  private final int[] tokens;
  private final FinishReason finish;
  private final int sample;
  private final float[] logprobs;
  private final List<List<Logprob>> top;
  private final float[] embedding;

  /** The piece that next() has told: 0, finish, sample, extras, ids. */
  Piece(NativeRequest from, int[] told) {
    text = from.text();
    finish = FinishReason.of(told[1]);
    sample = told[2];
    int extras = told[3];
    tokens = Arrays.copyOfRange(told, 4, told.length);
    logprobs = (extras & HAS_LOGPROBS) != 0 ? from.logprobs() : NO_NUMBERS;
    embedding = (extras & HAS_EMBEDDING) != 0 ? from.embedding() : NO_NUMBERS;
    top = (extras & HAS_TOP) != 0 ? rows(from.top_tokens(), from.top_logprobs(), tokens.length) : Collections.emptyList();
  }

  private static List<List<Logprob>> rows(int[] ids, float[] values, int tokens) {
    int width = ids.length / Math.max(1, tokens);
    List<List<Logprob>> rows = new ArrayList<>();
    for (int i = 0; i < tokens; ++i) {
      List<Logprob> row = new ArrayList<>();
      for (int j = i * width; j < (i + 1) * width; ++j) row.add(new Logprob(ids[j], values[j]));
      rows.add(Collections.unmodifiableList(row));
    }
    return Collections.unmodifiableList(rows);
  }

  /**
   * The text that came: never a part of a character, perhaps nothing.
   *
   * @return text
   */
  public String text() {
    return text;
  }

  /**
   * The tokens that came: none, one or several.
   *
   * @return ids
   */
  public int[] tokens() {
    return tokens.clone();
  }

  /**
   * Whether this is the last piece of its sample, and why.
   *
   * @return the reason; NONE where more will come
   */
  public FinishReason finish() {
    return finish;
  }

  /**
   * Which of the answers that {@link SamplingParams.Builder#n} asked for this belongs to.
   *
   * @return from 0
   */
  public int sample() {
    return sample;
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
   * The most likely tokens at each token's place, the likeliest first, where asked.
   *
   * @return a list for each token, or none
   */
  public List<List<Logprob>> top() {
    return top;
  }

  /**
   * The vector that {@link SamplingParams.Builder#embed} asked for.
   *
   * @return the numbers, or none
   */
  public float[] embedding() {
    return embedding.clone();
  }

  /** As it came, without a copy: for this package. */
  int[] rawTokens() {
    return tokens;
  }

  float[] rawLogprobs() {
    return logprobs;
  }

  float[] rawEmbedding() {
    return embedding;
  }

  /** The text. */
  @Override
  public String toString() {
    return text;
  }
}
