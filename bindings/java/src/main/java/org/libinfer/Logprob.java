package org.libinfer;

/** A token and how likely it was. */
public final class Logprob {
  private final int token;
  private final float logprob;

  Logprob(int token, float logprob) {
    this.token = token;
    this.logprob = logprob;
  }

  /**
   * The token.
   *
   * @return its id
   */
  public int token() {
    return token;
  }

  /**
   * The natural logarithm of its probability, in the model's own distribution before temperature and filters.
   *
   * @return at most 0
   */
  public float logprob() {
    return logprob;
  }

  @Override
  public String toString() {
    return token + ":" + logprob;
  }
}
