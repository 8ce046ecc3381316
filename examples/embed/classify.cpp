// A fine-tuned classifier inside another program.   classify FOLDER < texts
#include <algorithm>
#include <iostream>
#include <string>

#include "attune/base/threads.h"
#include "attune/train/predictor.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: classify FOLDER < texts\n";
    return 2;
  }
  try {
    const attune::tasks::ModelBundle bundle =
        attune::tasks::open_for_inference(argv[1], attune::tasks::compute_type("auto"));
    const auto kernels = attune::kernels::cpu::make_kernels(attune::choose_threads(0).threads);
    attune::train::Predictor predictor(bundle, *kernels);
    attune::data::Example row;
    while (std::getline(std::cin, row.text)) {
      const auto logits = predictor.logits({&row, 1})[0].logits;
      const auto best = std::max_element(logits.begin(), logits.end()) - logits.begin();
      std::cout << bundle.labels.name(static_cast<int>(best)) << '\t' << row.text << '\n';
    }
  } catch (const attune::Error& error) {
    std::cerr << "classify: " << error.what() << '\n';
    return 1;
  }
}
