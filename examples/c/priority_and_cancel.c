/* An engine that runs one request at a time: an urgent one takes the place of a long one, which goes on afterwards
 * until it is cancelled. */
#include "common.h"

int main(int argc, char** argv) {
  infer_options *engine = NULL, *slow = NULL, *urgent = NULL;
  need(infer_options_new(&engine));
  need(infer_options_set_int(engine, "batch.requests", 1));
  need(infer_options_new(&slow));
  need(infer_options_set_int(slow, "ignore_end", 1)); /* as long as the context allows */
  need(infer_options_new(&urgent));
  need(infer_options_set_int(urgent, "priority", 10));
  everything e = open_all(argc, argv, engine);

  infer_piece piece = INFER_PIECE_INIT;
  infer_request* story = ask(e, slow, "Tell me a very long story.");
  need(infer_request_next(story, -1, &piece)); /* it runs */

  infer_request* question = ask(e, urgent, "Name the capital of France.");
  if (read_all(question, 1) != INFER_DONE) need(INFER_E_INTERNAL);
  printf("\nurgent: first token after %.0f ms; the story is still being told: %s\n", usage_of(question).first_token_ms,
         usage_of(story).finish == INFER_FINISH_NONE ? "yes" : "no");

  const long long before = (long long)usage_of(story).generated_tokens;
  while ((long long)usage_of(story).generated_tokens < before + 8) need(infer_request_next(story, -1, &piece));
  need(infer_request_cancel(story));
  const infer_status ended = read_all(story, 0);
  printf("story: went on, then %s\n", infer_status_name(ended));

  infer_request_release(question);
  infer_request_release(story);
  close_all(e);
  infer_options_release(urgent);
  infer_options_release(slow);
  infer_options_release(engine);
  return ended == INFER_E_CANCELLED ? 0 : 1;
}
