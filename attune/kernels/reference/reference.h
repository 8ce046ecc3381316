// Reference kernels: each contract of attune/kernels/*.h as plain loops, f64 (and f32), one thread. They say what a
// kernel means; gradient checks run on them and every fast kernel is tested against them. Clear before fast.
#pragma once
#include "attune/kernels/kernels.h"

namespace attune::kernels::reference {

void matmul(const Matmul& p);
void column_sum(const ColumnSum& p);
void layer_norm(const LayerNorm& p);
void layer_norm_backward(const LayerNormBackward& p);
void activation(const Activation& p);
void activation_backward(const ActivationBackward& p);
void attention(const Attention& p);
void attention_backward(const AttentionBackward& p);
void dropout(const Dropout& p);
void embedding_sum(const EmbeddingSum& p);
void embedding_sum_backward(const EmbeddingSum& p);
void gather_rows(const GatherRows& p);
void gather_rows_backward(const GatherRows& p);
void mean_rows(const MeanRows& p);
void mean_rows_backward(const MeanRows& p);
void normalize_rows(const NormalizeRows& p);
void normalize_rows_backward(const NormalizeRowsBackward& p);
void quantize_rows(const QuantizeRows& p);
void quantized_matmul(const QuantizedMatmul& p);
void low_rank_down(const LowRankDown& p);
void low_rank_down_backward(const LowRankDownBackward& p);
void low_rank_up(const LowRankUp& p);
void low_rank_up_backward(const LowRankUpBackward& p);
void scale_columns(const ScaleColumns& p);
void scale_columns_backward(const ScaleColumnsBackward& p);
void insert_prefix(const InsertPrefix& p);
void insert_prefix_backward(const InsertPrefixBackward& p);
void put_rows(const PutRows& p);
void put_rows_backward(const PutRows& p);
void convert(const Convert& p);
void fill(const Fill& p);
void sum_squares(const SumSquares& p);
void softmax_cross_entropy(const SoftmaxCrossEntropy& p);
void softmax_cross_entropy_backward(const SoftmaxCrossEntropy& p);
void sigmoid_cross_entropy(const SigmoidCrossEntropy& p);
void sigmoid_cross_entropy_backward(const SigmoidCrossEntropy& p);
void squared_error(const SquaredError& p);
void squared_error_backward(const SquaredError& p);
void adam_update(const AdamUpdate& p);
void adam_replay(const AdamReplay& p);
void sgd_update(const SgdUpdate& p);

}  // namespace attune::kernels::reference
