#include "attune/train/train_options.h"

#include "attune/optim/schedule.h"
#include "attune/tasks/model_bundle.h"
#include "attune/tasks/tag_decoder.h"
#include "attune/train/head_start.h"

namespace attune::train {

void TrainOptions::visit(OptionList& list) {
  list.group("What, on what");
  list.add("model", model,
           {.help = "pre-trained or fine-tuned model: a folder, minilm, multilingual, or a hub id in the local cache",
            .placeholder = "MODEL",
            .required = true});
  list.add(
      "task", task,
      {.help = "what is learned: one label a text (classify), any number of labels (multilabel), a number (regress), a "
               "label a word (tag), or a vector a text, for search and similarity (embed)",
       .choices = {"classify", "multilabel", "regress", "tag", "embed"}});
  list.add("train", train,
           {.help = "training file: csv, tsv, jsonl, or conll columns", .placeholder = "FILE", .required = true});
  list.add("dev", dev,
           {.help = "file to evaluate on while training; 'none': no evaluation. Neither --dev nor --test: a part of "
                    "the training rows is held out",
            .placeholder = "FILE"});
  list.add("test", test, {.help = "file to evaluate on once, at the end", .placeholder = "FILE"});
  list.add("holdout", holdout,
           {.help = "share of the training rows held out for dev if no file is given", .min = 0, .max = 0.9});
  list.add("parts", parts,
           {.help = "file that says, a word a line, what each row of the training files is for: train, dev, test or "
                    "none; in place of --dev, --test and --holdout",
            .placeholder = "FILE"});
  list.add("labels", labels,
           {.help = "file with one label a line, in order (default: a continued model's own; else sorted)",
            .placeholder = "FILE"});
  read.visit(list);

  encode.visit(list);

  list.group("What is minimised");
  list.add("loss", loss,
           {.help = "a loss by name, or a sum as in \"0.7*focal(gamma=2) + 0.3*poly1 after 50%\"; `attune loss list` "
                    "shows all; `attune loss show formula` one of your own (default: cross_entropy for classify and "
                    "tag, bce for "
                    "multilabel, mse for regress; embed: info_nce for pairs, cosent with scores, supcon with labels); "
                    "auto: `attune select-loss` chooses, as in 'auto(metric=macro_f1, budget=8)'",
            .placeholder = "LOSS"});
  list.add("teacher", teacher,
           {.help = "fine-tuned model whose answers a loss with distill learns from, as in '0.5*cross_entropy + "
                    "0.5*distill'",
            .placeholder = "RUN"});
  list.add("class-weights", class_weights,
           {.help = "none; balanced (or auto): N / (K n_c) by training counts; effective(BETA); or one number a class",
            .placeholder = "WEIGHTS",
            .search = "none|balanced"});
  list.add("pos-weight", pos_weight,
           {.help = "multilabel: weight of a label's positives; one number, or one a label", .min = 0});
  list.add("label-smoothing", label_smoothing,
           {.help = "share of the target spread over all classes", .min = 0, .max = 0.999, .search = "0.0..0.2"});

  list.group("How");
  list.add("epochs", epochs, {.help = "passes over the training rows", .min = 0, .search = "2|3|5"});
  list.add("max-steps", max_steps, {.help = "stop after so many optimizer steps; 0: by epochs", .min = 0});
  list.add("batch-size", batch_size, {.help = "examples an optimizer step", .min = 1, .search = "8|16|32"});
  list.add("micro-batch", micro_batch,
           {.help = "examples at once in memory; 0: chosen to fit. Splits a step, never its result", .min = 0});
  list.add("lr", lr,
           {.help = "peak learning rate; with --adapter, where it is not given, the method's own",
            .min = 0,
            .search = "1e-5..5e-4:log"});
  list.add("schedule", schedule,
           {.help = "the rate after warm-up", .choices = optim::schedule_names(), .search = "linear|cosine"});
  list.add(
      "warmup", warmup,
      {.help = "warm-up: a share of all steps below 1, a number of steps from 1 on", .min = 0, .search = "0.0..0.3"});
  list.add("clip", clip, {.help = "bound of the global gradient norm; 0: none", .min = 0, .search = "0.5|1|5"});
  list.add("optimizer", optimizer.name,
           {.help = "adamw, adam (L2 in the gradient), sgd", .choices = optim::optimizer_names()});
  list.add("weight-decay", optimizer.weight_decay,
           {.help = "decay of weight matrices (never of biases and norms)", .min = 0, .search = "0.001..0.1:log"});
  list.add("beta1", optimizer.beta1, {.help = "Adam: memory of the mean gradient", .min = 0, .max = 1});
  list.add("beta2", optimizer.beta2,
           {.help = "Adam: memory of its square", .min = 0, .max = 1, .search = "0.95..0.999"});
  list.add("eps", optimizer.eps, {.help = "Adam: added to the root", .min = 1e-30, .search = "1e-8|1e-6"});
  list.add("bias-correction", optimizer.bias_correction, {.help = "Adam: correct the moments' start from zero"});
  list.add("momentum", optimizer.momentum, {.help = "sgd: momentum", .min = 0, .max = 1});
  list.add("nesterov", optimizer.nesterov, {.help = "sgd: Nesterov's look-ahead"});
  list.add("layer-decay", optimizer.layer_decay,
           {.help = "the rate is multiplied by this for every layer further from the head",
            .min = 0,
            .max = 1,
            .search = "0.7..1.0"});
  list.add("shuffle", shuffle, {.help = "another order every epoch; off: file order"});

  list.group("The model");
  list.add(
      "pooling", pooling,
      {.help =
           "what a sequence head reads: the first token, or the mean of all; auto: a continued model's own, else cls "
           "(embed: mean)",
       .choices = {"auto", "cls", "mean"},
       .search = "cls|mean"});
  list.add("normalize", normalize,
           {.help = "embed: vectors are scaled to length 1; auto: a continued model's own, else on",
            .choices = {"auto", "on", "off"}});
  list.add("decoding", decoding,
           {.help = "tagging: iob2: the best tags in which no I- stands without its B-; argmax: each word by itself, "
                    "as Hugging Face does",
            .choices = tasks::decoding_names(),
            .search = "iob2|argmax"});
  list.add("head-start", head_start,
           {.help = "where a new last layer begins: random: N(0, 0.02), as Hugging Face does; linear: a logistic "
                    "regression on the untrained encoder; pays where the ladder's frozen encoder is strong",
            .choices = head_start_names(),
            .search = "random|linear"});
  list.add("new-head", new_head, {.help = "start the last layer anew even if the model has one"});
  list.add("adapter", adapter,
           {.help = "train a few parameters beside the model's own, which stay as they are, and keep them alone: "
                    "'lora(r=8, alpha=16, targets=query|value)'; `attune adapter list` shows all",
            .placeholder = "METHOD",
            .search = "none|lora(r=4|8|16)"});
  list.add(
      "base-precision", base_precision,
      {.help = "what the model's own weights, which stay as they are beside an adapter, are held in while it "
               "trains: int8: a byte each and a scale a row, in a quarter of the memory; auto: bf16 where products "
               "are made of it, else f32",
       .choices = {"auto", "bf16", "int8"}});
  list.add("dropout", dropout,
           {.help = "hidden dropout (default: the model's config)", .min = 0, .max = 0.999, .search = "0.0..0.3"});
  list.add("attention-dropout", attention_dropout,
           {.help = "dropout of attention probabilities (default: the model's config)",
            .min = 0,
            .max = 0.999,
            .search = "0.0..0.3"});
  list.add("classifier-dropout", classifier_dropout,
           {.help = "dropout before the last layer (default: the model's config)",
            .min = 0,
            .max = 0.999,
            .search = "0.0..0.3"});
  list.add("freeze-embeddings", freeze_embeddings, {.help = "do not train the embeddings"});
  list.add("freeze-layers", freeze_layers,
           {.help = "do not train the embeddings and the first N layers", .min = 0, .search = "0|2|4"});
  list.add("cache-frozen", cache_frozen,
           {.help = "run the layers of --freeze-layers once a text, without dropout, and keep what they give: a step "
                    "costs the upper layers alone"});

  list.group("Looking on");
  list.add("eval-every", eval_every,
           {.help = "evaluate on dev every N steps; 0: after every epoch", .unit = "steps", .min = 0});
  list.add("eval-batch-size", eval_batch_size,
           {.help = "sequences at once in evaluation; never changes a result", .min = 1, .output_only = true});
  list.add("best-metric", best_metric,
           {.help = "keep the state that is best on dev by this metric (default: keep the last state)",
            .placeholder = "NAME"});
  list.add("early-stopping", early_stopping,
           {.help = "stop after N evaluations without a better dev value, and keep the best state; 0: off", .min = 0});
  list.add("correct-for", correct_for,
           {.help = "after training, fit corrections on dev that this metric gains by (a prior, a cut, a temperature, "
                    "thresholds), and write them into the model's last layer or its thresholds",
            .placeholder = "METRIC"});
  list.add("bootstrap", bootstrap, {.help = "draws for 95% intervals; 0: none", .min = 0, .output_only = true});
  list.add("ladder", ladder,
           {.help = "classification reports open with what less effort gives (majority, n-grams, frozen encoder)",
            .output_only = true});
  list.add("profile", profile,
           {.help = "show where the time of the training steps went, kernel by kernel, and keep it as profile.json",
            .output_only = true});
  list.add("profile-trace", profile_trace,
           {.help = "the same, and the first steps as a Chrome trace (ui.perfetto.dev, chrome://tracing) in this file",
            .placeholder = "FILE",
            .output_only = true});

  list.group("The run");
  list.add("out", out,
           {.help = "folder of the run and of the model it makes",
            .placeholder = "DIR",
            .required = true,
            .output_only = true});
  list.add("seed", seed, {.help = "of the head's initial values, order and dropout"});
  list.add("precision", precision,
           {.help = "of matrix products: bf16 where the processor multiplies it faster, else f32",
            .choices = {"auto", "bf16", "f32"},
            .refused = {{"int8", tasks::kInt8IsForInference}}});
  list.add("threads", threads,
           {.help = "0: as many as this process may use. Never changes a result",
            .min = 0,
            .max = 1024,
            .output_only = true});
  list.add("resume", resume, {.help = "go on from the newest checkpoint in --out", .output_only = true});
  list.add("overwrite", overwrite, {.help = "replace an existing --out", .output_only = true});
  list.add("save-every", save_every,
           {.help = "write a checkpoint every N steps; 0: only when interrupted",
            .unit = "steps",
            .min = 0,
            .output_only = true});
  list.add("keep-checkpoints", keep_checkpoints,
           {.help = "how many of the newest to keep", .min = 1, .output_only = true});
  list.add("log-every", log_every,
           {.help = "a line in metrics.jsonl every N steps", .unit = "steps", .min = 1, .output_only = true});
  list.add("per-example", per_example,
           {.help = "write what each training row cost in each epoch to per_example.jsonl", .output_only = true});
  list.add("memory-limit", memory_limit,
           {.help = "memory that the process may take: fewer rows at once, or a refusal before the start; 0: no limit",
            .unit = "MiB",
            .min = 0});
  list.add("report-text", report_text,
           {.help = "show texts of mistakes in reports (off: only file and line)", .output_only = true});
  list.add("predictions", predictions,
           {.help = "write what is answered on dev and test to predictions/dev.jsonl and test.jsonl in --out, for "
                    "`attune compare`",
            .output_only = true});
  list.add("save-model", save_model,
           {.help = "keep the model; off: reports and predictions alone", .output_only = true});
  list.add(
      "track", track,
      {.help = "keep the run for a tracker, in the run's own folder: tensorboard, wandb. Nothing goes to the network",
       .placeholder = "NAME",
       .choices = {"tensorboard", "wandb"},
       .output_only = true});
  list.add(
      "tensorboard", tensorboard,
      {.help = "keep the run for TensorBoard in a folder of its own below this one, for `tensorboard --logdir DIR`",
       .placeholder = "DIR",
       .output_only = true});
  list.add("wandb", wandb,
           {.help = "keep the run as an offline run of W&B's below this folder, for `wandb sync`; nothing is sent",
            .placeholder = "DIR",
            .output_only = true});
  list.add("project", project,
           {.help = "keep the run in the database of runs of this folder, for `attune runs`",
            .placeholder = "DIR",
            .output_only = true});
  list.add("json", json, {.help = "progress and result as JSON lines on standard output", .output_only = true});
}

}  // namespace attune::train
