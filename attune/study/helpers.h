// Other processes that work on the same study (--jobs), each with its share of the threads.
#pragma once
#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "attune/study/worker.h"

namespace attune::study {

class Helpers {
 public:
  // Begins them, and leaves this process its own share of `plan`'s threads.
  Helpers(StudyPlan& plan, StudyObserver& observer);
  // Where this process ends early, so do they.
  ~Helpers() {
    stop_ = true;
    join();
  }
  Helpers(const Helpers&) = delete;
  Helpers& operator=(const Helpers&) = delete;

  void join() {
    for (std::thread& helper : helpers_) helper.join();
    helpers_.clear();
  }
  // What those said that failed; after join().
  const std::vector<std::string>& failures() const { return failures_; }

 private:
  std::vector<std::thread> helpers_;
  std::atomic<bool> stop_ = false;
  std::mutex mutex_;
  std::vector<std::string> failures_;
};

}  // namespace attune::study
