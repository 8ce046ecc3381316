#include "attune/tasks/probe.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "attune/base/error.h"
#include "attune/base/rng.h"
#include "attune/kernels/kernels.h"
#include "attune/tasks/batch.h"

namespace attune::tasks {
namespace {

using nlohmann::json;
using Sequences = std::vector<std::vector<int32_t>>;

constexpr int64_t kInputs = 8, kShortest = 3;
constexpr uint64_t kProbeKey = 0x70726f6265;  // "probe"

Sequences made_up_ids(const models::BertConfig& config) {
  Sequences sequences;
  for (int64_t i = 0; i < kInputs; ++i) {
    const int64_t length = std::min(config.positions, kShortest + i);
    auto& ids = sequences.emplace_back();
    for (int64_t t = 0; t < length; ++t)
      ids.push_back(
          static_cast<int32_t>(random_below(mix_key(kProbeKey, static_cast<uint64_t>(i)), static_cast<uint32_t>(t),
                                            static_cast<uint32_t>(config.vocabulary))));
  }
  return sequences;
}

// The logits of each sequence, in f32; all in one pass, which reads the weights once. (An answer does not depend on its
// company.)
std::vector<std::vector<float>> logits_of(const models::Model& model, kernels::Kernels& kernels,
                                          const Sequences& sequences) {
  const bool tagging = model.head().kind == models::HeadKind::token;
  Batch batch;
  batch.clear();
  for (const auto& ids : sequences) {
    const std::vector<uint8_t> segments(ids.size(), 0);
    std::vector<data::LabelPlace> places;
    for (int32_t t = 0; tagging && t < static_cast<int32_t>(ids.size()); ++t) places.push_back({t, t});
    batch.add({.ids = ids, .segments = segments, .places = places, .example = 0}, tagging, 0);
  }
  batch.finish();
  tensor::Arena arena(kernels.memory());
  autograd::Context context{.kernels = kernels, .arena = arena, .compute = tensor::DType::f32};
  const tensor::Tensor logits = model.forward(context, batch.rows, batch.head()).logits;
  const tensor::OnHost<float> read(arena.memory(), logits, batch.read_count * logits.cols());
  std::vector<std::vector<float>> all;
  auto next = read.values().begin();
  for (const auto& ids : sequences) {
    const auto end = next + (tagging ? std::ssize(ids) : 1) * logits.cols();
    all.emplace_back(next, end);
    next = end;
  }
  return all;
}

double root_mean_square(const std::vector<std::vector<float>>& rows) {
  double sum = 0, count = 0;
  for (const auto& row : rows)
    for (const float x : row) sum += static_cast<double>(x) * static_cast<double>(x), ++count;
  return count > 0 ? std::sqrt(sum / count) : 0;
}

}  // namespace

json make_probe(const models::Model& model, kernels::Kernels& kernels) {
  const Sequences ids = made_up_ids(model.config());
  const auto logits = logits_of(model, kernels, ids);
  for (const auto& answer : logits)
    if (!std::all_of(answer.begin(), answer.end(), [](float z) { return std::isfinite(z); }))
      fail(ErrorKind::numeric,
           "the model's answers are not finite: its weights grew beyond all bounds in training; a lower --lr, more "
           "--warmup, or --clip helps");
  return {{"ids", ids}, {"logits", logits}};
}

void replay_probe(const models::Model& model, kernels::Kernels& kernels, const json& probe, const std::string& where) {
  Sequences ids;
  std::vector<std::vector<float>> expected;
  try {
    ids = probe.at("ids").get<Sequences>();
    expected = probe.at("logits").get<std::vector<std::vector<float>>>();
  } catch (const json::exception&) {
    fail(ErrorKind::model,
         "{}: \"probe\" must hold \"ids\" and \"logits\"; restore the file, or remove \"probe\" from it", where);
  }
  const auto fits = [&](const std::vector<int32_t>& sequence) {
    return !sequence.empty() && std::ssize(sequence) <= model.config().positions &&
           std::all_of(sequence.begin(), sequence.end(),
                       [&](int32_t id) { return id >= 0 && id < model.config().vocabulary; });
  };
  if (ids.size() != expected.size() || !std::all_of(ids.begin(), ids.end(), fits))
    fail(ErrorKind::model, "{}: \"probe\" holds inputs that this model cannot take; the files are not of one model",
         where);
  const auto logits = logits_of(model, kernels, ids);
  const bool int8 = model.precision().int8;
  const double tolerance = int8 ? kInt8ProbeTolerance : kProbeTolerance;
  const double usual = int8 ? root_mean_square(expected) : 0;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (logits[i].size() != expected[i].size())
      fail(ErrorKind::model, "{}: probe input {} has {} logits here and {} on record; the files are not of one model",
           where, i + 1, logits[i].size(), expected[i].size());
    for (size_t k = 0; k < logits[i].size(); ++k) {
      const double got = static_cast<double>(logits[i][k]), want = static_cast<double>(expected[i][k]);
      if (!(std::abs(got - want) <= tolerance * (1 + std::max(usual, std::abs(want)))))
        fail(ErrorKind::model,
             "{}: the model gives {:.6g} where it gave {:.6g} when it was saved (probe input {}, logit {}): {}", where,
             got, want, i + 1, k,
             int8 ? "either int8 harms it (`attune quantize` finds out, and which layers had better not be bytes), or "
                    "its weights are not the ones it was saved with (then it does not open in f32 either)"
                  : "its weights are not the ones it was saved with. Restore the folder; if they were changed on "
                    "purpose, remove \"probe\" from that file");
    }
  }
}

}  // namespace attune::tasks
