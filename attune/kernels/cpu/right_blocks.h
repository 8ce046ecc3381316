// The right factor of a product of bf16 as one thread of a team reads it, column block by column block: where it lies
// packed, or unpacked from bytes into memory of the thread's own, which stays in its cache while the block's rows pass.
// Every thread unpacks for itself what it reads: another core's lines would cost more, as long as threads are few.
#pragma once
#include "attune/kernels/cpu/grid.h"
#include "attune/kernels/cpu/matmul_dot.h"

namespace attune::kernels::cpu {

class RightBlocks {
 public:
  // Made by each thread of the team.
  explicit RightBlocks(const DotProduct& p)
      : p_(p), own_(p.room ? p.room + this_thread() * p.k * kPackBlock : nullptr) {}

  // Columns [64 block, 64 block + 64), packed; valid until the next call.
  const tensor::BFloat16* at(int64_t block) {
    if (!own_) return p_.b + block * p_.k * kPackBlock;
    if (block != held_) unpack_block(p_.bytes, held_ = block, own_);
    return own_;
  }

 private:
  const DotProduct& p_;
  tensor::BFloat16* own_;
  int64_t held_ = -1;
};

}  // namespace attune::kernels::cpu
