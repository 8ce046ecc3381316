#include "attune/track/runs/project.h"

#include <fmt/format.h>

namespace attune::track {

Project::Project(const fs::path& folder) : folder_(folder), store_(RunStore::open(folder, /*make_new=*/true)) {}

void Project::begin(const RunStart& start) {
  const bool known = start.remembered.is_object() && start.remembered.value("file", "") == store_.file().string();
  if (known) run_ = start.remembered.value("run", int64_t{0});
  if (!known || !store_.go_on(run_, start)) run_ = store_.add(start);
}

nlohmann::json Project::remember() const {
  return {{"file", store_.file().string()}, {"run", run_}};
}

std::string Project::place() const {
  return fmt::format("run {} (attune runs show {} --project {})", run_, run_, folder_.string());
}

void Project::scalars(int64_t step, std::span<const Scalar> scalars) {
  store_.put(run_, step, scalars);
}

void Project::mark(int64_t) {
  store_.sync(run_);
}

void Project::end(const RunEnd& end) {
  store_.end(run_, end);
}

}  // namespace attune::track
