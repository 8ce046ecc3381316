// A --config file: an Error, or options that hold what their list allows and that come out as they went in.
#include "attune/base/options.h"

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "attune/base/error.h"
#include "attune/base/json.h"

namespace {

struct Options {
  bool progress = true;
  int threads = 0;
  int64_t steps = 10;
  uint64_t seed = 1;
  double rate = 5e-5;
  std::string task = "classify";
  std::vector<std::string> labels;
  std::vector<double> weights;
  std::optional<int64_t> rows;
  std::optional<double> dropout;
  std::optional<std::string> dev;

  void visit(attune::OptionList& list) {
    list.add("progress", progress, {});
    list.add("threads", threads, {.min = 0, .max = 4096});
    list.add("max-steps", steps, {.min = 1});
    list.add("seed", seed, {});
    list.add("lr", rate, {.min = 0});
    list.add("task", task, {.choices = {"classify", "regress"}});
    list.add("label", labels, {});
    list.add("weight", weights, {.min = 0, .max = 10});
    list.add("rows", rows, {.min = 1});
    list.add("dropout", dropout, {.min = 0, .max = 0.999});
    list.add("dev", dev, {});
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    Options options;
    attune::OptionList list;
    options.visit(list);
    list.set_from_json(attune::parse_json(text, "fuzz.json", attune::ErrorKind::usage), "fuzz.json");
    if (options.threads < 0 || options.threads > 4096 || options.steps < 1 || !(options.rate >= 0)) std::abort();
    for (const double weight : options.weights)
      if (!(weight >= 0 && weight <= 10)) std::abort();

    Options again;
    attune::OptionList second;
    again.visit(second);
    second.set_from_json(list.to_json(), "again");
    if (second.to_json() != list.to_json()) std::abort();
  } catch (const attune::Error& error) {
    if (error.kind() != attune::ErrorKind::usage) std::abort();
  }
  return 0;
}
