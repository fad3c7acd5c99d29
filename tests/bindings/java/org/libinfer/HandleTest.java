package org.libinfer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** When a native object goes; here it is a counter of how often it went. */
class HandleTest {
  private final AtomicInteger gone = new AtomicInteger();
  private final Object owner = new Object();
  private final Handle<AtomicInteger> handle = new Handle<>(owner, owner, "thing", gone, AtomicInteger::incrementAndGet);

  @Test
  void goesOnceWhenClosed() {
    handle.run(n -> assertEquals(0, n.get()));
    handle.close();
    handle.close();
    assertEquals(1, gone.get());
    assertThrows(IllegalStateException.class, () -> handle.run(n -> { }));
  }

  @Test
  void goesWhenTheLastCallIsOut() {
    handle.run(n -> {
      handle.run(m -> handle.close());
      assertEquals(0, n.get(), "a call is inside");
    });
    assertEquals(1, gone.get());
  }

  @Test
  void goesWhenTheLastThreadIsOut() throws InterruptedException {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    Thread t = new Thread(() -> handle.run(n -> {
      inside.countDown();
      try {
        closed.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }));
    t.start();
    inside.await();
    handle.close();
    assertEquals(0, gone.get());
    assertThrows(IllegalStateException.class, () -> handle.run(n -> { }));
    closed.countDown();
    t.join();
    assertEquals(1, gone.get());
  }

  @Test
  void goesAfterACallThatThrows() {
    assertThrows(ArithmeticException.class, () -> handle.run(n -> {
      throw new ArithmeticException();
    }));
    handle.close();
    assertEquals(1, gone.get());
  }

  @Test
  void goesWhenItsOwnerIsForgotten() throws InterruptedException {
    AtomicInteger forgotten = new AtomicInteger();
    forget(forgotten);
    for (int i = 0; i < 1000 && forgotten.get() == 0; ++i) {
      System.gc();
      Thread.sleep(5);
    }
    assertEquals(1, forgotten.get());
    assertEquals(0, gone.get(), "one that is held stays");
  }

  private static void forget(AtomicInteger counter) {
    Object owner = new Object();
    new Handle<>(owner, owner, "thing", counter, AtomicInteger::incrementAndGet).run(n -> { });
  }
}
