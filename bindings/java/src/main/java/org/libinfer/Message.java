package org.libinfer;

import java.util.Objects;

/** One message of a chat. */
public final class Message {
  private final String role;
  private final String text;

  private Message(String role, String text) {
    this.role = Objects.requireNonNull(role);
    this.text = Objects.requireNonNull(text);
  }

  /**
   * A message of any role that the model's template knows.
   *
   * @param role such as "user"
   * @param text what is said
   * @return the message
   */
  public static Message of(String role, String text) {
    return new Message(role, text);
  }

  /**
   * How the assistant is to behave.
   *
   * @param text what is said
   * @return the message
   */
  public static Message system(String text) {
    return of("system", text);
  }

  /**
   * What the user says.
   *
   * @param text what is said
   * @return the message
   */
  public static Message user(String text) {
    return of("user", text);
  }

  /**
   * What the model has answered.
   *
   * @param text what is said
   * @return the message
   */
  public static Message assistant(String text) {
    return of("assistant", text);
  }

  /**
   * Who speaks.
   *
   * @return such as "user"
   */
  public String role() {
    return role;
  }

  /**
   * What is said.
   *
   * @return the text
   */
  public String text() {
    return text;
  }

  @Override
  public String toString() {
    return role + ": " + text;
  }
}
