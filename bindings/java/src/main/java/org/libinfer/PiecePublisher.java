package org.libinfer;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Pieces as a reactive stream: each subscriber has a request of its own, which begins when it first asks for a piece. No more
 * is pulled than was asked for. Signals come one after another from one thread, which goes while nothing is asked for.
 */
final class PiecePublisher implements Flow.Publisher<Piece> {
  private final Supplier<Request> submit;
  private final Executor executor;

  PiecePublisher(Supplier<Request> submit, Executor executor) {
    this.submit = submit;
    this.executor = executor;
  }

  @Override
  public void subscribe(Flow.Subscriber<? super Piece> subscriber) {
    Objects.requireNonNull(subscriber);
    Pull pull = new Pull(subscriber);
    subscriber.onSubscribe(pull);
    pull.begin();
  }

  private final class Pull implements Flow.Subscription {
    private final Flow.Subscriber<? super Piece> subscriber;
    private final AtomicBoolean over = new AtomicBoolean();
    private long wanted;     // pieces asked for and not yet given
    private boolean pulling = true; // a thread does, or onSubscribe has not returned yet: signals come one after another
    private boolean wrong;   // asked for none or fewer
    private @Nullable Request request;
    private @Nullable Piece ahead; // pulled, not asked for yet; of the thread that pulls

    Pull(Flow.Subscriber<? super Piece> subscriber) {
      this.subscriber = subscriber;
    }

    /** After onSubscribe: gives what was asked for in it. */
    void begin() {
      synchronized (this) {
        pulling = wanted > 0 || wrong;
        if (!pulling) return;
      }
      executor.execute(this::pull);
    }

    @Override
    public void request(long n) {
      synchronized (this) {
        if (over.get()) return;
        if (n <= 0) wrong = true;
        else wanted = wanted + n < 0 ? Long.MAX_VALUE : wanted + n;
        if (pulling) return;
        pulling = true;
      }
      executor.execute(this::pull);
    }

    @Override
    public void cancel() {
      if (over.getAndSet(true)) return;
      Request running;
      synchronized (this) {
        running = request;
      }
      if (running != null) running.close();
    }

    private void pull() {
      try {
        Request running = begun();
        while (running != null && more()) {
          Piece piece = ahead != null ? ahead : running.next();
          ahead = null;
          if (piece != null && !over.get()) subscriber.onNext(piece);
          // The end is told without being asked for: a look whether there is more.
          if (piece != null && piece.finish() != FinishReason.NONE) ahead = running.poll(Duration.ZERO);
          if (running.ended() && ahead == null && !over.getAndSet(true)) subscriber.onComplete();
        }
      } catch (Throwable e) {
        if (!over.getAndSet(true)) subscriber.onError(e);
      }
      Request ended;
      synchronized (this) {
        ended = over.get() ? request : null;
      }
      if (ended != null) ended.close();
    }

    private @Nullable Request begun() {
      synchronized (this) {
        if (request == null && !over.get() && !wrong) request = submit.get();
        return wrong ? failed() : request;
      }
    }

    private @Nullable Request failed() {
      throw new IllegalArgumentException("a subscription was asked for no or fewer pieces (rule 3.9)");
    }

    /** Whether to give one more; else nobody pulls from here on. */
    private synchronized boolean more() {
      if (wrong) failed();
      if (over.get() || wanted == 0) {
        pulling = false;
        return false;
      }
      if (wanted != Long.MAX_VALUE) --wanted;
      return true;
    }
  }
}
