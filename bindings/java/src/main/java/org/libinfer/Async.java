package org.libinfer;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** Threads that wait for answers on behalf of futures and publishers. They end when idle and keep no program alive. */
final class Async {
  private static final AtomicInteger NUMBER = new AtomicInteger();
  private static final ExecutorService THREADS = Executors.newCachedThreadPool(work -> {
    Thread t = new Thread(work, "libinfer-wait-" + NUMBER.incrementAndGet());
    t.setDaemon(true);
    return t;
  });

  private Async() {}

  static Executor threads() {
    return THREADS;
  }

  static CompletableFuture<Completion> complete(Request request, Executor executor) {
    CompletableFuture<Completion> future = new CompletableFuture<>();
    future.whenComplete((done, failed) -> {
      if (future.isCancelled()) request.cancel();
    });
    executor.execute(() -> {
      try (request) {
        future.complete(request.complete());
      } catch (Throwable e) {
        future.completeExceptionally(e);
      }
    });
    return future;
  }
}
