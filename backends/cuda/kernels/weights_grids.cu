// Products with blocks of entries of grids.
#include "backends/cuda/kernels/matmul.cuh"

WEIGHT_KERNELS(iq1_s, Blocks<IQ1_S>)
WEIGHT_KERNELS(iq1_m, Blocks<IQ1_M>)
WEIGHT_KERNELS(iq2_xxs, Blocks<IQ2_XXS>)
WEIGHT_KERNELS(iq2_xs, Blocks<IQ2_XS>)
WEIGHT_KERNELS(iq2_s, Blocks<IQ2_S>)
WEIGHT_KERNELS(iq3_xxs, Blocks<IQ3_XXS>)
WEIGHT_KERNELS(iq3_s, Blocks<IQ3_S>)
