package org.libinfer;

/** Counts and times of one request so far. */
public final class Usage {
  private final double[] fields; // in the order of infer_usage

  Usage(double[] fields) {
    this.fields = fields;
  }

  /**
   * How it ended.
   *
   * @return the reason; NONE while it runs
   */
  public FinishReason finish() {
    return FinishReason.of((int) fields[0]);
  }

  /**
   * Tokens of the prompt.
   *
   * @return how many
   */
  public long promptTokens() {
    return (long) fields[1];
  }

  /**
   * Tokens of the prompt that the prefix cache knew.
   *
   * @return how many
   */
  public long cachedTokens() {
    return (long) fields[2];
  }

  /**
   * Tokens of the answer.
   *
   * @return how many
   */
  public long generatedTokens() {
    return (long) fields[3];
  }

  /**
   * From submission to the first step.
   *
   * @return milliseconds
   */
  public double queueMillis() {
    return fields[4];
  }

  /**
   * From submission to the first token.
   *
   * @return milliseconds
   */
  public double firstTokenMillis() {
    return fields[5];
  }

  /**
   * From submission to the end, or to now.
   *
   * @return milliseconds
   */
  public double totalMillis() {
    return fields[6];
  }

  /**
   * Times that it had to give way to others.
   *
   * @return how many
   */
  public int preempted() {
    return (int) fields[8];
  }

  @Override
  public String toString() {
    return promptTokens() + " + " + generatedTokens() + " tokens in " + totalMillis() + " ms";
  }
}
