package org.libinfer;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Owns a native object. It goes when close() was called, or the garbage collector found its owner, and no call is inside it
 * any more: so closing is safe from any thread, at any time, in any order.
 */
final class Handle<N> {
  private static final Cleaner CLEANER = Cleaner.create();

  /** What the cleaner holds: it must not know the owner. */
  private static final class State<N> implements Runnable {
    private final N nativeObject;
    private final Consumer<N> delete;
    private int inside;
    private boolean closed;

    State(N nativeObject, Consumer<N> delete) {
      this.nativeObject = nativeObject;
      this.delete = delete;
    }

    synchronized N enter(String what) {
      if (closed) throw new IllegalStateException("this " + what + " is closed");
      ++inside;
      return nativeObject;
    }

    void leave() {
      if (last(-1, false)) delete.accept(nativeObject);
    }

    @Override
    public void run() {
      if (last(0, true)) delete.accept(nativeObject);
    }

    /** Whether the native object goes now. The cleaner's run() happens once. */
    private synchronized boolean last(int change, boolean close) {
      inside += change;
      closed |= close;
      return closed && inside == 0;
    }
  }

  private final String what;
  private final State<N> state;
  private final Cleaner.Cleanable cleanable;
  private final Object parent; // an engine that is let go of ends its requests: it stays as long as they do

  /** owner: whose reachability counts; parent: what it keeps, or itself. */
  Handle(Object owner, Object parent, String what, N nativeObject, Consumer<N> delete) {
    this.what = what;
    this.parent = parent;
    this.state = new State<>(nativeObject, delete);
    this.cleanable = CLEANER.register(owner, state);
  }

  <R> R call(Function<N, R> call) {
    N object = enter();
    try {
      return call.apply(object);
    } finally {
      leave();
    }
  }

  /** For calls that need several: it stays until leave(). */
  N enter() {
    return state.enter(what);
  }

  void leave() {
    state.leave();
    Reference.reachabilityFence(parent);
  }

  void run(Consumer<N> call) {
    call(object -> {
      call.accept(object);
      return object;
    });
  }

  boolean closed() {
    synchronized (state) {
      return state.closed;
    }
  }

  void close() {
    cleanable.clean();
  }
}
