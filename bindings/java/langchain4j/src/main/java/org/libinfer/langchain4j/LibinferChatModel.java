package org.libinfer.langchain4j;

import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import java.util.Set;
import org.libinfer.LLM;
import org.libinfer.Request;
import org.libinfer.SamplingParams;

/** A chat model in this process. Tools, response formats and every parameter of a request are honoured; images are not known. */
public final class LibinferChatModel implements ChatModel {
  private final LLM llm;
  private final SamplingParams defaults;

  /**
   * A chat model that answers with what is open already.
   *
   * @param llm stays the caller's, who closes it
   */
  public LibinferChatModel(LLM llm) {
    this(llm, SamplingParams.DEFAULT);
  }

  /**
   * A chat model that answers with what is open already.
   *
   * @param llm stays the caller's, who closes it
   * @param defaults where a request says nothing
   */
  public LibinferChatModel(LLM llm, SamplingParams defaults) {
    this.llm = llm;
    this.defaults = defaults;
  }

  @Override
  public ChatResponse doChat(ChatRequest request) {
    try (Request running = llm.engine().submitJson(ChatJson.request(request, false), defaults)) {
      ChatJson.Answer answer = new ChatJson.Answer();
      answer.add(ChatJson.read(running.text()), "message");
      return answer.whole();
    }
  }

  @Override
  public Set<Capability> supportedCapabilities() {
    return Set.of(Capability.RESPONSE_FORMAT_JSON_SCHEMA);
  }
}
