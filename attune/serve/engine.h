// The one place where models run: a queue that is bounded, and a thread that fills a pass with what waits.
//
// A pass takes sequences of one model, and of those that share its encoder, up to `max_batch_tokens`, at least one. It
// takes one from each job that waits,
// oldest first, then another of each, and so on: a request of one text never waits for all the texts of another. A
// row's answer does not depend on its company, to the bit, so this changes nothing but times.
#pragma once
#include <atomic>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

#include "attune/kernels/kernels.h"
#include "attune/serve/job.h"

namespace attune::serve {

struct EngineOptions {
  int threads = 1;
  int64_t max_batch_tokens = 512;
  int64_t queue_tokens = 65536;               // of all that waits; a job that is larger waits alone
  std::chrono::microseconds batch_delay{0};   // a pass that is not full waits so long for more
  std::chrono::milliseconds deadline{30000};  // a job that has not begun by then is told so
};

// What the engine did so far, for /metrics.
struct EngineCounts {
  std::atomic<int64_t> passes = 0, sequences = 0, tokens = 0, busy_us = 0;
};

class Engine {
 public:
  explicit Engine(const EngineOptions& options);
  // Finishes the pass at hand; jobs that wait are told `failed`.
  ~Engine();

  // Takes a job; nothing where the queue is full: then in how many seconds there will be room, by what the engine got
  // done lately (at least 1). From any thread.
  std::optional<int> submit(std::unique_ptr<Job> job, JobDone done);

  int64_t waiting_tokens() const { return waiting_tokens_; }
  int64_t waiting_jobs() const { return waiting_jobs_; }
  const EngineCounts& counts() const { return counts_; }

 private:
  struct Waiting {
    std::unique_ptr<Job> job;
    JobDone done;
    int64_t next = 0;      // sequence of the job that runs next
    int64_t finished = 0;  // sequences that ran
  };
  using Jobs = std::list<Waiting>;

  void work();
  bool wait_for_work(std::unique_lock<std::mutex>& lock);
  void drop_late(Jobs& late);
  std::vector<std::pair<Waiting*, int64_t>> fill();
  void run(const std::vector<std::pair<Waiting*, int64_t>>& pass);
  void take_finished(Jobs& finished);
  void forget(const Waiting& waiting);

  EngineOptions options_;
  EngineCounts counts_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Jobs jobs_;
  std::atomic<int64_t> waiting_tokens_ = 0, waiting_jobs_ = 0;
  bool ends_ = false;
  std::unique_ptr<kernels::Kernels> kernels_;
  std::unique_ptr<train::PackedPass> pass_;
  std::thread thread_;
};

}  // namespace attune::serve
