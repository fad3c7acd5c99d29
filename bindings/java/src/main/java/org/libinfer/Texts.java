package org.libinfer;

import java.util.Collection;
import java.util.function.Consumer;
import java.util.function.Function;
import org.libinfer.internal.NativeOptions;
import org.libinfer.internal.NativeTexts;

/** What crosses into native code for the time of a call. */
final class Texts {
  private Texts() {}

  /** A key, name or path: in C it ends with NUL, so one inside would silently cut it. */
  static String name(String text) {
    if (text.indexOf('\0') >= 0) throw InferException.of(-1, "a name holds the character NUL", "leave it out");
    return text;
  }

  static <R> R with(Options options, Function<NativeOptions, R> call) {
    NativeOptions made = options.open();
    try {
      return call.apply(made);
    } finally {
      made.delete();
    }
  }

  static void use(Options options, Consumer<NativeOptions> call) {
    with(options, made -> {
      call.accept(made);
      return made;
    });
  }

  static <R> R with(Collection<Message> messages, Function<NativeTexts, R> call) {
    NativeTexts made = new NativeTexts();
    try {
      for (Message m : messages) {
        made.add(name(m.role()));
        made.add(m.text());
      }
      return call.apply(made);
    } finally {
      made.delete();
    }
  }

  static String[] taken(NativeTexts rows) {
    try {
      String[] all = new String[rows.size()];
      for (int i = 0; i < all.length; ++i) all[i] = rows.at(i);
      return all;
    } finally {
      rows.delete();
    }
  }
}
