// Contract: the CPU's matrix product (see attune/kernels/matmul.h), f32 and bf16.
//
// Products of bf16 in whole blocks are ours (matmul_tiles.h, matmul_dot.h), the others oneDNN's; this room adds what
// oneDNN does not promise: the same bits for any thread count and any company of rows, degenerate sizes, and right
// results in bf16 on processors that know no bf16. Errors (internal): shapes that do not fit, dtypes outside the
// contract.
#pragma once
#include <memory>

#include "attune/kernels/matmul.h"

namespace attune::kernels::cpu {

// The primitives of the products met so far, the least recently used ones forgotten beyond 512, and the scratch memory
// they share. Used by one caller at a time; steady calls allocate nothing.
class MatmulCache {
 public:
  MatmulCache();
  ~MatmulCache();
  MatmulCache(MatmulCache&&) noexcept;
  MatmulCache& operator=(MatmulCache&&) noexcept;

  struct State;
  State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

// `threads`: at least 1; exactly so many work, and the calling thread's OpenMP setting is as before afterwards.
void matmul(MatmulCache& cache, int threads, const Matmul& args);

// Whether products in bf16 run on instructions made for them (AVX-512 BF16 or AMX), as oneDNN sees the processor.
bool has_fast_bf16();
bool prefers_bf16();  // kernels.h

}  // namespace attune::kernels::cpu
