// attune train: options, a live bar, Ctrl-C that finishes the step.
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "attune/report/json.h"
#include "attune/report/profile.h"
#include "attune/report/text.h"
#include "attune/train/run.h"

#include "cli/arguments.h"
#include "cli/auto_loss.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/train_console.h"

namespace attune::cli {
namespace {

// What --profile found, after everything else that the run says.
void put_profile(const report::Profile& profile, const train::TrainOptions& options) {
  if (options.json) return put(nlohmann::ordered_json{{"profile", report::to_json(profile)}}.dump() + "\n");
  put("\n" + report::to_text(profile));
  if (profile.steps > 0 && !options.profile_trace.empty())
    put(fmt::format("  trace: {} (opens in ui.perfetto.dev and chrome://tracing)\n", options.profile_trace));
}

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
  options.lr_is_given = list.given("lr");
  TrainConsole console(options.json, options.log_every, watch_for_interrupts());
  if (is_auto_loss(options.loss)) return train_with_auto_loss(options, console);
  const train::RunResult result = train::run_training(options, console);
  switch (result.state) {
    case train::RunResult::State::was_finished:
      console.note("the run in " + options.out + " is finished; nothing to resume");
      return 0;
    case train::RunResult::State::interrupted:
      if (result.profile) put_profile(*result.profile, options);
      console.note("stopped; a checkpoint was written. To go on: the same command with --resume");
      return 130;
    case train::RunResult::State::finished:
      break;
  }
  if (options.json) {
    if (result.profile) put_profile(*result.profile, options);
    put(nlohmann::ordered_json{{"report", report::to_json(result.report)}}.dump() + "\n");
  } else {
    put(report::to_text(result.report));
    if (result.profile) put_profile(*result.profile, options);
    put(fmt::format("\nmodel and reports: {}\n", options.out));
  }
  return 0;
}

}  // namespace attune::cli
