/* libinfer public C ABI, version 1.  Anything not declared in include/libinfer/ is private.
 *
 * Rules that hold for every function:
 *  - Text is UTF-8 with an explicit length in bytes (int64_t); a `const char *` without a length ends with NUL.
 *  - Out-parameters come last and stay untouched on failure.  X_release(NULL) does nothing.
 *  - A failed call returns a negative infer_status; infer_last_error() and infer_last_hint() on the same thread say what
 *    was wrong, where, and what to do.  No call aborts, throws, prints, installs a signal handler or reads the environment.
 *  - Handles are reference counted inside: children keep their parents alive, release in any order, from any thread.
 *  - [share]: any number of threads at a time.  [one]: one thread at a time.
 *  - Buffers: a function that fills `out[cap]` always stores the size needed in *n; if cap is too small it stores nothing in
 *    out and returns INFER_E_FULL.  cap 0 with out NULL asks for the size.
 *  - Structs begin with struct_size (set it by the _INIT macro), are padded by hand, and only grow at the end. */
#ifndef LIBINFER_INFER_H_
#define LIBINFER_INFER_H_
#include <stddef.h>
#include <stdint.h>

#define INFER_ABI_MAJOR 1 /* the SONAME: a break would be a different library */
#define INFER_ABI_MINOR 1 /* +1 when a release appends; nothing is removed, reordered or reused */

#if defined(_WIN32) && !defined(INFER_STATIC) && !defined(SWIG)
#ifdef INFER_BUILDING
#define INFER_API __declspec(dllexport)
#else
#define INFER_API __declspec(dllimport)
#endif
#elif defined(__GNUC__) && !defined(SWIG)
#define INFER_API __attribute__((visibility("default")))
#else
#define INFER_API
#endif
#ifdef __cplusplus
#define INFER_NX noexcept
extern "C" {
#else
#define INFER_NX
#endif

typedef struct infer_options infer_options; /* [one]   key/value settings; whoever takes them copies them */
typedef struct infer_runtime infer_runtime; /* [share] backends, devices, log */
typedef struct infer_model infer_model;     /* [share] weights, tokenizer, chat template; immutable once loaded */
typedef struct infer_engine infer_engine;   /* [share] scheduler and KV cache on chosen devices */
typedef struct infer_request infer_request; /* [one]   one generation; cancel and release are [share] */
typedef struct infer_prompt infer_prompt; /* [one]   a text that caller and model write by turns; cancel and release are [share] */

/* Negative: failed.  Positive: not a failure.  Values never change; new ones may appear. */
typedef enum infer_status {
  INFER_OK = 0,
  INFER_DONE = 1,             /* nothing more will come */
  INFER_PENDING = 2,          /* not yet: the timeout passed */
  INFER_E_INVALID = -1,       /* an argument, option or request cannot be right */
  INFER_E_NO_MEMORY = -2,     /* host or device memory */
  INFER_E_NOT_FOUND = -3,     /* no such file, key, device, tensor */
  INFER_E_UNSUPPORTED = -4,   /* well-formed, but not done by this version or backend */
  INFER_E_CORRUPT = -5,       /* a file breaks its format */
  INFER_E_IO = -6,            /* the system refused to read, write or map */
  INFER_E_FULL = -7,          /* a buffer, queue or cache has no room */
  INFER_E_CANCELLED = -8,     /* someone asked for it */
  INFER_E_DEVICE_LOST = -9,   /* the device is gone: make a new engine */
  INFER_E_ABI = -10,          /* header and library, or library and plugin, do not fit */
  INFER_E_INTERNAL = -11,     /* a fault of libinfer */
  INFER_E_TOO_LONG = -12,     /* the prompt does not fit the context */
  INFER_STATUS_FORCE32 = 0x7fffffff
} infer_status;

/* ---- versions and errors ---------------------------------------------------------------------------------------- */

INFER_API uint32_t infer_abi_version(void) INFER_NX;    /* of the loaded library: major << 16 | minor.  since 1.0 */
INFER_API const char *infer_version(void) INFER_NX;     /* of the loaded library, "0.1.0".  Static.  since 1.0 */
INFER_API const char *infer_status_name(infer_status s) INFER_NX; /* "INFER_E_IO"; "unknown status" for others.  since 1.0 */
/* This thread's last failure: what was wrong and where; what to do about it ("" when there is no advice).  Never NULL; valid
 * until the next failed call on this thread.  Succeeding calls leave it alone.  since 1.0 */
INFER_API const char *infer_last_error(void) INFER_NX;
INFER_API const char *infer_last_hint(void) INFER_NX;

/* ---- options ----------------------------------------------------------------------------------------------------
 * Every setting of every object, by key (constants in options.h).  An unknown key is INFER_E_NOT_FOUND and names the nearest
 * key; a value out of range is INFER_E_INVALID and names the range.  Keys with a backend's prefix ("cpu.threads") are
 * accepted here and checked against the backend when the runtime is made.  A list key ("stop") appends. */

INFER_API infer_status infer_options_new(infer_options **out) INFER_NX;                                     /* since 1.0 */
INFER_API void infer_options_release(infer_options *o) INFER_NX;                                            /* since 1.0 */
INFER_API infer_status infer_options_set_int(infer_options *o, const char *key, int64_t value) INFER_NX;    /* since 1.0 */
INFER_API infer_status infer_options_set_num(infer_options *o, const char *key, double value) INFER_NX;     /* since 1.0 */
INFER_API infer_status infer_options_set_str(infer_options *o, const char *key, const char *value, int64_t len) INFER_NX; /* len < 0: to NUL.  since 1.0 */
/* Parses `value` by the key's own type ("0.7", "true", "8"): for command lines and configuration files.  since 1.0 */
INFER_API infer_status infer_options_parse(infer_options *o, const char *key, const char *value) INFER_NX;
/* The i-th option as "key|type|range|default|scope|help", NULL past the end.  type: int num str bool list.  scope: runtime model
 * engine adapter request.  Static text.  since 1.0 */
INFER_API const char *infer_option_at(int32_t i) INFER_NX;

/* ---- runtime: backends and devices -------------------------------------------------------------------------------- */

/* For C hosts; bindings pass NULL.  Hooks are called from any thread, may be called at the same time from several, and must
 * neither call libinfer nor throw.  They stay callable until the runtime and everything made from it are released.
 * `wake` says that a request of this runtime has something to pull: a hint, without payload.
 * `parallel` lends threads: backends that take them (cpu) start none of their own to compute.  It is to call body(arg, i) once for
 * each i in 0 .. n-1, on any threads, and to return when these calls have returned.  They may run at the same time or one after
 * another: the answer has the same bits.  Each does what is left of a run (a step of an engine) and returns when that is over, so
 * calls not begun when another has returned may be left out.  It must not wait for a thread that waits for libinfer.  n is at
 * most what cpu.threads says; cpu.affinity is refused.  Each engine, loading and packing still have a thread of their own. */
typedef struct infer_hooks {
  uint32_t struct_size, reserved;
  void *user;
  void (*log)(void *user, int32_t level, const char *text, int64_t len); /* level: 0 debug, 1 info, 2 warning, 3 error */
  void (*wake)(void *user);
  void (*parallel)(void *user, int32_t n, void (*body)(void *arg, int32_t i), void *arg); /* NULL: lends none.  since 1.1 */
} infer_hooks;
#define INFER_HOOKS_INIT {(uint32_t)sizeof(infer_hooks), 0, NULL, NULL, NULL, NULL}

/* A device that a model can run on.  Strings live as long as the runtime. */
typedef struct infer_device {
  uint32_t struct_size;
  int32_t kind;             /* 0 cpu, 1 integrated GPU, 2 discrete GPU, 3 other, 4 a processor in place of a GPU */
  const char *backend;      /* "cpu", "reference", "vulkan", ... */
  const char *name;         /* "AMD EPYC 7B13" */
  const char *features;     /* "avx2 fma f16c": what the backend found and uses */
  int64_t memory_total;     /* bytes; 0: not known */
  int64_t memory_free;      /* bytes; 0: not known */
} infer_device;
#define INFER_DEVICE_INIT {(uint32_t)sizeof(infer_device), 0, NULL, NULL, NULL, 0, 0}

/* A backend that was looked at, whether it loaded or not.  Strings live as long as the runtime. */
typedef struct infer_backend_info {
  uint32_t struct_size;
  int32_t loaded;           /* 1: usable */
  const char *name;         /* "cpu" */
  const char *path;         /* file, or "(built in)" */
  const char *note;         /* loaded: version and build; refused: why, and what to do */
} infer_backend_info;
#define INFER_BACKEND_INFO_INIT {(uint32_t)sizeof(infer_backend_info), 0, NULL, NULL, NULL}

INFER_API infer_status infer_runtime_new(const infer_options *o, const infer_hooks *hooks, infer_runtime **out) INFER_NX; /* o, hooks may be NULL.  since 1.0 */
INFER_API void infer_runtime_release(infer_runtime *rt) INFER_NX;                                                       /* since 1.0 */
INFER_API infer_status infer_runtime_load_backend(infer_runtime *rt, const char *path) INFER_NX; /* one plugin file.  since 1.0 */
INFER_API infer_status infer_runtime_device_at(infer_runtime *rt, int32_t i, infer_device *out) INFER_NX; /* best first; INFER_DONE past the end.  since 1.0 */
INFER_API infer_status infer_runtime_backend_at(infer_runtime *rt, int32_t i, infer_backend_info *out) INFER_NX; /* INFER_DONE past the end.  since 1.0 */

/* ---- model ---------------------------------------------------------------------------------------------------------
 * open: blocks until loaded.  open_start: returns at once; infer_model_wait tells progress and the outcome.  Every call that
 * needs the loaded model waits for it.  Cancelled or failed: such calls return that status. */

INFER_API infer_status infer_model_open(infer_runtime *rt, const char *path, const infer_options *o, infer_model **out) INFER_NX; /* since 1.0 */
INFER_API infer_status infer_model_open_start(infer_runtime *rt, const char *path, const infer_options *o, infer_model **out) INFER_NX; /* since 1.0 */
/* Bytes [offset, offset+length) of an open descriptor; length < 0: to its end.  The descriptor is duplicated.  since 1.0 */
INFER_API infer_status infer_model_open_fd(infer_runtime *rt, int32_t fd, int64_t offset, int64_t length, const infer_options *o, infer_model **out) INFER_NX;
/* Borrowed memory: must stay unchanged until the model and everything made from it are released.  since 1.0 */
INFER_API infer_status infer_model_open_memory(infer_runtime *rt, const void *data, int64_t length, const infer_options *o, infer_model **out) INFER_NX;
/* OK: loaded.  PENDING: the timeout passed, *progress (may be NULL) is 0..1.  Else the failure.  timeout < 0: forever.  [share]  since 1.0 */
INFER_API infer_status infer_model_wait(infer_model *m, int32_t timeout_ms, double *progress) INFER_NX;
INFER_API infer_status infer_model_cancel(infer_model *m) INFER_NX; /* stops a load in progress; no effect afterwards.  since 1.0 */
INFER_API void infer_model_release(infer_model *m) INFER_NX;        /* since 1.0 */

/* Facts: "n_vocab", "n_ctx_train", "n_embd", "n_layer", "n_head", "n_head_kv", "head_dim", "n_expert", "n_parameters",
 * "weight_bytes", "file_bytes", "has_tokenizer", "has_chat_template".  Unknown name: INFER_E_NOT_FOUND.  since 1.0 */
INFER_API infer_status infer_model_fact(infer_model *m, const char *name, int64_t *out) INFER_NX;
/* Metadata in file order; long arrays are shortened to their first elements and length.  Strings live as long as the model.
 * INFER_DONE past the end.  since 1.0 */
INFER_API infer_status infer_model_meta_at(infer_model *m, int64_t i, const char **key, const char **value) INFER_NX;
typedef struct infer_tensor_info { /* strings live as long as the model */
  uint32_t struct_size;
  int32_t n_dims;
  int64_t dim[4];           /* outermost first: a matrix is [rows, columns]; unused entries are 1 */
  int64_t bytes;
  const char *name;
  const char *type;         /* "q4_1" */
} infer_tensor_info;
#define INFER_TENSOR_INFO_INIT {(uint32_t)sizeof(infer_tensor_info), 0, {0, 0, 0, 0}, 0, NULL, NULL}
INFER_API infer_status infer_model_tensor_at(infer_model *m, int64_t i, infer_tensor_info *out) INFER_NX; /* INFER_DONE past the end.  since 1.0 */

/* ---- text <-> token ids.  [share] ---------------------------------------------------------------------------------- */

#define INFER_ENCODE_SPECIAL 1u /* add what the model wants around a text (BOS, EOS) */
#define INFER_ENCODE_PARSE 2u   /* text that spells a control token becomes that token: for trusted text only */
#define INFER_DECODE_SPECIAL 1u /* control tokens are written as their text; else they vanish */
INFER_API infer_status infer_model_encode(infer_model *m, const char *text, int64_t len, uint32_t flags, int32_t *out, int64_t cap, int64_t *n) INFER_NX; /* since 1.0 */
INFER_API infer_status infer_model_decode(infer_model *m, const int32_t *tokens, int64_t n_tokens, uint32_t flags, char *out, int64_t cap, int64_t *n) INFER_NX; /* since 1.0 */
/* A token's bytes (may be part of a character).  Borrowed from the model.  since 1.0 */
INFER_API infer_status infer_model_token(infer_model *m, int32_t token, const char **bytes, int64_t *len) INFER_NX;
/* "bos" "eos" "eot" "eom" "unk" "sep" "pad" "mask" "cls" "fim_pre" "fim_suf" "fim_mid" -> id, or -1 when the model has none.  since 1.0 */
INFER_API infer_status infer_model_special(infer_model *m, const char *name, int32_t *token) INFER_NX;

/* One part of a chat message.  A part with a role begins a message; a part whose role is NULL belongs to the message before.
 * kind: "text" (data is UTF-8); later "image", "audio".  An unknown kind is INFER_E_UNSUPPORTED and named. */
typedef struct infer_part {
  uint32_t struct_size, reserved;
  const char *role;         /* "system" "user" "assistant" "tool" or what the template knows; NULL: same message */
  const char *kind;
  const char *data;
  int64_t len;              /* bytes; < 0: to NUL */
} infer_part;
#define INFER_PART_INIT {(uint32_t)sizeof(infer_part), 0, NULL, "text", NULL, -1}
/* The prompt that a chat becomes, as text: for showing.  (Requests use the marked form, in which a user's text can never
 * become a control token.)  since 1.0 */
INFER_API infer_status infer_model_render(infer_model *m, const infer_part *parts, int64_t n_parts, const infer_options *o, char *out, int64_t cap, int64_t *n) INFER_NX;

/* ---- engine and requests ------------------------------------------------------------------------------------------- */

INFER_API infer_status infer_engine_new(infer_model *m, const infer_options *o, infer_engine **out) INFER_NX; /* since 1.0 */
INFER_API void infer_engine_release(infer_engine *e) INFER_NX; /* running requests end with INFER_E_CANCELLED.  since 1.0 */
/* Submit: text as it is; a chat through the model's template; token ids.  A prompt longer than the context is INFER_E_TOO_LONG
 * with both numbers, unless the option "prompt.truncate" says otherwise.  since 1.0 */
INFER_API infer_status infer_engine_submit_text(infer_engine *e, const char *text, int64_t len, const infer_options *o, infer_request **out) INFER_NX;
INFER_API infer_status infer_engine_submit_chat(infer_engine *e, const infer_part *parts, int64_t n_parts, const infer_options *o, infer_request **out) INFER_NX;
INFER_API infer_status infer_engine_submit_tokens(infer_engine *e, const int32_t *tokens, int64_t n_tokens, const infer_options *o, infer_request **out) INFER_NX;
/* A chat in the JSON of OpenAI's chat completions, in and out: messages (also calls of tools and their results), tools and tool_choice,
 * response_format, stop, n, logprobs, ... and any option of a request under its own key; o (may be NULL) says what the request does not.
 * A member that is not known is INFER_E_UNSUPPORTED and named.  The pieces' text is JSON: with "stream" objects of chat.completion.chunk, each
 * ending with a newline; else nothing until the last piece, which has the chat.completion.  Reasoning is "reasoning_content".  since 1.1 */
INFER_API infer_status infer_chat_json(infer_engine *e, const char *json, int64_t len, const infer_options *o, infer_request **out) INFER_NX;
/* Logits of rows first .. n_tokens-1 of one token sequence: out [n_tokens - first, n_vocab] float32,
 * row-major; out_len is the number of floats in out.  What the prefix cache knows before `first` is not computed again; the
 * values are the same.  Blocks.  [share]  since 1.0 */
INFER_API infer_status infer_engine_logits(infer_engine *e, const int32_t *tokens, int64_t n_tokens, int64_t first, float *out, int64_t out_len) INFER_NX;
/* The i-th counter of the engine (steps, tokens, kernels taken, pages in use).  name lives as long as the engine.  INFER_DONE past
 * the end.  since 1.0 */
INFER_API infer_status infer_engine_counter_at(infer_engine *e, int32_t i, const char **name, int64_t *value) INFER_NX;
/* Everything that is counted and measured, in the text format of Prometheus: counters, gauges, and histograms of queue time, time
 * to first token, time between tokens, whole requests (seconds) and steps (seconds, tokens).  No NUL at the end.  since 1.1 */
INFER_API infer_status infer_engine_metrics(infer_engine *e, char *out, int64_t cap, int64_t *n) INFER_NX;
/* The latest steps and ended requests, as many as the option "trace.steps" says, in the JSON format that Chrome's and Perfetto's
 * viewers read.  No NUL at the end.  since 1.1 */
INFER_API infer_status infer_engine_trace(infer_engine *e, char *out, int64_t cap, int64_t *n) INFER_NX;
/* pause: when it returns no step runs; requests stay as they are, may be submitted, cancelled and pass their deadlines.  resume: goes
 * on; also ends drain.  drain: takes no further request (INFER_E_FULL) and waits until none is left; PENDING: the timeout passed,
 * call again; timeout < 0: forever.  trim: forgets the prefixes that no request uses and gives the memory of free pages back to
 * the system where the device can do that; *freed (may be NULL): bytes that it got.  since 1.1 */
INFER_API infer_status infer_engine_pause(infer_engine *e) INFER_NX;
INFER_API infer_status infer_engine_resume(infer_engine *e) INFER_NX;
INFER_API infer_status infer_engine_drain(infer_engine *e, int32_t timeout_ms) INFER_NX;
INFER_API infer_status infer_engine_trim(infer_engine *e, int64_t *freed) INFER_NX;
/* Saves what the prefix cache of the option "cache.domain" knows of the first of these tokens, such as infer_request_tokens of a request that has
 * ended; *n_saved (may be NULL): how many; none is INFER_E_NOT_FOUND.  o may be NULL.  The file replaces what had its name once it is whole;
 * it is as large as the pages.  restore: into that cache, and the tokens into out; requests that begin with them then go
 * on behind them.  A file of another model, kv.page or way of computing (kv.type, device, instruction set, version) is
 * INFER_E_UNSUPPORTED, a damaged one INFER_E_CORRUPT; INFER_E_FULL: running requests need all pages, or out is too small (the
 * cache has the pages then).  Both block, other requests go on.  since 1.1 */
INFER_API infer_status infer_engine_save(infer_engine *e, const int32_t *tokens, int64_t n_tokens, const infer_options *o, const char *path, int64_t *n_saved) INFER_NX;
INFER_API infer_status infer_engine_restore(infer_engine *e, const char *path, const infer_options *o, int32_t *out, int64_t cap, int64_t *n) INFER_NX;
/* pin: what the prefix cache of the options "cache.domain" and "adapter" (o may be NULL) knows of the first of these tokens, such as a system
 * prompt that a request has computed, stays there until unpin, whatever else needs pages; *n_pinned (may be NULL): how many tokens;
 * none is INFER_E_NOT_FOUND.  INFER_E_INVALID: the name is taken; INFER_E_FULL: too little would be left for one whole context, or there are
 * 256 pins.  since 1.1 */
INFER_API infer_status infer_engine_pin(infer_engine *e, const char *name, const int32_t *tokens, int64_t n_tokens, const infer_options *o, int64_t *n_pinned) INFER_NX;
INFER_API infer_status infer_engine_unpin(infer_engine *e, const char *name) INFER_NX;
/* Low-rank adapters (LoRA) in GGUF files, as llama.cpp's convert_lora_to_gguf.py writes them; the engine has room for as many as the
 * option "adapter.slots" says.  load: under a name that requests give as option "adapter"; o (may be NULL): "adapter.scale".  Blocks, other
 * requests go on.  INFER_E_FULL: no slot is free; INFER_E_INVALID: the name is taken; INFER_E_UNSUPPORTED: the file is of another architecture,
 * adapts other weights than the layers' projections, or has a higher rank than "adapter.rank"; INFER_E_CORRUPT: it does not fit the model.
 * drop: the name is not found any more; requests and pins that have it go on, and the slot is free when the last has ended.  at: the i-th name,
 * borrowed from the engine; INFER_DONE past the end; drop and load move the others.  Requests see prefixes of requests with the same adapter only; save and
 * restore know those without one, and refuse the option (INFER_E_UNSUPPORTED).  since 1.1 */
INFER_API infer_status infer_engine_load_adapter(infer_engine *e, const char *name, const char *path, const infer_options *o) INFER_NX;
INFER_API infer_status infer_engine_drop_adapter(infer_engine *e, const char *name) INFER_NX;
INFER_API infer_status infer_engine_adapter_at(infer_engine *e, int32_t i, const char **name) INFER_NX;
/* What the engine decided when it was made, as JSON: device and kernel per operator and block type, context, pages, bytes.
 * Borrowed from the engine.  since 1.0 */
INFER_API infer_status infer_engine_describe(infer_engine *e, const char **json, int64_t *len) INFER_NX;

typedef enum infer_finish {
  INFER_FINISH_NONE = 0,      /* more will come */
  INFER_FINISH_STOP = 1,      /* end token, stop string or stop id */
  INFER_FINISH_LENGTH = 2,    /* max_tokens, or the context is full */
  INFER_FINISH_CANCELLED = 3,
  INFER_FINISH_ERROR = 4,
  INFER_FINISH_FORCE32 = 0x7fffffff
} infer_finish;

typedef struct infer_logprob { /* 8 bytes, plain */
  int32_t token;
  float logprob;              /* natural logarithm, of the model's own distribution before temperature and filters */
} infer_logprob;

/* What came since the last call.  text holds whole characters (never half of one); tokens may be none, one or several.
 * Pointers live until the next call on this request. */
typedef struct infer_piece {
  uint32_t struct_size;
  int32_t finish;                  /* infer_finish */
  const char *text;
  int64_t text_len;                /* bytes */
  const int32_t *tokens;
  int64_t n_tokens;
  const float *logprobs;           /* [n_tokens] of the chosen tokens; NULL unless the option "logprobs" >= 0 asks */
  const infer_logprob *top;        /* [n_tokens, n_top], each row most likely first; NULL unless asked */
  int64_t n_top;
  int32_t sample;                  /* which of the option "n" answers this belongs to, from 0.  since 1.1 */
  int32_t reserved;
  const float *embedding;          /* [n_embedding], with the finish, when the option "embed" asks; else NULL.  since 1.1 */
  int64_t n_embedding;
} infer_piece;
#define INFER_PIECE_INIT {(uint32_t)sizeof(infer_piece), 0, NULL, 0, NULL, 0, NULL, NULL, 0, 0, 0, NULL, 0}

typedef enum infer_state {
  INFER_STATE_QUEUED = 1,      /* nothing of it has run */
  INFER_STATE_RUNNING = 2,
  INFER_STATE_PREEMPTED = 3,   /* others have its place or its pages; it goes on later, where it was */
  INFER_STATE_DONE = 4,
  INFER_STATE_CANCELLED = 5,
  INFER_STATE_FAILED = 6,
  INFER_STATE_FORCE32 = 0x7fffffff
} infer_state;

typedef struct infer_usage {       /* counts and times of one request so far */
  uint32_t struct_size;
  int32_t finish;                  /* infer_finish: how it ended, cancelled and failed requests included; NONE while it runs */
  int64_t prompt_tokens, cached_tokens, generated_tokens;
  double queue_ms, first_token_ms, total_ms; /* from submit: to the first step, to the first token, to the end (or now) */
  int32_t state;                   /* infer_state; of several answers the one that is least far.  since 1.1 */
  int32_t preempted;               /* times that it had to give way.  since 1.1 */
} infer_usage;
#define INFER_USAGE_INIT {(uint32_t)sizeof(infer_usage), 0, 0, 0, 0, 0.0, 0.0, 0.0, 0, 0}

/* OK: a piece.  DONE: the last piece was already given.  PENDING: timeout.  Else the request's failure.  The piece with a
 * finish reason is the last.  timeout < 0: forever; 0: poll.  since 1.0 */
INFER_API infer_status infer_request_next(infer_request *r, int32_t timeout_ms, infer_piece *out) INFER_NX;
/* Waits until infer_request_next would not wait for one of these: *which is its index.  NULLs are passed over; nothing else: INFER_DONE.  A
 * request whose last piece was given counts as ready: leave it out.  Requests of several engines may be mixed.  since 1.1 */
INFER_API infer_status infer_request_wait_any(infer_request *const *requests, int64_t n_requests, int32_t timeout_ms, int64_t *which) INFER_NX;
/* The ids of prompt and answer so far, of one of its samples (0, unless the option "n" or "best_of" asked for more).  [share]  since 1.1 */
INFER_API infer_status infer_request_tokens(infer_request *r, int32_t sample, int32_t *out, int64_t cap, int64_t *n) INFER_NX;
INFER_API infer_status infer_request_cancel(infer_request *r) INFER_NX; /* [share] also while another thread waits in next.  since 1.0 */
INFER_API infer_status infer_request_usage(infer_request *r, infer_usage *out) INFER_NX; /* [share]  since 1.0 */
INFER_API void infer_request_release(infer_request *r) INFER_NX; /* [share] cancels what still runs.  since 1.0 */

/* ---- prompts written by turns (prompt programs) -------------------------------------------------------------------------
 * A text that grows: by what the caller appends, by answers of the model, by choices that it makes; forks go on from the same
 * text at the same time.  What was computed stays in the prefix cache, so each call computes only what it adds.  A failed call
 * leaves the prompt as it was.  since 1.1 */

/* o (may be NULL): options of requests, for whatever this prompt asks; calls may set others.  */
INFER_API infer_status infer_prompt_new(infer_engine *e, const infer_options *o, infer_prompt **out) INFER_NX;
INFER_API void infer_prompt_release(infer_prompt *p) INFER_NX; /* cancels what still runs */
/* Text as it is; len < 0: to NUL.  flags: 0, or INFER_ENCODE_PARSE for trusted text. */
INFER_API infer_status infer_prompt_append(infer_prompt *p, const char *text, int64_t len, uint32_t flags) INFER_NX;
/* Messages, through the model's template; o (may be NULL): "chat.*".  What was generated since the messages before is
 * the assistant's answer to them.  Only where the prompt began with messages, else INFER_E_INVALID. */
INFER_API infer_status infer_prompt_append_chat(infer_prompt *p, const infer_part *parts, int64_t n_parts, const infer_options *o) INFER_NX;
/* Begins an answer and returns; it joins the text when it has ended, without its stop string, and is then the value of name (NULL: of
 * none).  The next call on this prompt that needs the text waits for it, and reports its failure.  *request (may be NULL): to pull it piece
 * by piece; its release cancels it.  o (may be NULL): options of requests, such as "stop", "response.regex", "max_tokens". */
INFER_API infer_status infer_prompt_gen(infer_prompt *p, const char *name, const infer_options *o, infer_request **request) INFER_NX;
/* Appends the one of these texts whose tokens are likeliest on average after what there is; the first of equals.  scores (may be NULL):
 * mean log-probability of a token of each, [n_choices]; *which (may be NULL): its index.  At most 1024.  Blocks. */
INFER_API infer_status infer_prompt_select(infer_prompt *p, const char *name, const char *const *choices, int64_t n_choices, const infer_options *o, double *scores, int64_t *which) INFER_NX;
/* fork: a prompt of its own with the same text and values.  join: what other has by name, p has too, and where p had it, other's; texts
 * stay apart. */
INFER_API infer_status infer_prompt_fork(infer_prompt *p, infer_prompt **out) INFER_NX;
INFER_API infer_status infer_prompt_join(infer_prompt *p, infer_prompt *other) INFER_NX;
/* Until no answer is being generated.  PENDING: the timeout passed; < 0: forever. */
INFER_API infer_status infer_prompt_wait(infer_prompt *p, int32_t timeout_ms) INFER_NX;
INFER_API infer_status infer_prompt_value(infer_prompt *p, const char *name, char *out, int64_t cap, int64_t *n) INFER_NX;
INFER_API infer_status infer_prompt_text(infer_prompt *p, char *out, int64_t cap, int64_t *n) INFER_NX; /* all of it */
INFER_API infer_status infer_prompt_cancel(infer_prompt *p) INFER_NX; /* [share] what it generates or selects */

#ifdef __cplusplus
}
#endif
#endif /* LIBINFER_INFER_H_ */
