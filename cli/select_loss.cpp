// attune select-loss: which loss, from evidence.
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fmt/core.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "attune/report/format.h"
#include "attune/selection/report/json.h"
#include "attune/selection/report/text.h"
#include "attune/selection/select.h"

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/output.h"

namespace attune::cli {
namespace {

// Stages as lines; of the run at hand one line that is drawn over, where there is a terminal.
class SelectConsole final : public train::Observer {
 public:
  explicit SelectConsole(const std::atomic<bool>& interrupted)
      : live_(::isatty(STDERR_FILENO)), interrupted_(interrupted) {}
  void note(const std::string& text) override {
    clear();
    tell(text + "\n");
  }
  void planned(const train::RunPlan& plan) override {
    if (!live_) tell(fmt::format("  {} steps, about {}\n", plan.steps, report::seconds(plan.seconds)));
  }
  void progressed(const train::Progress& p) override {
    const auto now = std::chrono::steady_clock::now();
    if (!live_ || now - drawn_ < std::chrono::milliseconds(200)) return;
    drawn_ = now, open_ = true;
    tell(fmt::format("\r\033[K  step {}/{}, {} left", p.step, p.steps, report::seconds(std::round(p.seconds_left))));
  }
  bool stop_requested() override { return interrupted_; }
  void clear() {
    if (open_) tell("\r\033[K");
    open_ = false;
  }

 private:
  bool live_, open_ = false;
  const std::atomic<bool>& interrupted_;
  std::chrono::steady_clock::time_point drawn_{};
};

void put_choice(const selection::Choice& choice, bool json) {
  put(json ? selection::to_json(choice).dump(2) + "\n" : selection::to_text(choice));
}

int replay(const selection::SelectOptions& options) {
  const selection::Replayed replayed = selection::replay(options.replay);
  put_choice(replayed.choice, options.train.json);
  tell(replayed.same ? fmt::format("\nthe same as {}/verdict.json, bit for bit\n", options.replay)
                     : fmt::format("\nNOT what {}/verdict.json says\n", options.replay));
  return replayed.same ? 0 : 1;
}

}  // namespace

int run_select_loss(const ArgumentList& arguments) {
  selection::SelectOptions options;
  OptionList list;
  options.visit(list);
  for (const std::string& argument : arguments)  // a replay needs no model, no data and no --out
    if (argument == "--replay" || argument.starts_with("--replay="))
      for (const char* name : {"model", "train", "out"}) list.set(name, name);
  const Arguments parsed = parse_arguments(arguments, list, 0);
  if (parsed.help) {
    put(help_text(
        "attune select-loss --model MODEL --train FILE --metric NAME [--budget N|20m] --out DIR [options]",
        "Measures the data, fits corrections after training, and says by evidence whether another loss is better:\n"
        "the plain loss and its rivals are trained on rows that do not judge them, and a verdict comes from rows and\n"
        "seeds that no choice was made by. At the default budget of one run: corrections of the plain loss alone.\n"
        "DIR gets report.html, verdict.json, train.json (for attune train --config) and every run's predictions;\n"
        "the same command goes on where it was stopped.",
        list));
    return 0;
  }
  if (!options.replay.empty()) return replay(options);
  options.train.max_length_is_a_demand = list.given("max-length");
  options.train.lr_is_given = list.given("lr");
  options.program = std::filesystem::canonical("/proc/self/exe").string();
  SelectConsole console(watch_for_interrupts());
  const auto choice = selection::select_loss(options, console);
  console.clear();
  if (!choice) {
    tell("stopped; the same command goes on from here\n");
    return 130;
  }
  put_choice(*choice, options.train.json);
  if (!options.train.json)
    put(
        fmt::format("\n  page {0}/report.html, figures {0}/verdict.json\n  to train: attune train --config "
                    "{0}/train.json --out MODEL\n",
                    options.train.out));
  return 0;
}

}  // namespace attune::cli
