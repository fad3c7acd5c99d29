/* A chat from JSON to JSON: the model calls a tool, the program gives its result, the model answers. */
#include <string.h>

#include "common.h"

#define TOOLS                                                                                                      \
  "\"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"weather\", \"description\": \"of now\","        \
  " \"parameters\": {\"type\": \"object\", \"properties\": {\"city\": {\"type\": \"string\", \"maxLength\": 30}}," \
  " \"required\": [\"city\"], \"additionalProperties\": false}}}]"
#define QUESTION "{\"role\": \"user\", \"content\": \"What is the weather in Paris?\"}"

/* A program would take the call out of the answer with its JSON library. */
static int ask_json(everything e, const infer_options* o, const char* json, const char* expected) {
  static char answer[65536];
  infer_request* request = NULL;
  infer_piece piece = INFER_PIECE_INIT;
  infer_status s;
  size_t n = 0;
  need(infer_chat_json(e.engine, json, -1, o, &request));
  while ((s = infer_request_next(request, -1, &piece)) == INFER_OK) {
    if (n + (size_t)piece.text_len >= sizeof answer) return 0;
    memcpy(answer + n, piece.text, (size_t)piece.text_len);
    n += (size_t)piece.text_len;
  }
  answer[n] = '\0';
  infer_request_release(request);
  printf("%s\n\n", answer);
  return s == INFER_DONE && strstr(answer, expected) != NULL;
}

int main(int argc, char** argv) {
  infer_options* o = NULL;
  need(infer_options_new(&o));
  need(infer_options_set_num(o, "temperature", 0));
  everything e = open_all(argc, argv, NULL);
  const int called =
      ask_json(e, o, "{\"messages\": [" QUESTION "], " TOOLS ", \"tool_choice\": \"required\", \"max_tokens\": 60}",
               "\"arguments\":\"{\\\"city\\\": \\\"Paris\\\"}\"");
  const int answered =
      ask_json(e, o,
               "{\"messages\": [" QUESTION
               ", {\"role\": \"assistant\", \"tool_calls\": [{\"id\": \"call_0\", \"type\": \"function\","
               " \"function\": {\"name\": \"weather\", \"arguments\": \"{\\\"city\\\": \\\"Paris\\\"}\"}}]},"
               " {\"role\": \"tool\", \"tool_call_id\": \"call_0\", \"content\": \"It rains.\"}], \"max_tokens\": 40}",
               "\"finish_reason\"");
  close_all(e);
  infer_options_release(o);
  return called && answered ? 0 : 1;
}
