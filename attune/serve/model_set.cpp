#include "attune/serve/model_set.h"

#include <algorithm>

#include "attune/base/suggest.h"
#include "attune/serve/refusal.h"

namespace attune::serve {

void ModelSet::put(ModelRef model) {
  for (ModelRef& old : models_)
    if (old->name() == model->name()) {
      old = std::move(model);
      return;
    }
  models_.push_back(std::move(model));
}

bool ModelSet::remove(const std::string& name) {
  return std::erase_if(models_, [&](const ModelRef& model) { return model->name() == name; }) > 0;
}

ModelRef ModelSet::find(const std::string& name) const {
  const auto at = std::find_if(models_.begin(), models_.end(), [&](const ModelRef& m) { return m->name() == name; });
  return at == models_.end() ? nullptr : *at;
}

ModelRef ModelSet::sharing_with(const ServedModel& model) const {
  const auto at = std::find_if(models_.begin(), models_.end(), [&](const ModelRef& other) {
    return other.get() != &model && other->shares_encoder_with(model);
  });
  return at == models_.end() ? nullptr : *at;
}

int64_t ModelSet::encoders() const {
  int64_t count = 0;
  for (auto at = models_.begin(); at != models_.end(); ++at)
    count += std::none_of(models_.begin(), at, [&](const ModelRef& m) { return m->shares_encoder_with(**at); });
  return count;
}

ModelRef ModelSet::choose(const std::optional<std::string>& name, const std::function<bool(const ServedModel&)>& fits,
                          const char* what) const {
  if (name) {
    const ModelRef model = find(*name);
    std::vector<std::string> names;
    for (const ModelRef& each : models_) names.push_back(each->name());
    if (!model)
      refuse(Fault::not_found, "no model '{}' is served here{} (GET /v1/models lists them)", *name,
             did_you_mean(*name, names));
    if (!fits(*model))
      refuse(Fault::backend, "'{}' is a model of the task '{}'; this route is for one that {}", *name,
             model->bundle().task->name, what);
    return model;
  }
  for (const ModelRef& model : models_)
    if (fits(*model)) return model;
  refuse(Fault::backend, "no model is served here that {}", what);
}

}  // namespace attune::serve
