package org.libinfer;

/** Why an answer ended. */
public enum FinishReason {
  /** It has not: more will come. */
  NONE,
  /** An end token, a stop text or a stop id. */
  STOP,
  /** max_tokens, or the context is full. */
  LENGTH,
  /** Someone asked for it. */
  CANCELLED,
  /** It failed. */
  ERROR,
  /** A reason that is newer than this jar. */
  OTHER;

  /** The library's number; one that is not known is no failure. */
  static FinishReason of(int number) {
    return number >= 0 && number < OTHER.ordinal() ? values()[number] : OTHER;
  }
}
