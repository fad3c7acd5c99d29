package org.libinfer.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.libinfer.Engine;
import org.libinfer.EngineOptions;
import org.libinfer.InferException;
import org.libinfer.InferRuntime;
import org.libinfer.LLM;
import org.libinfer.Model;
import org.libinfer.Prompt;
import org.libinfer.Request;

/** Closing: in any order, twice, while a call is inside, not at all. */
class LifetimeTest {
  private static final EngineOptions SMALL = EngineOptions.builder().contextMax(512).batchRequests(4).build();

  @Test
  void closeInAnyOrder() {
    for (int order = 0; order < 24; ++order) {
      InferRuntime runtime = InferRuntime.create();
      Model model = runtime.open(Golden.TINY);
      Engine engine = model.engine(SMALL);
      Request request = engine.submit(new int[] {1, 2, 3}, Golden.exactly(40));
      List<AutoCloseable> all = new ArrayList<>(List.of(runtime, model, engine, request));
      int rest = order;
      for (int left = 4; left > 0; --left) {
        AutoCloseable one = all.remove(rest % left);
        rest /= left;
        close(one);
        close(one);
      }
      Expect.failure(IllegalStateException.class, () -> engine.submit(new int[] {1}, Golden.exactly(1)));
      Expect.failure(IllegalStateException.class, () -> model.encode("x"));
      Expect.failure(IllegalStateException.class, request::next);
      Expect.failure(IllegalStateException.class, () -> runtime.open(Golden.TINY));
      request.cancel(); // has no effect
    }
  }

  private static void close(AutoCloseable one) {
    try {
      one.close();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void parentsMayGoFirst() {
    Engine engine;
    try (InferRuntime runtime = InferRuntime.create(); Model model = runtime.open(Golden.TINY)) {
      engine = model.engine(SMALL);
    }
    try (Request request = engine.submit(new int[] {1, 2, 3}, Golden.exactly(8))) {
      assertEquals(8, request.complete().tokens().length);
    }
    engine.close();
  }

  @Test
  void closingWhileAThreadWaitsInside() throws InterruptedException {
    try (LLM llm = Golden.tiny()) {
      for (int i = 0; i < 20; ++i) {
        llm.engine().pause();
        Request request = llm.engine().submit(new int[] {1, 2, 3}, Golden.exactly(400));
        List<Throwable> seen = Collections.synchronizedList(new ArrayList<>());
        Thread t = new Thread(() -> {
          try {
            request.complete();
          } catch (IllegalStateException | InferException.Cancelled e) {
            seen.add(e); // closed before it asked, or cancelled while it waited
          }
        });
        t.start();
        Thread.sleep(5);
        request.close();
        llm.engine().resume();
        t.join(20_000);
        assertEquals(1, seen.size(), "it came out");
      }
    }
  }

  @Test
  void whatIsForgottenIsClosedAndWhatIsUsedIsNot() throws InterruptedException {
    WeakReference<Engine> engine = new WeakReference<>(Golden.tiny().engine());
    engine.get().pause();
    useAlone(engine);
    Expect.soon(() -> {
      System.gc();
      return engine.get() == null;
    }, "an engine that nobody holds is collected");
  }

  /** A request is all that knows its engine. */
  private static void useAlone(WeakReference<Engine> engine) throws InterruptedException {
    try (Request request = engine.get().submit(new int[] {1, 2, 3}, Golden.exactly(40))) {
      for (int i = 0; i < 5; ++i) {
        System.gc();
        Thread.sleep(10);
      }
      engine.get().resume();
      assertEquals(40, request.complete().tokens().length);
    }
  }

  /** In a process of its own, whose heap has all its memory from the beginning: what grows is not Java's. */
  @Test
  void thousandCyclesAreFlatInMemory() throws Exception {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    List<String> command = new ArrayList<>(List.of(java, "-Xms48m", "-Xmx48m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1", "-cp", classPath(), "-Dlibinfer.root=" + Golden.ROOT,
        "-Dlibinfer.extract.dir=" + System.getProperty("libinfer.extract.dir"), Cycles.class.getName()));
    Path output = Files.createTempFile("libinfer", ".txt");
    try {
      Process p = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
      int code = p.waitFor();
      String text = Files.readString(output);
      assertEquals(0, code, text);
      long grown = Long.parseLong(text.trim());
      // One engine of this model has more than 100 kB, a request 3 kB: either kept once a cycle would be seen.
      assertTrue(grown < 2_000_000, () -> "grew by " + grown + " bytes in 1,000 cycles");
    } finally {
      Files.delete(output);
    }
  }

  /** What surefire runs with, whichever way it passes it: the folders of our classes, and their libraries. */
  private static String classPath() {
    StringBuilder all = new StringBuilder();
    for (Class<?> c : List.of(LLM.class, Cycles.class)) {
      all.append(Path.of(java.net.URI.create(c.getProtectionDomain().getCodeSource().getLocation().toString())));
      all.append(java.io.File.pathSeparatorChar);
    }
    Path classes = Golden.ROOT; // nothing more is needed
    return all.append(classes).toString();
  }

  /** Opens, asks and closes; prints by how many bytes the process has grown from the 200th time to the 1,200th. */
  static final class Cycles {
    private Cycles() {}

    public static void main(String[] args) throws Exception {
      long before = 0;
      for (int i = 0; i < 1200; ++i) {
        if (i == 200) before = resident();
        try (InferRuntime runtime = InferRuntime.create();
            Model model = runtime.open(Golden.TINY);
            Engine engine = model.engine(SMALL);
            Prompt prompt = engine.prompt();
            Request request = engine.submit(new int[] {1, 2, 3}, Golden.exactly(2))) {
          request.next();
          prompt.append("x");
        }
      }
      System.out.println(resident() - before);
    }

    private static long resident() throws Exception {
      System.gc();
      Thread.sleep(200);
      String[] pages = Files.readString(Path.of("/proc/self/statm")).split(" ");
      return Long.parseLong(pages[1]) * 4096;
    }
  }
}
