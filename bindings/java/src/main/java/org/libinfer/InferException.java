package org.libinfer;

import java.nio.charset.StandardCharsets;

/**
 * A failure that libinfer reports: what was wrong and where, and what to do about it. There is a subclass for each status of
 * the C library; a status that is newer than this jar arrives as an InferException itself.
 */
public class InferException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** The status's number in infer.h. */
  private final int status;

  /** See {@link #hint()}. */
  private final String hint;

  InferException(int status, String message, String hint) {
    super(hint.isEmpty() ? message : message + " (" + hint + ")");
    this.status = status;
    this.hint = hint;
  }

  /**
   * The number of the status in infer.h, negative.
   *
   * @return such as -5 for INFER_E_CORRUPT
   */
  public int status() {
    return status;
  }

  /**
   * What to do about it.
   *
   * @return a sentence, or "" where there is no advice
   */
  public String hint() {
    return hint;
  }

  /** INFER_E_INVALID: an argument, option or request cannot be right. */
  public static final class Invalid extends InferException {
    private static final long serialVersionUID = 1;

    Invalid(String message, String hint) {
      super(-1, message, hint);
    }
  }

  /** INFER_E_NO_MEMORY: host or device memory. */
  public static final class NoMemory extends InferException {
    private static final long serialVersionUID = 1;

    NoMemory(String message, String hint) {
      super(-2, message, hint);
    }
  }

  /** INFER_E_NOT_FOUND: no such file, key, device, tensor. */
  public static final class NotFound extends InferException {
    private static final long serialVersionUID = 1;

    NotFound(String message, String hint) {
      super(-3, message, hint);
    }
  }

  /** INFER_E_UNSUPPORTED: well-formed, but not done by this version or backend. */
  public static final class Unsupported extends InferException {
    private static final long serialVersionUID = 1;

    Unsupported(String message, String hint) {
      super(-4, message, hint);
    }
  }

  /** INFER_E_CORRUPT: a file breaks its format. */
  public static final class Corrupt extends InferException {
    private static final long serialVersionUID = 1;

    Corrupt(String message, String hint) {
      super(-5, message, hint);
    }
  }

  /** INFER_E_IO: the system refused to read, write or map. */
  public static final class Io extends InferException {
    private static final long serialVersionUID = 1;

    Io(String message, String hint) {
      super(-6, message, hint);
    }
  }

  /** INFER_E_FULL: a queue or cache has no room. */
  public static final class Full extends InferException {
    private static final long serialVersionUID = 1;

    Full(String message, String hint) {
      super(-7, message, hint);
    }
  }

  /** INFER_E_CANCELLED: someone asked for it, or the waiting thread was interrupted. */
  public static final class Cancelled extends InferException {
    private static final long serialVersionUID = 1;

    Cancelled(String message, String hint) {
      super(-8, message, hint);
    }
  }

  /** INFER_E_DEVICE_LOST: the device is gone; make a new engine. */
  public static final class DeviceLost extends InferException {
    private static final long serialVersionUID = 1;

    DeviceLost(String message, String hint) {
      super(-9, message, hint);
    }
  }

  /** INFER_E_ABI: library and plugin do not fit. */
  public static final class Abi extends InferException {
    private static final long serialVersionUID = 1;

    Abi(String message, String hint) {
      super(-10, message, hint);
    }
  }

  /** INFER_E_INTERNAL: a fault of libinfer. */
  public static final class Internal extends InferException {
    private static final long serialVersionUID = 1;

    Internal(String message, String hint) {
      super(-11, message, hint);
    }
  }

  /** INFER_E_TOO_LONG: the prompt does not fit the context. */
  public static final class TooLong extends InferException {
    private static final long serialVersionUID = 1;

    TooLong(String message, String hint) {
      super(-12, message, hint);
    }
  }

  /** Called by the native code (jni_arrays.h). */
  static InferException of(int status, byte[] message, byte[] hint) {
    return of(status, new String(message, StandardCharsets.UTF_8), new String(hint, StandardCharsets.UTF_8));
  }

  static InferException of(int status, String message, String hint) {
    switch (status) {
      case -1: return new Invalid(message, hint);
      case -2: return new NoMemory(message, hint);
      case -3: return new NotFound(message, hint);
      case -4: return new Unsupported(message, hint);
      case -5: return new Corrupt(message, hint);
      case -6: return new Io(message, hint);
      case -7: return new Full(message, hint);
      case -8: return new Cancelled(message, hint);
      case -9: return new DeviceLost(message, hint);
      case -10: return new Abi(message, hint);
      case -11: return new Internal(message, hint);
      case -12: return new TooLong(message, hint);
      default: return new InferException(status, message, hint);
    }
  }
}
