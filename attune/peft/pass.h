// What adapters do to one pass of the encoder.
#pragma once
#include <span>

#include "attune/peft/adapter.h"
#include "attune/tensor/packed_rows.h"

namespace attune::peft {

// Virtual tokens that are keys and values only: each layer puts its own before the sequences' and asks for the rows of
// the batch alone.
struct PrefixPass {
  Tensor table;                    // [P, layers * 2C]: layer l's keys from column 2C l on, its values behind them
  const int32_t* index = nullptr;  // [rows.rows] row of the batch, or -1 - p
  tensor::PackedView rows;         // with the virtual ones
  tensor::KeptView all, kept;      // the batch's rows among them; those that are kept
};

// Virtual tokens that are rows of the batch: their vectors stand in place of words'.
struct PromptPass {
  Tensor table;                                                                             // [P, C]
  const int32_t *rows = nullptr, *of = nullptr, *positions = nullptr, *segments = nullptr;  // [count]
  int64_t count = 0;
};

struct Pass {
  std::span<const AdapterRows> adapters = {};
  const PrefixPass* prefix = nullptr;
  const PromptPass* prompt = nullptr;
};

}  // namespace attune::peft
