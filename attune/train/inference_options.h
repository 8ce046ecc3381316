// How a fine-tuned model is run: the options that eval and predict share, and embed, search and the C interface in
// part.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "attune/base/error.h"
#include "attune/base/options.h"
#include "attune/tasks/model_bundle.h"

namespace attune::train {

struct InferenceOptions {
  std::string model = {};
  std::string task = "auto";
  bool judges = false;  // eval: --task is asked for
  int64_t batch_size = 32;
  std::string precision = "auto";
  std::string decoding = "auto";
  std::optional<int64_t> max_length = {};
  std::optional<std::string> truncate = {};
  int threads = 0;

  void visit(OptionList& list) {
    list.group("Model");
    list.add(
        "model", model,
        {.help = task == "embed" ? "a run of --task embed, a sentence-transformers folder, or any encoder: a folder, "
                                   "minilm, multilingual, or a hub id in the local cache"
                                 : "fine-tuned model: a folder or a hub id",
         .placeholder = task == "embed" ? "MODEL" : "RUN",
         .required = true});
    if (judges)
      list.add("task", task,
               {.help = "auto: the folder's own task; embed: judge the vectors of an encoder that was never fine-tuned",
                .choices = {"auto", "embed"}});
    list.add("batch-size", batch_size,
             {.help = "texts at once; changes no result", .min = 1, .max = 65536, .output_only = true});
    list.add("precision", precision,
             {.help = "of matrix products; auto: bf16 where the processor multiplies it faster than f32; int8: bytes, "
                      "twice as fast and a quarter of the memory, answers a little off",
              .choices = {"auto", "f32", "bf16", "int8"}});
    if (task != "embed")
      list.add(
          "decoding", decoding,
          {.help = "tagging: iob2: the best tags in which no I- stands without its B-; argmax: each word by itself; "
                   "auto: the model's own",
           .choices = {"auto", "argmax", "iob2"}});
    list.add("max-length", max_length,
             {.help = "longest sequence the model sees, special pieces included; not given: the model's own, else 128",
              .unit = "pieces",
              .min = data::kShortestSequence,
              .max = 1e6});
    list.add("truncate", truncate,
             {.help = "what is kept of a longer text; not given: the model's own, else auto",
              .choices = data::truncation_names()});
    list.add("threads", threads,
             {.help = "0: as many as there are physical cores at hand", .min = 0, .output_only = true});
  }

  // What is given here wins over the model's record. Errors: those of tasks::open_for_inference; usage: --decoding for
  // a task other than tagging, --max-length beyond the positions.
  tasks::ModelBundle open() const {
    tasks::ModelBundle bundle = tasks::open_for_inference(
        model, {.precision = tasks::inference_precision(precision),
                .vectors = task == "embed" ? tasks::Vectors::demanded : tasks::Vectors::where_said});
    if (max_length) tasks::set_max_length(bundle, *max_length);
    if (truncate) bundle.encode.truncate = *truncate;
    if (decoding == "auto") return bundle;
    if (bundle.task->kind != tasks::TaskKind::tag)
      fail(ErrorKind::usage, "--decoding {} is for tagging; {} is a model of the task '{}'", decoding, model,
           bundle.task->name);
    bundle.decoding = tasks::decoding_named(decoding);
    return bundle;
  }
};

}  // namespace attune::train
