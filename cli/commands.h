// The program's commands: one file each, one line in commands.cpp.
#pragma once
#include <string>
#include <vector>

namespace attune::cli {

using ArgumentList = std::vector<std::string>;

struct Command {
  const char* name;
  const char* summary;
  int (*run)(const ArgumentList&);  // returns the exit code; throws attune::Error
  bool runs_long = false;           // worth a few milliseconds of preparation
};

const std::vector<Command>& commands();

int run_adapter(const ArgumentList&);
int run_compare(const ArgumentList&);
int run_data(const ArgumentList&);
int run_embed(const ArgumentList&);
int run_eval(const ArgumentList&);
int run_info(const ArgumentList&);
int run_loss(const ArgumentList&);
int run_models(const ArgumentList&);
int run_predict(const ArgumentList&);
int run_quantize(const ArgumentList&);
int run_runs(const ArgumentList&);
int run_search(const ArgumentList&);
int run_select_loss(const ArgumentList&);
int run_serve(const ArgumentList&);
int run_tokenize(const ArgumentList&);
int run_train(const ArgumentList&);
int run_tune(const ArgumentList&);

}  // namespace attune::cli
