/* libinfer backend ABI, major 0 (may still change between minor versions of libinfer).
 *
 * A plugin links nothing of libinfer.  It exports `infer_backend_v0`, receives the host as a table and returns itself as one.
 * The host hands over a whole *program* (flat arrays of plain nodes), the plugin compiles it once to a *plan*, and a run only
 * binds buffers and symbol values.  A plugin never frees host memory, nor the reverse.  No function throws or aborts; each that
 * can fail first calls host->fail and returns its code.
 *
 * Threading: functions of one device may be called from several threads, but one plan is run by one thread at a time. */
#ifndef LIBINFER_BACKEND_H_
#define LIBINFER_BACKEND_H_
#include "infer.h"
#ifdef __cplusplus
extern "C" {
#endif

#define INFER_BACKEND_MAJOR 0
#define INFER_BACKEND_MINOR 6
typedef struct infer_abi { uint32_t struct_size; uint16_t major, minor; } infer_abi; /* first in every table */
/* Does table t reach as far as member f, and is it there? */
#define INFER_HAS(t, f) ((const char *)(&(t)->f + 1) <= (const char *)(t) + (t)->abi.struct_size && (t)->f)

typedef struct infer_dev infer_dev;   /* plugin's: an open device */
typedef struct infer_buf infer_buf;   /* plugin's: memory of a device */
typedef struct infer_plan infer_plan; /* plugin's: a compiled program */

/* ---- tensors: dense, row-major, outermost dimension first ---------------------------------------------------------- */

/* Element types.  0..63: the numbers that GGUF uses (block formats: quant/types.h lists sizes).  A block type's innermost
 * dimension is a multiple of its block length. */
enum { INFER_TYPE_F32 = 0, INFER_TYPE_F16 = 1, INFER_TYPE_Q4_0 = 2, INFER_TYPE_Q8_0 = 8, INFER_TYPE_I32 = 26, INFER_TYPE_BF16 = 30 };

enum infer_role {
  INFER_ROLE_WEIGHT = 0, /* bound when the plan is made; never changes */
  INFER_ROLE_INPUT = 1,  /* bound at each run; read.  Weights that are streamed are such, in memory of INFER_USE_WEIGHT */
  INFER_ROLE_STATE = 2,  /* bound at each run; read and written, kept by the host between runs (KV pages) */
  INFER_ROLE_OUTPUT = 3, /* bound at each run; written by one node, and later nodes may read it */
  INFER_ROLE_TEMP = 4    /* lives inside the plan */
};
#define INFER_MAX_RANK 6
#define INFER_SYMBOL(i) (-1 - (int64_t)(i)) /* a dimension that is symbol i; each run gives its value, 1 .. symbol_max[i] */
typedef struct infer_tensor {
  uint32_t type, role, rank, reserved;
  int64_t dim[INFER_MAX_RANK]; /* > 0, or INFER_SYMBOL(i); unused entries 1 */
  const char *name;            /* for messages; host's, valid during plan_new and supports */
} infer_tensor;

/* ---- operators --------------------------------------------------------------------------------------------------------
 * T rows (tokens), S sequences, R output rows, B block-table columns, P pages.  f32 unless said.  "any": any weight type, of a
 * WEIGHT or an INPUT (of which a table of EMBED may have T rows).  in[] entries may be INFER_NONE where marked optional.
 * i[] integer attributes, f[] float attributes, in this order.
 * Order of nodes is order of execution; STATE is updated in place.  A temp is written by exactly one node.  The output of
 * elementwise nodes may be the same memory as an input (a backend's choice). */
#define INFER_NONE 0xffffffffu
enum infer_op_kind {
  /* in: table[V,D] any, ids[T] i32.  out[T,D].  An id outside 0..V-1 fails the run with INFER_E_INVALID. */
  INFER_OP_EMBED = 1,
  /* in: x[T,G*D], weight[D] f32.  out[T,G*D]: each run of D values x -> x / sqrt(mean(x^2) + eps) * weight.  f: eps */
  INFER_OP_RMS_NORM = 2,
  /* in: x[T,K], w[N,K] any, bias[N] f32 optional.  out[T,N] = x w^T + bias */
  INFER_OP_MATMUL = 3,
  /* in: x[T,H*D], positions[T] i32, factors[n_rot/2] optional.  out same shape.  Rotates pairs of the first n_rot values of each
   * head: angle(p, j) = p * base^(-2j/n_rot) / factors[j], YaRN-corrected when ext_factor != 0.
   * i: head_dim D, n_rot, style (0: pairs (2j, 2j+1); 1: pairs (j, j + n_rot/2))
   * f: base, freq_scale, ext_factor, attn_factor, corr_low, corr_high.
   *   extrapolated e = angle, interpolated a = freq_scale * angle, ramp(j) = 1 - clamp((j - corr_low) / max(0.001, corr_high - corr_low), 0, 1),
   *   mix = ramp * ext_factor, theta = a * (1 - mix) + e * mix; cos and sin are multiplied by attn_factor (given complete). */
  INFER_OP_ROPE = 4,
  /* in: k[T,Hk*D], v[T,Hk*Dv], k_state, v_state, q_start[S+1] i32, kv_len[S] i32, block_table[S,B] i32.  No out.
   * k_state[P, page, Hk, D], v_state[P, page, Hk, Dv]: both f16, f32, bf16, q8_0 or q4_0.  What is stored of a row depends on that
   * row alone: each head's values are rounded or encoded as blocks of the type.  Row r of sequence s has position
   * kv_len[s] - (q_start[s+1] - r), goes to page block_table[s, pos / page], slot pos % page.  The host relies only on: page p is
   * bytes p*n .. (p+1)*n - 1 of the state, n = bytes / P; the arrangement inside is the backend's.
   * i: n_kv_heads, head_dim, head_dim_v, page */
  INFER_OP_KV_WRITE = 5,
  /* in: q[T,H*D], k_state, v_state, q_start, kv_len, block_table, sinks[H] optional.  out[T,H*Dv].
   * Row at position p sees positions max(0, p - window + 1) .. p (window 0: from 0).  K and V are read in stored form.
   * score = q.k * scale; softcap > 0: softcap * tanh(score / softcap).  A sink is one more score that has no value.
   * i: n_heads, n_kv_heads, head_dim, head_dim_v, page, window.  f: scale, softcap */
  INFER_OP_ATTENTION = 6,
  /* in: a[T,D], b: [T,D], [D] or [T,1].  out[T,D] */
  INFER_OP_ADD = 7,
  INFER_OP_MUL = 8,
  /* in: x[T,D].  out = x * f[0] */
  INFER_OP_SCALE = 9,
  /* in: x[T,D].  out same.  i: infer_act */
  INFER_OP_ACT = 10,
  /* in: gate[T,F], up[T,F].  out[T,F] = act(gate) * up.  Also for [T,k,F].  i: infer_act */
  INFER_OP_GLU = 11,
  /* in: x[T,D], rows[R] i32.  out[R,D].  A row outside 0..T-1 fails the run with INFER_E_INVALID. */
  INFER_OP_GATHER = 12,
  /* in: logits[T,E].  out: ids[T,k] i32, weights[T,k].  The k largest (ties: lower index), most likely first.
   * i: k, mode (0: softmax over all E; 1: the same, then divided by the sum of the k; 2: softmax over the k).  f: scale on the weights */
  INFER_OP_ROUTE = 13,
  /* in: x[T,K] or [T,k,K], w[E,N,K] any, ids[T,k] i32, bias[E,N] optional.  out[T,k,N] = x w[ids]^T */
  INFER_OP_MATMUL_EXPERTS = 14,
  /* in: y[T,k,D], weights[T,k], ids[T,k] i32.  out[T,D]: sum over the k in ascending order of expert id */
  INFER_OP_EXPERT_SUM = 15,
  /* in: x[T,D].  Over ranks; with one rank a copy.  i: n_ranks */
  INFER_OP_ALL_REDUCE = 16,
  INFER_OP_ALL_GATHER = 17,
  /* in: y[T,N], x[T,K], down[A,r,K], up[A,N,r], slots[T] i32, ranks[A] i32.  out[T,N].  down and up: a bank of A low-rank
   * adapters (LoRA, arXiv 2106.09685), both f32, f16 or bf16, inputs that the host writes between runs.  Row t, a = slots[t]:
   * out = y + up[a,:,:n] (down[a,:n,:] x) with n = ranks[a]; a = -1: out = y.  A slot outside -1..A-1 or a rank outside 0..r fails
   * the run with INFER_E_INVALID. */
  INFER_OP_ADAPT = 18,
  INFER_OP_COUNT = 19
};
enum infer_act { INFER_ACT_SILU = 0, INFER_ACT_GELU_TANH = 1, INFER_ACT_GELU_ERF = 2, INFER_ACT_RELU = 3, INFER_ACT_SIGMOID = 4, INFER_ACT_TANH = 5 };

typedef struct infer_op {
  uint32_t kind;             /* infer_op_kind */
  uint32_t n_in, n_out, n_i, n_f, reserved;
  const uint32_t *in, *out;  /* tensor indices */
  const int64_t *i;
  const double *f;
} infer_op;

/* Arrays carry their element size, so that elements may grow at the end. */
typedef struct infer_program {
  infer_abi abi;
  uint32_t tensor_size, n_tensors; /* sizeof(infer_tensor) of the host */
  uint32_t op_size, n_ops;
  uint32_t n_symbols, reserved;
  const infer_tensor *tensors;
  const infer_op *ops;
  const int64_t *symbol_max; /* [n_symbols] */
} infer_program;

/* What a buffer is for, so that a device can put it where that is fast. */
enum infer_use {
  INFER_USE_WEIGHT = 0,  /* written once, read by every run */
  INFER_USE_STATE = 1,   /* read and written by runs, by the host seldom */
  INFER_USE_EXCHANGE = 2 /* inputs and outputs: the host writes and reads it between runs.  Has a host address */
};

/* A tensor's memory: bytes [offset, offset + bytes) of buf.  Weights: offset is such that the address suits the type (16). */
typedef struct infer_binding {
  uint32_t tensor, reserved;
  infer_buf *buf;
  int64_t offset, bytes;
} infer_binding;

/* ---- the two tables ---------------------------------------------------------------------------------------------------- */

/* Threads that the host lends to a device.  parallel is infer_hooks.parallel, user its first argument: it may make fewer calls of body
 * than n, or none, and what is then left the caller does.  From any thread, from several at the same time; does not throw. */
typedef struct infer_executor {
  infer_abi abi;
  void *user;
  void (*parallel)(void *user, int32_t n, void (*body)(void *arg, int32_t i), void *arg);
} infer_executor;

typedef struct infer_host {
  infer_abi abi;
  void *self;
  infer_status (*fail)(void *self, infer_status code, const char *msg, int64_t len); /* records this thread's error, returns code */
  void (*log)(void *self, int32_t level, const char *msg, int64_t len);
  /* May be missing.  Asked within device_open, on its thread: what the device is to compute on instead of threads of its own; NULL:
   * nothing is lent.  Lives as long as the device. */
  const infer_executor *(*executor)(void *self);
} infer_host;

/* Kinds of devices, as infer_device tells them.  Emulated ones, which a processor computes in place of a GPU, come after all others. */
enum infer_dev_kind {
  INFER_DEV_CPU = 0,
  INFER_DEV_INTEGRATED = 1,
  INFER_DEV_DISCRETE = 2,
  INFER_DEV_OTHER = 3,
  INFER_DEV_EMULATED = 4
};
typedef struct infer_dev_info { /* strings: plugin's, static or as long as the plugin */
  infer_abi abi;
  int32_t kind, host_memory;   /* infer_dev_kind; host_memory 1: buffer_host works */
  const char *name, *features;
  int64_t memory_total, memory_free;
} infer_dev_info;

/* Where the bytes of an imported read-only buffer come from: a file that the host has mapped.  (A buffer without a source may be any
 * memory.)  So the backend may keep what it makes of them, under this id, and read and let go of their pages while no run is on. */
typedef struct infer_source {
  infer_abi abi;
  const char *id;   /* of the file: changes with its size, time of change or header; valid during the call */
  int64_t offset;   /* of the buffer's first byte in the file */
  const void *file; /* for intact; lives as long as the buffer */
  /* 1: the file is as long as ever, so reading its bytes is no fault of the page.  To be asked before reading while no run is on.
   * From any thread. */
  int32_t (*intact)(const void *file);
} infer_source;

typedef struct infer_setting { const char *key, *value; } infer_setting; /* key without the backend's prefix */

typedef struct infer_backend {
  infer_abi abi;
  const char *name, *build;   /* "cpu", "0.1.0 gcc 12.2" */
  int32_t priority, reserved; /* higher is tried first; reference is 0 */
  /* Options of this backend, as infer_option_at writes them ("threads|int|1..256|0|runtime|..."); NULL past the end.  A backend that
   * lists pack.dir or pack.limit is given libinfer's own option of that name; one that lists named is told that the user asks for its
   * devices by name, so that others need not load drivers before. */
  const char *(*option_at)(int32_t i);
  int32_t (*device_count)(void); /* asked again after each device_open: it may grow when the first one is opened */
  infer_status (*device_info)(int32_t index, infer_dev_info *out);
  infer_status (*device_open)(int32_t index, const infer_setting *settings, int32_t n_settings, infer_dev **out);
  void (*device_close)(infer_dev *d);

  infer_status (*buffer_new)(infer_dev *d, int64_t bytes, int32_t use, infer_buf **out); /* infer_use.  Zeroed; aligned to 64 */
  /* Uses host memory in place; it outlives the buffer.  May answer INFER_E_UNSUPPORTED: the host then copies. */
  infer_status (*buffer_import)(infer_dev *d, const void *ptr, int64_t bytes, int32_t read_only, infer_buf **out);
  void (*buffer_free)(infer_buf *b);
  infer_status (*buffer_write)(infer_buf *b, int64_t at, const void *src, int64_t n);
  infer_status (*buffer_read)(infer_buf *b, int64_t at, void *dst, int64_t n);
  void *(*buffer_host)(infer_buf *b); /* host address of a buffer in host memory, else NULL */

  /* 1: plan_new would take this node.  Asked with the whole program; must be truthful. */
  int32_t (*supports)(infer_dev *d, const infer_program *p, uint32_t op);
  /* Weights are bound here; the plan may keep pointing into their buffers, which outlive it.  On INFER_E_UNSUPPORTED *bad_op is the
   * node.  All memory of later runs is allocated here, at the symbols' maxima; *bytes (may be NULL) says how much. */
  infer_status (*plan_new)(infer_dev *d, const infer_program *p, const infer_binding *weights, uint32_t n_weights, uint32_t *bad_op,
                           int64_t *bytes, infer_plan **out);
  void (*plan_free)(infer_plan *p);
  /* Kernel that node `op` runs with ("q4_1 avx2 1x4"), for bench, doctor and tests.  Static or as long as the plan. */
  const char *(*plan_kernel)(infer_plan *p, uint32_t op);
  /* submit: starts a run (a backend may also finish it here).  wait: OK when finished, PENDING after the timeout (< 0: forever).
   * cancel: from any thread; the run in flight ends soon, its wait returns INFER_E_CANCELLED, its outputs and the slots it wrote are
   * undefined, everything else is intact. */
  infer_status (*plan_submit)(infer_plan *p, const int64_t *symbols, const infer_binding *binds, uint32_t n_binds);
  infer_status (*plan_wait)(infer_plan *p, int32_t timeout_ms);
  void (*plan_cancel)(infer_plan *p);
  /* Counters of a device ("matmul.q4_1.avx2.4x4" -> times taken).  0 when i is past the end. */
  int32_t (*counter_at)(infer_dev *d, int32_t i, const char **name, int64_t *value);
  /* May be missing.  Called once for an imported read-only buffer, before a plan binds it. */
  infer_status (*buffer_source)(infer_buf *b, const infer_source *source);
  /* May be missing.  What bytes [at, at + n) hold is not needed any more: the backend may let go of their memory until they are
   * written again.  *freed: bytes. */
  infer_status (*buffer_discard)(infer_buf *b, int64_t at, int64_t n, int64_t *freed);
} infer_backend;

/* The one exported symbol of a plugin, `infer_backend_v0`.  NULL after host->fail(): refused.  The host's table lives as long as
 * the process; the entry is called once per runtime. */
typedef const infer_backend *(*infer_backend_v0_fn)(const infer_host *host);

#ifdef __cplusplus
}
#endif
#endif /* LIBINFER_BACKEND_H_ */
