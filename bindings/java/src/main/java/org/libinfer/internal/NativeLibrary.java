package org.libinfer.internal;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Finds and loads the native libraries. The jar holds META-INF/native/PLATFORM/ with the files and an index of them: a line
 * "SHA-256 NAME" for each, in the order of loading. They are written once into a folder that only this user can enter and
 * whose name holds their hash, each first under another name, and looked through again at every start.
 *
 * <p>Properties: libinfer.library.path, a folder with the libraries to load instead; libinfer.extract.dir, the folder in
 * which that folder is made (else ~/.cache/libinfer/java, else a new temporary one).
 */
final class NativeLibrary {
  static final String PATH = "libinfer.library.path";
  static final String EXTRACT = "libinfer.extract.dir";

  private static final Set<PosixFilePermission> PRIVATE = PosixFilePermissions.fromString("rwx------");

  private static final class Entry {
    final String hash;
    final String name;

    Entry(String hash, String name) {
      this.hash = hash;
      this.name = name;
    }
  }

  private NativeLibrary() {}

  static void load() {
    String platform = platform();
    try {
      List<Entry> index = index(platform);
      String given = System.getProperty(PATH);
      if (given != null) {
        if (index.isEmpty()) index.add(new Entry("", System.mapLibraryName("infer_jni")));
        for (Entry e : index) System.load(Path.of(given).toAbsolutePath().resolve(e.name).toString());
        return;
      }
      if (index.isEmpty()) {
        throw new UnsatisfiedLinkError("this jar has no native library for " + platform + ": build libinfer there, and name"
            + " the folder of its libraries by -D" + PATH);
      }
      Path folder = folder(index);
      if (folder == null || !loaded(platform, index, folder)) loadFromTemporary(platform, index);
    } catch (IOException e) {
      UnsatisfiedLinkError error = new UnsatisfiedLinkError("the native library could not be written: " + e
          + "; name a folder that can be written by -D" + EXTRACT + ", or one that holds the libraries by -D" + PATH);
      error.initCause(e);
      throw error;
    }
  }

  /** False: another class loader of this process has them from there, and Java lets only one do so. */
  private static boolean loaded(String platform, List<Entry> index, Path folder) throws IOException {
    for (Entry e : index) extract(platform, e, folder);
    try {
      for (Entry e : index) System.load(folder.resolve(e.name).toString());
      return true;
    } catch (UnsatisfiedLinkError e) {
      if (String.valueOf(e.getMessage()).contains("already loaded in another classloader")) return false;
      throw e;
    }
  }

  private static void loadFromTemporary(String platform, List<Entry> index) throws IOException {
    Path folder = Files.createTempDirectory("libinfer-"); // nobody else can enter it
    try {
      loaded(platform, index, folder);
    } finally {
      for (Entry e : index) Files.deleteIfExists(folder.resolve(e.name)); // what is mapped stays
      Files.deleteIfExists(folder);
    }
  }

  /** "linux-x86_64". */
  static String platform() {
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    String system = os.contains("win") ? "windows" : os.contains("mac") ? "macos" : os.contains("linux") ? "linux" : os;
    String processor = arch.equals("amd64") ? "x86_64" : arch.equals("arm64") ? "aarch64" : arch;
    return system + "-" + processor;
  }

  private static List<Entry> index(String platform) throws IOException {
    List<Entry> entries = new ArrayList<>();
    try (InputStream in = resource(platform, "index")) {
      if (in == null) return entries;
      BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
      for (String line; (line = lines.readLine()) != null; ) {
        String[] words = line.trim().split("\\s+");
        if (words.length == 2) entries.add(new Entry(words[0], words[1]));
      }
    }
    return entries;
  }

  private static InputStream resource(String platform, String name) {
    return NativeLibrary.class.getResourceAsStream("/META-INF/native/" + platform + "/" + name);
  }

  /** Null: there is none that is ours alone. */
  private static Path folder(List<Entry> index) throws IOException {
    MessageDigest all = sha256();
    for (Entry e : index) all.update((e.hash + e.name).getBytes(StandardCharsets.UTF_8));
    String name = "libinfer-" + hex(all.digest()).substring(0, 16);
    String given = System.getProperty(EXTRACT);
    Path base = given != null ? Path.of(given) : Path.of(System.getProperty("user.home"), ".cache", "libinfer", "java");
    try {
      Path folder = base.toAbsolutePath().resolve(name);
      Files.createDirectories(folder.getParent());
      if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
        try {
          Files.createDirectory(folder, attributes(folder));
        } catch (java.nio.file.FileAlreadyExistsException e) {
          // another process was faster; it is looked at below as any other
        }
      }
      if (ours(folder)) return folder;
      if (given != null) throw new IOException(folder + " belongs to someone else, or others can enter it");
    } catch (IOException e) {
      if (given != null) throw e; // a folder that was asked for is not silently another one
    }
    return null;
  }

  /** A real folder of this user, which nobody else can enter and this process can write to. */
  private static boolean ours(Path folder) throws IOException {
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) return false;
    if (!posix(folder)) return true;
    PosixFileAttributes a = Files.readAttributes(folder, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (!a.permissions().equals(PRIVATE)) return false;
    Path mine = Files.createTempFile(folder, ".who", "");
    try {
      return Files.getOwner(mine).equals(a.owner());
    } finally {
      Files.delete(mine);
    }
  }

  private static boolean posix(Path path) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix");
  }

  private static FileAttribute<?>[] attributes(Path path) {
    return posix(path) ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PRIVATE)} : new FileAttribute<?>[0];
  }

  private static void extract(String platform, Entry e, Path folder) throws IOException {
    Path file = folder.resolve(e.name);
    if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) && hash(file).equals(e.hash)) return;
    Path part = Files.createTempFile(folder, "." + e.name, ".part");
    try {
      try (InputStream in = resource(platform, e.name);
          OutputStream out = Files.newOutputStream(part, StandardOpenOption.TRUNCATE_EXISTING)) {
        if (in == null) throw new IOException("the jar's index names " + e.name + ", which it does not hold");
        in.transferTo(out);
      }
      if (!hash(part).equals(e.hash)) throw new IOException(e.name + " in the jar is damaged: fetch the jar again");
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private static String hash(Path file) throws IOException {
    MessageDigest digest = sha256();
    byte[] block = new byte[1 << 16];
    try (InputStream in = Files.newInputStream(file)) {
      for (int n; (n = in.read(block)) > 0; ) digest.update(block, 0, n);
    }
    return hex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }

  private static String hex(byte[] bytes) {
    StringBuilder text = new StringBuilder();
    for (byte b : bytes) text.append(String.format("%02x", b));
    return text.toString();
  }
}
