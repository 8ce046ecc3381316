// Weights from a file's names into a model's parameters.
//
// Names are tried with and without the leading "bert."; LayerNorm's old gamma/beta are known. What the file holds and
// the model does not use (masked-LM heads, position_ids buffers) is skipped and named once; what the model has and the
// file does not is newly initialised and named: pooler, last layer, a loss's own parameters.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "attune/models/model.h"

namespace attune::models {

// Parameters' names, without the leading "bert.": of the encoder; of Hugging Face's heads (pooler, classifier). Others
// are a loss's own.
bool is_encoder_tensor(const std::string& name);
bool is_head_tensor(const std::string& name);

// Where weights come from: a file, several shards, a test.
class WeightSource {
 public:
  virtual ~WeightSource() = default;
  virtual std::vector<std::string> names() const = 0;
  // Axes of a tensor, or nothing where there is none of that name.
  virtual std::optional<std::vector<int64_t>> shape(const std::string& name) const = 0;
  // Row-major f32 values; `out` has exactly the tensor's elements. Error (model): a type that holds no real numbers.
  virtual void read(const std::string& name, std::span<float> out) const = 0;
  // Elements [first, first + out.size()) of them. As it stands here: reads the whole tensor.
  virtual void read_part(const std::string& name, int64_t first, std::span<float> out) const;
};

// The name under which a source has an encoder's tensor. Error (model): it has none (names it, and what is near).
std::string encoder_tensor(const WeightSource& source, const std::string& name);

struct LoadOptions {
  uint64_t seed = 0;  // of newly initialised parameters
  // Row i of the head's last layer comes from row old_output[i] of the file's, or is new where that is -1. Empty: rows
  // are the same if their number is, else the last layer is new.
  std::vector<int64_t> old_output = {};
  bool new_head = false;  // never take the last layer from the file (another task's)
};

struct LoadReport {
  std::vector<std::string> initialised;  // parameters the file lacks
  std::vector<std::string> skipped;      // tensors of the file that the model does not use
};

// Errors (model): an encoder tensor that is missing (names it, and what the file has that is near), a wrong shape. Of a
// model with Frozen::in_file the source must live as long as the model runs.
LoadReport load_weights(Model& model, const WeightSource& source, const LoadOptions& options);

// A parameter's tensors under the names Hugging Face uses, each a view of the parameter's rows.
struct NamedTensor {
  std::string name;
  Tensor tensor;
};
// Of a whole model without what its adapter adds, or of the adapter and the head: what differs from the base.
enum class Which { whole_model, adapter };
// `prefix`: "bert." as in BertForSequenceClassification, or "" as in BertModel. The head's last layer and a loss's own
// parameters never have one.
std::vector<NamedTensor> named_tensors(const Model& model, const std::string& prefix, Which which = Which::whole_model);

}  // namespace attune::models
