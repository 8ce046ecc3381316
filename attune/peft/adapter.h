// An adapter: a few parameters beside an encoder's own that change what its layers compute. It is made by a method
// (method.h), applied while the encoder runs, and knows nothing of files.
//
// The encoder's weights stay as they are, so that many adapters may run over one encoder, and in one pass: each has
// rows of its own (AdapterRows), and a row's bits do not depend on what runs beside it.
#pragma once
#include <array>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "attune/nn/linear.h"
#include "attune/peft/modules.h"

namespace attune::peft {

using autograd::Context;
using tensor::DType;
using tensor::Tensor;

// Names the draws of dropout at a place: see ops/dropout.h.
struct Draws {
  uint64_t stream = 0;
  const uint64_t* row_keys = nullptr;
};

// What happens to one product y = x W^T + b. Where nothing is recorded, before() may give other memory than x's, and
// after() gives y's.
class ProductChange {
 public:
  virtual ~ProductChange() = default;
  // What the product reads in place of x.
  virtual Tensor before(Context&, const Tensor& x) const { return x; }
  // What goes beside the product, from what it reads: recorded before it, so that the product's gradient of x comes
  // first. Given to after().
  virtual Tensor beside(Context&, const Tensor& x, const Draws&) const {
    static_cast<void>(x);
    return {};
  }
  virtual Tensor after(Context&, const Tensor& y, const Tensor& beside, const nn::Linear& product) const {
    static_cast<void>(beside), static_cast<void>(product);
    return y;
  }
  // Whether a backward of it reads x; whether one reads y as the product made it.
  virtual bool reads_input() const { return true; }
  virtual bool reads_output() const { return true; }

  // Into the weights [out, in] and bias [out] of the product, on the host, or out of them again. False: it cannot be.
  virtual bool merges() const { return false; }
  virtual void merge(std::span<float> weight, std::span<float> bias, bool undo) const {
    static_cast<void>(weight), static_cast<void>(bias), static_cast<void>(undo);
  }
  // Parameters that begin where the product's own stand (DoRA's lengths), if they are among the new ones.
  virtual void begin_from(const nn::Linear& product) { static_cast<void>(product); }
};

// What happens where a layer ends, out = LayerNorm(y + x): y' = apply(y, LayerNorm(y + x)) takes y's place. Where
// nothing is recorded in the memory of y.
class ClosingChange {
 public:
  virtual ~ClosingChange() = default;
  virtual Tensor apply(Context&, const Tensor& y, const Tensor& z) const = 0;
};

// Modules of one product (by_product()): their columns, and the rows of a parameter that they share, each named after
// its module and `end`: so many rows each, or (0) one for each of its columns.
kernels::LowRankParts parts_of(std::span<const Module> modules);
std::vector<nn::Piece> pieces_of(std::span<const Module> modules, const char* end, int64_t rows = 0);

struct LayerChanges {
  std::array<std::unique_ptr<ProductChange>, kPlaces> products;
  std::unique_ptr<ClosingChange> closing;
  ProductChange* at(Place place) const { return products[static_cast<size_t>(place)].get(); }
};

// Makes a table of virtual tokens while it trains.
class TableMaker {
 public:
  virtual ~TableMaker() = default;
  virtual Tensor make(Context& context) const = 0;
};

// See virtual_tokens.h.
struct VirtualTokens {
  int64_t length = 0;  // P
  nn::Parameter* prompt = nullptr;
  nn::Parameter* prefix = nullptr;
  std::unique_ptr<TableMaker> maker;  // of the prefix

  Tensor prefix_table(Context& context) const { return maker ? maker->make(context) : prefix->value; }
};

// What a method does in each training step beside gradients of the loss.
class TrainingHook {
 public:
  virtual ~TrainingHook() = default;
  // Adds to the gradients of the adapter's parameters; returns the penalty that they are of.
  virtual double add_gradients(tensor::Memory&) { return 0; }
  // After the update of step `step` (1 ... steps), with the gradients that led to it.
  virtual void after_update(tensor::Memory& memory, int64_t step, int64_t steps) {
    static_cast<void>(memory), static_cast<void>(step), static_cast<void>(steps);
  }
};

class Method;

class Adapter {
 public:
  // Adds the method's parameters, named as files name them, with the depths of their layers (layer + 1). Errors
  // (usage): options that do not fit the encoder.
  Adapter(std::shared_ptr<const Method> method, nn::Parameters& parameters, const EncoderShape& shape);

  const Method& method() const { return *method_; }
  const LayerChanges& layer(int64_t index) const { return layers_[static_cast<size_t>(index)]; }
  const EncoderShape& shape() const { return shape_; }

  // For methods.
  VirtualTokens tokens;
  std::unique_ptr<TrainingHook> hook;  // nullptr: nothing
  LayerChanges& layer(int64_t index) { return layers_[static_cast<size_t>(index)]; }

 private:
  std::shared_ptr<const Method> method_;
  EncoderShape shape_;
  std::vector<LayerChanges> layers_;
};

// An adapter and the rows of a pass that are its. `all`: every row there is, those beyond the sequences too.
struct AdapterRows {
  const Adapter* adapter = nullptr;
  bool all = true;
  int64_t begin = 0, end = 0;            // rows of the batch
  int64_t kept_begin = 0, kept_end = 0;  // where only some rows are made: of those
};

// The product at a place of a layer, x [N, in] -> [N, out], with what the adapters make of their rows. `kept`: x has
// the rows that are kept.
struct ProductSite {
  int64_t layer;
  Place place;
  Draws draws;
  bool kept = false;
};
// `made_in`: for what the product makes.
Tensor adapted_product(Context& context, Context& made_in, const nn::Linear& product, const Tensor& x,
                       std::span<const AdapterRows> adapters, const ProductSite& site);
// Whether a backward of an adapter reads the product's input there, or what it makes.
bool reads_input(std::span<const AdapterRows> adapters, int64_t layer, Place place);
bool reads_output(std::span<const AdapterRows> adapters, int64_t layer, Place place);
// Likewise y at a layer's end; z is LayerNorm(y + x).
Tensor adapted_closing(Context& context, const Tensor& y, const Tensor& z, std::span<const AdapterRows> adapters,
                       int64_t layer, bool kept);
bool changes_closing(std::span<const AdapterRows> adapters, int64_t layer);
// Whether any of them changes the product there.
bool changes(std::span<const AdapterRows> adapters, int64_t layer, Place place);

}  // namespace attune::peft
