// One text at a time, as an interactive program has them: how long from its text to its logits.
//
//   one_request FOLDER TEXTS.txt PRECISION THREADS SECONDS
//
// TEXTS: a text a line, taken in turn. Prints a JSON object: requests, milliseconds p50, p90, p99, largest. Tokenizing
// is inside (some microseconds a text); opening the model and 50 requests before are not.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fmt/format.h>
#include <fstream>
#include <string>
#include <vector>

#include "attune/train/predictor.h"

#include "quantile.h"

namespace {

using namespace attune;
using bench::quantile;
using Clock = std::chrono::steady_clock;

int run(char** argv) {
  const tasks::ModelBundle bundle = tasks::open_for_inference(argv[1], tasks::inference_precision(argv[3]));
  const auto kernels = kernels::cpu::make_kernels(std::atoi(argv[4]));
  train::Predictor predictor(bundle, *kernels);
  std::vector<data::Example> rows;
  std::ifstream file(argv[2]);
  for (std::string line; std::getline(file, line);) rows.emplace_back().text = line;
  if (rows.empty()) {
    fmt::print(stderr, "{}: no line in it\n", argv[2]);
    return 1;
  }
  constexpr size_t kWarmUp = 50;
  std::vector<double> times;  // ms
  const auto seconds = std::chrono::duration<double>(std::atof(argv[5]));
  auto begin = Clock::now();
  for (size_t i = 0; i < kWarmUp + 10 || Clock::now() - begin < seconds; ++i) {
    if (i == kWarmUp) begin = Clock::now();
    const auto from = Clock::now();
    predictor.logits({&rows[i % rows.size()], 1});
    if (i >= kWarmUp) times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - from).count());
  }
  std::sort(times.begin(), times.end());
  fmt::print("{{\"requests\": {}, \"p50\": {:.4f}, \"p90\": {:.4f}, \"p99\": {:.4f}, \"largest\": {:.4f}}}\n",
             times.size(), quantile(times, 0.5), quantile(times, 0.9), quantile(times, 0.99), times.back());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fputs("usage: one_request FOLDER TEXTS.txt PRECISION THREADS SECONDS\n", stderr);
    return 2;
  }
  try {
    return run(argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "one_request: {}\n", error.what());
    return 1;
  }
}
