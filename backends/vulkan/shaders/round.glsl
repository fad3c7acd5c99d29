// Thirty-two values as scale * (q + r / 254) with whole numbers q and r of -127..127, for matvec_int8.comp: eight words with
// four q each, eight with the r, and a pair of the scale and the sum of q + r / 254. (Without r a value far below the
// largest of its 32 would lose too much: a layer's error was twice what is allowed.) Where a value is no number, or
// infinite, the scale is no number: so are the products, as with the values themselves.
void round32(float v[32], U32 words, F32 pair) {
  float most = 0.0;
  bool finite = true;
  for (uint i = 0u; i < 32u; i++) {
    finite = finite && (floatBitsToUint(v[i]) & 0x7f800000u) != 0x7f800000u;
    most = max(most, abs(v[i]));
  }
  const bool none = !finite || most < 1.0e-35;  // below, what it is divided by would be no number
  const float by = none ? 0.0 : 127.0 / most;
  int sum = 0, rest_sum = 0;
  for (uint w = 0u; w < 8u; w++) {
    uint four = 0u, rests = 0u;
    for (uint i = 0u; i < 4u; i++) {
      const float scaled = none ? 0.0 : clamp(v[4u * w + i] * by, -127.0, 127.0), whole = roundEven(scaled);
      const int q = int(whole), r = int(roundEven((scaled - whole) * 254.0));
      sum += q, rest_sum += r;
      four |= (uint(q) & 255u) << 8u * i, rests |= (uint(r) & 255u) << 8u * i;
    }
    words.v[w] = four, words.v[w + 8u] = rests;
  }
  pair.v[0] = !finite ? uintBitsToFloat(0x7fc00000u) : none ? 0.0 : most / 127.0;
  pair.v[1] = float(sum) + float(rest_sum) / 254.0;
}
