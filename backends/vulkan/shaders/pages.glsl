// Pages of K and V: state[page, slot, kv head, value], and the tables that say where a sequence's positions lie.
// STATE_... is defined by the build.
#if defined(STATE_F32)
#define UNIT 1u
#define UNIT_BYTES 4u
#elif defined(STATE_F16) || defined(STATE_BF16)
#define UNIT 1u
#define UNIT_BYTES 2u
#elif defined(STATE_Q8_0)
#define UNIT 32u
#define UNIT_BYTES 34u
#elif defined(STATE_Q4_0)
#define UNIT 32u
#define UNIT_BYTES 18u
#endif

// The sequence of row t: q_start[s] <= t < q_start[s + 1].
uint sequence_of(uvec2 q_start, uint t, uint n_seqs) {
  I32 starts = I32(q_start);
  uint s = 0u;
  while (s + 1u < n_seqs && uint(starts.v[s + 1u]) <= t) s++;
  return s;
}
// Which slot, counted over all pages, a position of sequence s has.
uint slot_of(uvec2 table, uint s, uint columns, uint page, uint position) {
  return uint(I32(table).v[s * columns + position / page]) * page + position % page;
}

// Value i of a head's values at this address.
float state_value(uvec2 at, uint i) {
#if defined(STATE_F32)
  return F32(at).v[i];
#elif defined(STATE_F16)
  return half_to_float(uint(U16(at).v[i]));
#elif defined(STATE_BF16)
  return bf16_to_float(uint(U16(at).v[i]));
#elif defined(STATE_Q8_0)
  const uvec2 block = advance(at, i / 32u, 34u);
  return half_to_float(uint(U16(block).v[0])) * float(bitfieldExtract(int(uint(U8(block).v[2u + i % 32u])), 0, 8));
#elif defined(STATE_Q4_0)
  const uvec2 block = advance(at, i / 32u, 18u);
  const uint both = uint(U8(block).v[2u + i % 16u]);
  return half_to_float(uint(U16(block).v[0])) * (float(i % 32u < 16u ? both & 15u : both >> 4u) - 8.0);
#endif
}
