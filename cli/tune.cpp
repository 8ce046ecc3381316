// attune tune: the options that are worth changing, found within a budget of time.
#include "attune/study/tune.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "attune/report/columns.h"
#include "attune/study/report/json.h"
#include "attune/study/report/text.h"
#include "attune/study/study_space.h"

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/tune_console.h"

namespace attune::cli {
namespace {

// "--lr 1e-5..5e-4:log" is "--space lr=1e-5..5e-4:log".
ArgumentList with_spaces_named(const ArgumentList& arguments) {
  ArgumentList named;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") {
      named.insert(named.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i), arguments.end());
      break;
    }
    const size_t equals = argument.find('=');
    const bool option = argument.starts_with("--");
    const bool apart = option && equals == std::string::npos && i + 1 < arguments.size();
    std::string name = option ? argument.substr(2, equals == std::string::npos ? equals : equals - 2) : "";
    std::replace(name.begin(), name.end(), '_', '-');
    const std::string value = apart ? arguments[i + 1] : equals == std::string::npos ? "" : argument.substr(equals + 1);
    if (!name.empty() && study::is_space(name, value)) {
      named.insert(named.end(), {"--space", name + "=" + value});
      i += apart ? 1 : 0;
    } else {
      named.push_back(argument);
    }
  }
  return named;
}

// What --search would look through, option by option.
std::string declared_text() {
  report::Columns columns;
  columns.column("", report::Align::left).column("", report::Align::left);
  for (const auto& [name, space] : study::declared_spaces()) columns.row({name, space});
  return "\nWhat options declare to be searched in (lr-times: the rate as a multiple of what it would be, which is an\n"
         "adapter's own where there is one)\n" +
         columns.text(130);
}

}  // namespace

int run_tune(const ArgumentList& arguments) {
  study::StudyOptions options;
  OptionList list;
  options.visit(list);
  const Arguments parsed = parse_arguments(with_spaces_named(arguments), list, 0);
  if (parsed.help) {
    put(help_text(
            "attune tune --model MODEL --train FILE --budget 30m --metric NAME --out DIR [options]",
            "Finds options that are better than the defaults, within a budget of time: learning rate, loss, batch,\n"
            "whatever has a space. Short runs first, the best go on; the best of all is judged against the defaults\n"
            "on rows and seeds that the search never saw. Options of a run take a space in place of a value, as in\n"
            "--lr 1e-5..5e-4:log, --batch-size '8|16|32', --loss 'cross_entropy | focal(gamma=0.5..3)' and\n"
            "--adapter 'none|lora(r=4|8|16)'. DIR gets report.html, study.json, train.json (for attune train\n"
            "--config) and every run; the same command goes on where it was stopped, may be run several times at\n"
            "once, and goes on with a larger --budget.",
            list) +
        declared_text());
    return 0;
  }
  options.train.max_length_is_a_demand = list.given("max-length");
  options.train.lr_is_given = list.given("lr");
  for (const Option& option : list.options())
    if (list.given(option.name)) options.given.push_back(option.name);
  options.program = std::filesystem::canonical("/proc/self/exe").string();
  TuneConsole console(watch_for_interrupts());
  const auto outcome = study::run_study(options, console);
  console.close();
  if (!outcome) {
    tell("stopped; the same command goes on from here\n");
    return 130;
  }
  put(options.train.json ? study::to_json(*outcome).dump(2) + "\n" : study::to_text(*outcome));
  if (!options.train.json)
    put(fmt::format("\n  page {0}/report.html, figures {0}/study.json\n  {1}\n", options.train.out,
                    options.final_model.empty()
                        ? fmt::format("to train: attune train --config {}/train.json --out MODEL", options.train.out)
                        : "model: " + options.final_model));
  return 0;
}

}  // namespace attune::cli
