/* One question, one answer, as it is written.   hello MODEL.gguf [QUESTION] */
#include "common.h"

int main(int argc, char** argv) {
  infer_options* o = NULL;
  need(infer_options_new(&o));
  everything e = open_all(argc, argv, NULL);
  infer_request* request = ask(e, o, argc > 2 ? argv[2] : "Name the capital of France.");
  infer_status s = read_all(request, 1);
  putchar('\n');
  infer_request_release(request);
  close_all(e);
  infer_options_release(o);
  if (s < 0) need(s);
  return 0;
}
