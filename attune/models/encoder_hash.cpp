#include "attune/models/encoder_hash.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "attune/base/files.h"
#include "attune/models/bert.h"

namespace attune::models {
namespace {

constexpr int64_t kPart = int64_t{1} << 18;  // elements at a time

void add_values(Sha256& hash, const WeightSource& source, const std::string& name, int64_t count) {
  std::vector<float> values;
  for (int64_t first = 0; first < count; first += kPart) {
    values.resize(static_cast<size_t>(std::min(kPart, count - first)));
    source.read_part(name, first, values);
    hash.add({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
  }
}

}  // namespace

std::string encoder_sizes(const BertConfig& config) {
  return fmt::format("bert {} {} {} {} {} {} {} {} {}", config.vocabulary, config.hidden, config.layers, config.heads,
                     config.intermediate, config.positions, config.segments, static_cast<int>(config.activation),
                     config.norm_eps);
}

std::string encoder_hash(const BertConfig& config, const WeightSource& source) {
  Sha256 hash;
  hash.add(encoder_sizes(config));
  nn::Parameters parameters;  // for their names: they get no memory
  const BertEncoder encoder(parameters, config);
  for (const auto& parameter : parameters.all())
    for (const nn::Piece& piece : parameter->options.pieces) {
      const std::string name = encoder_tensor(source, piece.name);
      const std::vector<int64_t> axes = *source.shape(name);
      int64_t count = 1;
      for (const int64_t axis : axes) count *= axis;
      hash.add(fmt::format("\n{} {}\n", piece.name, fmt::join(axes, "x")));
      add_values(hash, source, name, count);
    }
  return hash.hex();
}

}  // namespace attune::models
