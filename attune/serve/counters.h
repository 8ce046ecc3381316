// What a service counts, as Prometheus reads it (text format 0.0.4).
//
// te_*: the names that text-embeddings-inference gives the same things, so that its dashboards work; attune_*: ours.
// Durations in seconds.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>

namespace attune::serve {

// Cumulative buckets, 0.1 ms to 10 s.
class Histogram {
 public:
  void add(double seconds);
  void write(std::string& out, const std::string& name, const std::string& labels) const;

 private:
  static constexpr std::array<double, 16> kBounds{0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02,
                                                  0.05,   0.1,    0.2,    0.5,   1,     2,     5,    10};
  std::array<int64_t, kBounds.size() + 1> counts_{};
  double sum_ = 0;
};

// On the loop's thread only.
class Counters {
 public:
  struct Answered {
    std::string route;  // of the table, never what a client sent
    int status = 200;
    double total = 0;
    double queue = -1, inference = -1;  // below 0: no model ran
    int64_t rows = 0, tokens = 0;
  };
  void add(const Answered& answered);
  std::string text() const;

 private:
  struct Route {
    std::map<int, int64_t> by_status;
    Histogram total, queue, inference;
    int64_t rows = 0, tokens = 0;
  };
  std::map<std::string, Route> routes_;
};

// One metric with its type, for those that are read off elsewhere.
void write_metric(std::string& out, const char* name, const char* type, const char* help, double value);

}  // namespace attune::serve
