// The models of a service by name, in the order in which they came. Whoever took one keeps it until his answer is made,
// whatever happens to the set. On the loop's thread only.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "attune/serve/served_model.h"

namespace attune::serve {

class ModelSet {
 public:
  // In place of the one with its name, or behind the others.
  void put(ModelRef model);
  // False: there is none.
  bool remove(const std::string& name);
  ModelRef find(const std::string& name) const;
  const std::vector<ModelRef>& all() const { return models_; }
  // How many encoders they have between them.
  int64_t encoders() const;
  // One of the models whose encoder a model runs too; nullptr: it has it alone.
  ModelRef sharing_with(const ServedModel& model) const;

  // The one that a request names, or the first that `fits`. Refuses (not_found): no such model, with the nearest names;
  // (backend): it does not fit, or none does; `what` says what was wanted ("gives vectors").
  ModelRef choose(const std::optional<std::string>& name, const std::function<bool(const ServedModel&)>& fits,
                  const char* what) const;

 private:
  std::vector<ModelRef> models_;
};

}  // namespace attune::serve
