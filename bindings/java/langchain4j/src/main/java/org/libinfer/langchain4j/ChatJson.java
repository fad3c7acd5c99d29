package org.libinfer.langchain4j;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.internal.JsonSchemaElementUtils;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.json.JsonArraySchema;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonSchemaElement;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;
import java.util.ArrayList;
import java.util.List;

/** langchain4j's requests and answers in the JSON of OpenAI's chat completions, which libinfer speaks. */
final class ChatJson {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private ChatJson() {}

  static String request(ChatRequest from, boolean stream) {
    ObjectNode json = MAPPER.createObjectNode();
    ArrayNode messages = json.putArray("messages");
    for (ChatMessage m : from.messages()) message(messages.addObject(), m);
    if (from.modelName() != null) json.put("model", from.modelName());
    if (from.temperature() != null) json.put("temperature", from.temperature());
    if (from.topP() != null) json.put("top_p", from.topP());
    if (from.topK() != null) json.put("top_k", from.topK());
    if (from.frequencyPenalty() != null) json.put("frequency_penalty", from.frequencyPenalty());
    if (from.presencePenalty() != null) json.put("presence_penalty", from.presencePenalty());
    if (from.maxOutputTokens() != null) json.put("max_tokens", from.maxOutputTokens());
    if (from.stopSequences() != null && !from.stopSequences().isEmpty()) {
      ArrayNode stop = json.putArray("stop");
      from.stopSequences().forEach(stop::add);
    }
    if (from.toolSpecifications() != null && !from.toolSpecifications().isEmpty()) {
      ArrayNode tools = json.putArray("tools");
      for (ToolSpecification t : from.toolSpecifications()) tool(tools.addObject(), t);
      if (from.toolChoice() != null) json.put("tool_choice", from.toolChoice().name().toLowerCase(java.util.Locale.ROOT));
    }
    format(json, from.responseFormat());
    if (stream) json.put("stream", true).putObject("stream_options").put("include_usage", true);
    return json.toString();
  }

  private static void message(ObjectNode to, ChatMessage from) {
    if (from instanceof SystemMessage m) {
      to.put("role", "system").put("content", m.text());
    } else if (from instanceof UserMessage m) {
      to.put("role", "user").put("content", text(m.contents()));
    } else if (from instanceof ToolExecutionResultMessage m) {
      to.put("role", "tool").put("tool_call_id", m.id()).put("name", m.toolName()).put("content", text(m.contents()));
    } else if (from instanceof AiMessage m) {
      to.put("role", "assistant").put("content", m.text());
      if (m.thinking() != null) to.put("reasoning_content", m.thinking());
      if (!m.hasToolExecutionRequests()) return;
      ArrayNode calls = to.putArray("tool_calls");
      for (ToolExecutionRequest r : m.toolExecutionRequests()) {
        calls.addObject().put("id", r.id()).put("type", "function").putObject("function").put("name", r.name())
            .put("arguments", r.arguments());
      }
    } else {
      throw new UnsupportedFeatureException("libinfer has no messages of type " + from.type());
    }
  }

  private static String text(List<Content> contents) {
    StringBuilder all = new StringBuilder();
    for (Content c : contents) {
      if (!(c instanceof TextContent t)) throw new UnsupportedFeatureException("libinfer takes text, not " + c.type());
      all.append(t.text());
    }
    return all.toString();
  }

  private static void tool(ObjectNode to, ToolSpecification from) {
    ObjectNode function = to.put("type", "function").putObject("function");
    function.put("name", from.name());
    if (from.description() != null) function.put("description", from.description());
    if (from.parameters() != null) function.set("parameters", schema(from.parameters()));
  }

  private static void format(ObjectNode to, ResponseFormat from) {
    if (from == null || from.type() == ResponseFormatType.TEXT) return;
    ObjectNode format = to.putObject("response_format");
    if (from.jsonSchema() == null) {
      format.put("type", "json_object");
      return;
    }
    format.put("type", "json_schema").putObject("json_schema").put("name", from.jsonSchema().name())
        .set("schema", schema(from.jsonSchema().rootElement()));
  }

  private static JsonNode schema(JsonSchemaElement element) {
    JsonNode made = MAPPER.valueToTree(JsonSchemaElementUtils.toMap(element));
    close(made, element);
    return made;
  }

  /** Puts in what toMap leaves out unless a schema is "strict": whether an object may have other properties. */
  private static void close(JsonNode made, JsonSchemaElement element) {
    if (element instanceof JsonObjectSchema o && made instanceof ObjectNode to) {
      if (o.additionalProperties() != null) to.put("additionalProperties", o.additionalProperties());
      o.properties().forEach((name, property) -> close(to.path("properties").path(name), property));
    } else if (element instanceof JsonArraySchema a && a.items() != null) {
      close(made.path("items"), a.items());
    }
  }

  static JsonNode read(String json) {
    try {
      return MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("libinfer has answered what is no JSON", e); // a fault of libinfer
    }
  }

  /** An answer, whole or piece by piece: each choice of a chat.completion or a chunk adds to it. */
  static final class Answer {
    private final StringBuilder text = new StringBuilder();
    private final StringBuilder thinking = new StringBuilder();
    private final List<ObjectNode> calls = new ArrayList<>(); // id, name, arguments
    private String id;
    private String model;
    private FinishReason finish;
    private TokenUsage usage;

    /** part: "message" or "delta". Gives that part; it may be missing. */
    JsonNode add(JsonNode json, String part) {
      id = json.path("id").asText(id);
      model = json.path("model").asText(model);
      JsonNode counts = json.path("usage");
      if (counts.isObject()) usage = new TokenUsage(counts.path("prompt_tokens").asInt(), counts.path("completion_tokens").asInt());
      JsonNode choice = json.path("choices").path(0);
      JsonNode said = choice.path(part);
      if (said.path("content").isTextual()) text.append(said.path("content").asText());
      if (said.path("reasoning_content").isTextual()) thinking.append(said.path("reasoning_content").asText());
      for (JsonNode call : said.path("tool_calls")) call(call, call.path("index").asInt(calls.size()));
      if (choice.path("finish_reason").isTextual()) finish = reason(choice.path("finish_reason").asText());
      return said;
    }

    private void call(JsonNode from, int index) {
      while (calls.size() <= index) calls.add(MAPPER.createObjectNode().put("id", "").put("name", "").put("arguments", ""));
      ObjectNode to = calls.get(index);
      if (from.hasNonNull("id")) to.put("id", from.get("id").asText());
      JsonNode function = from.path("function");
      if (function.hasNonNull("name")) to.put("name", function.get("name").asText());
      if (function.hasNonNull("arguments")) to.put("arguments", to.get("arguments").asText() + function.get("arguments").asText());
    }

    private static FinishReason reason(String name) {
      switch (name) {
        case "stop": return FinishReason.STOP;
        case "length": return FinishReason.LENGTH;
        case "tool_calls": return FinishReason.TOOL_EXECUTION;
        default: return FinishReason.OTHER;
      }
    }

    List<ToolExecutionRequest> calls() {
      List<ToolExecutionRequest> all = new ArrayList<>();
      for (ObjectNode c : calls) {
        all.add(ToolExecutionRequest.builder().id(c.get("id").asText()).name(c.get("name").asText())
            .arguments(c.get("arguments").asText()).build());
      }
      return all;
    }

    ChatResponse whole() {
      AiMessage.Builder message = AiMessage.builder().toolExecutionRequests(calls());
      if (text.length() > 0 || calls.isEmpty()) message.text(text.toString());
      if (thinking.length() > 0) message.thinking(thinking.toString());
      return ChatResponse.builder().aiMessage(message.build()).id(id).modelName(model).finishReason(finish).tokenUsage(usage)
          .build();
    }
  }
}
