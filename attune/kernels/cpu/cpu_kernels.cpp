#include "attune/kernels/cpu/activation.h"
#include "attune/kernels/cpu/attention.h"
#include "attune/kernels/cpu/column_sum.h"
#include "attune/kernels/cpu/dropout.h"
#include "attune/kernels/cpu/elementwise.h"
#include "attune/kernels/cpu/embedding.h"
#include "attune/kernels/cpu/instructions.h"
#include "attune/kernels/cpu/layer_norm.h"
#include "attune/kernels/cpu/loss.h"
#include "attune/kernels/cpu/low_rank.h"
#include "attune/kernels/cpu/matmul.h"
#include "attune/kernels/cpu/normalize.h"
#include "attune/kernels/cpu/prefix.h"
#include "attune/kernels/cpu/quantized.h"
#include "attune/kernels/cpu/update.h"
#include "attune/kernels/cpu/workspace.h"
#include "attune/kernels/kernels.h"

namespace attune::kernels::cpu {
namespace {

// Holds what outlives a call: the number of threads, oneDNN's primitives and scratch memory. Used by one caller at a
// time.
class CpuKernels final : public Kernels {
 public:
  explicit CpuKernels(int threads) : threads_(threads) {}

  const char* device() const override { return "cpu"; }
  int threads() const override { return threads_; }

  void matmul(const Matmul& p) override { cpu::matmul(products_, threads_, p); }
  void column_sum(const ColumnSum& p) override { cpu::column_sum(workspace_, threads_, p); }
  void layer_norm(const LayerNorm& p) override { cpu::layer_norm(threads_, p); }
  void layer_norm_backward(const LayerNormBackward& p) override { cpu::layer_norm_backward(workspace_, threads_, p); }
  void activation(const Activation& p) override { cpu::activation(threads_, p); }
  void activation_backward(const ActivationBackward& p) override { cpu::activation_backward(threads_, p); }
  void attention(const Attention& p) override { cpu::attention(threads_, p); }
  void attention_backward(const AttentionBackward& p) override { cpu::attention_backward(threads_, p); }
  void dropout(const Dropout& p) override { cpu::dropout(threads_, p); }
  void embedding_sum(const EmbeddingSum& p) override { cpu::embedding_sum(threads_, p); }
  void embedding_sum_backward(const EmbeddingSum& p) override { cpu::embedding_sum_backward(threads_, p); }
  void gather_rows(const GatherRows& p) override { cpu::gather_rows(threads_, p); }
  void gather_rows_backward(const GatherRows& p) override { cpu::gather_rows_backward(threads_, p); }
  void mean_rows(const MeanRows& p) override { cpu::mean_rows(threads_, p); }
  void mean_rows_backward(const MeanRows& p) override { cpu::mean_rows_backward(threads_, p); }
  void normalize_rows(const NormalizeRows& p) override { cpu::normalize_rows(threads_, p); }
  void normalize_rows_backward(const NormalizeRowsBackward& p) override { cpu::normalize_rows_backward(threads_, p); }
  void low_rank_down(const LowRankDown& p) override { cpu::low_rank_down(workspace_, threads_, p); }
  void low_rank_down_backward(const LowRankDownBackward& p) override {
    cpu::low_rank_down_backward(workspace_, threads_, p);
  }
  void low_rank_up(const LowRankUp& p) override { cpu::low_rank_up(workspace_, threads_, p); }
  void low_rank_up_backward(const LowRankUpBackward& p) override { cpu::low_rank_up_backward(workspace_, threads_, p); }
  void scale_columns(const ScaleColumns& p) override { cpu::scale_columns(threads_, p); }
  void scale_columns_backward(const ScaleColumnsBackward& p) override {
    cpu::scale_columns_backward(workspace_, threads_, p);
  }
  void insert_prefix(const InsertPrefix& p) override { cpu::insert_prefix(threads_, p); }
  void insert_prefix_backward(const InsertPrefixBackward& p) override { cpu::insert_prefix_backward(threads_, p); }
  void put_rows(const PutRows& p) override { cpu::put_rows(threads_, p); }
  void put_rows_backward(const PutRows& p) override { cpu::put_rows_backward(threads_, p); }
  void convert(const Convert& p) override { cpu::convert(threads_, p); }
  void fill(const Fill& p) override { cpu::fill(threads_, p); }
  void sum_squares(const SumSquares& p) override { cpu::sum_squares(workspace_, threads_, p); }
  void softmax_cross_entropy(const SoftmaxCrossEntropy& p) override { cpu::softmax_cross_entropy(threads_, p); }
  void softmax_cross_entropy_backward(const SoftmaxCrossEntropy& p) override {
    cpu::softmax_cross_entropy_backward(threads_, p);
  }
  void sigmoid_cross_entropy(const SigmoidCrossEntropy& p) override { cpu::sigmoid_cross_entropy(threads_, p); }
  void sigmoid_cross_entropy_backward(const SigmoidCrossEntropy& p) override {
    cpu::sigmoid_cross_entropy_backward(threads_, p);
  }
  void squared_error(const SquaredError& p) override { cpu::squared_error(threads_, p); }
  void squared_error_backward(const SquaredError& p) override { cpu::squared_error_backward(threads_, p); }
  void adam_update(const AdamUpdate& p) override { cpu::adam_update(threads_, p); }
  void adam_replay(const AdamReplay& p) override { cpu::adam_replay(threads_, p); }
  void quantize_rows(const QuantizeRows& p) override { cpu::quantize_rows(threads_, p); }
  void quantized_matmul(const QuantizedMatmul& p) override { cpu::quantized_matmul(workspace_, threads_, p); }
  void sgd_update(const SgdUpdate& p) override { cpu::sgd_update(threads_, p); }

 private:
  int threads_;
  MatmulCache products_;
  Workspace workspace_;
};

}  // namespace

const char* int8_instructions() {
  return int8_path().instructions;
}

std::unique_ptr<Kernels> make_kernels(int threads) {
  ATTUNE_CHECK(threads >= 1, "at least one thread is needed, got {}", threads);
  limit_instructions();
  return std::make_unique<CpuKernels>(threads);
}

}  // namespace attune::kernels::cpu
