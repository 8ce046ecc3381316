#include "attune/optim/optimizer.h"

#include "attune/base/suggest.h"
#include "attune/optim/adam.h"
#include "attune/optim/sgd.h"

namespace attune::optim {
namespace {

void check_range(const char* option, double value, double low, double high) {
  if (!(value >= low && value < high))
    fail(ErrorKind::usage, "--{} is {}; expected a number in [{}, {})", option, value, low, high);
}

}  // namespace

const std::vector<std::string>& optimizer_names() {
  static const std::vector<std::string> names{"adam", "adamw", "sgd"};
  return names;
}

nn::TableGradients table_gradients(const OptimizerOptions& options) {
  return options.name == "sgd" ? nn::TableGradients::all_rows : nn::TableGradients::touched_rows;
}

std::unique_ptr<Optimizer> make_optimizer(nn::Parameters& parameters, const OptimizerOptions& o) {
  check_range("weight-decay", o.weight_decay, 0, 10);
  check_range("beta1", o.beta1, 0, 1);
  check_range("beta2", o.beta2, 0, 1);
  check_range("momentum", o.momentum, 0, 1);
  if (o.momentum != 0 && o.name != "sgd")
    fail(ErrorKind::usage, "--momentum is for --optimizer sgd; {} has --beta1", o.name);
  if (o.nesterov && (o.name != "sgd" || o.momentum == 0))
    fail(ErrorKind::usage, "--nesterov needs --optimizer sgd and a --momentum above 0");
  if (o.name == "adamw") return make_adam(parameters, o, false);
  if (o.name == "adam") return make_adam(parameters, o, true);
  if (o.name == "sgd") return make_sgd(parameters, o);
  fail(ErrorKind::usage, "unknown optimizer '{}'; known: adam, adamw, sgd{}", o.name,
       did_you_mean(o.name, optimizer_names()));
}

}  // namespace attune::optim
