// Some encoded sequences and their targets, packed end to end for one pass through a model.
#pragma once
#include <cstdint>
#include <vector>

#include "attune/data/encoded_set.h"
#include "attune/losses/loss.h"
#include "attune/models/head.h"
#include "attune/tensor/packed_rows.h"

namespace attune::tasks {

struct Batch {
  tensor::PackedRows rows;
  std::vector<int32_t> read_rows;   // [rounded read_count], -1 beyond
  std::vector<uint64_t> read_keys;  // the same
  int64_t read_count = 0;
  tensor::KeptRows kept;             // the rows read, each once
  std::vector<int32_t> read_places;  // [rounded read_count] read_rows[i] is kept.rows[read_places[i]]; -1 beyond
  losses::Targets targets;           // of the rows read
  std::vector<int32_t> examples;     // [B]

  models::HeadInput head() const {
    return {.rows = read_rows, .keys = read_keys, .count = read_count, .kept = &kept, .places = read_places};
  }

  // Empties it, keeping memory.
  void clear();
  // `tagging`: the head reads the pieces at the sequence's places (perhaps none); otherwise its first piece. `window`:
  // which of its example's windows the sequence is.
  void add(const data::Encoded& sequence, bool tagging, int32_t window);
  // Names the rows read, and fills up to whole multiples of rows; after the last add().
  void finish();

 private:
  void keep_read_rows();
};

}  // namespace attune::tasks
