// One run of a choice: an ordinary `attune train`, which a scheduler may run as well.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "attune/selection/answers.h"

namespace attune::selection {

struct Job {
  std::string name;       // of its folder in runs/ and its file in jobs/
  std::string purpose;    // "race", "verdict 2"
  std::string loss;       // as --loss takes it
  double rate_times = 1;  // of the user's learning rate
  double schedule = 1;    // share of the user's epochs, as a whole schedule of its own
  int64_t frozen = 0;     // layers that do not train, over kept states of which the others do
  size_t block = 0;       // whose rows it learns from and is judged by
  uint64_t seed = 1;
};

class JobRunner {
 public:
  virtual ~JobRunner() = default;
  // These will be asked for, in any order: who can run several at once may begin.
  virtual void prepare(const std::vector<Job>&) {}
  // Nothing: it was stopped. A run that fails by its numbers is an answer (Answers::failed). Errors: io, input.
  virtual std::optional<Answers> run(const Job& job) = 0;
};

}  // namespace attune::selection
