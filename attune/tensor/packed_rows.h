// What a model takes in: all sequences of a batch, end to end. There is no padding between them and no mask.
//
// Axes: B sequences, N rows. Rows [offsets[b], offsets[b+1]) are sequence b. N is offsets[B] rounded up to a multiple
// of kRowMultiple: the rows beyond belong to no sequence, look up id 0, and add exactly nothing to any gradient. They
// keep the number of distinct matrix products small.
#pragma once
#include <cstdint>
#include <vector>

#include "attune/tensor/memory.h"

namespace attune::tensor {

inline constexpr int64_t kRowMultiple = 16;

constexpr int64_t rounded_rows(int64_t rows) {
  return (rows + kRowMultiple - 1) / kRowMultiple * kRowMultiple;
}

struct PackedRows {
  std::vector<int32_t> ids;        // [N] vocabulary ids
  std::vector<int32_t> positions;  // [N] position in the sequence
  std::vector<int32_t> segments;   // [N] token type ids
  std::vector<uint64_t> keys;      // [N] names the row in random draws: example, occurrence in the step, position
  std::vector<int32_t> offsets;    // [B+1]

  int64_t rows() const { return static_cast<int64_t>(ids.size()); }
  int64_t tokens() const { return offsets.empty() ? 0 : offsets.back(); }
  int64_t sequences() const { return static_cast<int64_t>(offsets.size()) - 1; }
};

// Packed rows where kernels read them: on the host the very arrays above, on another device its copies (packed_view).
struct PackedView {
  const int32_t* ids = nullptr;
  const int32_t* positions = nullptr;
  const int32_t* segments = nullptr;
  const uint64_t* keys = nullptr;
  const int32_t* offsets = nullptr;
  int64_t rows = 0, tokens = 0, sequences = 0;
};

// Some rows of a batch, ascending and each once, where nobody reads the others.
struct KeptRows {
  std::vector<int32_t> rows;     // [n rounded up] -1 beyond n
  std::vector<uint64_t> keys;    // the same: their names in random draws
  std::vector<int32_t> offsets;  // [B+1] kept rows [offsets[b], offsets[b+1]) are of sequence b
};
struct KeptView {
  const int32_t* rows = nullptr;
  const uint64_t* keys = nullptr;
  const int32_t* offsets = nullptr;
  int64_t count = 0;  // n rounded up
};
KeptView kept_view(Arena& arena, const KeptRows& kept);

// `rows` must live as long as the view; copies lie in the arena.
PackedView packed_view(Arena& arena, const PackedRows& rows);

}  // namespace attune::tensor
