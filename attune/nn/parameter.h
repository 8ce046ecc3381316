// The weights of a model: named, flat in memory, and found by name.
//
// Values of all parameters lie in one buffer, gradients in another; a parameter is a pair of views. The order in memory
// is the order in which modules ask for them. Names are those of Hugging Face wherever one parameter is one tensor
// there; where we keep several of their tensors as one (query, key and value), `pieces` says which rows are whose.
#pragma once
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attune/autograd/context.h"
#include "attune/nn/file_values.h"
#include "attune/nn/precision.h"
#include "attune/tensor/memory.h"
#include "attune/tensor/quantized.h"

namespace attune::nn {

using autograd::Context;
using tensor::DType;
using tensor::Shape;
using tensor::Tensor;

// Rows [begin, end) of a parameter under the name that files use. A vector counts its elements as rows.
struct Piece {
  std::string name;
  int64_t begin, end;
};

enum class Init { zeros, ones, normal, uniform };

struct ParameterOptions {
  Init init = Init::normal;
  double spread = 0;               // normal: deviation, 0: the model's; uniform: values lie in [-spread, spread]
  bool decays = true;              // weight decay applies (not to biases and norms)
  bool product_weight = false;     // read by matrix products: gets a bf16 twin in a bf16 run
  bool read_by_rows = false;       // a table of which a step reads a few rows: see TableGradients
  bool int8 = false;               // may be held as bytes: a product's weight, or a table read by rows
  bool adapter = false;            // an adapter's: no file of a whole model has it
  bool scaffold = false;           // trains, and is not kept with the adapter: what it makes is
  bool made = false;               // made by an adapter's scaffold: it has no gradient of its own
  bool state = false;              // an adapter's memory of its training: neither trains nor is kept with it
  double rate = 1;                 // learns so many times as fast as the schedule says
  int depth = 0;                   // 0 embeddings, 1..L layers, L+1 head: for layer-wise rates and freezing
  std::vector<Piece> pieces = {};  // empty: one piece of the parameter's own name
};

// How gradients of tables that are read by rows are held: for all rows, or only for those that the step reads (the
// others' are 0). The second needs an optimizer that knows how to leave out rows (optim::Optimizer::catch_up).
enum class TableGradients { all_rows, touched_rows };

struct Parameter {
  std::string name;
  Shape shape;
  ParameterOptions options;
  bool trainable = true;
  // f32 (f64 in gradient checks); carries a bf16 twin or packed forms where products read it; `var` while attached. Of
  // weights that are held as bytes `quantized` (an int8 model) or `byte_weight` (Frozen::bytes) alone, with no values;
  // of such tables i8.
  Tensor value;
  Tensor gradient;  // same shape, unless by_rows; undefined for frozen parameters and before prepare_gradients()
  autograd::LeafState state = {};          // what arrived since begin_step()
  Tensor squares = {};                     // f64 [1, 1]: the sum of the gradient's squares, where state.squared
  tensor::PackedWeight packed = {};        // what `value.packed` points to
  tensor::QuantizedWeight quantized = {};  // what `value.quantized` points to
  tensor::ByteWeight byte_weight = {};     // what `value.byte_weight` points to
  const FileValues* in_file = nullptr;     // where the values are, if `value` has none (Frozen::in_file)
  bool by_rows = false;                    // row i of `gradient` belongs to row touched[i] of `value`
  std::vector<int32_t> touched = {};
};

class Parameters {
 public:
  Parameters() = default;
  Parameters(const Parameters&) = delete;
  Parameters& operator=(const Parameters&) = delete;

  // Registers a parameter; memory comes with allocate(). The address stays valid.
  Parameter* add(std::string name, Shape shape, ParameterOptions options);

  // Gives every parameter its memory, on the device whose memory it is. compute f64: values are f64; bf16: product
  // weights get packed forms where the CPU multiplies from them, else twins. int8 and Frozen::bytes: see
  // ParameterOptions; error (usage) where the host cannot reach the memory.
  void allocate(const Precision& precision, tensor::Memory& memory = tensor::host_memory());
  // Whether this parameter is held as bytes. Its values come in by put_rows() alone, a few rows [rows, cols] f32 at a
  // time: all of it is never held in f32.
  bool holds_bytes(const Parameter& parameter) const {
    return parameter.options.int8 && (precision_.bytes_at(parameter.options.depth) || freezes_to_bytes(parameter));
  }
  void put_rows(Parameter& parameter, int64_t first, const Tensor& rows);
  // Whether it is held in bf16 alone (Frozen::bf16). The values of a table come in by put_rows(), a few rows at a
  // time; f32 values of others are there only within fill(), whose body writes them to parameter.value.
  bool holds_narrow(const Parameter& parameter) const;
  // Whether it stays in its file (Frozen::in_file); who loads it says how it is read from there.
  bool stays_in_file(const Parameter& parameter) const;
  void read_from_file(FileValues::Read read);
  // Whether f32 (f64) values are there to be read.
  bool has_values(const Parameter& parameter) const {
    return !holds_bytes(parameter) && !holds_narrow(parameter) && !stays_in_file(parameter);
  }
  // Whether values come in by put_rows() alone.
  bool takes_rows(const Parameter& parameter) const {
    return holds_bytes(parameter) || (holds_narrow(parameter) && !parameter.options.product_weight);
  }
  template <class Body>
  void fill(Parameter& parameter, const Body& body) {
    begin_fill(parameter);
    body();
    end_fill(parameter);
  }
  tensor::Memory& memory() const { return *memory_; }
  // Draws initial values: N(0, deviation) keyed by (seed, name, element), ones or zeros.
  void initialise(Parameter& parameter, uint64_t seed, double deviation);
  // Rounds values into twins and packed forms; after loading, and never in between (the optimizer keeps them in step).
  void refresh_twins();

  // Gives gradients their memory; packed weights get their form for the data gradient, made from the values as they
  // are.
  void prepare_gradients(TableGradients tables = TableGradients::all_rows);
  // The tables whose gradients are held by touched rows.
  std::span<Parameter* const> tables_by_rows() const { return tables_by_rows_; }
  // The rows of such a table that the coming step reads, no row twice: its gradient gets a row for each.
  void touch(Parameter& table, std::span<const int32_t> rows);
  // Whether every row is as the last update left it. An optimizer that leaves out rows says when they are not; nobody
  // may read a whole table then.
  bool settled() const { return settled_; }
  void set_settled(bool settled) { settled_ = settled; }
  // f64 [parameters, 1]: room for the sum of squares of each gradient, in the order of all().
  Tensor squares() const;
  void begin_step();                  // no gradient has arrived yet
  void attach(autograd::Tape& tape);  // trainable parameters become leaves of this recording
  void detach();                      // they are constants, until attached again
  // Error (internal) that names every trainable parameter that received no gradient since begin_step().
  void check_gradients_arrived() const;

  const std::vector<std::unique_ptr<Parameter>>& all() const { return all_; }
  Parameter* find(std::string_view name) const;
  int64_t count() const;            // elements
  int64_t trainable_count() const;  // elements

 private:
  bool is_packed(const Parameter& parameter) const;
  bool has_twin(const Parameter& parameter) const;
  bool narrows(const Parameter& parameter) const;  // if its kind can be
  bool freezes_to_bytes(const Parameter& parameter) const {
    return precision_.frozen == Frozen::bytes && !parameter.trainable && !parameter.options.adapter;
  }
  size_t place_narrow_tables(char* at);
  void place_file_tables();
  void begin_fill(Parameter& parameter);
  void end_fill(Parameter& parameter);
  // Room for one form of every weight that is packed.
  void give_packed_forms(tensor::BFloat16* tensor::PackedWeight::*form, tensor::Buffer& buffer);

  std::vector<std::unique_ptr<Parameter>> all_;
  size_t place_values(char* at, DType type);
  size_t place_bytes(char* at);

  Precision precision_;
  tensor::Memory* memory_ = &tensor::host_memory();
  tensor::Buffer bytes_;                     // of those that are held so
  tensor::Buffer narrow_tables_, filling_;   // bf16; the f32 values of one that is being filled
  std::vector<tensor::Buffer> file_tables_;  // rows that were read
  std::unique_ptr<FileValues> file_values_;
  tensor::Buffer values_, twins_, gradients_, squares_;
  tensor::Buffer forward_forms_, backward_forms_;             // of packed weights
  std::map<const Parameter*, tensor::Buffer> row_gradients_;  // each with room for the most rows ever touched
  std::vector<Parameter*> tables_by_rows_;
  bool settled_ = true;
};

}  // namespace attune::nn
