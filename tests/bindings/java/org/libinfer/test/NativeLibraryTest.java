package org.libinfer.test;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.libinfer.InferRuntime;
import org.libinfer.LLM;

/** How the native libraries come out of the jar; each time in a new process. */
class NativeLibraryTest {
  @TempDir Path base;

  private String output;

  @BeforeEach
  void clear() {
    output = "";
  }

  /** Prints the version of the native library, and where it was loaded from. */
  static final class Ask {
    private Ask() {}

    public static void main(String[] args) throws IOException {
      System.out.println(InferRuntime.version());
      for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
        if (line.contains("libinfer_jni")) System.out.println(line.substring(line.indexOf('/')));
      }
    }
  }

  private int ask(String... properties) throws Exception {
    return ask(Ask.class, properties);
  }

  private int ask(Class<?> program, String... properties) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(properties));
    command.addAll(List.of("-cp", place(LLM.class) + java.io.File.pathSeparator + place(Ask.class), program.getName()));
    Process p = new ProcessBuilder(command).redirectErrorStream(true).start();
    output = new String(p.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    return p.waitFor();
  }

  private static Path place(Class<?> c) {
    return Path.of(java.net.URI.create(c.getProtectionDomain().getCodeSource().getLocation().toString()));
  }

  private String extract() {
    return "-Dlibinfer.extract.dir=" + base;
  }

  private Path only() throws IOException {
    try (Stream<Path> folders = Files.list(base)) {
      List<Path> all = folders.collect(Collectors.toList());
      assertEquals(1, all.size(), all.toString());
      return all.get(0);
    }
  }

  @Test
  void areWrittenOnceForThisUserAlone() throws Exception {
    assertEquals(0, ask(extract()), output);
    Path folder = only();
    assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)));
    Path file = folder.resolve("libinfer_jni.so");
    assertTrue(output.contains(file.toString()), output);
    Object written = Files.getAttribute(file, "unix:ino");
    assertEquals(0, ask(extract()), output);
    assertEquals(written, Files.getAttribute(file, "unix:ino"), "it was not written again");
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(2, files.count(), "nothing else is left there");
    }
  }

  @Test
  void aFileThatWasChangedIsReplaced() throws Exception {
    assertEquals(0, ask(extract()), output);
    Path file = only().resolve("libinfer_jni.so");
    byte[] good = Files.readAllBytes(file);
    byte[] bad = good.clone();
    bad[bad.length / 2] ^= 1;
    Files.write(file, bad);
    assertEquals(0, ask(extract()), output);
    assertArrayEquals(good, Files.readAllBytes(file));
    Files.delete(file);
    Files.createSymbolicLink(file, Files.write(base.resolve("elsewhere"), good)); // even if it holds the same
    assertEquals(0, ask(extract()), output);
    assertFalse(Files.isSymbolicLink(file));
  }

  @Test
  void aFolderThatOthersCanEnterIsRefused() throws Exception {
    assertEquals(0, ask(extract()), output);
    Path folder = only();
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertTrue(ask(extract()) != 0);
    assertTrue(output.contains("others can enter it") && output.contains("libinfer.library.path"), output);
  }

  @Test
  void aLinkInItsPlaceIsRefused() throws Exception {
    assertEquals(0, ask(extract()), output);
    Path folder = only();
    Path moved = Files.move(folder, base.resolveSibling(base.getFileName() + "-moved"));
    Files.createSymbolicLink(folder, moved);
    assertTrue(ask(extract()) != 0);
    assertTrue(output.contains("belongs to someone else"), output);
  }

  @Test
  void withoutAHomeATemporaryFolderIsUsed() throws Exception {
    assertEquals(0, ask("-Duser.home=/proc/nowhere", "-Djava.io.tmpdir=" + base), output);
    assertTrue(output.contains(base.toString()), output);
    try (Stream<Path> left = Files.list(base)) {
      assertEquals(0, left.filter(p -> p.getFileName().toString().startsWith("libinfer")).count(), "nothing is left of it");
    }
  }

  /** As programs have it that are loaded anew in a running process. */
  static final class Twice {
    private Twice() {}

    public static void main(String[] args) throws Exception {
      for (int i = 0; i < 2; ++i) {
        ClassLoader own = new java.net.URLClassLoader(
            new java.net.URL[] {LLM.class.getProtectionDomain().getCodeSource().getLocation()}, ClassLoader.getPlatformClassLoader());
        System.out.println(own.loadClass("org.libinfer.InferRuntime").getMethod("version").invoke(null));
      }
      Ask.main(args);
    }
  }

  @Test
  void severalClassLoadersMayHaveThem() throws Exception {
    assertEquals(0, ask(Twice.class, extract()), output);
    assertEquals(3, output.lines().filter(l -> l.matches("\\d+\\.\\d+\\.\\d+")).count(), output);
  }

  @Test
  void aFolderCanBeGiven() throws Exception {
    assertEquals(0, ask(extract()), output);
    Path folder = only();
    Path mine = Files.createDirectory(base.resolve("mine"));
    try (Stream<Path> files = Files.list(folder)) {
      for (Path f : files.collect(Collectors.toList())) Files.copy(f, mine.resolve(f.getFileName()));
    }
    assertEquals(0, ask("-Dlibinfer.library.path=" + mine), output);
    assertTrue(output.contains(mine.resolve("libinfer_jni.so").toString()), output);
    assertTrue(ask("-Dlibinfer.library.path=" + base.resolve("none")) != 0);
  }

  @Test
  void processesThatStartAtOnceAllWork() throws Exception {
    List<Process> all = new ArrayList<>();
    for (int i = 0; i < 4; ++i) {
      all.add(new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), extract(), "-cp",
          place(LLM.class) + java.io.File.pathSeparator + place(Ask.class), Ask.class.getName())
          .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start());
    }
    for (Process p : all) assertEquals(0, p.waitFor());
  }
}
