/* What reading an answer costs; compare.py drives this program beside the same one in other languages.
 *   token_times SMALL-MODEL MODEL
 * A line "answer" has MODEL answer with 128 tokens; one "pieces" waits until SMALL-MODEL has answered with 256 pieces
 * of one token and reads them then.  What it took is printed: microseconds in all, how many tokens, microseconds of the
 * reading thread's processor time while it read. */
#define _POSIX_C_SOURCE 200809L
#include <libinfer/infer.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void check(infer_status s) {
  if (s >= 0) return;
  fprintf(stderr, "%s\n%s\n", infer_last_error(), infer_last_hint());
  exit(1);
}
static double now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static infer_engine* open_engine(infer_runtime* rt, const char* path) {
  infer_model* model = NULL;
  infer_engine* engine = NULL;
  check(infer_model_open(rt, path, NULL, &model));
  check(infer_engine_new(model, NULL, &engine));
  infer_model_release(model);
  return engine;
}

static void read_answer(infer_engine* engine, int64_t tokens, int64_t samples) {
  static const int32_t prompt[] = {5, 6, 7, 8, 9, 10, 11, 12};
  const double begin = now(CLOCK_MONOTONIC);
  double cpu;
  infer_request* request = NULL;
  infer_options* o = NULL;
  infer_usage usage = INFER_USAGE_INIT;
  infer_piece piece = INFER_PIECE_INIT;
  infer_status s;
  int64_t n = 0, bytes = 0;
  check(infer_options_new(&o));
  check(infer_options_set_num(o, "temperature", 0));
  check(infer_options_set_int(o, "max_tokens", tokens));
  check(infer_options_set_int(o, "ignore_end", 1));
  check(infer_options_set_int(o, "n", samples));
  check(infer_engine_submit_tokens(engine, prompt, 8, o, &request));
  infer_options_release(o);
  while (samples > 1 && usage.finish == INFER_FINISH_NONE) {
    const struct timespec wait = {0, 1000000};
    nanosleep(&wait, NULL);
    check(infer_request_usage(request, &usage));
  }
  cpu = now(CLOCK_THREAD_CPUTIME_ID);
  while ((s = infer_request_next(request, -1, &piece)) == INFER_OK) n += piece.n_tokens, bytes += piece.text_len;
  cpu = now(CLOCK_THREAD_CPUTIME_ID) - cpu;
  check(s);
  infer_request_release(request);
  printf("%.1f %lld %.1f %lld\n", now(CLOCK_MONOTONIC) - begin, (long long)n, cpu, (long long)bytes);
  fflush(stdout);
}

int main(int argc, char** argv) {
  infer_runtime* rt = NULL;
  infer_engine *small, *large;
  char line[64];
  if (argc != 3) return 2;
  check(infer_runtime_new(NULL, NULL, &rt));
  small = open_engine(rt, argv[1]);
  large = open_engine(rt, argv[2]);
  while (fgets(line, sizeof line, stdin)) {
    if (line[0] == 'p')
      read_answer(small, 1, 256);
    else
      read_answer(large, 128, 1);
  }
  return 0;
}
