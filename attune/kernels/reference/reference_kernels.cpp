#include "attune/kernels/reference/reference.h"

namespace attune::kernels::reference {
namespace {

class ReferenceKernels final : public Kernels {
 public:
  const char* device() const override { return "reference"; }
  int threads() const override { return 1; }

  void matmul(const Matmul& p) override { reference::matmul(p); }
  void column_sum(const ColumnSum& p) override { reference::column_sum(p); }
  void layer_norm(const LayerNorm& p) override { reference::layer_norm(p); }
  void layer_norm_backward(const LayerNormBackward& p) override { reference::layer_norm_backward(p); }
  void activation(const Activation& p) override { reference::activation(p); }
  void activation_backward(const ActivationBackward& p) override { reference::activation_backward(p); }
  void attention(const Attention& p) override { reference::attention(p); }
  void attention_backward(const AttentionBackward& p) override { reference::attention_backward(p); }
  void dropout(const Dropout& p) override { reference::dropout(p); }
  void embedding_sum(const EmbeddingSum& p) override { reference::embedding_sum(p); }
  void embedding_sum_backward(const EmbeddingSum& p) override { reference::embedding_sum_backward(p); }
  void gather_rows(const GatherRows& p) override { reference::gather_rows(p); }
  void gather_rows_backward(const GatherRows& p) override { reference::gather_rows_backward(p); }
  void mean_rows(const MeanRows& p) override { reference::mean_rows(p); }
  void mean_rows_backward(const MeanRows& p) override { reference::mean_rows_backward(p); }
  void normalize_rows(const NormalizeRows& p) override { reference::normalize_rows(p); }
  void normalize_rows_backward(const NormalizeRowsBackward& p) override { reference::normalize_rows_backward(p); }
  void low_rank_down(const LowRankDown& p) override { reference::low_rank_down(p); }
  void low_rank_down_backward(const LowRankDownBackward& p) override { reference::low_rank_down_backward(p); }
  void low_rank_up(const LowRankUp& p) override { reference::low_rank_up(p); }
  void low_rank_up_backward(const LowRankUpBackward& p) override { reference::low_rank_up_backward(p); }
  void scale_columns(const ScaleColumns& p) override { reference::scale_columns(p); }
  void scale_columns_backward(const ScaleColumnsBackward& p) override { reference::scale_columns_backward(p); }
  void insert_prefix(const InsertPrefix& p) override { reference::insert_prefix(p); }
  void insert_prefix_backward(const InsertPrefixBackward& p) override { reference::insert_prefix_backward(p); }
  void put_rows(const PutRows& p) override { reference::put_rows(p); }
  void put_rows_backward(const PutRows& p) override { reference::put_rows_backward(p); }
  void convert(const Convert& p) override { reference::convert(p); }
  void fill(const Fill& p) override { reference::fill(p); }
  void sum_squares(const SumSquares& p) override { reference::sum_squares(p); }
  void softmax_cross_entropy(const SoftmaxCrossEntropy& p) override { reference::softmax_cross_entropy(p); }
  void softmax_cross_entropy_backward(const SoftmaxCrossEntropy& p) override {
    reference::softmax_cross_entropy_backward(p);
  }
  void sigmoid_cross_entropy(const SigmoidCrossEntropy& p) override { reference::sigmoid_cross_entropy(p); }
  void sigmoid_cross_entropy_backward(const SigmoidCrossEntropy& p) override {
    reference::sigmoid_cross_entropy_backward(p);
  }
  void squared_error(const SquaredError& p) override { reference::squared_error(p); }
  void squared_error_backward(const SquaredError& p) override { reference::squared_error_backward(p); }
  void adam_update(const AdamUpdate& p) override { reference::adam_update(p); }
  void adam_replay(const AdamReplay& p) override { reference::adam_replay(p); }
  void quantize_rows(const QuantizeRows& p) override { reference::quantize_rows(p); }
  void quantized_matmul(const QuantizedMatmul& p) override { reference::quantized_matmul(p); }
  void sgd_update(const SgdUpdate& p) override { reference::sgd_update(p); }
};

}  // namespace

std::unique_ptr<Kernels> make_kernels() {
  return std::make_unique<ReferenceKernels>();
}

}  // namespace attune::kernels::reference
