/* The layout of every public struct as ABI 1.0 shipped it: offsets never change, sizes only grow.
 * One block per release; a block is never edited once it was released. */
#include <libinfer/infer.h>
#include <stddef.h>

#define IS(cond, name) typedef char name[(cond) ? 1 : -1]
#define AT(type, member, offset) IS(offsetof(type, member) == (offset), type##_##member)
#define SIZE(type, least) IS(sizeof(type) >= (least), type##_size)
#define SIZE_IS(type, exact) IS(sizeof(type) == (exact), type##_exact_size)

IS(sizeof(void*) == 8, pointers_have_8_bytes);
IS(sizeof(infer_status) == 4, status_has_4_bytes);
IS(sizeof(infer_finish) == 4, finish_has_4_bytes);
IS(INFER_OK == 0 && INFER_DONE == 1 && INFER_PENDING == 2, not_failures);
IS(INFER_E_INVALID == -1 && INFER_E_NO_MEMORY == -2 && INFER_E_NOT_FOUND == -3 && INFER_E_UNSUPPORTED == -4,
   failures_1_to_4);
IS(INFER_E_CORRUPT == -5 && INFER_E_IO == -6 && INFER_E_FULL == -7 && INFER_E_CANCELLED == -8, failures_5_to_8);
IS(INFER_E_DEVICE_LOST == -9 && INFER_E_ABI == -10 && INFER_E_INTERNAL == -11, failures_9_to_11);
IS(INFER_E_TOO_LONG == -12, failure_12);
IS(INFER_FINISH_NONE == 0 && INFER_FINISH_STOP == 1 && INFER_FINISH_LENGTH == 2, finish_0_to_2);
IS(INFER_FINISH_CANCELLED == 3 && INFER_FINISH_ERROR == 4, finish_3_to_4);
IS(INFER_ENCODE_SPECIAL == 1u && INFER_ENCODE_PARSE == 2u && INFER_DECODE_SPECIAL == 1u, flags);

/* ---- 1.0 ---- */
AT(infer_hooks, struct_size, 0);
AT(infer_hooks, user, 8);
AT(infer_hooks, log, 16);
AT(infer_hooks, wake, 24);
SIZE(infer_hooks, 32);

AT(infer_device, struct_size, 0);
AT(infer_device, kind, 4);
AT(infer_device, backend, 8);
AT(infer_device, name, 16);
AT(infer_device, features, 24);
AT(infer_device, memory_total, 32);
AT(infer_device, memory_free, 40);
SIZE(infer_device, 48);

AT(infer_backend_info, struct_size, 0);
AT(infer_backend_info, loaded, 4);
AT(infer_backend_info, name, 8);
AT(infer_backend_info, path, 16);
AT(infer_backend_info, note, 24);
SIZE(infer_backend_info, 32);

AT(infer_tensor_info, struct_size, 0);
AT(infer_tensor_info, n_dims, 4);
AT(infer_tensor_info, dim, 8);
AT(infer_tensor_info, bytes, 40);
AT(infer_tensor_info, name, 48);
AT(infer_tensor_info, type, 56);
SIZE(infer_tensor_info, 64);

AT(infer_part, struct_size, 0);
AT(infer_part, role, 8);
AT(infer_part, kind, 16);
AT(infer_part, data, 24);
AT(infer_part, len, 32);
SIZE(infer_part, 40);

AT(infer_logprob, token, 0);
AT(infer_logprob, logprob, 4);
SIZE_IS(infer_logprob, 8); /* an array element without a size: never grows */

AT(infer_piece, struct_size, 0);
AT(infer_piece, finish, 4);
AT(infer_piece, text, 8);
AT(infer_piece, text_len, 16);
AT(infer_piece, tokens, 24);
AT(infer_piece, n_tokens, 32);
AT(infer_piece, logprobs, 40);
AT(infer_piece, top, 48);
AT(infer_piece, n_top, 56);
SIZE(infer_piece, 64);

AT(infer_usage, struct_size, 0);
AT(infer_usage, finish, 4);
AT(infer_usage, prompt_tokens, 8);
AT(infer_usage, cached_tokens, 16);
AT(infer_usage, generated_tokens, 24);
AT(infer_usage, queue_ms, 32);
AT(infer_usage, first_token_ms, 40);
AT(infer_usage, total_ms, 48);
AT(infer_usage, state, 56);
AT(infer_usage, preempted, 60);
SIZE(infer_usage, 64);

/* ---- 1.1 ---- */
AT(infer_hooks, parallel, 32);
IS(sizeof(infer_hooks) >= 40, infer_hooks_size_1_1);
AT(infer_piece, sample, 64);
AT(infer_piece, embedding, 72);
AT(infer_piece, n_embedding, 80);
IS(sizeof(infer_piece) >= 88, infer_piece_size_1_1);

int main(void) { return 0; }
