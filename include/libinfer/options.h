/* The names of all options, and what they take.  Generated: tests/abi/options_header.c says how.  Do not edit. */
#ifndef LIBINFER_OPTIONS_H_
#define LIBINFER_OPTIONS_H_

/* runtime, list: folder to search for backend plugins, before the library's own */
#define INFER_OPTION_BACKEND_PATH "backend.path"

/* runtime, list: backends wanted, in order of preference; none named: all, best first */
#define INFER_OPTION_BACKEND_USE "backend.use"

/* runtime, int 0..3, default 2: least level that reaches the log hook: 0 debug, 1 info, 2 warning, 3 error */
#define INFER_OPTION_LOG_LEVEL "log.level"

/* runtime, str: folder where weights rearranged for this machine are kept from run to run; empty: they are not rearranged */
#define INFER_OPTION_PACK_DIR "pack.dir"

/* runtime, int 0..9223372036854775807, default 34359738368: most bytes of packed weights in that folder; those used longest ago go first */
#define INFER_OPTION_PACK_LIMIT "pack.limit"

/* model, bool, default false: open also what cannot be run (unknown family, no tensors): to inspect it or use its tokenizer */
#define INFER_OPTION_MODEL_PARTIAL "model.partial"

/* model, str: path of a tokenizer.json to use instead of the model file's own tokenizer; its vocabulary may not exceed the model's */
#define INFER_OPTION_TOKENIZER_FILE "tokenizer.file"

/* model, str: Jinja source to use instead of the model's own chat template */
#define INFER_OPTION_CHAT_TEMPLATE "chat.template"

/* engine, list: devices to use, in order of preference: a backend's name, or name:number; none named: all, best first */
#define INFER_OPTION_DEVICE "device"

/* engine, list: WHAT=DEVICE: layers (7 or 0..11), or weights by name (* stands for any characters), that run on this device where it can; the first that fits counts */
#define INFER_OPTION_PLACE "place"

/* engine, int 0..16777216, default 0: most tokens of one request, prompt and answer; 0: as trained, at most 4096 */
#define INFER_OPTION_CONTEXT_MAX "context.max"

/* engine, str f16,bf16,f32,q8_0,q4_0, default f16: numbers in the KV cache; q8_0 and q4_0 take blocks of 32 of a head, in about a half and a quarter of the memory of f16 */
#define INFER_OPTION_KV_TYPE "kv.type"

/* engine, int 1..1024, default 32: tokens per KV page */
#define INFER_OPTION_KV_PAGE "kv.page"

/* engine, bool, default false: keep the KV cache in the host's memory, which a discrete device reads over its bus: more contexts than its own memory holds, each step slower; other devices use that memory anyway */
#define INFER_OPTION_KV_HOST "kv.host"

/* engine, int 0..1073741824, default 0: tokens that the KV cache holds over all requests; 0: batch.requests contexts (8 where that is 0), or what half of the free memory takes */
#define INFER_OPTION_KV_TOKENS "kv.tokens"

/* engine, int 0..1125899906842624, default 0: bytes that the engine may use beside the mapped weights; 0: what is free */
#define INFER_OPTION_MEMORY_MAX "memory.max"

/* engine, int 0..1125899906842624, default 0: bytes of weights that stay in the memory of a device; the others are read from the file layer by layer, while the layer before is computed; 0: as many as fit in what is free */
#define INFER_OPTION_WEIGHTS_MAX "weights.max"

/* engine, int 1..65536, default 512: most tokens of one step; a longer prompt is computed in chunks of it */
#define INFER_OPTION_BATCH_TOKENS "batch.tokens"

/* engine, int 0..1024, default 0: most requests that run together; more wait; 0: 8, or where weights are streamed as many, up to 64, as are computed while a step waits for them */
#define INFER_OPTION_BATCH_REQUESTS "batch.requests"

/* engine, str priority,fifo,shortest, default priority: who goes first: by priority, then earliest deadline, then the client served least; in order of arrival; by priority, then least to compute */
#define INFER_OPTION_SCHEDULE_POLICY "schedule.policy"

/* engine, int 0..86400000, default 10000: milliseconds after which a waiting request rises by one level of priority, so that none starves; 0: never */
#define INFER_OPTION_SCHEDULE_AGING "schedule.aging"

/* engine, int 0..9223372036854775807, default 0: room for KV pages of preempted requests, which come back from there where that is sooner than computing them again; 0: none */
#define INFER_OPTION_SWAP_BYTES "swap.bytes"

/* engine, str: folder for a file of that room, which goes with the engine; empty: it is memory */
#define INFER_OPTION_SWAP_PATH "swap.path"

/* engine, int 0..1000000, default 0: steps and requests that infer_engine_trace remembers, the latest ones; 0: none */
#define INFER_OPTION_TRACE_STEPS "trace.steps"

/* engine, int 0..86400000, default 150: milliseconds that a step should take at most while somebody decodes: prompts get as many tokens of it as fit, at least 32, and a quarter of that beside a higher priority; 0: as many as batch.tokens says */
#define INFER_OPTION_SCHEDULE_STEP "schedule.step"

/* engine, str: GGUF file of a small model with the same vocabulary, which guesses tokens for requests with draft.tokens; empty: none */
#define INFER_OPTION_DRAFT_MODEL "draft.model"

/* engine, int 0..4096, default 0: low-rank adapters (LoRA) that may be loaded at a time; 0: none, and requests pay nothing for them */
#define INFER_OPTION_ADAPTER_SLOTS "adapter.slots"

/* engine, int 1..4096, default 64: highest rank of an adapter; every slot counts as memory of that size, and what is loaded uses its own */
#define INFER_OPTION_ADAPTER_RANK "adapter.rank"

/* engine, str f16,bf16,f32, default f16: numbers in loaded adapters */
#define INFER_OPTION_ADAPTER_TYPE "adapter.type"

/* adapter, num -1000..1000, default 1: factor on what an adapter adds, beside the alpha of its file */
#define INFER_OPTION_ADAPTER_SCALE "adapter.scale"

/* engine, int 1..1000000, default 1024: most requests that wait or run; more are refused with INFER_E_FULL */
#define INFER_OPTION_QUEUE_MAX "queue.max"

/* request, int 1..2147483647, default 2147483647: most tokens to generate; the context is a limit too */
#define INFER_OPTION_MAX_TOKENS "max_tokens"

/* request, int 0..2147483647, default 0: no end token, stop id or stop string before so many tokens */
#define INFER_OPTION_MIN_TOKENS "min_tokens"

/* request, num 0..100, default 0.8: 0: always the most likely token */
#define INFER_OPTION_TEMPERATURE "temperature"

/* request, int 0..2147483647, default 40: keep the k most likely tokens; 0: off */
#define INFER_OPTION_TOP_K "top_k"

/* request, num 0..1, default 0.95: keep the most likely tokens that together reach p; 1: off */
#define INFER_OPTION_TOP_P "top_p"

/* request, num 0..1, default 0.05: keep tokens at least p times as likely as the most likely one; 0: off */
#define INFER_OPTION_MIN_P "min_p"

/* request, num 0..1, default 1: keep the tokens of most usual surprise that together reach p; 1: off */
#define INFER_OPTION_TYPICAL_P "typical_p"

/* request, num 0.01..100, default 1: divides the positive logits of tokens seen, multiplies the negative; 1: off */
#define INFER_OPTION_REPETITION_PENALTY "repetition_penalty"

/* request, num -100..100, default 0: taken from a token's logit for each time it was seen */
#define INFER_OPTION_FREQUENCY_PENALTY "frequency_penalty"

/* request, num -100..100, default 0: taken from a token's logit once it was seen */
#define INFER_OPTION_PRESENCE_PENALTY "presence_penalty"

/* request, int -1..2147483647, default 64: the penalties look at so many last tokens of prompt and answer; -1: all */
#define INFER_OPTION_PENALTY_LAST "penalty_last"

/* request, int -1..9223372036854775807, default -1: the same seed gives the same text on every platform; -1: a new one each time */
#define INFER_OPTION_SEED "seed"

/* request, list: token:bias, added to that token's logit; bias -inf forbids it */
#define INFER_OPTION_LOGIT_BIAS "logit_bias"

/* request, list: text that ends the answer; it is not part of it */
#define INFER_OPTION_STOP "stop"

/* request, list: token id that ends the answer */
#define INFER_OPTION_STOP_IDS "stop_ids"

/* request, str: the answer is JSON that this JSON schema (a JSON text, draft 2020-12) takes */
#define INFER_OPTION_RESPONSE_SCHEMA "response.schema"

/* request, bool, default false: the answer is a JSON value */
#define INFER_OPTION_RESPONSE_JSON "response.json"

/* request, str: the answer as a whole matches this regular expression */
#define INFER_OPTION_RESPONSE_REGEX "response.regex"

/* request, str: the answer is a text of this grammar (GBNF), rule root */
#define INFER_OPTION_RESPONSE_GRAMMAR "response.grammar"

/* request, str: the answer is a text of this grammar (EBNF of the W3C or of ISO 14977), its first rule or root */
#define INFER_OPTION_RESPONSE_EBNF "response.ebnf"

/* request, list: the answer is one of these texts */
#define INFER_OPTION_RESPONSE_CHOICE "response.choice"

/* request, str: free text in which what follows a trigger is one of some tags, such as tool calls (a JSON text: triggers, tags) */
#define INFER_OPTION_RESPONSE_TAGS "response.tags"

/* request, bool, default false: go on after the model's end tokens */
#define INFER_OPTION_IGNORE_END "ignore_end"

/* request, int -1000..1000, default 0: higher goes first and, when places or pages are short, takes those of lower ones, which wait and go on later */
#define INFER_OPTION_PRIORITY "priority"

/* request, int 0..2147483647, default 0: milliseconds from submission after which the request is cancelled; of equal priority the earlier goes first; 0: none */
#define INFER_OPTION_DEADLINE "deadline"

/* request, str: requests of different clients get equal shares of the engine, however many each has */
#define INFER_OPTION_CLIENT "client"

/* request, bool, default true: begin behind the longest prefix that the KV cache knows from earlier requests, and leave this one there */
#define INFER_OPTION_CACHE_PREFIX "cache.prefix"

/* request, str: requests find prefixes of requests of the same domain only, such as those of one user */
#define INFER_OPTION_CACHE_DOMAIN "cache.domain"

/* request, str: name of a loaded adapter to answer with; empty: the model as it is */
#define INFER_OPTION_ADAPTER "adapter"

/* request, int 0..64, default 0: most tokens guessed for a step from earlier text that ended alike; the answer is the same, sooner where it repeats; 0: none */
#define INFER_OPTION_DRAFT_LOOKUP "draft.lookup"

/* request, int 0..64, default 0: most tokens guessed for a step by the draft model; the answer is the same, sooner where it guesses well; 0: none */
#define INFER_OPTION_DRAFT_TOKENS "draft.tokens"

/* request, int 1..1024, default 1: answers to one prompt, drawn independently; pieces say whose they are */
#define INFER_OPTION_N "n"

/* request, int 0..1024, default 0: generate so many answers and give the n whose tokens are likeliest on average; 0: as many as n */
#define INFER_OPTION_BEST_OF "best_of"

/* request, int 0..2147483647, default 0: no answer but the log-probabilities of the prompt's own tokens from this position on; 0: an answer */
#define INFER_OPTION_SCORE_FROM "score.from"

/* request, str none,mean,cls,last, default none: no answer but a vector of the prompt: the mean of the last layer's rows, the first, the last one */
#define INFER_OPTION_EMBED "embed"

/* request, bool, default true: vectors have length 1 */
#define INFER_OPTION_EMBED_NORMALIZE "embed.normalize"

/* request, int -1..100, default -1: -1: none; 0: log-probability of each chosen token; n: and of the n most likely */
#define INFER_OPTION_LOGPROBS "logprobs"

/* request, bool, default false: write control tokens as their text */
#define INFER_OPTION_OUTPUT_SPECIAL "output.special"

/* request, bool, default true: text prompts: add what the model wants around a text (BOS, EOS) */
#define INFER_OPTION_PROMPT_SPECIAL "prompt.special"

/* request, bool, default false: text prompts: text that spells a control token becomes it; for trusted text only */
#define INFER_OPTION_PROMPT_PARSE "prompt.parse"

/* request, str none,left,right, default none: a prompt longer than the context: refuse it, or drop its left or right end */
#define INFER_OPTION_PROMPT_TRUNCATE "prompt.truncate"

/* request, bool, default true: end the prompt where the assistant's answer begins */
#define INFER_OPTION_CHAT_GENERATE "chat.generate"

/* request, list: name=JSON: a further variable for the chat template, e.g. enable_thinking=false */
#define INFER_OPTION_CHAT_VARIABLE "chat.variable"

/* request, int -1..253402300799, default -1: seconds since 1970 that the template takes for the present; -1: the system's clock */
#define INFER_OPTION_CHAT_NOW "chat.now"

#endif /* LIBINFER_OPTIONS_H_ */
