// How a fine-tuned model is run: the options that eval and predict share.
#pragma once
#include <cstdint>
#include <string>

#include "attune/base/options.h"

namespace attune::cli {

struct InferenceOptions {
  std::string model;
  int64_t batch_size = 32;
  std::string precision = "auto";
  int threads = 0;

  void visit(OptionList& list) {
    list.group("Model");
    list.add("model", model,
             {.help = "fine-tuned model: a folder or a hub id", .placeholder = "RUN", .required = true});
    list.add("batch-size", batch_size,
             {.help = "texts at once; changes no result", .min = 1, .max = 65536, .output_only = true});
    list.add("precision", precision,
             {.help = "of matrix products; auto: bf16 where the processor multiplies it fast",
              .choices = {"auto", "f32", "bf16"}});
    list.add("threads", threads,
             {.help = "0: as many as there are physical cores at hand", .min = 0, .output_only = true});
  }
};

}  // namespace attune::cli
