package org.libinfer.test;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.function.Executable;

/** What JUnit has no word for. */
final class Expect {
  private Expect() {}

  static <E extends Throwable> E failure(Class<E> type, Executable call) {
    return Assertions.assertThrows(type, call);
  }

  /** Waits until it is so. */
  static void soon(BooleanSupplier so, String what) throws InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!so.getAsBoolean()) {
      if (System.nanoTime() > end) throw new AssertionError("not within 20 s: " + what);
      Thread.sleep(2);
    }
  }
}
