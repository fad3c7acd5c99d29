package org.libinfer.langchain4j;

import com.fasterxml.jackson.databind.JsonNode;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.PartialThinking;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.chat.response.StreamingHandle;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.libinfer.LLM;
import org.libinfer.Piece;
import org.libinfer.Request;
import org.libinfer.SamplingParams;

/** A chat model in this process whose answers come piece by piece, on a thread of the executor's. */
public final class LibinferStreamingChatModel implements StreamingChatModel {
  private final LLM llm;
  private final SamplingParams defaults;
  private final Executor executor;

  /**
   * A chat model that answers with what is open already, on a thread for each answer.
   *
   * @param llm stays the caller's, who closes it
   */
  public LibinferStreamingChatModel(LLM llm) {
    this(llm, SamplingParams.DEFAULT, work -> {
      Thread t = new Thread(work, "libinfer-langchain4j");
      t.setDaemon(true);
      t.start();
    });
  }

  /**
   * A chat model that answers with what is open already.
   *
   * @param llm stays the caller's, who closes it
   * @param defaults where a request says nothing
   * @param executor has a thread wait for each answer
   */
  public LibinferStreamingChatModel(LLM llm, SamplingParams defaults, Executor executor) {
    this.llm = llm;
    this.defaults = defaults;
    this.executor = executor;
  }

  @Override
  public void doChat(ChatRequest request, StreamingChatResponseHandler handler) {
    Request running;
    try {
      running = llm.engine().submitJson(ChatJson.request(request, true), defaults);
    } catch (RuntimeException e) {
      handler.onError(e);
      return;
    }
    executor.execute(() -> read(running, handler));
  }

  /** Cancels from the handler's calls. */
  private static final class Stop implements StreamingHandle {
    private final Request running;
    private final AtomicBoolean cancelled = new AtomicBoolean();

    Stop(Request running) {
      this.running = running;
    }

    @Override
    public void cancel() {
      cancelled.set(true);
      running.cancel();
    }

    @Override
    public boolean isCancelled() {
      return cancelled.get();
    }
  }

  private static void read(Request running, StreamingChatResponseHandler handler) {
    Stop stop = new Stop(running);
    try (running) {
      ChatJson.Answer answer = new ChatJson.Answer();
      for (Piece piece : running) {
        for (String line : piece.text().split("\n")) {
          if (stop.isCancelled()) return;
          if (!line.isBlank()) tell(answer.add(ChatJson.read(line), "delta"), handler, stop);
        }
      }
      List<ToolExecutionRequest> calls = answer.calls();
      for (int i = 0; i < calls.size(); ++i) handler.onCompleteToolCall(new CompleteToolCall(i, calls.get(i)));
      handler.onCompleteResponse(answer.whole());
    } catch (RuntimeException e) {
      if (!stop.isCancelled()) handler.onError(e); // who cancels hears nothing more
    }
  }

  private static void tell(JsonNode delta, StreamingChatResponseHandler handler, Stop stop) {
    String thought = delta.path("reasoning_content").asText("");
    if (!thought.isEmpty()) handler.onPartialThinking(new PartialThinking(thought));
    String text = delta.path("content").asText("");
    if (!text.isEmpty()) handler.onPartialResponse(new PartialResponse(text), new PartialResponseContext(stop));
  }

  @Override
  public Set<Capability> supportedCapabilities() {
    return Set.of(Capability.RESPONSE_FORMAT_JSON_SCHEMA);
  }
}
