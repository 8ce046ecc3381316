// Contract: attention of one head over one sequence, forward and backward: the unit of work. The formulas stand in
// attune/kernels/attention.h; everything between loading and storing is f32, or a sum in f32 of products of bf16 that
// are inputs.
#pragma once
#include "attune/kernels/dropout.h"

namespace attune::kernels::cpu {

// Rows of one head: row i starts at data + i * stride elements.
struct HeadRows {
  void* data = nullptr;
  int64_t stride = 0;
};

struct HeadItem {
  int64_t length = 0;              // T > 0
  int64_t queries = 0;             // rows that ask: T, or as many as `query` names
  const int32_t* query = nullptr;  // [queries] rows of the batch that ask, or nullptr: all
  int32_t first_row = 0;           // of the batch: what `query` counts from
  int64_t head_size = 0;           // D > 0
  tensor::DType dtype = tensor::DType::f32;
  bool dots = false;         // scores are made of bf16 as it lies in memory (attention_scores.h); D a multiple of 8
  HeadRows q, k, v;          // [T, D]
  HeadRows out;              // [queries, D]
  float* log_sum = nullptr;  // of query 0, or nothing
  int64_t log_stride = 0;
  float scale = 1;
  DropoutKeys dropout;  // row_keys of row 0
  uint64_t head = 0;
};

// The row in the sequence of query i.
inline int64_t row_of_query(const HeadItem& item, int64_t i) {
  return item.query ? item.query[i] - item.first_row : i;
}

struct HeadItemBackward {
  HeadItem forward;
  HeadRows d_out;       // [queries, D]
  HeadRows dq, dk, dv;  // [T, D]
};

// Floats of scratch that an item needs (64-byte aligned); grows with the length only by K, V and a block of scores.
int64_t scratch_floats(int64_t length, int64_t head_size);
int64_t scratch_floats_backward(int64_t length, int64_t head_size);

void run_item(const HeadItem& item, float* scratch);
void run_item_backward(const HeadItemBackward& item, float* scratch);

}  // namespace attune::kernels::cpu
