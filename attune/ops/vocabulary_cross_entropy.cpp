#include "attune/ops/vocabulary_cross_entropy.h"

#include <algorithm>

#include "attune/ops/linear.h"
#include "attune/tensor/packed_rows.h"

namespace attune::ops {
namespace {

// Everything that a chunk is made of, forward and back.
struct Layer {
  Tensor x, weight, bias;  // as products read x and weight
  const int32_t* targets;
  int32_t ignored;
  int64_t at_once;

  int64_t rows() const { return x.rows(); }
  int64_t words() const { return weight.rows(); }
};

// Elements [begin, end) of a vector, which is a matrix of one column for that.
Tensor part_of(const Tensor& vector, int64_t begin, int64_t end) {
  return vector.reshaped({vector.count(), 1}).slice_rows(begin, end);
}

// Calls body(begin, end, logits) with each chunk's logits; they stand in `room` [at_once, V] until the next.
template <class Body>
void for_each_chunk(kernels::Kernels& kernels, const Layer& layer, const Tensor& room, const Body& body) {
  for (int64_t begin = 0; begin < layer.rows(); begin += layer.at_once) {
    const int64_t end = std::min(layer.rows(), begin + layer.at_once);
    const Tensor logits = room.slice_rows(0, end - begin);
    kernels.matmul(
        {.a = layer.x.slice_rows(begin, end), .b = layer.weight, .c = logits, .bias = layer.bias, .transpose_b = true});
    body(begin, end, logits);
  }
}

kernels::SoftmaxCrossEntropy costs(const Layer& layer, const Tensor& logits, int64_t begin) {
  kernels::SoftmaxCrossEntropy costs{};
  costs.logits = logits;
  costs.targets = layer.targets + begin;
  costs.ignored = layer.ignored;
  return costs;
}

// Adds what one chunk's dz comes to; `product`: dz as products read it.
void add_chunk(Tape& tape, const Layer& layer, int64_t begin, int64_t end, const Tensor& dz, const Tensor& product,
               const autograd::GradientSlot& dw, const autograd::GradientSlot& db, const Tensor& dx) {
  if (dw.wanted())
    tape.kernels().matmul({.a = product,
                           .b = layer.x.slice_rows(begin, end),
                           .c = dw.tensor,
                           .transpose_a = true,
                           .accumulate = dw.accumulate || begin > 0});
  if (db.wanted()) tape.kernels().column_sum({.x = dz, .out = db.tensor, .accumulate = db.accumulate || begin > 0});
  if (dx.defined()) tape.kernels().matmul({.a = product, .b = layer.weight, .c = dx.slice_rows(begin, end)});
}

}  // namespace

Tensor vocabulary_cross_entropy(Context& context, const Tensor& x, const Tensor& weight, const Tensor& bias,
                                const int32_t* targets, const VocabularyOptions& options) {
  ATTUNE_CHECK(x.cols() == weight.cols(), "vocabulary_cross_entropy: x {} against weight {}", x.shape.text(),
               weight.shape.text());
  const int64_t row_bytes = weight.rows() * static_cast<int64_t>(tensor::size_of(context.sums()));
  const int64_t fitting = options.chunk_bytes / row_bytes / tensor::kRowMultiple * tensor::kRowMultiple;
  const Layer layer{.x = as_product_input(context, x),
                    .weight = as_product_input(context, weight),
                    .bias = bias,
                    .targets = targets,
                    .ignored = options.ignored,
                    .at_once = std::max(tensor::kRowMultiple, std::min(fitting, x.rows()))};
  Tensor items = context.make({x.rows()}, context.sums());
  const Tensor room = context.make({layer.at_once, layer.words()}, context.sums());
  for_each_chunk(context.kernels, layer, room, [&](int64_t begin, int64_t end, const Tensor& logits) {
    kernels::SoftmaxCrossEntropy forward = costs(layer, logits, begin);
    forward.items = part_of(items, begin, end);
    context.kernels.softmax_cross_entropy(forward);
  });
  if (!context.records(x, weight, bias)) return items;

  items = context.tape->variable(items);
  context.tape->record("vocabulary_cross_entropy", items, [x, weight, layer, room](Tape& tape, const Tensor& d_items) {
    const Tensor slopes = tape.scratch().tensor(room.shape, room.dtype);
    const bool narrow = layer.x.dtype != room.dtype;
    const Tensor narrowed = narrow ? tape.scratch().tensor(room.shape, layer.x.dtype) : slopes;
    const auto dw = tape.gradient_slot(weight), db = tape.gradient_slot(layer.bias);
    const auto all_chunks = [&](const Tensor& dx) {
      for_each_chunk(tape.kernels(), layer, room, [&](int64_t begin, int64_t end, const Tensor& logits) {
        const Tensor dz = slopes.slice_rows(0, end - begin);
        kernels::SoftmaxCrossEntropy backward = costs(layer, logits, begin);
        backward.item_weights = part_of(d_items, begin, end);
        backward.d_logits = dz;
        tape.kernels().softmax_cross_entropy_backward(backward);
        const Tensor product = narrowed.slice_rows(0, end - begin);
        if (narrow) tape.kernels().convert({.x = dz, .y = product});
        add_chunk(tape, layer, begin, end, dz, product, dw, db, dx);
      });
    };
    if (Tape::wants(x))
      tape.add_gradient(x, all_chunks);
    else
      all_chunks({});
  });
  return items;
}

}  // namespace attune::ops
