#include "attune/models/load.h"

#include <algorithm>
#include <map>
#include <set>

#include "attune/base/suggest.h"

namespace attune::models {
namespace {

bool is_classifier(const std::string& name) {
  return name.starts_with("classifier.");
}
bool is_pooler(const std::string& name) {
  return name.starts_with("pooler.");
}

std::vector<std::string> spellings(const std::string& name) {
  std::vector<std::string> found;
  const auto with_prefixes = [&](const std::string& n) {
    found.push_back("bert." + n);
    found.push_back(n);
  };
  with_prefixes(name);
  constexpr std::string_view kWeight = "LayerNorm.weight", kBias = "LayerNorm.bias";
  if (name.ends_with(kWeight)) with_prefixes(name.substr(0, name.size() - kWeight.size()) + "LayerNorm.gamma");
  if (name.ends_with(kBias)) with_prefixes(name.substr(0, name.size() - kBias.size()) + "LayerNorm.beta");
  return found;
}

std::optional<std::string> name_in(const WeightSource& source, const std::string& name) {
  for (const auto& spelling : spellings(name))
    if (source.shape(spelling)) return spelling;
  return std::nullopt;
}

std::string text(const std::vector<int64_t>& axes) {
  std::string text = "[";
  for (size_t i = 0; i < axes.size(); ++i) text += (i ? ", " : "") + std::to_string(axes[i]);
  return text + "]";
}

Tensor rows_of(const nn::Parameter& p, const nn::Piece& piece) {
  if (p.shape.rank() == 1) {
    Tensor part = p.value;
    part.data = static_cast<char*>(p.value.data) + piece.begin * tensor::size_of(p.value.dtype);
    part.shape = {piece.end - piece.begin};
    return part;
  }
  return p.value.slice_rows(piece.begin, piece.end);
}

void write_values(tensor::Memory& memory, const Tensor& to, std::span<const float> values) {
  tensor::write_either_from_host(memory, to, [&](auto out) { std::copy(values.begin(), values.end(), out.begin()); });
}

std::vector<int64_t> axes_of(const nn::Parameter& p, const nn::Piece& piece) {
  if (p.shape.rank() == 1) return {piece.end - piece.begin};
  return {piece.end - piece.begin, p.shape.cols()};
}

constexpr int64_t kPartElements = int64_t{1} << 20;  // read at a time where bytes are made of them

class Loader {
 public:
  Loader(Model& model, const WeightSource& source, const LoadOptions& options)
      : model_(model), source_(source), options_(options) {}

  LoadReport run() {
    for (const auto& p : model_.parameters().all()) {
      bool new_parameter = false;
      model_.parameters().fill(*p, [&] {
        for (const auto& piece : p->options.pieces) new_parameter |= !load_piece(*p, piece);
      });
      if (new_parameter && !p->options.state) report_.initialised.push_back(p->name);
    }
    for (const auto& name : source_.names())
      if (!used_.contains(name) && !lent(name)) report_.skipped.push_back(name);
    if (!in_file_.empty()) read_when_asked();
    if (new_adapter_) model_.begin_adapter();
    model_.parameters().refresh_twins();
    return std::move(report_);
  }

 private:
  // Whether another model's encoder is run in place of what this tensor is of.
  bool lent(std::string_view name) const {
    if (!model_.borrows_encoder()) return false;
    if (name.starts_with("bert.")) name.remove_prefix(5);
    return is_encoder_tensor(std::string(name));
  }

  bool load_piece(nn::Parameter& p, const nn::Piece& piece) {
    const auto wanted = axes_of(p, piece);
    const auto name = is_encoder_tensor(piece.name) && !p.options.adapter ? encoder_tensor(source_, piece.name)
                                                                          : name_in(source_, piece.name);
    if (!name) return initialise(p);
    used_.insert(*name);
    const auto axes = *source_.shape(*name);
    if (is_classifier(piece.name)) return load_classifier(p, piece, *name, axes);
    const bool of_loss = !p.options.adapter && !is_encoder_tensor(piece.name) && !is_head_tensor(piece.name);
    if (of_loss && (options_.new_head || axes != wanted)) return initialise(p);  // of other labels
    if (axes != wanted)
      fail(ErrorKind::model, "tensor '{}' has shape {}; config.json asks for {}", *name, text(axes), text(wanted));
    if (parameters().stays_in_file(p))
      in_file_[&p].push_back({*name, piece.begin, piece.end});
    else if (parameters().takes_rows(p))
      put_as_bytes(p, piece, *name);
    else
      read_into(rows_of(p, piece), *name);
    return true;
  }

  bool load_classifier(nn::Parameter& p, const nn::Piece& piece, const std::string& name,
                       const std::vector<int64_t>& axes) {
    const Tensor to = rows_of(p, piece);
    const std::vector<int64_t> wanted = axes_of(p, piece);
    const bool same_inputs = axes.size() == wanted.size() && (wanted.size() == 1 || axes[1] == wanted[1]);
    if (options_.new_head || !same_inputs) return initialise(p);
    if (options_.old_output.empty()) {
      if (axes != wanted) return initialise(p);
      read_into(to, name);
      return true;
    }
    // Old labels keep their rows; new ones start as any new head does.
    initialise(p);
    const int64_t columns = wanted.size() == 1 ? 1 : wanted[1];
    std::vector<float> old(static_cast<size_t>(axes[0] * columns));
    source_.read(name, old);
    bool all_old = true;
    for (size_t row = 0; row < options_.old_output.size(); ++row) {
      const int64_t from = options_.old_output[row];
      if (from < 0 || from >= axes[0]) {
        all_old = false;
        continue;
      }
      Tensor one = to;
      one.data = static_cast<char*>(to.data) + static_cast<int64_t>(row) * columns * tensor::size_of(to.dtype);
      one.shape = {columns};
      write_values(memory(), one, std::span(old).subspan(from * columns, columns));
    }
    return all_old;
  }

  // What was left in the source is read from there later on.
  void read_when_asked() {
    parameters().read_from_file(
        [source = &source_, pieces = std::move(in_file_)](const nn::Parameter& p, int64_t first, const Tensor& rows) {
          const int64_t cols = p.shape.cols(), last = first + rows.rows();
          for (const nn::Piece& piece : pieces.at(&p)) {
            const int64_t begin = std::max(first, piece.begin), end = std::min(last, piece.end);
            if (begin >= end) continue;
            source->read_part(piece.name, (begin - piece.begin) * cols,
                              {rows.as<float>() + (begin - first) * cols, static_cast<size_t>((end - begin) * cols)});
          }
        });
  }

  void put_as_bytes(nn::Parameter& p, const nn::Piece& piece, const std::string& name) {
    const int64_t cols = p.shape.cols(), at_once = std::max<int64_t>(1, kPartElements / std::max<int64_t>(1, cols));
    std::vector<float> values;
    for (int64_t row = piece.begin; row < piece.end; row += at_once) {
      const int64_t rows = std::min(at_once, piece.end - row);
      values.resize(static_cast<size_t>(rows * cols));
      source_.read_part(name, (row - piece.begin) * cols, values);
      parameters().put_rows(p, row, {.data = values.data(), .shape = {rows, cols}});
    }
  }

  void read_into(const Tensor& to, const std::string& name) {
    if (to.dtype == tensor::DType::f32)
      return tensor::write_from_host<float>(memory(), to, [&](std::span<float> values) { source_.read(name, values); });
    std::vector<float> values(static_cast<size_t>(to.count()));
    source_.read(name, values);
    write_values(memory(), to, values);
  }

  nn::Parameters& parameters() const { return model_.parameters(); }
  tensor::Memory& memory() const { return parameters().memory(); }

  // Always false: what is initialised was not loaded.
  bool initialise(nn::Parameter& p) {
    new_adapter_ = new_adapter_ || p.options.adapter;
    model_.parameters().initialise(p, options_.seed, model_.config().initializer_range);
    return false;
  }

  Model& model_;
  const WeightSource& source_;
  const LoadOptions& options_;
  LoadReport report_;
  std::set<std::string> used_;
  std::map<const nn::Parameter*, std::vector<nn::Piece>> in_file_;  // under the source's names
  bool new_adapter_ = false;
};

}  // namespace

void WeightSource::read_part(const std::string& name, int64_t first, std::span<float> out) const {
  int64_t count = 1;
  for (const int64_t axis : shape(name).value_or(std::vector<int64_t>{0})) count *= axis;
  std::vector<float> whole(static_cast<size_t>(count));
  read(name, whole);
  std::copy_n(whole.begin() + first, out.size(), out.begin());
}

std::string encoder_tensor(const WeightSource& source, const std::string& name) {
  if (auto found = name_in(source, name)) return *found;
  fail(ErrorKind::model, "the weights hold no tensor '{}' (nor 'bert.{}'){}", name, name,
       did_you_mean(name, source.names()));
}

bool is_encoder_tensor(const std::string& name) {
  return name.starts_with("embeddings.") || name.starts_with("encoder.");
}

bool is_head_tensor(const std::string& name) {
  return is_pooler(name) || is_classifier(name);
}

LoadReport load_weights(Model& model, const WeightSource& source, const LoadOptions& options) {
  return Loader(model, source, options).run();
}

std::vector<NamedTensor> named_tensors(const Model& model, const std::string& prefix, Which which) {
  ATTUNE_CHECK(model.parameters().settled(), "the weights are read while updates of tables wait");
  ATTUNE_CHECK(!model.borrows_encoder(), "a model over another's encoder is not saved");
  ATTUNE_CHECK(!model.precision().int8, "an int8 model holds no f32 weights that could be saved");
  std::vector<NamedTensor> named;
  for (const auto& p : model.parameters().all()) {
    if (which == Which::whole_model && p->options.adapter) continue;
    if (which == Which::adapter && (!model.is_adapters(*p) || p->options.state || p->options.scaffold)) continue;
    for (const auto& piece : p->options.pieces)
      named.push_back({is_encoder_tensor(piece.name) || is_pooler(piece.name) ? prefix + piece.name : piece.name,
                       rows_of(*p, piece)});
  }
  return named;
}

}  // namespace attune::models
