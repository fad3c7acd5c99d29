// Products with blocks of 256.
#include "backends/cuda/kernels/matmul.cuh"

WEIGHT_KERNELS(q2_k, Blocks<Q2_K>)
WEIGHT_KERNELS(q3_k, Blocks<Q3_K>)
WEIGHT_KERNELS(q4_k, Blocks<Q4_K>)
WEIGHT_KERNELS(q5_k, Blocks<Q5_K>)
WEIGHT_KERNELS(q6_k, Blocks<Q6_K>)
WEIGHT_KERNELS(iq4_xs, Blocks<IQ4_XS>)
WEIGHT_KERNELS(tq1_0, Blocks<TQ1_0>)
WEIGHT_KERNELS(tq2_0, Blocks<TQ2_0>)
