// Tokenizers at work: texts and megabytes a second on one thread, and the time to load.
//
//   ATTUNE_BENCH_MODELS=FOLDER:FOLDER... ATTUNE_BENCH_TEXTS=FILE:FILE... bench_text [options of Google Benchmark]
//
// The models are folders that hold a tokenizer; of the files each line is a text. For each pair of them:
//   first   the first pass over the texts, by a thread that has met no word yet
//   again   further passes: what a training or serving process sees
#include <benchmark/benchmark.h>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "attune/base/error.h"
#include "attune/text/tokenizer.h"

namespace {

using attune::text::Piece;
using attune::text::Tokenizer;

struct Texts {
  std::vector<std::string> lines;
  double bytes = 0;
};

std::vector<std::string> listed(const char* variable) {
  const char* value = std::getenv(variable);
  std::vector<std::string> parts;
  std::string part;
  for (const char* at = value ? value : ""; *at; ++at)
    *at == ':' ? (parts.push_back(part), part.clear()) : part.push_back(*at);
  if (!part.empty()) parts.push_back(part);
  return parts;
}

Texts read_lines(const std::string& path) {
  Texts texts;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    texts.bytes += static_cast<double>(line.size());
    texts.lines.push_back(std::move(line));
  }
  if (texts.lines.empty()) attune::fail(attune::ErrorKind::io, "{} holds no text", path);
  return texts;
}

void pass(const Tokenizer& tokenizer, const Texts& texts, std::vector<Piece>& pieces) {
  for (const std::string& text : texts.lines) {
    pieces.clear();
    tokenizer.encode(text, pieces);
    benchmark::DoNotOptimize(pieces.data());
  }
}

void report(benchmark::State& state, const Texts& texts) {
  using benchmark::Counter;
  state.counters["MB/s"] = Counter(texts.bytes * 1e-6, Counter::kIsIterationInvariantRate);
  state.counters["texts/s"] = Counter(static_cast<double>(texts.lines.size()), Counter::kIsIterationInvariantRate);
}

// What a thread remembers of words goes with it: each pass has a thread of its own.
void first(benchmark::State& state, const Tokenizer& tokenizer, const Texts& texts) {
  std::vector<Piece> pieces;
  for (auto _ : state) std::thread([&] { pass(tokenizer, texts, pieces); }).join();
  report(state, texts);
}

void again(benchmark::State& state, const Tokenizer& tokenizer, const Texts& texts) {
  std::vector<Piece> pieces;
  pass(tokenizer, texts, pieces);
  for (auto _ : state) pass(tokenizer, texts, pieces);
  report(state, texts);
}

void load(benchmark::State& state, const std::string& folder) {
  for (auto _ : state) benchmark::DoNotOptimize(Tokenizer::load(folder).get());
}

std::string last_of(const std::string& path) {
  return path.substr(path.find_last_of('/') + 1);
}

}  // namespace

int main(int argc, char** argv) try {
  benchmark::Initialize(&argc, argv);
  std::vector<Texts> texts;
  std::vector<std::unique_ptr<Tokenizer>> tokenizers;
  const std::vector<std::string> folders = listed("ATTUNE_BENCH_MODELS"), files = listed("ATTUNE_BENCH_TEXTS");
  if (folders.empty() || files.empty())
    return std::fputs("set ATTUNE_BENCH_MODELS and ATTUNE_BENCH_TEXTS\n", stderr), 2;
  for (const std::string& file : files) texts.push_back(read_lines(file));
  for (const std::string& folder : folders) {
    tokenizers.push_back(Tokenizer::load(folder));
    const Tokenizer* const tokenizer = tokenizers.back().get();
    const std::string name = last_of(folder);
    benchmark::RegisterBenchmark(("load/" + name).c_str(), [folder](benchmark::State& state) {
      load(state, folder);
    })->Unit(benchmark::kMillisecond);
    for (size_t i = 0; i < files.size(); ++i) {
      const Texts* const of_file = &texts[i];
      const std::string pair = name + "/" + last_of(files[i]);
      benchmark::RegisterBenchmark(("first/" + pair).c_str(),
                                   [=](benchmark::State& state) { first(state, *tokenizer, *of_file); })
          ->UseRealTime()
          ->Unit(benchmark::kMillisecond);
      benchmark::RegisterBenchmark(("again/" + pair).c_str(),
                                   [=](benchmark::State& state) { again(state, *tokenizer, *of_file); })
          ->UseRealTime()
          ->Unit(benchmark::kMillisecond);
    }
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
} catch (const attune::Error& error) {
  return std::fprintf(stderr, "%s\n", error.what()), 2;
}
