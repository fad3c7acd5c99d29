package org.libinfer.test;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.libinfer.EngineOptions;
import org.libinfer.LLM;
import org.libinfer.ModelOptions;
import org.libinfer.SamplingParams;

/** What tests/golden holds, and the models that the tests open. */
final class Golden {
  static final Path ROOT = Path.of(System.getProperty("libinfer.root")).toAbsolutePath().normalize();
  static final Path FOLDER = ROOT.resolve("tests/golden");
  static final Path TINY = FOLDER.resolve("tiny/llama_gqa.gguf");

  private final Map<String, String> fields = new HashMap<>();
  private final float[] data;

  /** Lines "key: value" up to "data:", then little-endian float32. */
  Golden(String name) {
    byte[] all = read(FOLDER.resolve(name));
    int at = 0;
    for (;;) {
      int end = at;
      while (all[end] != '\n') ++end;
      String line = new String(all, at, end - at, StandardCharsets.UTF_8);
      at = end + 1;
      if (line.equals("data:")) break;
      int colon = line.indexOf(": ");
      fields.put(line.substring(0, colon), line.substring(colon + 2));
    }
    data = new float[(all.length - at) / 4];
    ByteBuffer.wrap(all, at, data.length * 4).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(data);
  }

  String text(String key) {
    return fields.get(key);
  }

  int[] ints(String key) {
    return ids(fields.get(key));
  }

  float[] data() {
    return data;
  }

  static int[] ids(String commas) {
    if (commas.isBlank()) return new int[0];
    return Arrays.stream(commas.split(",")).mapToInt(s -> Integer.parseInt(s.trim())).toArray();
  }

  static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<String> lines(Path file) {
    return Arrays.asList(new String(read(file), StandardCharsets.UTF_8).split("\n"));
  }

  static List<String> tinyModels() throws IOException {
    try (Stream<Path> files = Files.list(FOLDER.resolve("tiny"))) {
      return files.map(f -> f.getFileName().toString()).filter(f -> f.endsWith(".gguf"))
          .map(f -> f.substring(0, f.length() - 5)).sorted().collect(Collectors.toList());
    }
  }

  /** A case of tests/golden/tokenizer. */
  static final class Tokens {
    final String text;
    final boolean trusted; // "special": control tokens are recognised
    final int[] ids;

    Tokens(String text, boolean trusted, int[] ids) {
      this.text = text;
      this.trusted = trusted;
      this.ids = ids;
    }
  }

  private static final Pattern CASE =
      Pattern.compile("\\{\"text\":\"((?:[^\"\\\\]|\\\\.)*)\",\"special\":(true|false),\"ids\":\\[([0-9,]*)\\]\\}");

  static List<Tokens> tokenizer(String name) {
    List<Tokens> cases = new ArrayList<>();
    for (String line : lines(FOLDER.resolve("tokenizer/" + name))) {
      Matcher m = CASE.matcher(line);
      if (m.matches()) cases.add(new Tokens(unescaped(m.group(1)), m.group(2).equals("true"), ids(m.group(3))));
    }
    return cases;
  }

  /** A JSON string without its quotes. */
  static String unescaped(String json) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < json.length(); ++i) {
      char c = json.charAt(i);
      if (c != '\\') {
        out.append(c);
        continue;
      }
      c = json.charAt(++i);
      if (c == 'u') {
        out.append((char) Integer.parseInt(json.substring(i + 1, i + 5), 16));
        i += 4;
      } else {
        int which = "nrtbf".indexOf(c);
        out.append(which < 0 ? c : "\n\r\t\b\f".charAt(which));
      }
    }
    return out.toString();
  }

  /** Computes as the golden answers were: in 32-bit floats. */
  static LLM reference(Path model, long context) {
    return LLM.open(model, ModelOptions.DEFAULT,
        EngineOptions.builder().device("reference").kvType("f32").contextMax(context).build());
  }

  static LLM tiny() {
    return LLM.open(TINY, ModelOptions.DEFAULT, EngineOptions.builder().contextMax(512).build());
  }

  static SamplingParams greedy(int tokens) {
    return SamplingParams.builder().temperature(0).maxTokens(tokens).build();
  }

  /** Goes on after end tokens: answers of a known length. */
  static SamplingParams exactly(int tokens) {
    return greedy(tokens).toBuilder().ignoreEnd(true).build();
  }

  static Path smollm2() {
    String given = System.getProperty("libinfer.smollm2", "");
    if (given.isEmpty() || !Files.exists(Path.of(given))) {
      throw new AssertionError("no model: configure with -DINFER_SMOLLM2=FILE (./dev test does)");
    }
    return Path.of(given);
  }
}
