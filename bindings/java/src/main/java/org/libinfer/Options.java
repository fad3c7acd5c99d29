package org.libinfer;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.libinfer.internal.NativeOptions;

/**
 * Settings by key, as the C library knows them; immutable. The subclasses have a builder with a method for each option, made
 * from the library's own table: {@link SamplingParams}, {@link EngineOptions}, {@link ModelOptions}, {@link RuntimeOptions},
 * {@link AdapterOptions}. Values are checked when they are used.
 */
public abstract class Options {
  private final List<Setting> settings;

  interface Setting {
    void apply(NativeOptions to);
  }

  Options(Builder<?, ?> from) {
    settings = Collections.unmodifiableList(new ArrayList<>(from.settings));
  }

  /** To be deleted by the caller. */
  NativeOptions open() {
    NativeOptions made = new NativeOptions();
    try {
      for (Setting s : settings) s.apply(made);
      return made;
    } catch (RuntimeException e) {
      made.delete();
      throw e;
    }
  }

  /** Collects settings. One thread at a time. */
  abstract static class Builder<O extends Options, B extends Builder<O, B>> {
    private final List<Setting> settings = new ArrayList<>();

    Builder() {}

    void copy(Options from) {
      settings.addAll(from.settings);
    }

    abstract B self();

    /**
     * The settings so far, as an object that does not change any more.
     *
     * @return them
     */
    public abstract O build();

    /**
     * Any option, by its key in the C library.
     *
     * @param key such as "top_p"
     * @param value the value; a key that is a list takes one more
     * @return this
     */
    public B set(String key, String value) {
      String name = Texts.name(key);
      java.util.Objects.requireNonNull(value);
      settings.add(o -> o.set_text(name, value));
      return self();
    }

    /**
     * Any option with a whole number, by its key in the C library.
     *
     * @param key such as "max_tokens"
     * @param value the value
     * @return this
     */
    public B set(String key, long value) {
      String name = Texts.name(key);
      settings.add(o -> o.set_int(name, value));
      return self();
    }

    /**
     * Any option with a number, by its key in the C library.
     *
     * @param key such as "temperature"
     * @param value the value
     * @return this
     */
    public B set(String key, double value) {
      String name = Texts.name(key);
      settings.add(o -> o.set_num(name, value));
      return self();
    }

    /**
     * Any option that is on or off, by its key in the C library.
     *
     * @param key such as "ignore_end"
     * @param value the value
     * @return this
     */
    public B set(String key, boolean value) {
      return set(key, value ? 1L : 0L);
    }

    /**
     * Any option, its value read by the key's own type: for configuration files.
     *
     * @param key such as "temperature"
     * @param value such as "0.7"
     * @return this
     */
    public B parse(String key, String value) {
      String name = Texts.name(key);
      String text = Texts.name(value);
      settings.add(o -> o.parse(name, text));
      return self();
    }
  }
}
