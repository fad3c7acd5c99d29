/* Two answers at the same time from one thread: whichever has something new is asked for it. */
#include "common.h"

int main(int argc, char** argv) {
  infer_options* o = NULL;
  need(infer_options_new(&o));
  need(infer_options_set_int(o, "max_tokens", 24));
  everything e = open_all(argc, argv, NULL);
  infer_request* requests[2] = {ask(e, o, "Name the capital of France."), ask(e, o, "Name the capital of Italy.")};
  int open = 2, turns = 0, last = -1;
  int running[2] = {1, 1};
  while (open > 0) {
    for (int i = 0; i < 2; i++) {
      infer_piece piece = INFER_PIECE_INIT;
      if (!running[i]) continue;
      const infer_status s = infer_request_next(requests[i], 5, &piece); /* 5 ms: then the other one has its turn */
      if (s == INFER_PENDING) continue;
      if (s == INFER_OK) {
        if (last != i) printf("%s[%d] ", last < 0 ? "" : "\n", i + 1);
        if (last != i) turns++;
        last = i;
        fwrite(piece.text, 1, (size_t)piece.text_len, stdout);
        continue;
      }
      if (s != INFER_DONE) need(s);
      running[i] = 0;
      open--;
    }
  }
  printf("\nturns: %d\n", turns);
  infer_request_release(requests[0]);
  infer_request_release(requests[1]);
  close_all(e);
  infer_options_release(o);
  return 0;
}
