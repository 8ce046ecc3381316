// What turns hidden states into logits.
//
// sequence (BertForSequenceClassification): pooled = tanh(W_p h_first + b_p); logits = W dropout(pooled) + b
// token    (BertForTokenClassification):    logits = W dropout(h) + b, at the rows that carry a label
// vector   (sentence-transformers):         logits = features = pooled h; no parameters of its own
//
// `cosine` S > 0: the last layer's logits are S times cosines, without a bias (ops/cosine.h):
//   logits[i, k] = S <w_k / |w_k|, x_i / |x_i|>,   x after dropout
//
// `pooling` mean: the sequence head reads the mean of a sequence's rows in place of its first row. That is not one of
// Hugging Face's heads, nor is one of cosines, so such a model is saved as an encoder with a head file beside it.
// (sentence-transformers' pooling knows both: a vector head has a place there.)
#pragma once
#include <memory>
#include <span>

#include "attune/models/bert_config.h"
#include "attune/nn/linear.h"
#include "attune/tensor/packed_rows.h"

namespace attune::models {

using autograd::Context;
using tensor::Tensor;

enum class HeadKind { sequence, token, vector };
enum class Pooling { first, mean };

struct HeadOptions {
  HeadKind kind = HeadKind::sequence;
  Pooling pooling = Pooling::first;
  double cosine = 0;    // S; 0: a plain last layer
  int64_t outputs = 2;  // P; one a label, unless the loss reads them in another way; vector: the hidden size
};

// Which rows a head reads: `rows[i]` for output row i (sequence heads: one a sequence), padded with -1 to a multiple of
// kRowMultiple; `keys[i]` names output row i in random draws. `count` is the number without padding.
struct HeadInput {
  std::span<const int32_t> rows;
  std::span<const uint64_t> keys;
  int64_t count = 0;
  // The rows read, each once, and for output row i its place among them: what is needed where the last layer makes only
  // those (models/model.h). Both or none.
  const tensor::KeptRows* kept = nullptr;
  std::span<const int32_t> places = {};
};

struct HeadOutput {
  Tensor features;  // [rounded count, C] f32 (f64): what the last layer reads, before dropout
  Tensor logits;    // [rounded count, P] f32 (f64)
};

class Head {
 public:
  Head(nn::Parameters& parameters, const BertConfig& config, const HeadOptions& options);
  // hidden [N, C] -> features and logits; rows at and beyond `count` mean nothing.
  HeadOutput forward(Context& context, const Tensor& hidden, const tensor::PackedView& rows,
                     const HeadInput& input) const;
  // The last layer alone: features [rounded count, C] -> logits, with the dropout that forward() draws.
  Tensor answer(Context& context, const Tensor& features, std::span<const uint64_t> keys) const;
  const HeadOptions& options() const { return options_; }
  // Whether it reads the mean of a sequence's rows, all of them; else only the rows it is told.
  bool pools_sequences() const { return options_.kind != HeadKind::token && options_.pooling == Pooling::mean; }

 private:
  HeadOptions options_;
  float dropout_;
  std::unique_ptr<nn::Linear> pooler_;      // sequence heads only
  std::unique_ptr<nn::Linear> classifier_;  // none of a vector head, nor of one of cosines
  nn::Parameter* cosine_weight_ = nullptr;  // [P, C] of one of cosines
};

}  // namespace attune::models
