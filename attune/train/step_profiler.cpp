#include "attune/train/step_profiler.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <string_view>

namespace attune::train {
namespace {

using kernels::KernelCall;
using Clock = StepProfiler::Clock;

double seconds(Clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

// Lines of a JSON array. Names are attune's own words and need no escapes.
class TraceWriter {
 public:
  explicit TraceWriter(Clock::time_point zero) : zero_(zero) {}

  void event(std::string_view name, std::string_view category, Clock::time_point begin, Clock::time_point end,
             std::string_view arguments) {
    fmt::format_to(std::back_inserter(text_),
                   R"({}{{"name":"{}","cat":"{}","ph":"X","ts":{:.3f},"dur":{:.3f},"pid":1,"tid":1,"args":{{{}}}}})",
                   text_.empty() ? "[\n" : ",\n", name, category, seconds(begin - zero_) * 1e6,
                   seconds(end - begin) * 1e6, arguments);
  }
  std::string text() const { return text_.empty() ? "[]\n" : text_ + "\n]\n"; }

 private:
  Clock::time_point zero_;
  std::string text_;
};

// "m":400,"n":384,"k":1536,"gflop":0.472
std::string arguments_of(const kernels::KernelWork& work) {
  std::string text;
  const auto add = [&](std::string_view name, auto value, const char* format) {
    text += fmt::format(R"({}"{}":)", text.empty() ? "" : ",", name) + fmt::format(fmt::runtime(format), value);
  };
  const std::string_view axes = work.axes;
  for (size_t i = 0; i < axes.size(); ++i) add(axes.substr(i, 1), work.sizes[i], "{}");
  if (work.flops > 0) add("gflop", work.flops * 1e-9, "{:.6g}");
  if (work.bytes > 0) add("mb", work.bytes * 1e-6, "{:.6g}");
  return text;
}

}  // namespace

void StepProfiler::begin_step(int64_t step) {
  now_ = {.number = step, .begin = Clock::now()};
  if (seen_++ >= kWarmUp) kernels_.begin();
}

void StepProfiler::batches_ready() {
  now_.ready = Clock::now();
}

void StepProfiler::end_step(int64_t tokens, bool skipped) {
  now_.end = Clock::now();
  now_.tokens = tokens;
  const auto& calls = kernels_.end();
  if (seen_ <= kWarmUp || skipped) return;
  ++profile_.steps;
  profile_.tokens += tokens;
  profile_.seconds += seconds(now_.end - now_.begin);
  profile_.batch_seconds += seconds(now_.ready - now_.begin);
  count(calls);
  if (trace_) keep(calls);
}

void StepProfiler::count(const std::vector<KernelCall>& calls) {
  for (const KernelCall& call : calls) {
    const auto same = [&](const report::ProfileRow& row) {
      return row.kernel == call.kernel && row.role == call.work.role;
    };
    auto row = std::find_if(profile_.rows.begin(), profile_.rows.end(), same);
    if (row == profile_.rows.end()) row = profile_.rows.insert(row, {.kernel = call.kernel, .role = call.work.role});
    ++row->calls;
    row->seconds += seconds(call.end - call.begin);
    row->flops += call.work.flops;
    row->bytes += call.work.bytes;
  }
}

void StepProfiler::keep(const std::vector<KernelCall>& calls) {
  if (traced_steps() == kTracedSteps || traced_calls_ + calls.size() > kTracedCalls) {
    trace_ = false;
    return;
  }
  traced_calls_ += calls.size();
  traced_.push_back(now_);
  traced_.back().calls = calls;
}

report::Profile StepProfiler::profile() const {
  report::Profile sorted = profile_;
  std::stable_sort(sorted.rows.begin(), sorted.rows.end(),
                   [](const auto& a, const auto& b) { return a.seconds > b.seconds; });
  return sorted;
}

std::string StepProfiler::trace() const {
  TraceWriter writer(traced_.empty() ? Clock::time_point() : traced_.front().begin);
  for (const Step& step : traced_) {
    writer.event(fmt::format("step {}", step.number + 1), "step", step.begin, step.end,
                 fmt::format(R"("tokens":{})", step.tokens));
    writer.event("preparing batches", "batches", step.begin, step.ready, "");
    for (const KernelCall& call : step.calls)
      writer.event(*call.work.role ? fmt::format("{}, {}", call.kernel, call.work.role) : call.kernel, "kernel",
                   call.begin, call.end, arguments_of(call.work));
  }
  return writer.text();
}

}  // namespace attune::train
