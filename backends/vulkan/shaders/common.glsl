// What all kernels share: memory by its address, the record of a node, small numbers.
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_buffer_reference_uvec2 : require
#extension GL_EXT_shader_16bit_storage : require
#extension GL_EXT_shader_8bit_storage : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require

// An address is a uvec2 {low, high}, so that no 64-bit integers are needed.
layout(buffer_reference, std430, buffer_reference_align = 4) buffer F32 { float v[]; };
layout(buffer_reference, std430, buffer_reference_align = 4) buffer U32 { uint v[]; };
layout(buffer_reference, std430, buffer_reference_align = 4) buffer I32 { int v[]; };
layout(buffer_reference, std430, buffer_reference_align = 2) buffer U16 { uint16_t v[]; };
layout(buffer_reference, std430, buffer_reference_align = 1) buffer U8 { uint8_t v[]; };

// What a dispatch works on. dispatch.h says for each kernel what its entries mean; the host writes them before each run.
layout(buffer_reference, std430, buffer_reference_align = 16) readonly buffer Node {
  uvec2 a[8];
  uint n[24];
  float f[8];
};
layout(push_constant) uniform Push { uvec2 node_at; };
#define node Node(node_at)

layout(local_size_x_id = 0) in;

uvec2 advance(uvec2 at, uint count, uint bytes) {
  uint high, low, carry;
  umulExtended(count, bytes, high, low);
  const uint sum = uaddCarry(at.x, low, carry);
  return uvec2(sum, at.y + high + carry);
}
bool present(uvec2 at) { return (at.x | at.y) != 0; }

// Workgroups are counted over two dimensions, as one of them ends at 65535; the last ones may have nothing to do.
uint group() { return gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x; }
uint invocation() { return group() * gl_WorkGroupSize.x + gl_LocalInvocationID.x; }

// binary16 <-> binary32, by integers: drivers may flush small halves to zero and round as they like.
float half_to_float(uint h) {
  const uint sign = (h & 0x8000u) << 16, mag = h & 0x7fffu;
  if (mag < 0x400u) return uintBitsToFloat(floatBitsToUint(float(mag) * 5.9604644775390625e-8) | sign);
  return uintBitsToFloat((mag << 13) + (mag >= 0x7c00u ? 0x70000000u : 0x38000000u) | sign);
}
uint float_to_half(float f) {  // to nearest, ties to even
  const uint bits = floatBitsToUint(f), sign = (bits >> 16) & 0x8000u, mag = bits & 0x7fffffffu;
  if (mag > 0x7f800000u) return sign | 0x7e00u;
  if (mag >= 0x477ff000u) return sign | 0x7c00u;
  if (mag < 0x38800000u) return sign | uint(roundEven(uintBitsToFloat(mag) * 16777216.0));
  return sign | ((mag + 0xfffu + ((mag >> 13) & 1u) - 0x38000000u) >> 13);
}
float bf16_to_float(uint b) { return uintBitsToFloat(b << 16); }
uint float_to_bf16(float f) {
  const uint bits = floatBitsToUint(f);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return (bits >> 16) | 0x40u;
  return (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
}

// Of large numbers drivers make NaN where they compute tanh from two exponentials.
float tanh_of(float x) {
  const float e = exp(-2.0 * abs(x));
  const float big = (1.0 - e) / (1.0 + e), x2 = x * x;
  const float small = x * (1.0 - x2 * (0.33333333 - x2 * (0.13333333 - x2 * 0.053968254)));
  return abs(x) < 0.1 ? small : x < 0.0 ? -big : big;
}
