/* Questions about one text: the text is computed for the first, and found by the others. Another domain finds nothing.
 */
#include <string.h>

#include "common.h"

static const char* const kFacts =
    "Here are the facts. The lighthouse of Port Ellen was built in 1832. It is square, nineteen metres high and "
    "painted "
    "white. Its keeper was called Walter. He had a dog named Finn and a boat named Grace. Every morning he rowed to "
    "the "
    "village to buy bread, and every evening he lit the lamp. The lamp burned oil until 1916, then gas. ";
static const char* const kQuestions[] = {"Who was the keeper?", "What was the name of the boat?",
                                         "How high is the lighthouse?"};

int main(int argc, char** argv) {
  infer_options* o = NULL;
  need(infer_options_new(&o));
  need(infer_options_set_int(o, "max_tokens", 16));
  everything e = open_all(argc, argv, NULL);
  long long found = 0;
  for (int i = 0; i < 4; i++) {
    char text[1024];
    const int other = i == 3; /* the first question again, from somebody else */
    snprintf(text, sizeof text, "%s%s", kFacts, kQuestions[other ? 0 : i]);
    if (other) need(infer_options_set_str(o, "cache.domain", "somebody else", -1));
    infer_request* r = ask(e, o, text);
    printf("%s ", kQuestions[other ? 0 : i]);
    if (read_all(r, 1) != INFER_DONE) need(INFER_E_INTERNAL);
    const infer_usage u = usage_of(r);
    printf("\n  %lld of %lld prompt tokens were known; first token after %.0f ms\n", (long long)u.cached_tokens,
           (long long)u.prompt_tokens, u.first_token_ms);
    if (i > 0 && !other) found += (long long)u.cached_tokens;
    if ((i == 0 || other) && u.cached_tokens != 0) return 1;
    infer_request_release(r);
  }
  close_all(e);
  infer_options_release(o);
  return found > 200 ? 0 : 1;
}
