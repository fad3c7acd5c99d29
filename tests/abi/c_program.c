/* Every function of infer.h from pure C, on a tiny model. */
#include <libinfer/backend.h>
#include <libinfer/infer.h>
#include <libinfer/options.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int checks;
#define CHECK(cond)                                                                                                \
  do {                                                                                                             \
    ++checks;                                                                                                      \
    if (!(cond)) {                                                                                                 \
      fprintf(stderr, "%s:%d: %s\n  %s | %s\n", __FILE__, __LINE__, #cond, infer_last_error(), infer_last_hint()); \
      exit(1);                                                                                                     \
    }                                                                                                              \
  } while (0)

static int logged;
static int woken;
static void on_log(void* user, int32_t level, const char* text, int64_t len) {
  (void)level, (void)text, (void)len;
  ++*(int*)user;
}
static void on_wake(void* user) { (void)user, woken = 1; }
static void on_parallel(void* user, int32_t n, void (*body)(void* arg, int32_t i), void* arg) {
  int32_t i;
  (void)user;
  for (i = 0; i < n; ++i) body(arg, i);
}

static void options(void) {
  infer_options* o = NULL;
  int32_t i = 0;
  CHECK(infer_options_new(&o) == INFER_OK);
  CHECK(infer_options_set_int(o, INFER_OPTION_TOP_K, 5) == INFER_OK);
  CHECK(infer_options_set_num(o, INFER_OPTION_TEMPERATURE, 0.5) == INFER_OK);
  CHECK(infer_options_set_str(o, INFER_OPTION_STOP, "END and more", 3) == INFER_OK);
  CHECK(infer_options_parse(o, INFER_OPTION_SEED, "42") == INFER_OK);
  CHECK(infer_options_set_int(o, "tpo_k", 5) == INFER_E_NOT_FOUND);
  CHECK(strstr(infer_last_hint(), "top_k") != NULL);
  while (infer_option_at(i)) ++i;
  CHECK(i > 30);
  CHECK(infer_option_at(-1) == NULL);
  infer_options_release(o);
}

static void look_at(infer_runtime* rt, infer_model* m) {
  infer_device device = INFER_DEVICE_INIT;
  infer_backend_info backend = INFER_BACKEND_INFO_INIT;
  infer_tensor_info tensor = INFER_TENSOR_INFO_INIT;
  const char *key = NULL, *value = NULL, *bytes = NULL;
  int64_t n = 0, len = 0;
  int32_t ids[64], special = -2;
  char text[256];
  infer_part part = INFER_PART_INIT;
  CHECK(infer_runtime_device_at(rt, 0, &device) == INFER_OK && device.backend && device.name && device.features);
  CHECK(infer_runtime_device_at(rt, 1000, &device) == INFER_DONE);
  CHECK(infer_runtime_backend_at(rt, 0, &backend) == INFER_OK && backend.name && backend.path && backend.note);
  CHECK(infer_runtime_backend_at(rt, 1000, &backend) == INFER_DONE);
  CHECK(infer_runtime_load_backend(rt, "/nonexistent/libinfer-x.so") == INFER_E_NOT_FOUND);
  CHECK(infer_model_wait(m, -1, NULL) == INFER_OK);
  CHECK(infer_model_fact(m, "n_vocab", &n) == INFER_OK && n == 288);
  CHECK(infer_model_meta_at(m, 0, &key, &value) == INFER_OK && key && value);
  CHECK(infer_model_tensor_at(m, 0, &tensor) == INFER_OK && tensor.name && tensor.type && tensor.bytes > 0);
  CHECK(infer_model_encode(m, "the cat", -1, 0, ids, 64, &n) == INFER_OK && n > 0);
  CHECK(infer_model_decode(m, ids, n, 0, text, (int64_t)sizeof text, &len) == INFER_OK && len == 7 &&
        memcmp(text, "the cat", 7) == 0);
  CHECK(infer_model_token(m, ids[0], &bytes, &len) == INFER_OK && len > 0);
  CHECK(infer_model_special(m, "eos", &special) == INFER_OK && special >= 0);
  part.role = "user";
  part.data = "hi";
  CHECK(infer_model_render(m, &part, 1, NULL, text, (int64_t)sizeof text, &len) == INFER_OK && len > 2);
}

/* What an engine can do besides answering. */
static void control(infer_engine* e, infer_options* o) {
  static char text[1 << 17];
  const int32_t ids[] = {5, 6, 7};
  int32_t out[64];
  int64_t n = 0, which = -1, freed = -1;
  infer_request* r[2] = {NULL, NULL};
  infer_piece piece = INFER_PIECE_INIT;
  const char *path = "abi_c_program.state", *name = NULL;
  CHECK(infer_engine_submit_tokens(e, ids, 3, o, &r[1]) == INFER_OK);
  CHECK(infer_request_wait_any(r, 2, 10000, &which) == INFER_OK && which == 1);
  while (infer_request_next(r[1], 10000, &piece) == INFER_OK)
    CHECK(piece.sample == 0 && !piece.embedding && piece.n_embedding == 0);
  CHECK(infer_request_tokens(r[1], 0, out, 64, &n) == INFER_OK && n > 3 && out[2] == 7);
  CHECK(infer_engine_drain(e, 10000) == INFER_OK);
  CHECK(infer_engine_resume(e) == INFER_OK);
  CHECK(infer_engine_save(e, out, n, NULL, path, &n) == INFER_OK && n >= 3);
  CHECK(infer_engine_trim(e, &freed) == INFER_OK && freed >= 0);
  CHECK(infer_engine_restore(e, path, NULL, out, 64, &n) == INFER_OK && n >= 3 && out[0] == 5);
  remove(path);
  CHECK(infer_engine_pause(e) == INFER_OK);
  CHECK(infer_engine_resume(e) == INFER_OK);
  CHECK(infer_engine_metrics(e, text, sizeof text, &n) == INFER_OK && n > 0);
  CHECK(infer_engine_trace(e, text, sizeof text, &n) == INFER_OK && text[0] == '{');
  CHECK(infer_engine_pin(e, "p", out, 3, NULL, &n) == INFER_OK && n >= 1);
  CHECK(infer_engine_unpin(e, "p") == INFER_OK && infer_engine_unpin(e, "p") == INFER_E_NOT_FOUND);
  CHECK(infer_engine_load_adapter(e, "a", "none.gguf", NULL) == INFER_E_FULL); /* adapter.slots is 0 */
  CHECK(infer_engine_drop_adapter(e, "a") == INFER_E_NOT_FOUND);
  CHECK(infer_engine_adapter_at(e, 0, &name) == INFER_DONE && name == NULL);
  infer_request_release(r[1]);
}

static void generate(infer_model* m) {
  infer_options* o = NULL;
  infer_engine* e = NULL;
  infer_request* r[3] = {NULL, NULL, NULL};
  infer_piece piece = INFER_PIECE_INIT;
  infer_usage usage = INFER_USAGE_INIT;
  infer_part part = INFER_PART_INIT;
  infer_status s;
  const int32_t ids[] = {5, 6, 7};
  static float row[288];
  const char* name = NULL;
  int64_t value = 0;
  int i;
  part.role = "user";
  part.data = "hello";
  CHECK(infer_options_new(&o) == INFER_OK);
  CHECK(infer_options_set_int(o, INFER_OPTION_MAX_TOKENS, 6) == INFER_OK);
  CHECK(infer_options_set_num(o, INFER_OPTION_TEMPERATURE, 0) == INFER_OK);
  CHECK(infer_options_set_int(o, INFER_OPTION_LOGPROBS, 2) == INFER_OK);
  CHECK(infer_options_set_int(o, INFER_OPTION_CONTEXT_MAX, 100) == INFER_OK);
  CHECK(infer_engine_new(m, o, &e) == INFER_OK);
  CHECK(infer_engine_submit_text(e, "the cat", 7, o, &r[0]) == INFER_OK);
  CHECK(infer_engine_submit_chat(e, &part, 1, o, &r[1]) == INFER_OK);
  CHECK(infer_engine_submit_tokens(e, ids, 3, o, &r[2]) == INFER_OK);
  for (i = 0; i < 3; ++i) {
    int64_t n = 0;
    while ((s = infer_request_next(r[i], 10000, &piece)) == INFER_OK) {
      CHECK(piece.text_len >= 0 && piece.logprobs && piece.top && piece.n_top == 2);
      n += piece.n_tokens;
    }
    CHECK(s == INFER_DONE && n >= 1 && n <= 6 && piece.finish != INFER_FINISH_NONE);
    CHECK(infer_request_usage(r[i], &usage) == INFER_OK && usage.generated_tokens == n && usage.finish == piece.finish);
    CHECK(infer_request_cancel(r[i]) == INFER_OK);
    infer_request_release(r[i]);
  }
  CHECK(infer_engine_logits(e, ids, 3, 2, row, 288) == INFER_OK && row[0] != row[1]);
  CHECK(infer_engine_counter_at(e, 0, &name, &value) == INFER_OK && name && value > 0);
  CHECK(infer_engine_counter_at(e, 100000, &name, &value) == INFER_DONE);
  CHECK(infer_engine_describe(e, &name, &value) == INFER_OK && name[0] == '{' && value == (int64_t)strlen(name));
  control(e, o);
  infer_engine_release(e);
  infer_options_release(o);
}

static void* slurp(const char* path, int64_t* n) {
  FILE* f = fopen(path, "rb");
  void* data;
  CHECK(f != NULL);
  CHECK(fseek(f, 0, SEEK_END) == 0);
  *n = (int64_t)ftell(f);
  CHECK(*n > 0 && fseek(f, 0, SEEK_SET) == 0);
  data = malloc((size_t)*n);
  CHECK(data != NULL && fread(data, 1, (size_t)*n, f) == (size_t)*n);
  fclose(f);
  return data;
}

int main(void) {
  infer_runtime* rt = NULL;
  infer_model* m = NULL;
  infer_hooks hooks = INFER_HOOKS_INIT;
  double progress = -1;
  int64_t n = 0;
  void* data = slurp(MODEL, &n);
  hooks.user = &logged;
  hooks.log = on_log;
  hooks.wake = on_wake;
  hooks.parallel = on_parallel;

  CHECK(infer_abi_version() == ((uint32_t)INFER_ABI_MAJOR << 16 | INFER_ABI_MINOR));
  CHECK(strlen(infer_version()) > 0 && strcmp(infer_status_name(INFER_E_IO), "INFER_E_IO") == 0);
  options();
  CHECK(infer_runtime_new(NULL, &hooks, &rt) == INFER_OK);
  CHECK(infer_model_open(rt, MODEL, NULL, &m) == INFER_OK);
  look_at(rt, m);
  generate(m);
  infer_model_release(m);
  CHECK(infer_model_open_start(rt, MODEL, NULL, &m) == INFER_OK);
  CHECK(infer_model_wait(m, -1, &progress) == INFER_OK && progress == 1.0);
  CHECK(infer_model_cancel(m) == INFER_OK);
  infer_model_release(m);
  CHECK(infer_model_open_memory(rt, data, n, NULL, &m) == INFER_OK);
  infer_model_release(m);
  CHECK(infer_model_open_fd(rt, -1, 0, -1, NULL, &m) < 0);
  infer_runtime_release(rt);
  free(data);
  CHECK(woken);
  printf("%d checks\n", checks);
  return 0;
}
