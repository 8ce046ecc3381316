#include "cli/tune_console.h"

#include <algorithm>
#include <cmath>
#include <fmt/core.h>
#include <unistd.h>

#include "attune/report/columns.h"
#include "attune/report/format.h"
#include "attune/study/report/text.h"
#include "attune/study/report/words.h"

#include "cli/output.h"
#include "cli/terminal.h"

namespace attune::cli {
namespace {

constexpr size_t kMostTrials = 10;

std::string running_text(const std::vector<study::RunLine>& running) {
  std::string text;
  for (const study::RunLine& run : running) text += (text.empty() ? "" : ", ") + run.name;
  return text;
}

// "verdict-0-trial-000  0.8512  12.3 s"
std::string ended_text(const std::string& metric, const study::RunLine& run, const std::string& what) {
  const std::string value = run.state == tune::RunState::finished ? study::value_title(metric, run.value)
                                                                  : std::string(name(run.state)) + ": " + run.failure;
  return fmt::format("{:<22} {:<8} {:>8}  {}\n", run.name, value, report::seconds(run.seconds), what);
}

}  // namespace

TuneConsole::TuneConsole(const std::atomic<bool>& interrupted)
    : live_(::isatty(STDERR_FILENO)), interrupted_(interrupted) {}

void TuneConsole::note(const std::string& text) {
  clear();
  tell(text + "\n");
  if (!table_.empty()) draw(running_);
}

void TuneConsole::stands(const study::Standings& standings) {
  if (!live_) return say_ended(standings);
  table_ = study::to_text(standings, static_cast<int>(terminal_width()) - 1, kMostTrials);
  running_ = running_text(standings.running);
  draw(running_);
}

void TuneConsole::say_ended(const study::Standings& standings) {
  const auto say = [&](const study::RunLine& run, const std::string& what) {
    if (run.state != tune::RunState::running && said_.insert(run.name).second)
      tell(ended_text(standings.metric, run, what));
  };
  std::vector<std::pair<double, std::pair<const study::RunLine*, const study::TrialLine*>>> ended;
  for (const study::TrialLine& trial : standings.trials)
    for (const study::RunLine& run : trial.runs) ended.push_back({run.began, {&run, &trial}});
  std::sort(ended.begin(), ended.end());
  for (const auto& [began, run] : ended)
    say(*run.first, fmt::format("{}: {}", study::length_title(run.first->share), study::trial_title(*run.second)));
  for (const study::RunLine& run : standings.verdict) say(run, run.trial == 0 ? "the defaults" : "what was found");
}

void TuneConsole::progressed(const train::Progress& p) {
  const auto now = std::chrono::steady_clock::now();
  if (!live_ || table_.empty() || now - drawn_ < std::chrono::milliseconds(200)) return;
  drawn_ = now;
  draw(fmt::format("{}: step {}/{}, {} left", running_, p.step, p.steps, report::seconds(std::round(p.seconds_left))));
}

void TuneConsole::draw(const std::string& running) {
  clear();
  const std::string text = table_ + report::fit(running, static_cast<int>(terminal_width()) - 1) + "\n";
  tell(text);
  lines_ = static_cast<int>(std::count(text.begin(), text.end(), '\n'));
}

void TuneConsole::clear() {
  if (lines_ > 0) tell(fmt::format("\033[{}A\033[J", lines_));
  lines_ = 0;
}

void TuneConsole::close() {
  clear();
  table_.clear();
}

}  // namespace attune::cli
