// BERT's encoder: Devlin, Chang, Lee, Toutanova 2019, arXiv 1810.04805; the layer is Vaswani et al. 2017's, with the
// norm after the residual sum. Parameters carry Hugging Face's names (without the leading "bert.").
#pragma once
#include <array>
#include <memory>
#include <span>
#include <vector>

#include "attune/models/bert_config.h"
#include "attune/nn/linear.h"
#include "attune/nn/norm.h"
#include "attune/peft/pass.h"
#include "attune/tensor/packed_rows.h"

namespace attune::models {

using autograd::Context;
using tensor::Tensor;

// What a depth (nn::ParameterOptions::depth) is called in files: 0 "embeddings", k "encoder.layer.(k-1)".
std::string part_name(int depth);

class BertLayer {
 public:
  BertLayer(nn::Parameters& parameters, const BertConfig& config, int64_t index);
  // hidden [N, C] f32 -> [N, C] f32; with `kept` only those rows are made: [n rounded up, C]. `into`: without backward,
  // memory for the result (ops::make_normed), with bytes where the next layer reads bytes.
  Tensor forward(Context& context, const Tensor& hidden, const tensor::PackedView& rows, const tensor::KeptView* kept,
                 const Tensor& into, const peft::Pass& pass, const BertLayer* next = nullptr) const;
  // Whether a backward reads the input of the product there.
  bool input_is_read(peft::Place place, const peft::Pass& pass) const {
    return autograd::Tape::wants(product(place).weight().value) || peft::reads_input(pass.adapters, index_, place);
  }
  // Whether `hidden` had better carry its bytes.
  bool reads_bytes() const { return query_key_value_->reads_bytes(); }
  // Its products, in the order of peft::Place.
  nn::Linear& product(peft::Place place) const { return *products()[static_cast<size_t>(place)]; }

 private:
  std::array<nn::Linear*, peft::kPlaces> products() const {
    return {query_key_value_.get(), attention_output_.get(), intermediate_.get(), output_.get()};
  }
  // The end of a layer that an adapter changes.
  Tensor close_adapted(Context& context, const Tensor& outer, const Tensor& middle, const ops::AddNormOptions& closing,
                       const Tensor& into, const peft::Pass& pass, bool kept) const;
  Tensor attend(Context& context, const Tensor& qkv, const tensor::PackedView& rows, const tensor::KeptView* kept,
                const peft::Pass& pass) const;
  Tensor adapted(Context& context, Context& made_in, peft::Place place, const Tensor& x, const peft::Pass& pass,
                 const uint64_t* row_keys, bool kept) const;

  int64_t index_;
  const BertConfig& config_;
  uint64_t stream_;
  std::unique_ptr<nn::Linear> query_key_value_, attention_output_, intermediate_, output_;
  nn::Norm attention_norm_, output_norm_;
};

class BertEncoder {
 public:
  BertEncoder(nn::Parameters& parameters, const BertConfig& config);
  // rows -> hidden states [N, C] f32 (f64); with `kept` the last layer makes only those rows: [n rounded up, C], with
  // the values that they would have in company.
  Tensor forward(Context& context, const tensor::PackedView& rows, const tensor::KeptView* kept = nullptr,
                 const peft::Pass& pass = {}) const {
    return run(context, embed(context, rows, pass), rows, kept, 0, std::ssize(layers_), pass);
  }
  // In two parts: what the embeddings and the first `layers` layers give, [N, C], and what the others make of it.
  Tensor below(Context& context, const tensor::PackedView& rows, int64_t layers) const;
  Tensor above(Context& context, const Tensor& hidden, const tensor::PackedView& rows, const tensor::KeptView* kept,
               int64_t layers) const;
  const BertConfig& config() const { return config_; }
  const BertLayer& layer(int64_t index) const { return *layers_[static_cast<size_t>(index)]; }

 private:
  Tensor embed(Context& context, const tensor::PackedView& rows, const peft::Pass& pass) const;
  Tensor run(Context& context, Tensor hidden, const tensor::PackedView& rows, const tensor::KeptView* kept,
             int64_t first, int64_t end, const peft::Pass& pass) const;

  BertConfig config_;
  nn::Parameter *words_, *positions_, *segments_;
  nn::Norm embedding_norm_;
  std::vector<std::unique_ptr<BertLayer>> layers_;
};

}  // namespace attune::models
