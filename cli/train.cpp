// attune train: options, a live bar, Ctrl-C that finishes the step.
#include <atomic>
#include <chrono>
#include <csignal>
#include <fmt/core.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "attune/report/json.h"
#include "attune/report/text.h"
#include "attune/train/run.h"

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/output.h"

namespace attune::cli {
namespace {

std::atomic<bool> interrupted{false};

// The first Ctrl-C asks the run to stop after this step; a second one ends the program.
extern "C" void on_interrupt(int signal) {
  if (interrupted.exchange(true)) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}

std::string clock_text(double seconds) {
  const auto s = static_cast<int64_t>(seconds + 0.5);
  return s >= 3600 ? fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
                   : fmt::format("{}:{:02}", s / 60, s % 60);
}

class Console final : public train::Observer {
 public:
  Console(bool json, int64_t log_every) : json_(json), live_(!json && ::isatty(STDERR_FILENO)), log_every_(log_every) {}

  void note(const std::string& text) override { say({{"note", text}}, text); }
  void data_report(const std::string& text) override {
    if (!json_) tell(text + "\n");
  }
  void planned(const train::RunPlan& p) override {
    say({{"plan",
          {{"steps", p.steps},
           {"tokens", p.tokens},
           {"memory_mib", p.memory_mib},
           {"seconds", p.seconds},
           {"threads", p.threads}}}},
        fmt::format("plan: {} rows, {} steps ({:.3g} epochs), {:.1f} M parameters ({:.1f} M trained), {} products, {} "
                    "threads ({}); about {} and {:.0f} MiB",
                    p.rows, p.steps, p.epochs, static_cast<double>(p.parameters) * 1e-6,
                    static_cast<double>(p.trainable) * 1e-6, p.precision, p.threads, p.threads_reason,
                    clock_text(p.seconds), p.memory_mib));
  }
  void progressed(const train::Progress& p) override {
    const bool line = p.step % log_every_ == 0 || p.step == p.steps;
    if (json_ && line)
      return say({{"step", p.step},
                  {"epoch", p.epoch},
                  {"loss", p.loss},
                  {"lr", p.rate},
                  {"grad_norm", p.gradient_norm},
                  {"ms_per_step", p.ms_per_step},
                  {"tokens_per_second", p.tokens_per_second}},
                 "");
    const auto now = std::chrono::steady_clock::now();
    if (json_ || (!live_ && !line) || (live_ && now - drawn_ < std::chrono::milliseconds(100) && p.step != p.steps))
      return;
    drawn_ = now;
    const std::string text =
        fmt::format("step {}/{}  epoch {:.2f}  loss {:.4f}  {:.0f} examples/s  {:.0f} tokens/s  {} left", p.step,
                    p.steps, p.epoch, p.loss, p.examples_per_second, p.tokens_per_second, clock_text(p.seconds_left));
    if (!live_) return tell(text + "\n");
    constexpr int kWidth = 24;
    const auto full = static_cast<int>(kWidth * p.step / std::max<int64_t>(1, p.steps));
    std::string bar;
    for (int i = 0; i < kWidth; ++i) bar += i < full ? "█" : "░";
    tell(fmt::format("\r\033[K{} {}{}", bar, text, p.step == p.steps ? "\n" : ""));
    open_line_ = p.step != p.steps;
  }
  void evaluated(int64_t step, double epoch, const std::string& split, const metrics::Scores& scores,
                 bool best) override {
    std::string text = fmt::format("{} after epoch {:.2f}:", split, epoch);
    nlohmann::ordered_json line{{"step", step}, {"epoch", epoch}, {"split", split}};
    for (const auto& score : scores) {
      line[score.name] = score.defined() ? nlohmann::ordered_json(score.value) : nlohmann::ordered_json();
      static const std::vector<std::string> shown{"accuracy",       "macro_f1", "micro_f1", "mcc", "entity_f1",
                                                  "token_accuracy", "spearman", "pearson",  "mse", "loss"};
      if (score.defined() && std::find(shown.begin(), shown.end(), score.name) != shown.end())
        text += fmt::format("  {} {:.4f}", score.name, score.value);
    }
    say(line, text + (best ? "  (best so far)" : ""));
  }
  bool stop_requested() override { return interrupted; }

 private:
  void say(const nlohmann::ordered_json& line, const std::string& text) {
    if (open_line_) tell("\n");
    open_line_ = false;
    if (!json_) return tell(text + "\n");
    // Unchecked: training goes on where nobody reads; the report at the end is checked.
    const std::string written = line.dump() + "\n";
    std::fwrite(written.data(), 1, written.size(), stdout);
    std::fflush(stdout);
  }

  bool json_, live_, open_line_ = false;
  int64_t log_every_;
  std::chrono::steady_clock::time_point drawn_{};
};

}  // namespace

int run_train(const ArgumentList& arguments) {
  train::TrainOptions options;
  OptionList list;
  options.visit(list);
  const Arguments parsed = parse_arguments(arguments, list, 0);
  if (parsed.help) {
    put(help_text(
        "attune train --model MODEL --train FILE --out DIR [options]",
        "Fine-tunes a model on labelled data, evaluates it, and leaves in DIR a Hugging Face folder with reports.",
        list));
    return 0;
  }
  options.max_length_is_a_demand = list.given("max-length");
  Console console(options.json, options.log_every);
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  const train::RunResult result = train::run_training(options, console);
  switch (result.state) {
    case train::RunResult::State::was_finished:
      console.note("the run in " + options.out + " is finished; nothing to resume");
      return 0;
    case train::RunResult::State::interrupted:
      console.note("stopped; a checkpoint was written. To go on: the same command with --resume");
      return 130;
    case train::RunResult::State::finished:
      break;
  }
  put(options.json ? nlohmann::ordered_json{{"report", report::to_json(result.report)}}.dump() + "\n"
                   : fmt::format("{}\nmodel and reports: {}\n", report::to_text(result.report), options.out));
  return 0;
}

}  // namespace attune::cli
