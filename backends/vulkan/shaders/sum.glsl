// The sum of a value over the invocations of a workgroup of up to 64; every one of them gets it. Called by all, once.
shared float sums_of_subgroups[64];

float workgroup_sum(float v) {
  const float own = subgroupAdd(v);
  if (subgroupElect()) sums_of_subgroups[gl_SubgroupID] = own;
  barrier();
  float sum = 0.0;
  for (uint g = 0u; g < gl_NumSubgroups; g++) sum += sums_of_subgroups[g];
  return sum;
}
