#include "cli/auto_loss.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "attune/base/blanks.h"
#include "attune/base/error.h"
#include "attune/selection/report/json.h"
#include "attune/selection/report/text.h"
#include "attune/selection/select.h"

#include "cli/output.h"

namespace attune::cli {
namespace {

constexpr std::string_view kAuto = "auto";

std::string_view without_spaces(std::string_view text) {
  return trimmed(text, " ");
}

// What stands between the brackets, set as select-loss's own options.
void read_arguments(std::string_view text, selection::SelectOptions& options) {
  OptionList list("");
  options.visit(list);
  while (!text.empty()) {
    const size_t end = std::min(text.find(','), text.size());
    const std::string_view each = text.substr(0, end);
    const size_t equals = each.find('=');
    if (equals == each.npos)
      fail(ErrorKind::usage, "--loss auto(...): '{}' is no name=value; as in auto(metric=macro_f1, budget=8)",
           without_spaces(each));
    with_context([] { return "in --loss auto(...)"; },
                 [&] { list.set(without_spaces(each.substr(0, equals)), without_spaces(each.substr(equals + 1))); });
    text.remove_prefix(std::min(text.size(), end + 1));
  }
}

}  // namespace

bool is_auto_loss(const std::string& loss) {
  const std::string_view text = without_spaces(loss);
  return text == kAuto || (text.starts_with("auto(") && text.ends_with(')'));
}

int train_with_auto_loss(train::TrainOptions options, train::Observer& observer) {
  selection::SelectOptions choosing;
  choosing.train = options;
  choosing.train.loss.clear();
  const std::string_view text = without_spaces(options.loss);
  if (text.size() > kAuto.size())
    read_arguments(text.substr(kAuto.size() + 1, text.size() - kAuto.size() - 2), choosing);
  choosing.final_model = options.out;
  choosing.train.out = options.out + "-choice";
  choosing.train.resume = false;
  choosing.program = std::filesystem::canonical("/proc/self/exe").string();
  if (std::filesystem::exists(options.out) && !options.overwrite && !options.resume)
    fail(ErrorKind::usage, "--out {} exists; give --overwrite to replace it, --resume to go on, or another folder",
         options.out);
  const auto choice = selection::select_loss(choosing, observer);
  if (!choice) {
    tell("stopped; the same command with --resume goes on\n");
    return 130;
  }
  put(options.json ? selection::to_json(*choice).dump(2) + "\n" : selection::to_text(*choice));
  if (!options.json)
    put(fmt::format("\nmodel and reports: {}; how its loss was chosen: {}/report.html\n", options.out,
                    choosing.train.out));
  return 0;
}

}  // namespace attune::cli
