/* The C side of per_token.py: seconds of the pulling thread for requests of a tiny model, pulled piece by piece.
 * per_token MODEL TOKENS REQUESTS */
#define _POSIX_C_SOURCE 199309L
#include <libinfer/infer.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* what pulling costs; the engine computes on threads of its own */
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(int argc, char** argv) {
  infer_runtime* rt = NULL;
  infer_model* model = NULL;
  infer_engine* engine = NULL;
  infer_options* o = NULL;
  if (argc < 4 || infer_options_new(&o) || infer_options_set_num(o, "temperature", 0) ||
      infer_options_set_int(o, "ignore_end", 1) || infer_options_set_int(o, "max_tokens", atoi(argv[2])) ||
      infer_options_set_int(o, "cpu.threads", 1) || infer_runtime_new(o, NULL, &rt) ||
      infer_model_open(rt, argv[1], o, &model) || infer_engine_new(model, o, &engine))
    return fprintf(stderr, "%s\n", infer_last_error()), 1;
  for (int i = 0; i < atoi(argv[3]); i++) {
    infer_request* r = NULL;
    infer_piece piece = INFER_PIECE_INIT;
    long long tokens = 0;
    const double begun = now();
    if (infer_engine_submit_text(engine, "abc", -1, o, &r)) return fprintf(stderr, "%s\n", infer_last_error()), 1;
    while (infer_request_next(r, -1, &piece) == INFER_OK) tokens += piece.n_tokens;
    printf("%.9f\n", (now() - begun) / (double)tokens);
    infer_request_release(r);
  }
  infer_engine_release(engine);
  infer_model_release(model);
  infer_runtime_release(rt);
  infer_options_release(o);
  return 0;
}
