#include "attune/selection/plan.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "attune/base/error.h"

namespace attune::selection {

nlohmann::ordered_json Plan::to_json() {
  OptionList list;
  options.visit(list);
  auto each = nlohmann::ordered_json::array();
  for (const Block& block : blocks)
    each.push_back({{"parts", block.parts},
                    {"learns", block.learns},
                    {"inner", block.inner},
                    {"judges", block.judges},
                    {"counts", block.counts}});
  return {{"metric", metric},       {"plain_loss", plain_loss}, {"labels", labels},
          {"ordered", ordered},     {"files", files},           {"fingerprint", fingerprint},
          {"pool_rows", pool_rows}, {"layers", layers},         {"upper_layers", upper_layers},
          {"blocks", each},         {"options", list.to_json()}};
}

RunShape Plan::shape() const {
  const train::TrainOptions& t = options.train;
  const int64_t learns = blocks.empty() ? 0 : blocks[0].learns;
  const double an_epoch = static_cast<double>(learns) / static_cast<double>(t.batch_size);
  RunShape shape{.steps = t.epochs * an_epoch, .epochs = t.epochs};
  if (t.max_steps > 0)
    shape.steps = static_cast<double>(t.max_steps), shape.epochs = an_epoch > 0 ? shape.steps / an_epoch : 1;
  if (options.only_candidates)
    shape.most_arms = std::max(1, static_cast<int>(options.candidates.size())), shape.rates = false;
  if (layers > 0) shape.upper = static_cast<double>(upper_layers) / static_cast<double>(layers);
  return shape;
}

Plan Plan::from_json(const nlohmann::json& json, const std::string& where) {
  Plan plan;
  try {
    json.at("metric").get_to(plan.metric), json.at("plain_loss").get_to(plan.plain_loss);
    json.at("labels").get_to(plan.labels), json.at("ordered").get_to(plan.ordered);
    json.at("files").get_to(plan.files), json.at("fingerprint").get_to(plan.fingerprint),
        json.at("pool_rows").get_to(plan.pool_rows);
    plan.layers = json.value("layers", int64_t{0}), plan.upper_layers = json.value("upper_layers", int64_t{0});
    for (const auto& block : json.at("blocks"))
      plan.blocks.push_back({.parts = block.at("parts").get<std::string>(),
                             .counts = block.at("counts").get<std::vector<double>>(),
                             .learns = block.at("learns").get<int64_t>(),
                             .inner = block.at("inner").get<int64_t>(),
                             .judges = block.at("judges").get<int64_t>()});
    OptionList list;
    plan.options.visit(list);
    list.set_from_json(json.at("options"), where);
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorKind::input, "{} is no plan of a choice ({})", where, error.what());
  }
  if (plan.blocks.empty()) fail(ErrorKind::input, "{}: no block", where);
  return plan;
}

}  // namespace attune::selection
