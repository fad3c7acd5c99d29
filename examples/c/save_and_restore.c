/* A conversation is saved, the engine ends, and another one goes on where it was, without computing it again. */
#include "common.h"

static const char* const kFacts =
    "Remember this: the lighthouse of Port Ellen was built in 1832, is square and nineteen metres high, and its keeper "
    "was called Walter, who had a dog named Finn and a boat named Grace.";

int main(int argc, char** argv) {
  const char* const path = argc > 2 ? argv[2] : "conversation.kv";
  infer_options* o = NULL;
  need(infer_options_new(&o));
  need(infer_options_set_int(o, "max_tokens", 24));

  everything first = open_all(argc, argv, NULL);
  infer_request* r = ask(first, o, kFacts);
  if (read_all(r, 1) != INFER_DONE) need(INFER_E_INTERNAL);
  const double alone = usage_of(r).first_token_ms;
  int64_t n = 0, saved = 0, restored = 0;
  need(infer_request_tokens(r, 0, NULL, 0, &n));
  int32_t* tokens = malloc((size_t)n * sizeof *tokens);
  if (!tokens) return 1;
  need(infer_request_tokens(r, 0, tokens, n, &n));
  infer_request_release(r);
  need(infer_engine_drain(first.engine, -1)); /* the last piece comes a moment before the cache has all of it */
  need(infer_engine_save(first.engine, tokens, n, NULL, path, &saved));
  close_all(first);
  printf("\n  saved %lld of %lld tokens\n", (long long)saved, (long long)n);

  everything second = open_all(argc, argv, NULL);
  need(infer_engine_restore(second.engine, path, NULL, NULL, 0, &restored));
  r = ask(second, o, kFacts); /* the same beginning */
  if (read_all(r, 1) != INFER_DONE) need(INFER_E_INTERNAL);
  const infer_usage u = usage_of(r);
  printf("\n  restored %lld; %lld of %lld prompt tokens were known; first token after %.0f ms, before %.0f ms\n",
         (long long)restored, (long long)u.cached_tokens, (long long)u.prompt_tokens, u.first_token_ms, alone);
  infer_request_release(r);
  close_all(second);
  infer_options_release(o);
  free(tokens);
  remove(path);
  return restored == saved && u.cached_tokens == u.prompt_tokens - 1 ? 0 : 1;
}
