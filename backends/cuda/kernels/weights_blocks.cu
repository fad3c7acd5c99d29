// Products with blocks of 32.
#include "backends/cuda/kernels/matmul.cuh"

WEIGHT_KERNELS(q4_0, Blocks<Q4_0>)
WEIGHT_KERNELS(q4_1, Blocks<Q4_1>)
WEIGHT_KERNELS(q5_0, Blocks<Q5_0>)
WEIGHT_KERNELS(q5_1, Blocks<Q5_1>)
WEIGHT_KERNELS(q8_0, Blocks<Q8_0>)
WEIGHT_KERNELS(iq4_nl, Blocks<IQ4_NL>)
WEIGHT_KERNELS(mxfp4, Blocks<MXFP4>)
WEIGHT_KERNELS(nvfp4, Blocks<NVFP4>)
