// A second device that forgives nothing, to prove that ops, models, losses and training would run on one.
//
//   memory   pages that only its own kernels may touch: the host's touch is a segmentation fault
//   stream   kernels and copies are put in a queue and run in order only when somebody must wait for a result
//   kernels  the plain reference loops; an operand that does not lie in its memory is an error
//
// One caller at a time.
#pragma once
#include <deque>
#include <functional>
#include <map>

#include "attune/kernels/kernels.h"

namespace attune::test {

class StrictMemory final : public tensor::Memory {
 public:
  StrictMemory() = default;
  ~StrictMemory() override;
  void* allocate(size_t bytes, tensor::Writes writes) override;
  void release(void* block, size_t bytes) override;
  bool is_host() const override { return false; }
  void copy_in(void* to, const void* from, size_t bytes) override;
  void copy_out(void* to, const void* from, size_t bytes) override;

  // Puts work in the queue.
  void later(std::function<void()> work) { queue_.push_back(std::move(work)); }
  // Runs what is in the queue.
  void finish();
  size_t waiting() const { return queue_.size(); }
  // Whether [at, at + bytes) lies within one of its blocks.
  bool owns(const void* at, size_t bytes) const;

 private:
  void protect(int protection) const;
  std::map<char*, size_t> blocks_;  // pages by their beginning
  std::deque<std::function<void()>> queue_;
};

class StrictKernels final : public kernels::Kernels {
 public:
  explicit StrictKernels(StrictMemory& memory) : memory_(memory) {}
  const char* device() const override { return "strict"; }
  int threads() const override { return 1; }
  tensor::Memory& memory() override { return memory_; }

  void matmul(const kernels::Matmul& p) override;
  void column_sum(const kernels::ColumnSum& p) override;
  void layer_norm(const kernels::LayerNorm& p) override;
  void layer_norm_backward(const kernels::LayerNormBackward& p) override;
  void activation(const kernels::Activation& p) override;
  void activation_backward(const kernels::ActivationBackward& p) override;
  void attention(const kernels::Attention& p) override;
  void attention_backward(const kernels::AttentionBackward& p) override;
  void dropout(const kernels::Dropout& p) override;
  void embedding_sum(const kernels::EmbeddingSum& p) override;
  void embedding_sum_backward(const kernels::EmbeddingSum& p) override;
  void gather_rows(const kernels::GatherRows& p) override;
  void gather_rows_backward(const kernels::GatherRows& p) override;
  void mean_rows(const kernels::MeanRows& p) override;
  void mean_rows_backward(const kernels::MeanRows& p) override;
  void normalize_rows(const kernels::NormalizeRows& p) override;
  void normalize_rows_backward(const kernels::NormalizeRowsBackward& p) override;
  void convert(const kernels::Convert& p) override;
  void fill(const kernels::Fill& p) override;
  void sum_squares(const kernels::SumSquares& p) override;
  void softmax_cross_entropy(const kernels::SoftmaxCrossEntropy& p) override;
  void softmax_cross_entropy_backward(const kernels::SoftmaxCrossEntropy& p) override;
  void sigmoid_cross_entropy(const kernels::SigmoidCrossEntropy& p) override;
  void sigmoid_cross_entropy_backward(const kernels::SigmoidCrossEntropy& p) override;
  void squared_error(const kernels::SquaredError& p) override;
  void squared_error_backward(const kernels::SquaredError& p) override;
  void adam_update(const kernels::AdamUpdate& p) override;
  void adam_replay(const kernels::AdamReplay& p) override;
  void sgd_update(const kernels::SgdUpdate& p) override;

 private:
  struct Operand {
    const void* at;
    size_t bytes;
  };
  static std::vector<Operand> arrays_of(const kernels::Attention& p);
  template <class Arguments>
  void later(void (kernels::Kernels::*kernel)(const Arguments&), const Arguments& p,
             const std::vector<Operand>& more = {});

  StrictMemory& memory_;
  std::unique_ptr<kernels::Kernels> plain_ = kernels::reference::make_kernels();
};

}  // namespace attune::test
