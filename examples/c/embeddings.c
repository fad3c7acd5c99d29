/* Which of some sentences is nearest to a question? Each becomes a vector of length 1; the product of two says how
 * alike they are. And how likely is each of two continuations of a text? (A language model's vectors are a rough
 * measure; one trained for it is better.) */
#include <string.h>

#include "common.h"

static const char* const kTexts[] = {"The capital of France is Paris.", "Cats and dogs are popular pets.",
                                     "The ship left the harbour at dawn."};

/* [n] floats of the text; the caller frees them. */
static float* vector_of(everything e, const infer_options* o, const char* text, int64_t* n) {
  infer_request* r = NULL;
  infer_piece piece = INFER_PIECE_INIT;
  need(infer_engine_submit_text(e.engine, text, -1, o, &r));
  need(infer_request_next(r, -1, &piece));
  float* v = malloc((size_t)piece.n_embedding * sizeof *v);
  if (!v) exit(1);
  memcpy(v, piece.embedding, (size_t)piece.n_embedding * sizeof *v);
  *n = piece.n_embedding;
  infer_request_release(r);
  return v;
}

/* Of text and continuation the mean log-probability of the continuation's tokens. */
static double score(everything e, const char* text, const char* continuation) {
  int32_t ids[256];
  int64_t n_text = 0, n_more = 0;
  need(infer_model_encode(e.model, text, -1, 0, ids, 256, &n_text));
  need(infer_model_encode(e.model, continuation, -1, 0, ids + n_text, 256 - n_text, &n_more));
  infer_options* o = NULL;
  need(infer_options_new(&o));
  need(infer_options_set_int(o, "score.from", n_text));
  infer_request* r = NULL;
  need(infer_engine_submit_tokens(e.engine, ids, n_text + n_more, o, &r));
  infer_piece piece = INFER_PIECE_INIT;
  double sum = 0;
  while (infer_request_next(r, -1, &piece) == INFER_OK)
    for (int64_t i = 0; i < piece.n_tokens; i++) sum += piece.logprobs[i];
  infer_request_release(r);
  infer_options_release(o);
  return sum / (double)n_more;
}

int main(int argc, char** argv) {
  everything e = open_all(argc, argv, NULL);
  infer_options* o = NULL;
  need(infer_options_new(&o));
  need(infer_options_set_str(o, "embed", "mean", -1));
  int64_t n = 0;
  float* question = vector_of(e, o, "What is the capital city of France?", &n);
  int best = 0;
  double most = -2;
  for (int i = 0; i < 3; i++) {
    float* v = vector_of(e, o, kTexts[i], &n);
    double product = 0;
    for (int64_t j = 0; j < n; j++) product += (double)v[j] * question[j];
    printf("%.3f  %s\n", product, kTexts[i]);
    if (product > most) most = product, best = i;
    free(v);
  }
  const double right = score(e, "The capital of France is", " Paris"),
               wrong = score(e, "The capital of France is", " purple");
  printf("log-probability of \" Paris\": %.2f, of \" purple\": %.2f\n", right, wrong);
  free(question);
  infer_options_release(o);
  close_all(e);
  return best == 0 && right > wrong ? 0 : 1;
}
