// What a model's products are made in, and what its weights are held in.
#pragma once
#include <algorithm>
#include <vector>

#include "attune/tensor/dtype.h"

namespace attune::nn {

// What parameters that do not train (of an adapter's base) are held in. Others are as ever, and so are those of which
// none of these speaks.
enum class Frozen {
  as_others,
  // Products' weights and tables read by rows in bf16 alone, where `compute` is bf16 and the CPU multiplies from packed
  // weights.
  bf16,
  // Those that may be bytes (ParameterOptions::int8) as bytes alone, on the host; products read the floats that these
  // stand for (tensor::ByteWeight).
  bytes,
  // Products' weights and tables read by rows in no memory: a product reads its weight from the file, a lookup its
  // rows, in f32 and on the host. For a pass now and then where there should be no room for them all (FileValues).
  in_file,
};

// `compute`: the type of products and of what lies between them. `int8`: the weights that say so
// (ParameterOptions::int8) are held as bytes alone and their products are made of bytes (kernels/quantized.h);
// everything else is as `compute` has it. For inference on the CPU: there are no f32 values of such weights to train or
// to save. `wide`: depths (ParameterOptions::depth) that an int8 model holds as `compute` has them all the same,
// because bytes harm there: mixed precision by layer.
struct Precision {
  tensor::DType compute = tensor::DType::f32;
  bool int8 = false;
  std::vector<int> wide = {};  // ascending
  Frozen frozen = Frozen::as_others;

  Precision() = default;
  Precision(tensor::DType type) : compute(type) {}  // not explicit: a type alone says it all
  Precision(tensor::DType type, bool bytes, std::vector<int> but = {})
      : compute(type), int8(bytes), wide(std::move(but)) {}
  const char* name() const { return int8 ? "int8" : tensor::name(compute); }
  bool bytes_at(int depth) const { return int8 && std::find(wide.begin(), wide.end(), depth) == wide.end(); }
  bool operator==(const Precision&) const = default;
};

}  // namespace attune::nn
