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

// A factor [k, cols] of a product that is no weight, row major; k even, cols a multiple of 64.
struct Factor {
  const tensor::BFloat16* from;
  int64_t k, cols;
  int64_t depth;  // rows once laid out: k, or more, which are zeros; even
  int64_t blocks() const { return cols / kPackBlock; }
};

// Column blocks [first, last) of a right factor B, as above with K = depth.
void pack_factor(const Factor& factor, int64_t first, int64_t last, tensor::BFloat16* to);

// Column blocks [first, last) of a factor that is the left one transposed, A[m, k] = from[k, m]^T, in tiles of 16 rows
// of A by 32 of k, depth a multiple of 32:
//   A[m, k] stands at ((m / 64) * (K / 32) + k / 32) * 2048 + (m % 64) / 16 * 512 + m % 16 * 32 + k % 32
void pack_left_factor(const Factor& factor, int64_t first, int64_t last, tensor::BFloat16* to);

}  // namespace attune::kernels::cpu
