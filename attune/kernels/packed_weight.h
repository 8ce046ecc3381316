// Contract: how a bf16 weight W [out, in] lies for matrix products on the CPU.
//
// As the right factor B [K, N] of a product, in blocks of 64 columns; within a block pairs of rows lie together:
//   B[k, n] stands at ((n / 64) * (K / 2) + k / 2) * 128 + (n % 64) * 2 + k % 2        (oneDNN's BA16a64b2a)
// forward: B = W^T, K = in, N = out;  backward: B = W, K = out, N = in. in and out are multiples of 64.
#pragma once
#include "attune/tensor/tensor.h"

namespace attune::kernels::cpu {

inline constexpr int64_t kPackBlock = 64;  // columns of a block
inline constexpr int64_t kPackRows = 16;   // of W laid out at a time: a cache line of the forward form

// Whether products of this weight in bf16 are made from packed weights here.
bool packs_weight(const tensor::Shape& shape);

// Rounds w [out, in] f32 into the forms that `packed` has.
void pack_weight(const tensor::Tensor& w, const tensor::PackedWeight& packed);

// Column blocks [first, last) of a factor B [k, cols] from x [k, cols] row major; k even.
void pack_factor(const tensor::BFloat16* x, int64_t k, int64_t cols, int64_t first, int64_t last,
                 tensor::BFloat16* factor);

}  // namespace attune::kernels::cpu
