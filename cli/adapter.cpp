// attune adapter: the ways of adapting a model, and what becomes of an adapter.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "attune/base/files.h"
#include "attune/base/suggest.h"
#include "attune/peft/method.h"
#include "attune/tasks/model_bundle.h"

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/output.h"

namespace attune::cli {
namespace {

constexpr const char* kAdapterUsage = "attune adapter list | show NAME | merge --model RUN --out DIR";

struct AdapterOptions {
  std::string model, out;
  void visit(OptionList& list) {
    list.add("model", model, {.help = "merge: the folder of an adapter", .placeholder = "RUN"});
    list.add("out", out, {.help = "merge: where the whole model goes; must not be there yet", .placeholder = "DIR"});
  }
};

void list_methods() {
  for (const peft::MethodEntry& entry : peft::methods())
    put(fmt::format("{:<12} {}\n{:<12} {}\n", entry.name, entry.what, "", entry.make()->text()));
  put("\nattune train --adapter 'lora(r=16, targets=all-linear)' trains one; `attune adapter show NAME` says more.\n");
}

void show(const std::string& name) {
  const auto& all = peft::methods();
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& entry) { return name == entry.name; });
  if (found == all.end()) {
    std::vector<std::string> names;
    for (const auto& entry : all) names.emplace_back(entry.name);
    fail(ErrorKind::usage, "there is no way of adapting called '{}'{}; `attune adapter list` shows all", name,
         did_you_mean(name, names));
  }
  const std::unique_ptr<peft::Method> method = found->make();
  OptionList options{""};
  method->visit(options);
  put(fmt::format(
      "{}: {}\n\nsource        {}\nlearning rate {} mostly does ({} where the encoder is 384 units wide)\n\n{}",
      found->name, found->what, found->source, method->learning_rate(768), method->learning_rate(384), options.help()));
}

void merge(const AdapterOptions& options) {
  if (options.model.empty()) fail(ErrorKind::usage, "merge: name the adapter's folder: --model RUN");
  if (options.out.empty()) fail(ErrorKind::usage, "merge: say where the whole model goes: --out DIR");
  if (fs::exists(options.out))
    fail(ErrorKind::usage, "--out {} is there already; name a folder that is not", options.out);
  tasks::ModelBundle bundle = tasks::open_for_inference(options.model, nn::Precision(tensor::DType::f32));
  if (!bundle.base)
    fail(ErrorKind::usage, "--model {}: a whole model, no adapter; there is nothing to merge", options.model);
  const std::string method = bundle.adapter_text, base = bundle.base->folder.string();
  tasks::merge_adapter(bundle);
  AtomicFolder folder(options.out);
  tasks::save_bundle(bundle, folder.path(), bundle.record.is_object() ? bundle.record : nlohmann::json::object());
  folder.commit();
  put(fmt::format("{} is in the weights of {} now: {}\n", method, base, options.out));
}

}  // namespace

int run_adapter(const ArgumentList& arguments) {
  AdapterOptions options;
  OptionList list;
  options.visit(list);
  const Arguments parsed = parse_arguments(arguments, list, 2);
  if (parsed.help) {
    put(help_text(kAdapterUsage,
                  "Adapters are a few parameters trained beside a model that stays as it is (attune train --adapter).\n"
                  "`list` shows the ways there are, `show` one with its options, `merge` makes a whole model of a\n"
                  "trained one, for programs that know no adapters.",
                  list));
    return 0;
  }
  const auto& words = parsed.positional;
  const std::string verb = words.empty() ? "" : words[0];
  if (verb == "list" && words.size() == 1) return list_methods(), 0;
  if (verb == "show" && words.size() == 2) return show(words[1]), 0;
  if (verb == "merge" && words.size() == 1) return merge(options), 0;
  fail(ErrorKind::usage, "expected list, show NAME or merge; usage: {}", kAdapterUsage);
}

}  // namespace attune::cli
