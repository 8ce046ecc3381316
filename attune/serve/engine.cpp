#include "attune/serve/engine.h"

#include <algorithm>
#include <cmath>

#include "attune/base/error.h"

namespace attune::serve {

int64_t Job::tokens() const {
  int64_t sum = 0;
  for (int64_t s = 0; s < encoded.size(); ++s) sum += encoded.length(s);
  return sum;
}

Engine::Engine(const EngineOptions& options)
    : options_(options),
      kernels_(kernels::cpu::make_kernels(options.threads)),
      pass_(std::make_unique<train::PackedPass>(*kernels_)),
      thread_([this] { work(); }) {}

Engine::~Engine() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  changed_.notify_all();
  thread_.join();
  for (Waiting& left : jobs_) left.done(std::move(left.job), Outcome::failed, "the server is shutting down");
}

std::optional<int> Engine::submit(std::unique_ptr<Job> job, JobDone done) {
  const int64_t tokens = job->tokens();
  job->results.resize(job->rows.size());
  job->arrived = Clock::now();
  {
    const std::lock_guard lock(mutex_);
    if (!jobs_.empty() && waiting_tokens_ + tokens > options_.queue_tokens) {
      const double rate =
          counts_.busy_us > 0 ? 1e6 * static_cast<double>(counts_.tokens) / static_cast<double>(counts_.busy_us) : 0;
      return rate > 0 ? std::max(1, static_cast<int>(std::ceil(static_cast<double>(waiting_tokens_) / rate))) : 1;
    }
    waiting_tokens_ += tokens, ++waiting_jobs_;
    jobs_.push_back({.job = std::move(job), .done = std::move(done)});
  }
  changed_.notify_one();
  return std::nullopt;
}

// False: it is over. A pass that is not full waits a little for company.
bool Engine::wait_for_work(std::unique_lock<std::mutex>& lock) {
  // (Not `wait`: GCC 12 gives it a symbol of its own, and the wheel would need a libstdc++ as new.)
  while (!ends_ && jobs_.empty()) changed_.wait_for(lock, std::chrono::hours(1));
  if (options_.batch_delay.count() > 0 && !ends_)
    changed_.wait_until(lock, jobs_.front().job->arrived + options_.batch_delay,
                        [&] { return ends_ || waiting_tokens_ >= options_.max_batch_tokens; });
  return !ends_;
}

void Engine::forget(const Waiting& waiting) {
  --waiting_jobs_;
  for (int64_t s = waiting.next; s < waiting.job->encoded.size(); ++s)
    waiting_tokens_ -= waiting.job->encoded.length(s);
}

void Engine::drop_late(Jobs& late) {
  const auto latest = Clock::now() - options_.deadline;
  for (auto at = jobs_.begin(); at != jobs_.end();) {
    const auto here = at++;
    if (here->next > 0 || here->job->arrived > latest) continue;
    forget(*here);
    late.splice(late.end(), jobs_, here);
  }
}

std::vector<std::pair<Engine::Waiting*, int64_t>> Engine::fill() {
  std::vector<std::pair<Waiting*, int64_t>> pass;
  if (jobs_.empty()) return pass;
  const ServedModel& model = *jobs_.front().job->model;
  int64_t tokens = 0;
  for (bool any = true; any && tokens < options_.max_batch_tokens;) {
    any = false;
    for (Waiting& waiting : jobs_) {
      if (!waiting.job->model->shares_pass_with(model) || waiting.next == waiting.job->encoded.size()) continue;
      const int64_t length = waiting.job->encoded.length(waiting.next);
      if (tokens > 0 && tokens + length > options_.max_batch_tokens) continue;
      if (waiting.next == 0) waiting.job->begun = Clock::now();
      pass.emplace_back(&waiting, waiting.next++);
      tokens += length, any = true;
    }
  }
  waiting_tokens_ -= tokens;
  counts_.tokens += tokens, counts_.sequences += std::ssize(pass), ++counts_.passes;
  return pass;
}

void Engine::run(const std::vector<std::pair<Waiting*, int64_t>>& pass) {
  std::vector<train::PassItem> items;
  bool features = false;
  for (const auto& [waiting, sequence] : pass) {
    Job& job = *waiting->job;
    features = features || job.features;
    items.push_back({&job.model->bundle(), &job.encoded, sequence,
                     &job.results[static_cast<size_t>(job.encoded.at(sequence).example)]});
  }
  const auto begin = Clock::now();
  pass_->run(items, features);
  counts_.busy_us += std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin).count();
}

void Engine::take_finished(Jobs& finished) {
  for (auto at = jobs_.begin(); at != jobs_.end();) {
    const auto here = at++;
    if (here->finished < here->job->encoded.size()) continue;
    here->job->ended = Clock::now();
    forget(*here);
    finished.splice(finished.end(), jobs_, here);
  }
}

void Engine::work() {
  std::unique_lock lock(mutex_);
  while (wait_for_work(lock)) {
    Jobs late, finished;
    drop_late(late);
    const auto pass = fill();
    lock.unlock();
    for (Waiting& job : late) job.done(std::move(job.job), Outcome::too_late, "");
    if (pass.empty()) {
      lock.lock();
      continue;
    }
    std::string error;
    try {
      run(pass);
    } catch (const std::exception& e) {  // one pass's fault; the service goes on
      error = e.what();
    }
    lock.lock();
    for (const auto& [waiting, sequence] : pass) {
      ++waiting->finished;
      if (!error.empty()) waiting->finished = waiting->job->encoded.size();
    }
    take_finished(finished);
    lock.unlock();
    for (Waiting& job : finished) job.done(std::move(job.job), error.empty() ? Outcome::done : Outcome::failed, error);
    lock.lock();
  }
}

}  // namespace attune::serve
