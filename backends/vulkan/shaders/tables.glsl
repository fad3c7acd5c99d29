// The code-books, which the host puts into a buffer in this order (tables.h): words from node.a[7] on.
#define GRID_IQ2XXS 0u    // 256 entries of two words
#define GRID_IQ2XS 512u   // 512
#define GRID_IQ2S 1536u   // 1024
#define GRID_IQ1 3584u    // 2048
#define GRID_IQ3XXS 7680u // 256 of one word
#define GRID_IQ3S 7936u   // 512
#define VALUES_IQ4 8448u  // 16
#define VALUES_FP4 8464u  // 16

uvec2 grid8(uint grid, uint index) {
  U32 tables = U32(node.a[7]);
  return uvec2(tables.v[grid + 2u * index], tables.v[grid + 2u * index + 1u]);
}
uint grid4(uint grid, uint index) { return U32(node.a[7]).v[grid + index]; }
float value4(uint values, uint index) { return float(int(U32(node.a[7]).v[values + index])); }

// Seven stored bits, and the eighth that makes their number even.
uint signs7(uint bits) {
  bits &= 127u;
  return bits | uint(bitCount(bits) & 1) << 7u;
}
int signed_byte(uvec2 entry, uint i) { return bitfieldExtract(int(i < 4u ? entry.x : entry.y), int(i & 3u) * 8, 8); }
void signed8(uvec2 entry, uint signs, float scale, out float v[8]) {
  for (uint i = 0u; i < 8u; i++) {
    const float x = float(signed_byte(entry, i));
    v[i] = scale * ((signs >> i & 1u) != 0u ? -x : x);
  }
}
void moved8(uvec2 entry, float delta, float scale, out float v[8]) {
  for (uint i = 0u; i < 8u; i++) v[i] = scale * (float(signed_byte(entry, i)) + delta);
}
