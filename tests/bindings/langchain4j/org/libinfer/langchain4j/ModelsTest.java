package org.libinfer.langchain4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.output.FinishReason;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.libinfer.InferException;
import org.libinfer.LLM;

class ModelsTest {
  private static LLM llm;

  @BeforeAll
  static void open() {
    llm = LLM.open(System.getProperty("libinfer.smollm2"));
  }

  @AfterAll
  static void close() {
    llm.close();
  }

  private static ChatRequest.Builder capital() {
    return ChatRequest.builder().messages(UserMessage.from("Name the capital of France.")).temperature(0.0).maxOutputTokens(24);
  }

  @Test
  void chat() {
    ChatResponse answer = new LibinferChatModel(llm).chat(capital().build());
    assertTrue(answer.aiMessage().text().contains("Paris"), answer.toString());
    assertEquals(FinishReason.STOP, answer.finishReason());
    assertTrue(answer.tokenUsage().inputTokenCount() > 10 && answer.tokenUsage().outputTokenCount() > 3);
    ChatResponse cut = new LibinferChatModel(llm).chat(capital().maxOutputTokens(2).build());
    assertEquals(FinishReason.LENGTH, cut.finishReason());
    assertEquals(2, cut.tokenUsage().outputTokenCount());
    assertFalse(new LibinferChatModel(llm).chat(capital().stopSequences(List.of("Paris")).build()).aiMessage().text()
        .contains("Paris"));
  }

  @Test
  void answersHeldToASchema() {
    JsonObjectSchema schema = JsonObjectSchema.builder().addIntegerProperty("legs").required("legs").additionalProperties(false).build();
    ResponseFormat format = ResponseFormat.builder().type(ResponseFormatType.JSON)
        .jsonSchema(JsonSchema.builder().name("animal").rootElement(schema).build()).build();
    ChatResponse answer = new LibinferChatModel(llm).chat(ChatRequest.builder()
        .messages(SystemMessage.from("Answer in JSON."), UserMessage.from("How many legs has a cat?")).temperature(0.0)
        .responseFormat(format).maxOutputTokens(60).build());
    assertTrue(answer.aiMessage().text().matches("(?s)\\s*\\{\\s*\"legs\"\\s*:\\s*-?\\d+\\s*\\}\\s*"), answer.aiMessage().text());
  }

  private static ChatRequest.Builder withTool() {
    ToolSpecification tool = ToolSpecification.builder().name("get_weather").description("Current weather")
        .parameters(JsonObjectSchema.builder().addEnumProperty("city", List.of("Oslo", "Rome")).required("city")
            .additionalProperties(false).build()).build();
    return ChatRequest.builder().messages(UserMessage.from("What is the weather in Rome?")).temperature(0.0)
        .toolSpecifications(tool).toolChoice(ToolChoice.REQUIRED).maxOutputTokens(100);
  }

  private static void checkCall(ToolExecutionRequest call) {
    assertEquals("get_weather", call.name());
    assertTrue(call.arguments().matches("(?s)\\s*\\{\\s*\"city\"\\s*:\\s*\"(Oslo|Rome)\"\\s*\\}\\s*"), call.arguments());
    assertFalse(call.id().isEmpty());
  }

  @Test
  void toolsAreCalledAndTheirResultsTaken() {
    LibinferChatModel model = new LibinferChatModel(llm);
    AiMessage message = model.chat(withTool().build()).aiMessage();
    checkCall(message.toolExecutionRequests().get(0));
    ChatResponse then = model.chat(ChatRequest.builder().messages(UserMessage.from("What is the weather in Rome?"), message,
        ToolExecutionResultMessage.from(message.toolExecutionRequests().get(0), "sunny")).temperature(0.0).maxOutputTokens(20).build());
    assertFalse(then.aiMessage().text().isEmpty());
  }

  @Test
  void callsComeTogetherFromTheirPieces() {
    ChatJson.Answer answer = new ChatJson.Answer();
    for (String call : List.of("{'index':0,'id':'a','function':{'name':'f','arguments':''}}", "{'index':0,'function':{'arguments':'{1'}}",
        "{'index':1,'id':'b','function':{'name':'g','arguments':'{}'}}", "{'index':0,'function':{'arguments':'}'}}")) {
      answer.add(ChatJson.read(("{'choices':[{'delta':{'tool_calls':[" + call + "]}}]}").replace('\'', '"')), "delta");
    }
    answer.add(ChatJson.read("{\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}"), "delta");
    ChatResponse whole = answer.whole();
    assertEquals(FinishReason.TOOL_EXECUTION, whole.finishReason());
    assertEquals("{1}", whole.aiMessage().toolExecutionRequests().get(0).arguments());
    assertEquals("g", whole.aiMessage().toolExecutionRequests().get(1).name());
  }

  private static final class Reader implements StreamingChatResponseHandler {
    final StringBuilder text = new StringBuilder();
    final CompletableFuture<ChatResponse> done = new CompletableFuture<>();
    int pieces;
    int stopAfter = Integer.MAX_VALUE;
    ToolExecutionRequest call;

    @Override
    public void onPartialResponse(PartialResponse piece, PartialResponseContext context) {
      text.append(piece.text());
      if (++pieces == stopAfter) context.streamingHandle().cancel();
    }

    @Override
    public void onCompleteToolCall(CompleteToolCall c) {
      call = c.toolExecutionRequest();
    }

    @Override
    public void onCompleteResponse(ChatResponse response) {
      done.complete(response);
    }

    @Override
    public void onError(Throwable e) {
      done.completeExceptionally(e);
    }
  }

  @Test
  void streamsTheSame() throws Exception {
    LibinferStreamingChatModel model = new LibinferStreamingChatModel(llm);
    Reader reader = new Reader();
    model.chat(capital().build(), reader);
    ChatResponse whole = reader.done.get(60, TimeUnit.SECONDS);
    assertEquals(new LibinferChatModel(llm).chat(capital().build()).aiMessage().text(), reader.text.toString());
    assertEquals(reader.text.toString(), whole.aiMessage().text());
    assertEquals(FinishReason.STOP, whole.finishReason());
    assertTrue(whole.tokenUsage().outputTokenCount() > 3);
    assertTrue(reader.pieces > 2);

    Reader tools = new Reader();
    model.chat(withTool().build(), tools);
    checkCall(tools.done.get(60, TimeUnit.SECONDS).aiMessage().toolExecutionRequests().get(0));
    checkCall(tools.call);
  }

  @Test
  void aHandlerCancels() throws Exception {
    Reader reader = new Reader();
    reader.stopAfter = 1;
    new LibinferStreamingChatModel(llm).chat(
        ChatRequest.builder().messages(UserMessage.from("Tell a long story.")).maxOutputTokens(1000).build(), reader);
    assertThrows(TimeoutException.class, () -> reader.done.get(500, TimeUnit.MILLISECONDS));
    assertEquals(1, reader.pieces);
    assertTrue(llm.engine().drain(java.time.Duration.ofSeconds(20)));
    llm.engine().resume();
  }

  @Test
  void mistakes() {
    LibinferChatModel model = new LibinferChatModel(llm);
    assertThrows(InferException.Invalid.class, () -> model.chat(capital().topP(7.0).build()));
    assertThrows(UnsupportedFeatureException.class,
        () -> model.chat(UserMessage.from(ImageContent.from("https://example.org/a.png"))));
    Reader reader = new Reader();
    new LibinferStreamingChatModel(llm).chat(capital().topP(7.0).build(), reader);
    assertInstanceOf(InferException.Invalid.class, assertThrows(java.util.concurrent.ExecutionException.class, reader.done::get).getCause());
  }

  @Test
  void vectors() {
    LibinferEmbeddingModel model = new LibinferEmbeddingModel(llm);
    float[] v = model.embed("The cat sat on the mat.").content().vector();
    assertEquals(model.dimension(), v.length);
    double sum = 0;
    for (float x : v) sum += x * x;
    assertEquals(1, sum, 1e-4);
  }
}
