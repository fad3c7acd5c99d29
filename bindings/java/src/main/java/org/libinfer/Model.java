package org.libinfer;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.libinfer.internal.NativeEngine;
import org.libinfer.internal.NativeModel;

/** Weights, tokenizer and chat template of a file; does not change. */
public final class Model implements AutoCloseable {
  private static final double LOADED = 2;

  private final Handle<NativeModel> handle;

  Model(NativeModel made) {
    handle = new Handle<>(this, this, "model", made, NativeModel::delete);
  }

  /**
   * An engine that runs requests on this model.
   *
   * @return the engine
   */
  public Engine engine() {
    return engine(EngineOptions.DEFAULT);
  }

  /**
   * An engine that runs requests on this model.
   *
   * @param options devices, context, memory and more
   * @return the engine
   */
  public Engine engine(EngineOptions options) {
    NativeEngine made = handle.call(m -> Texts.with(options, m::engine));
    return new Engine(made, this);
  }

  /**
   * How far loading is, for a model of {@link InferRuntime#openStart}.
   *
   * @return 0 to 1; 1 once it is loaded
   * @throws InferException where loading has failed
   */
  public double progress() {
    double progress = handle.call(m -> m.wait_for(0));
    return Math.min(1, progress);
  }

  /**
   * Whether it is loaded.
   *
   * @return false while it is being loaded
   * @throws InferException where loading has failed
   */
  public boolean isLoaded() {
    double progress = handle.call(m -> m.wait_for(0));
    return progress == LOADED;
  }

  /** Stops loading; no effect afterwards. */
  public void cancel() {
    handle.run(NativeModel::cancel);
  }

  /**
   * A fact: n_vocab, n_ctx_train, n_embd, n_layer, n_head, n_head_kv, head_dim, n_expert, n_parameters, weight_bytes,
   * file_bytes, has_tokenizer, has_chat_template.
   *
   * @param name which
   * @return its value
   */
  public long fact(String name) {
    return handle.call(m -> m.fact(Texts.name(name)));
  }

  /**
   * A special token: bos, eos, eot, eom, unk, sep, pad, mask, cls, fim_pre, fim_suf, fim_mid.
   *
   * @param name which
   * @return its id; -1 where the model has none
   */
  public int special(String name) {
    return handle.call(m -> m.special(Texts.name(name)));
  }

  /**
   * What the file says of itself, in its order; long arrays are shortened.
   *
   * @return values by key
   */
  public Map<String, String> metadata() {
    String[] cells = Texts.taken(handle.call(NativeModel::metadata));
    Map<String, String> all = new LinkedHashMap<>();
    for (int i = 0; i + 1 < cells.length; i += 2) all.put(cells[i], cells[i + 1]);
    return Collections.unmodifiableMap(all);
  }

  /**
   * The tokens of a text as it is.
   *
   * @param text any text
   * @return ids
   */
  public int[] encode(String text) {
    return encode(text, false, false);
  }

  /**
   * The tokens of a text.
   *
   * @param text any text
   * @param special add what the model wants around a text (BOS, EOS)
   * @param trusted text that spells a control token becomes that token
   * @return ids
   */
  public int[] encode(String text, boolean special, boolean trusted) {
    return handle.call(m -> m.encode(text, special, trusted));
  }

  /**
   * The text of tokens, without control tokens. Bytes that are no whole character become U+FFFD.
   *
   * @param tokens ids
   * @return text
   */
  public String decode(int... tokens) {
    return handle.call(m -> m.decode(tokens, false));
  }

  /**
   * The prompt that a chat becomes by the model's template: for showing.
   *
   * @param messages the chat
   * @return text
   */
  public String render(Collection<Message> messages) {
    return render(messages, SamplingParams.DEFAULT);
  }

  /**
   * The prompt that a chat becomes by the model's template: for showing.
   *
   * @param messages the chat
   * @param params of these, what begins with "chat."
   * @return text
   */
  public String render(Collection<Message> messages, SamplingParams params) {
    return handle.call(m -> Texts.with(messages, texts -> Texts.with(params, o -> m.render(texts, o))));
  }

  /** Lets go of it. Engines that were made stay usable. */
  @Override
  public void close() {
    handle.close();
  }
}
