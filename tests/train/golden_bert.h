// The tiny random BERTs of tests/models/golden (made by tools/golden_bert.py) as models of ours, with their batches,
// losses and golden tensors: what the tests of this room share.
#pragma once
#include <cmath>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "attune/base/files.h"
#include "attune/io/safetensors.h"
#include "attune/losses/language/make_objective.h"
#include "attune/losses/loss_list.h"
#include "attune/models/load.h"
#include "attune/tasks/batch.h"

namespace attune::test {

using nlohmann::json;
using tensor::DType;

inline const fs::path kGolden = fs::path(ATTUNE_TEST_DATA) / "models/golden";

// The encoder of the whole folder, and the head of the variant's golden file where it has its own.
class GoldenWeights final : public models::WeightSource {
 public:
  GoldenWeights(const io::Safetensors& encoder, const io::Safetensors& variant)
      : encoder_(encoder), variant_(variant) {}
  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const auto& tensor : encoder_.tensors()) names.push_back(tensor.name);
    return names;
  }
  std::optional<std::vector<int64_t>> shape(const std::string& name) const override {
    if (const auto* found = find(name)) return found->shape;
    return std::nullopt;
  }
  void read(const std::string& name, std::span<float> out) const override {
    if (variant_.find(name)) return variant_.read_f32(name, out);
    encoder_.read_f32(name, out);
  }

 private:
  const io::TensorView* find(const std::string& name) const {
    if (const auto* own = variant_.find(name)) return own;
    return encoder_.find(name);
  }
  const io::Safetensors& encoder_;
  const io::Safetensors& variant_;
};

struct Variant {
  const char* folder;
  models::HeadKind head;
  losses::TargetKind targets;
  std::vector<const char*> losses;
};

inline void PrintTo(const Variant& variant, std::ostream* out) {
  *out << variant.folder;
}

class GoldenBert {
 protected:
  // `dropout`: of all places.
  GoldenBert(const Variant& variant, DType compute, float dropout = 0)
      : variant_(variant),
        compute_(compute),
        golden_(json::parse(read_file(kGolden / variant_.folder / "golden.json"))),
        tensors_(kGolden / variant_.folder / "golden.safetensors"),
        encoder_(kGolden / "sequence_classification/model.safetensors"),
        kernels_(compute_ == DType::f64 ? kernels::reference::make_kernels() : kernels::cpu::make_kernels(2)) {
    const json config = json::parse(read_file(kGolden / variant_.folder / "config.json"));
    models::BertConfig bert = models::BertConfig::from_json(config, "golden");
    bert.hidden_dropout = bert.attention_dropout = bert.classifier_dropout = dropout;
    outputs_ = static_cast<int64_t>(read("logits").size()) / (variant_.head == models::HeadKind::token ? 44 : 5);
    model_ = std::make_unique<models::Model>(bert, models::HeadOptions{.kind = variant_.head, .outputs = outputs_},
                                             compute_);
    const GoldenWeights weights(encoder_, tensors_);
    models::load_weights(*model_, weights, {});
    model_->parameters().prepare_gradients();
  }

  std::vector<float> read(const std::string& name) const {
    std::vector<float> values(static_cast<size_t>(tensors_.at(name).elements));
    tensors_.read_f32(name, values);
    return values;
  }

  tasks::Batch batch(const std::vector<int>& rows, const char* loss) const {
    tasks::Batch batch;
    batch.clear();
    const json& ignored = golden_["losses"][loss].value("ignored_rows", json::array());
    for (const int r : rows) {
      const json& sequence = golden_["sequences"][r];
      const auto ids = sequence["ids"].get<std::vector<int32_t>>();
      const auto segments = sequence["segments"].get<std::vector<uint8_t>>();
      std::vector<data::LabelPlace> places;
      for (int32_t t = 0; t < static_cast<int32_t>(ids.size()); ++t) places.push_back({t, t});
      batch.add({ids, segments, places, r}, variant_.head == models::HeadKind::token, 0);
      add_targets(batch.targets, sequence["labels"], ignored, r);
    }
    batch.finish();
    return batch;
  }

  void add_targets(losses::Targets& targets, const json& labels, const json& ignored, int row) const {
    if (variant_.targets != losses::TargetKind::classes) {
      targets.width = outputs_;
      if (labels.is_array())
        for (const auto& v : labels) targets.values.push_back(v.get<float>());
      else
        targets.values.push_back(labels.get<float>());
    } else if (labels.is_array()) {
      for (const auto& v : labels) targets.classes.push_back(v.get<int32_t>());
    } else {
      const bool skip = std::find(ignored.begin(), ignored.end(), json(row)) != ignored.end();
      targets.classes.push_back(skip ? losses::kIgnored : labels.get<int32_t>());
    }
  }

  std::unique_ptr<losses::Loss> loss(const char* name) const {
    const json& row = golden_["losses"][name];
    std::string options;
    const auto add = [&](const char* key, const char* option) {
      if (!row.contains(key) || row[key].is_null()) return;
      options += fmt::format("{}{}={}", options.empty() ? "" : ", ", option, row[key].dump());
    };
    add("weight", "weights"), add("pos_weight", "pos_weight"), add("label_smoothing", "label_smoothing");
    return losses::make_loss(fmt::format("{}({})", losses::default_loss(variant_.targets), options), variant_.targets,
                             {.labels = outputs_});
  }

  // Calls check(name, values) for every tensor under its Hugging Face name, of values or of gradients.
  template <class Check>
  void for_each_tensor(bool gradients, Check check) {
    for (const auto& p : model_->parameters().all())
      for (const auto& piece : p->options.pieces) {
        const tensor::Tensor& whole = gradients ? p->gradient : p->value;
        const int64_t columns = p->shape.rank() == 1 ? 1 : p->shape.cols();
        std::vector<double> values;
        for (int64_t i = piece.begin * columns; i < piece.end * columns; ++i)
          values.push_back(whole.dtype == DType::f64 ? whole.as<double>()[i]
                                                     : static_cast<double>(whole.as<float>()[i]));
        check(piece.name.starts_with("classifier") ? piece.name : "bert." + piece.name, values);
      }
  }

  static double norm(const std::vector<double>& a) {
    double sum = 0;
    for (const double x : a) sum += x * x;
    return std::sqrt(sum);
  }
  static double distance(const std::vector<double>& a, const std::vector<float>& b) {
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return std::sqrt(sum);
  }

  Variant variant_;
  DType compute_;
  json golden_;
  io::Safetensors tensors_, encoder_;
  int64_t outputs_ = 0;
  std::unique_ptr<kernels::Kernels> kernels_;
  std::unique_ptr<models::Model> model_;
  tensor::Arena arena_;
};

inline const std::vector<int> kAllRows{0, 1, 2, 3, 4};

inline const std::vector<Variant> kVariants{
    {"sequence_classification",
     models::HeadKind::sequence,
     losses::TargetKind::classes,
     {"cross_entropy", "cross_entropy_weighted", "cross_entropy_smoothed", "cross_entropy_weighted_smoothed",
      "cross_entropy_ignored"}},
    {"regression", models::HeadKind::sequence, losses::TargetKind::scores, {"mse"}},
    {"multi_label", models::HeadKind::sequence, losses::TargetKind::labels, {"bce", "bce_pos_weight"}},
    {"token_classification", models::HeadKind::token, losses::TargetKind::classes, {"cross_entropy"}},
};

}  // namespace attune::test
