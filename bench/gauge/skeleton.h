// The bare matrix products of a training step, made with oneDNN alone: what the gauge divides a step's time by.
//
// For every layer and all rows: query-key-value in one product, attention output, the two feed-forward products; each
// forward (y = x W^T + b), data gradient (dx = dy W) and weight gradient (dW = dy^T x, f32). Weights packed beforehand
// in the layout that oneDNN likes best, buffers of their own in every layer, nothing else: no attention core, no head.
#pragma once
#include <memory>

#include "attune/models/bert_config.h"
#include "attune/tensor/dtype.h"

namespace attune::bench {

class Skeleton {
 public:
  // `threads`: OpenMP's setting while run() runs is the caller's affair.
  Skeleton(const models::BertConfig& config, int64_t rows, tensor::DType compute);
  ~Skeleton();
  void run();
  double gflop() const;  // of one run

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// One square product with packed weights: what the machine can do.
class PackedProduct {
 public:
  PackedProduct(int64_t size, tensor::DType compute);
  ~PackedProduct();
  void run();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace attune::bench
