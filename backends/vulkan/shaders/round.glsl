// Thirty-two values as whole numbers of -127..127 times a scale, for matvec_int8.comp: four numbers to a word, and a pair of
// scale and sum of the whole numbers. Where a value is no number, or infinite, the scale is no number: so are the products,
// as with the values themselves.
void round32(float v[32], U32 words, F32 pair) {
  float most = 0.0;
  bool finite = true;
  for (uint i = 0u; i < 32u; i++) {
    finite = finite && (floatBitsToUint(v[i]) & 0x7f800000u) != 0x7f800000u;
    most = max(most, abs(v[i]));
  }
  const bool none = !finite || most < 1.0e-35;  // below, what it is divided by would be no number
  const float by = none ? 0.0 : 127.0 / most;
  int sum = 0;
  for (uint w = 0u; w < 8u; w++) {
    uint four = 0u;
    for (uint i = 0u; i < 4u; i++) {
      const int q = none ? 0 : clamp(int(roundEven(v[4u * w + i] * by)), -127, 127);
      sum += q;
      four |= (uint(q) & 255u) << 8u * i;
    }
    words.v[w] = four;
  }
  pair.v[0] = !finite ? uintBitsToFloat(0x7fc00000u) : none ? 0.0 : most / 127.0;
  pair.v[1] = float(sum);
}
