package org.libinfer;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.libinfer.internal.NativeRequest;
import org.libinfer.internal.NativeRequests;

/**
 * One answer that is being generated: to be pulled piece by piece, or as a whole. Pieces go to whoever asks next; one reader
 * is usual. {@link #cancel}, {@link #usage}, {@link #tokens} and {@link #close} are for any thread at any time; closing
 * cancels.
 *
 * <p>A thread that waits here and is interrupted cancels the answer, and gets {@link InferException.Cancelled}.
 */
public final class Request implements Iterable<Piece>, AutoCloseable {
  /** How long native code waits before it looks whether the thread was interrupted, milliseconds. */
  private static final int SLICE = 50;

  private static final int PIECE = 0;
  private static final int DONE = 1;

  private final Handle<NativeRequest> handle;
  private final Object pull = new Object(); // one thread at a time reads
  private boolean ended;

  Request(NativeRequest made, Engine engine) {
    handle = new Handle<>(this, engine, "request", made, NativeRequest::delete);
  }

  /**
   * The next piece; waits for it.
   *
   * @return the piece, or null after the last one
   * @throws InferException where the request failed
   */
  public @Nullable Piece next() {
    for (;;) {
      Piece piece = take(SLICE);
      if (piece != null || ended()) return piece;
    }
  }

  /**
   * The next piece, if it comes in time.
   *
   * @param timeout how long to wait; zero: not at all
   * @return the piece; null where the time has passed, or after the last one: see {@link #ended}
   * @throws InferException where the request failed
   */
  public @Nullable Piece poll(Duration timeout) {
    long end = System.nanoTime() + timeout.toNanos();
    for (;;) {
      long left = Math.max(0, (end - System.nanoTime() + 999_999) / 1_000_000);
      Piece piece = take((int) Math.min(SLICE, left));
      if (piece != null || ended() || left == 0) return piece;
    }
  }

  /**
   * Waits until one of these has a piece to give, so that one thread reads many. Those that have ended are passed over.
   *
   * @param requests of any engines
   * @param timeout how long to wait
   * @return one whose {@link #next} does not wait; null where the time has passed, or all have ended
   */
  public static @Nullable Request any(Collection<Request> requests, Duration timeout) {
    List<Request> inside = new ArrayList<>();
    NativeRequests all = new NativeRequests();
    try {
      for (Request r : requests) {
        if (r.ended()) continue;
        all.add(r.handle.enter());
        inside.add(r);
      }
      long end = System.nanoTime() + timeout.toNanos();
      for (;;) {
        long left = Math.max(0, (end - System.nanoTime() + 999_999) / 1_000_000);
        int which = all.wait_any((int) Math.min(SLICE, left));
        if (which >= 0) return inside.get(which);
        if (left == 0 || inside.isEmpty()) return null;
        if (Thread.currentThread().isInterrupted()) throw InferException.of(-8, "the waiting thread was interrupted", "");
      }
    } finally {
      for (Request r : inside) r.handle.leave();
      all.delete();
    }
  }

  /**
   * Whether the last piece was given.
   *
   * @return true after it
   */
  public boolean ended() {
    synchronized (pull) {
      return ended;
    }
  }

  private @Nullable Piece take(int timeout) {
    synchronized (pull) {
      if (ended) return null;
      if (Thread.interrupted()) {
        cancel();
        Thread.currentThread().interrupt();
        throw InferException.of(-8, "the waiting thread was interrupted", "");
      }
      return handle.call(r -> {
        int[] told = r.next(timeout);
        if (told[0] == DONE) ended = true;
        return told[0] == PIECE ? new Piece(r, told) : null;
      });
    }
  }

  /**
   * The pieces that are still to come; each step waits for one.
   *
   * @return an iterator to be used once
   */
  @Override
  public Iterator<Piece> iterator() {
    return new Iterator<>() {
      private @Nullable Piece ahead;

      @Override
      public boolean hasNext() {
        if (ahead == null) ahead = Request.this.next();
        return ahead != null;
      }

      @Override
      public Piece next() {
        if (!hasNext()) throw new NoSuchElementException();
        Piece given = ahead;
        ahead = null;
        return given;
      }
    };
  }

  /**
   * The pieces that are still to come, as a stream. Closing the stream closes the request.
   *
   * @return a sequential stream
   */
  public Stream<Piece> stream() {
    int traits = Spliterator.ORDERED | Spliterator.NONNULL;
    return StreamSupport.stream(Spliterators.spliteratorUnknownSize(iterator(), traits), false).onClose(this::close);
  }

  /**
   * Waits for all that is still to come.
   *
   * @return it, put together
   */
  public Completion complete() {
    Completion.Collector all = new Completion.Collector();
    for (Piece piece : this) all.add(piece);
    return all.whole(usage());
  }

  /**
   * All text that is still to come.
   *
   * @return the text
   */
  public String text() {
    return complete().text();
  }

  /**
   * The whole answer, later. Cancelling the future cancels the request, which is closed when it has ended.
   *
   * @return a future that completes on a thread of libinfer's
   */
  public CompletableFuture<Completion> toFuture() {
    return toFuture(Async.threads());
  }

  /**
   * The whole answer, later.
   *
   * @param executor has a thread wait for the answer, such as one of virtual threads
   * @return a future; cancelling it cancels the request
   */
  public CompletableFuture<Completion> toFuture(Executor executor) {
    return Async.complete(this, executor);
  }

  /**
   * Stops the answer within a step: whoever asks for more of it gets {@link InferException.Cancelled}. Has no effect on one
   * that has ended or is closed.
   */
  public void cancel() {
    if (handle.closed()) return;
    try {
      handle.run(NativeRequest::cancel);
    } catch (IllegalStateException e) {
      // closed meanwhile, which cancels
    }
  }

  /**
   * Counts and times so far.
   *
   * @return them
   */
  public Usage usage() {
    return new Usage(handle.call(NativeRequest::usage));
  }

  /**
   * The ids of the prompt and of the answer so far.
   *
   * @return ids of the first sample
   */
  public int[] tokens() {
    return tokens(0);
  }

  /**
   * The ids of the prompt and of one of the answers so far.
   *
   * @param sample which answer, from 0
   * @return ids
   */
  public int[] tokens(int sample) {
    return handle.call(r -> r.all_tokens(sample));
  }

  /** Cancels what still runs, and lets go of it. */
  @Override
  public void close() {
    cancel(); // so that a thread that waits inside comes out
    handle.close();
  }
}
