#include "attune/serve/counters.h"

#include <fmt/format.h>
#include <iterator>

namespace attune::serve {
namespace {

template <class... Args>
void line(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
  out += '\n';
}

void head(std::string& out, const char* name, const char* type, const char* help) {
  line(out, "# HELP {} {}", name, help);
  line(out, "# TYPE {} {}", name, type);
}

}  // namespace

void Histogram::add(double seconds) {
  size_t bucket = 0;
  while (bucket < kBounds.size() && seconds > kBounds[bucket]) ++bucket;
  ++counts_[bucket];
  sum_ += seconds;
}

void Histogram::write(std::string& out, const std::string& name, const std::string& labels) const {
  int64_t below = 0;
  for (size_t i = 0; i < counts_.size(); ++i) {
    below += counts_[i];
    const std::string bound = i < kBounds.size() ? fmt::format("{}", kBounds[i]) : "+Inf";
    line(out, "{}_bucket{{{},le=\"{}\"}} {}", name, labels, bound, below);
  }
  line(out, "{}_sum{{{}}} {}", name, labels, sum_);
  line(out, "{}_count{{{}}} {}", name, labels, below);
}

void Counters::add(const Answered& answered) {
  Route& route = routes_[answered.route];
  ++route.by_status[answered.status];
  route.total.add(answered.total);
  if (answered.queue >= 0) route.queue.add(answered.queue);
  if (answered.inference >= 0) route.inference.add(answered.inference);
  route.rows += answered.rows, route.tokens += answered.tokens;
}

std::string Counters::text() const {
  std::string out;
  const auto label = [](const std::string& route) { return fmt::format("method=\"{}\"", route); };
  head(out, "te_request_count", "counter", "requests answered, by route and status");
  for (const auto& [name, route] : routes_)
    for (const auto& [status, count] : route.by_status)
      line(out, "te_request_count{{{},status=\"{}\"}} {}", label(name), status, count);
  head(out, "te_request_success", "counter", "requests answered with what was asked");
  for (const auto& [name, route] : routes_)
    if (const auto ok = route.by_status.find(200); ok != route.by_status.end())
      line(out, "te_request_success{{{}}} {}", label(name), ok->second);
  const auto histogram = [&](const char* name, const char* help, Histogram Route::*member) {
    head(out, name, "histogram", help);
    for (const auto& [route_name, route] : routes_) (route.*member).write(out, name, label(route_name));
  };
  histogram("te_request_duration", "seconds from the whole request to its answer", &Route::total);
  histogram("te_request_queue_duration", "seconds that a request's rows waited", &Route::queue);
  histogram("te_request_inference_duration", "seconds from the first pass of a request to its last", &Route::inference);
  head(out, "attune_rows_total", "counter", "texts that a model read");
  for (const auto& [name, route] : routes_) line(out, "attune_rows_total{{{}}} {}", label(name), route.rows);
  head(out, "attune_tokens_total", "counter", "pieces that a model read, special ones included");
  for (const auto& [name, route] : routes_) line(out, "attune_tokens_total{{{}}} {}", label(name), route.tokens);
  return out;
}

void write_metric(std::string& out, const char* name, const char* type, const char* help, double value) {
  head(out, name, type, help);
  line(out, "{} {}", name, value);
}

}  // namespace attune::serve
