// What a request asks of a model: rows, encoded; and whom to tell.
#pragma once
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <vector>

#include "attune/serve/served_model.h"
#include "attune/train/packed_pass.h"

namespace attune::serve {

using Clock = std::chrono::steady_clock;

struct Job {
  std::shared_ptr<ServedModel> model;
  std::vector<data::Example> rows;
  data::EncodedSet encoded;
  bool features = false;  // what the last layer reads, too

  std::vector<train::RowLogits> results = {};  // one a row, once done
  Clock::time_point arrived = {}, begun = {}, ended = {};

  int64_t tokens() const;  // special pieces included
};

// How a job ended. Told on the engine's thread.
enum class Outcome {
  done,
  too_late,  // it waited longer than it may
  failed,    // `error` says why
};
using JobDone = std::function<void(std::unique_ptr<Job>, Outcome, const std::string& error)>;

}  // namespace attune::serve
