package org.libinfer.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.libinfer.Completion;
import org.libinfer.InferException;
import org.libinfer.LLM;
import org.libinfer.Piece;
import org.libinfer.Request;
import org.libinfer.SamplingParams;

/** Futures, reactive streams, threads. */
class AsyncTest {
  private static final int LONG = 400;
  private static LLM llm;
  private static String expected; // the first 32 tokens

  @BeforeAll
  static void open() {
    llm = Golden.tiny();
    try (Request request = llm.engine().submit(new int[] {1, 2, 3}, Golden.exactly(32))) {
      expected = request.text();
    }
  }

  @AfterAll
  static void close() {
    llm.close();
  }

  private static Request begun(int tokens) {
    return llm.engine().submit(new int[] {1, 2, 3}, Golden.exactly(tokens));
  }

  @Test
  void futuresComplete() {
    List<CompletableFuture<Completion>> all = new ArrayList<>();
    for (int i = 0; i < 20; ++i) all.add(begun(32).toFuture());
    for (CompletableFuture<Completion> f : all) assertEquals(expected, f.join().text());
    assertEquals(expected, begun(32).toFuture(Runnable::run).join().text());
  }

  @Test
  void cancellingAFutureStopsTheWork() throws InterruptedException {
    llm.engine().pause(); // so that it cannot end by itself
    try {
      Request request = begun(LONG);
      CompletableFuture<Completion> future = request.toFuture();
      assertTrue(future.cancel(true));
      Expect.soon(() -> closed(request), "the request is closed");
    } finally {
      llm.engine().resume();
    }
  }

  private static boolean closed(Request request) {
    try {
      request.usage();
      return false;
    } catch (IllegalStateException e) {
      return true;
    }
  }

  @Test
  void futuresFailWithTheException() {
    CompletableFuture<Completion> future;
    try (LLM other = Golden.tiny()) {
      other.engine().pause();
      future = other.engine().submit(new int[] {1, 2, 3}, Golden.exactly(LONG)).toFuture();
    }
    CompletionException e = Expect.failure(CompletionException.class, future::join);
    assertInstanceOf(InferException.Cancelled.class, e.getCause());
  }

  /** Asks for so many pieces at first, and for one more with each. */
  private static final class Reader implements Flow.Subscriber<Piece> {
    final List<String> texts = Collections.synchronizedList(new ArrayList<>());
    final CountDownLatch over = new CountDownLatch(1);
    final long first;
    final int stopAfter;
    volatile Flow.Subscription subscription;
    volatile Throwable failed;
    volatile int seen;

    Reader(long first, int stopAfter) {
      this.first = first;
      this.stopAfter = stopAfter;
    }

    @Override
    public void onSubscribe(Flow.Subscription s) {
      subscription = s;
      if (first != 0) s.request(first);
    }

    @Override
    public void onNext(Piece piece) {
      texts.add(piece.text());
      ++seen;
      if (seen == stopAfter) subscription.cancel();
    }

    @Override
    public void onError(Throwable t) {
      failed = t;
      over.countDown();
    }

    @Override
    public void onComplete() {
      over.countDown();
    }

    String text() {
      return String.join("", texts);
    }
  }

  private static Flow.Publisher<Piece> publisher(int tokens) {
    return llm.engine().publish("hello", Golden.exactly(tokens));
  }

  @Test
  void publisherGivesEachSubscriberAllPieces() throws InterruptedException {
    String all = llm.generate("hello", Golden.exactly(32)).text();
    Flow.Publisher<Piece> publisher = publisher(32);
    List<Reader> readers = List.of(new Reader(Long.MAX_VALUE, -1), new Reader(Long.MAX_VALUE, -1));
    for (Reader r : readers) publisher.subscribe(r);
    for (Reader r : readers) {
      assertTrue(r.over.await(20, TimeUnit.SECONDS));
      assertNull(r.failed);
      assertEquals(all, r.text());
    }
  }

  @Test
  void publisherGivesNoMoreThanWasAskedFor() throws InterruptedException {
    Reader reader = new Reader(0, -1);
    publisher(LONG).subscribe(reader);
    Thread.sleep(50);
    assertEquals(0, reader.seen);
    for (int n = 1; n < 3; ++n) { // a piece holds what has come since the one before
      reader.subscription.request(1);
      int wanted = n;
      Expect.soon(() -> reader.seen == wanted, "a piece");
      Thread.sleep(20);
      assertEquals(n, reader.seen);
    }
    while (!reader.over.await(1, TimeUnit.MILLISECONDS)) reader.subscription.request(1);
    assertNull(reader.failed);
    assertEquals(llm.generate("hello", Golden.exactly(LONG)).text(), reader.text());
  }

  @Test
  void publisherEndsWithoutBeingAskedForMore() throws InterruptedException {
    int pieces = 0;
    try (Request request = llm.stream("hello", Golden.exactly(8))) {
      for (Piece piece : request) ++pieces;
    }
    Reader all = new Reader(8, -1); // 8 tokens are at most 8 pieces
    publisher(8).subscribe(all);
    assertTrue(pieces <= 8);
    assertTrue(all.over.await(20, TimeUnit.SECONDS));
  }

  @Test
  void cancellingASubscriptionStopsIt() throws InterruptedException {
    Reader reader = new Reader(Long.MAX_VALUE, 1);
    publisher(LONG).subscribe(reader);
    Expect.soon(() -> reader.seen == 1, "a piece");
    Thread.sleep(100);
    assertEquals(1, reader.seen);
    assertEquals(1, reader.over.getCount(), "nothing is told after that");
    assertTrue(llm.engine().drain(Duration.ofSeconds(20)), "nothing runs any more");
    llm.engine().resume();
  }

  @Test
  void aWrongDemandAndAWrongRequestAreErrors() throws InterruptedException {
    Reader reader = new Reader(-1, -1);
    publisher(8).subscribe(reader);
    assertTrue(reader.over.await(20, TimeUnit.SECONDS));
    assertInstanceOf(IllegalArgumentException.class, reader.failed);
    Reader other = new Reader(1, -1);
    llm.engine().publish("x", SamplingParams.builder().topP(7).build()).subscribe(other);
    assertTrue(other.over.await(20, TimeUnit.SECONDS));
    assertInstanceOf(InferException.Invalid.class, other.failed);
  }

  @Test
  void threadsSubmitAtOnce() throws InterruptedException {
    List<String> texts = Collections.synchronizedList(new ArrayList<>());
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 8; ++i) {
      Thread t = new Thread(() -> {
        for (int j = 0; j < 10; ++j) {
          try (Request request = begun(32)) {
            texts.add(request.text());
          }
        }
      });
      t.start();
      threads.add(t);
    }
    for (Thread t : threads) t.join();
    assertEquals(80, texts.size());
    for (String text : texts) assertEquals(expected, text);
  }

  @Test
  void oneThreadReadsMany() throws InterruptedException {
    List<Request> all = new ArrayList<>();
    List<StringBuilder> texts = new ArrayList<>();
    for (int i = 0; i < 20; ++i) {
      all.add(begun(32));
      texts.add(new StringBuilder());
    }
    for (Request r; (r = Request.any(all, Duration.ofSeconds(20))) != null; ) {
      Piece piece = r.poll(Duration.ZERO);
      if (piece != null) texts.get(all.indexOf(r)).append(piece);
    }
    for (int i = 0; i < 20; ++i) {
      assertTrue(all.get(i).ended());
      assertEquals(expected, texts.get(i).toString());
      all.get(i).close();
    }
    assertNull(Request.any(List.of(), Duration.ofSeconds(20)));
    llm.engine().pause();
    try (Request idle = begun(8)) {
      long begin = System.nanoTime();
      assertNull(Request.any(List.of(idle), Duration.ofMillis(120)));
      assertTrue(System.nanoTime() - begin >= 120_000_000);
      Thread.currentThread().interrupt();
      Expect.failure(InferException.Cancelled.class, () -> Request.any(List.of(idle), Duration.ofSeconds(20)));
      assertTrue(Thread.interrupted());
    } finally {
      llm.engine().resume();
    }
  }

  @Test
  void anInterruptedThreadComesOut() throws InterruptedException {
    llm.engine().pause(); // nothing comes
    try {
      Throwable[] seen = new Throwable[2];
      Thread t = new Thread(() -> {
        try (Request request = begun(LONG)) {
          request.complete();
        } catch (RuntimeException e) {
          seen[0] = e;
          if (Thread.currentThread().isInterrupted()) seen[1] = e;
        }
      });
      t.start();
      Thread.sleep(50);
      t.interrupt();
      t.join(20_000);
      assertInstanceOf(InferException.Cancelled.class, seen[0]);
      assertEquals(seen[0], seen[1], "the flag stays set");
    } finally {
      llm.engine().resume();
    }
  }
}
