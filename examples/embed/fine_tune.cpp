// Fine-tuning inside another program: options in, progress by callback, a folder and a report out.
//   fine_tune MODEL TRAIN.csv OUT
#include <iostream>

#include "attune/train/run.h"

namespace {

// The library prints nothing and handles no signals: a program says what is to happen.
class Progress final : public attune::train::Observer {
 public:
  void note(const std::string& text) override { std::cout << text << '\n'; }
  void progressed(const attune::train::Progress& p) override {
    if (p.step % 10 == 0 || p.step == p.steps)
      std::cout << "step " << p.step << " of " << p.steps << ": loss " << p.loss << '\n';
  }
  bool stop_requested() override { return false; }  // true: finish this step, save, return
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: fine_tune MODEL TRAIN.csv OUT\n";
    return 2;
  }
  try {
    attune::train::TrainOptions options;
    options.model = argv[1];
    options.train = {argv[2]};
    options.out = argv[3];
    options.epochs = 1;
    options.lr = 1e-4;
    options.overwrite = true;
    Progress progress;
    const attune::train::RunResult result = attune::train::run_training(options, progress);
    for (const auto& split : result.report.splits)
      std::cout << split.name << " accuracy " << split.scores.value("accuracy") << '\n';
  } catch (const attune::Error& error) {
    std::cerr << "fine_tune: " << error.what() << '\n';
    return 1;
  }
}
