#include "cli/train_console.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fmt/core.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "attune/train/event_json.h"

#include "cli/output.h"
#include "cli/terminal.h"

namespace attune::cli {
namespace {

// "22.7 M", "38.3 k"
std::string magnitude(int64_t count) {
  const auto n = static_cast<double>(count);
  return count >= 1000000 ? fmt::format("{:.1f} M", n * 1e-6)
         : count >= 1000  ? fmt::format("{:.1f} k", n * 1e-3)
                          : std::to_string(count);
}

std::string clock_text(double seconds) {
  const auto s = static_cast<int64_t>(seconds + 0.5);
  return s >= 3600 ? fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
                   : fmt::format("{}:{:02}", s / 60, s % 60);
}

std::string counted(int64_t n, const char* noun) {
  return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
}

// The bar and as many of the figures as stand in one line: a line that wraps could not be drawn over.
std::string bar_line(const train::Progress& p, const std::string& text, size_t width) {
  constexpr size_t kMost = 24, kLeast = 8;
  const size_t last = width > 0 ? width - 1 : 0;  // a full line moves some terminals to the next
  const size_t bar = std::min(kMost, last > text.size() + 1 + kLeast ? last - text.size() - 1 : kLeast);
  if (last <= bar + 1) return text.substr(0, last);
  const size_t full = bar * static_cast<size_t>(p.step) / static_cast<size_t>(std::max<int64_t>(1, p.steps));
  std::string line;
  for (size_t i = 0; i < bar; ++i) line += i < full ? "█" : "░";
  return line + " " + text.substr(0, last - bar - 1);
}

}  // namespace

TrainConsole::TrainConsole(bool json, int64_t log_every, const std::atomic<bool>& interrupted)
    : json_(json), live_(!json && ::isatty(STDERR_FILENO)), log_every_(log_every), interrupted_(interrupted) {}

void TrainConsole::note(const std::string& text) {
  say(train::note_json(text), text);
}

void TrainConsole::data_report(const std::string& text) {
  if (!json_) tell(text + "\n");
}

void TrainConsole::planned(const train::RunPlan& p) {
  say(train::plan_json(p),
      fmt::format("plan: {} rows, {} ({:.3g} epochs), {} parameters ({} trained), {} products{}, {} ({}); about {} and "
                  "{:.0f} MiB",
                  p.rows, counted(p.steps, "step"), p.epochs, magnitude(p.parameters), magnitude(p.trainable),
                  p.precision, p.base.empty() ? "" : fmt::format(" over a base in {}", p.base),
                  counted(p.threads, "thread"), p.threads_reason, clock_text(p.seconds), p.memory_mib));
}

void TrainConsole::progressed(const train::Progress& p) {
  const bool line = train::has_line(p, log_every_);
  if (json_ && !line) return;
  if (json_) return say(train::progress_json(p), "");
  const std::string loss = std::isnan(p.loss) ? "none" : fmt::format("{:.4f}", p.loss);
  const std::string text =
      fmt::format("step {}/{}  epoch {:.2f}  loss {}  {:.0f} examples/s  {:.0f} tokens/s  {} left", p.step, p.steps,
                  p.epoch, loss, p.examples_per_second, p.tokens_per_second, clock_text(p.seconds_left));
  if (live_) return draw(p, text);
  if (line) tell(text + "\n");
}

void TrainConsole::draw(const train::Progress& p, const std::string& text) {
  const auto now = std::chrono::steady_clock::now();
  if (now - drawn_ < std::chrono::milliseconds(100) && p.step != p.steps) return;
  drawn_ = now;
  tell(fmt::format("\r\033[K{}{}", bar_line(p, text, terminal_width()), p.step == p.steps ? "\n" : ""));
  open_line_ = p.step != p.steps;
}

void TrainConsole::evaluated(int64_t step, double epoch, const std::string& split, const metrics::Scores& scores,
                             bool best) {
  std::string text = fmt::format("{} after epoch {:.2f}:", split, epoch);
  for (const auto& score : scores) {
    static const std::vector<std::string> shown{"accuracy",  "macro_f1",       "micro_f1", "mcc",
                                                "entity_f1", "token_accuracy", "ndcg_10",  "mrr",
                                                "spearman",  "pearson",        "mse",      "loss"};
    if (score.defined() && std::find(shown.begin(), shown.end(), score.name) != shown.end())
      text += fmt::format("  {} {:.4f}", score.name, score.value);
  }
  say(train::evaluation_json(step, epoch, split, scores), text + (best ? "  (best so far)" : ""));
}

void TrainConsole::say(const nlohmann::ordered_json& line, const std::string& text) {
  if (open_line_) tell("\n");
  open_line_ = false;
  if (!json_) return tell(text + "\n");
  // Unchecked: training goes on where nobody reads; the report at the end is checked.
  const std::string written = line.dump() + "\n";
  std::fwrite(written.data(), 1, written.size(), stdout);
  std::fflush(stdout);
}

}  // namespace attune::cli
