/* A conversation: a line in, an answer out, until the input ends. Each turn sends all that was said so far; what the
 * engine has computed of it before is not computed again. Lines of up to 64 KiB.   chat MODEL.gguf */
#include <string.h>

#include "common.h"

enum { kTurns = 200, kLine = 1 << 16, kAnswer = 1 << 16 };

static char* copy(const char* text, size_t n) {
  char* out = malloc(n + 1);
  if (!out) exit(1);
  memcpy(out, text, n);
  out[n] = 0;
  return out;
}

static void say(infer_part* part, const char* role, const char* text, size_t n) {
  infer_part init = INFER_PART_INIT;
  *part = init;
  part->role = role;
  part->data = copy(text, n);
}

int main(int argc, char** argv) {
  static infer_part said[kTurns];
  static char line[kLine], answer[kAnswer];
  int64_t n = 0;
  infer_options* o = NULL;
  need(infer_options_new(&o));
  need(infer_options_set_num(o, "temperature", 0));
  everything e = open_all(argc, argv, NULL);
  while (n + 2 <= kTurns && fgets(line, kLine, stdin)) {
    say(&said[n++], "user", line, strcspn(line, "\r\n"));
    infer_request* request = NULL;
    need(infer_engine_submit_chat(e.engine, said, n, o, &request));
    infer_piece piece = INFER_PIECE_INIT;
    infer_status s;
    size_t length = 0;
    while ((s = infer_request_next(request, -1, &piece)) == INFER_OK) {
      size_t more = (size_t)piece.text_len;
      fwrite(piece.text, 1, more, stdout);
      fflush(stdout);
      if (length + more > kAnswer) continue; /* a longer one is remembered in part; pieces are whole characters */
      memcpy(answer + length, piece.text, more);
      length += more;
    }
    if (s < 0) need(s);
    putchar('\n');
    say(&said[n++], "assistant", answer, length);
    infer_request_release(request);
  }
  while (n > 0) free((void*)said[--n].data);
  close_all(e);
  infer_options_release(o);
  return 0;
}
