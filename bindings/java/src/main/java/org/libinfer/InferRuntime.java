package org.libinfer;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.libinfer.internal.LibinferNative;
import org.libinfer.internal.NativeModel;
import org.libinfer.internal.NativeRuntime;

/** Backends and devices: what models are opened in. One is enough for a program. */
public final class InferRuntime implements AutoCloseable {
  private final Handle<NativeRuntime> handle;

  private InferRuntime(NativeRuntime made) {
    handle = new Handle<>(this, this, "runtime", made, NativeRuntime::delete);
  }

  /**
   * A runtime with all backends.
   *
   * @return the runtime
   */
  public static InferRuntime create() {
    return create(RuntimeOptions.DEFAULT);
  }

  /**
   * A runtime.
   *
   * @param options which backends, and where to look for them
   * @return the runtime
   */
  public static InferRuntime create(RuntimeOptions options) {
    return new InferRuntime(Texts.with(options, NativeRuntime::create));
  }

  /**
   * The version of the native library.
   *
   * @return such as "0.1.0"
   */
  public static String version() {
    return LibinferNative.library_version();
  }

  /**
   * Opens a model; waits until it is loaded.
   *
   * @param path a GGUF file, or the first of a split set
   * @return the model
   */
  public Model open(Path path) {
    return open(path, ModelOptions.DEFAULT);
  }

  /**
   * Opens a model; waits until it is loaded.
   *
   * @param path a GGUF file, or the first of a split set
   * @param options of the model
   * @return the model
   */
  public Model open(Path path, ModelOptions options) {
    String name = Texts.name(path.toString());
    NativeModel made = handle.call(rt -> Texts.with(options, o -> rt.open(name, o)));
    return new Model(made);
  }

  /**
   * Begins to open a model and returns: {@link Model#progress} tells how far it is, {@link Model#cancel} stops it, and what
   * needs the model waits for it.
   *
   * @param path a GGUF file, or the first of a split set
   * @param options of the model
   * @return the model
   */
  public Model openStart(Path path, ModelOptions options) {
    String name = Texts.name(path.toString());
    NativeModel made = handle.call(rt -> Texts.with(options, o -> rt.open_start(name, o)));
    return new Model(made);
  }

  /**
   * Loads one backend plugin.
   *
   * @param path its file
   */
  public void loadBackend(Path path) {
    String name = Texts.name(path.toString());
    handle.run(rt -> rt.load_backend(name));
  }

  /**
   * The devices that models can run on, the best first.
   *
   * @return what is known of each
   */
  public List<Device> devices() {
    String[] cells = Texts.taken(handle.call(NativeRuntime::devices));
    List<Device> all = new ArrayList<>();
    for (int i = 0; i + Device.CELLS <= cells.length; i += Device.CELLS) all.add(new Device(cells, i));
    return Collections.unmodifiableList(all);
  }

  /** Lets go of it. Models that were opened stay usable. */
  @Override
  public void close() {
    handle.close();
  }
}
