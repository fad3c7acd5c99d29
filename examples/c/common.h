/* What the examples share: a model and an engine, and the end of a program that failed. */
#ifndef EXAMPLE_COMMON_H_
#define EXAMPLE_COMMON_H_
#include <libinfer/infer.h>
#include <stdio.h>
#include <stdlib.h>

static inline void need(infer_status s) {
  if (s == INFER_OK) return;
  fprintf(stderr, "%s\n%s\n", infer_last_error(), infer_last_hint());
  exit(1);
}

typedef struct {
  infer_runtime* runtime;
  infer_model* model;
  infer_engine* engine;
} everything;

/* options: of the engine; may be NULL. */
static inline everything open_all(int argc, char** argv, const infer_options* options) {
  everything e = {NULL, NULL, NULL};
  if (argc < 2) {
    fprintf(stderr, "usage: %s MODEL.gguf\n", argv[0]);
    exit(2);
  }
  need(infer_runtime_new(NULL, NULL, &e.runtime));
  need(infer_model_open(e.runtime, argv[1], NULL, &e.model));
  need(infer_engine_new(e.model, options, &e.engine));
  return e;
}

static inline void close_all(everything e) {
  infer_engine_release(e.engine);
  infer_model_release(e.model);
  infer_runtime_release(e.runtime);
}

/* A question as a chat, always answered with the likeliest tokens. The options may be changed afterwards. */
static inline infer_request* ask(everything e, infer_options* o, const char* question) {
  infer_request* request = NULL;
  infer_part part = INFER_PART_INIT;
  part.role = "user";
  part.data = question;
  need(infer_options_set_num(o, "temperature", 0));
  need(infer_engine_submit_chat(e.engine, &part, 1, o, &request));
  return request;
}

static inline infer_usage usage_of(infer_request* r) {
  infer_usage usage = INFER_USAGE_INIT;
  need(infer_request_usage(r, &usage));
  return usage;
}

/* To the end; returns what ended it. print: also to stdout. */
static inline infer_status read_all(infer_request* r, int print) {
  infer_piece piece = INFER_PIECE_INIT;
  infer_status s;
  while ((s = infer_request_next(r, -1, &piece)) == INFER_OK)
    if (print) fwrite(piece.text, 1, (size_t)piece.text_len, stdout), fflush(stdout);
  return s;
}
#endif
