// attune data: a look at data files before anything is trained on them.
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "attune/base/error.h"
#include "attune/base/scratch_file.h"
#include "attune/data/dataset.h"
#include "attune/data/encode.h"
#include "attune/data/report.h"
#include "attune/io/resolve.h"
#include "attune/tasks/adapter_folder.h"
#include "attune/tasks/task.h"

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/output.h"

namespace attune::cli {
namespace {

struct DataOptions {
  std::string task = "classify";
  std::string model;
  data::ReadOptions read;
  data::EncodeOptions encode;
  bool json = false;

  void visit(OptionList& list) {
    list.add(
        "task", task,
        {.help = "what is learned, as in training", .choices = {"classify", "multilabel", "regress", "tag", "embed"}});
    list.add("model", model, {.help = "count this model's pieces too", .placeholder = "MODEL"});
    encode.visit(list);
    list.add("json", json, {.help = "print JSON"});
    read.visit(list);
  }
};

// Splits are named by their files; by the whole path where two files have one name.
std::vector<std::string> split_names(const std::vector<std::string>& paths) {
  std::vector<std::string> names;
  for (const auto& path : paths) names.push_back(std::filesystem::path(path).filename().string());
  const bool distinct = std::set<std::string>(names.begin(), names.end()).size() == names.size();
  return distinct ? names : paths;
}

data::DataReport profile(const std::vector<std::string>& paths, const DataOptions& options) {
  const tasks::Task& task = tasks::task_named(options.task);
  const auto tokenizer = options.model.empty()
                             ? nullptr
                             : text::Tokenizer::load(tasks::tokenizer_folder(io::resolve_model(options.model)));
  std::vector<data::Dataset> sets;
  std::vector<data::EncodedSet> encoded;
  for (const auto& path : paths) {
    sets.push_back(
        data::read_dataset({path}, task.data, options.read, data::TargetNeed::optional, system_scratch_folder()));
    if (tokenizer) encoded.push_back(data::encode_all(sets.back().examples, *tokenizer, task.data, options.encode));
  }
  const std::vector<std::string> names = split_names(paths);
  std::vector<data::SplitInput> inputs;
  for (size_t i = 0; i < sets.size(); ++i) inputs.push_back({names[i], &sets[i], tokenizer ? &encoded[i] : nullptr});
  return data::profile_data(inputs, task.data, tokenizer ? options.encode.max_length : 0);
}

}  // namespace

int run_data(const ArgumentList& arguments) {
  DataOptions options;
  OptionList list;
  options.visit(list);
  const Arguments parsed = parse_arguments(arguments, list, 64);
  if (parsed.help) {
    put(help_text(
        "attune data FILE... [--task TASK] [--model MODEL] [options]",
        "Reads data files and shows what they hold: rows, labels, lengths, duplicates, rows that stand in several "
        "files,\n"
        "and what a careful person would look at first. The first file is the one the others are compared with.",
        list));
    return 0;
  }
  if (parsed.positional.empty()) fail(ErrorKind::usage, "no data file was named; usage: attune data FILE...");
  const data::DataReport report = profile(parsed.positional, options);
  put(options.json ? data::to_json(report).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"
                   : data::to_text(report));
  return 0;
}

}  // namespace attune::cli
