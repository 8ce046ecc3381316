// Everything `attune train` can be told, once: flags, config file, help and the run record all come from visit().
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "attune/base/options.h"
#include "attune/data/encode.h"
#include "attune/data/read_options.h"
#include "attune/optim/optimizer.h"

namespace attune::train {

struct TrainOptions {
  // What, on what
  std::string model;
  std::string task = "classify";
  std::vector<std::string> train;
  std::string dev, test;
  double holdout = 0.1;
  std::string parts;  // file; empty: none
  std::string labels;
  data::ReadOptions read;

  // Text to tokens
  data::EncodeOptions encode;
  // A max_length beyond the model's positions is an error; else it is shortened to them. No option: the program sets it
  // where the user gave --max-length.
  bool max_length_is_a_demand = false;
  // The same of --lr: without it an adapter's method says the rate (peft::Method::learning_rate).
  bool lr_is_given = false;

  // What is minimised
  std::string loss;     // empty: the task's default
  std::string teacher;  // empty: none
  std::string class_weights = "none";
  std::vector<double> pos_weight;
  double label_smoothing = 0;

  // How
  double epochs = 3;
  int64_t max_steps = 0;
  int64_t batch_size = 16;
  int64_t micro_batch = 0;  // 0: as many as fit the token budget
  double lr = 5e-5;
  std::string schedule = "linear";
  double warmup = 0.1;
  double clip = 1.0;
  optim::OptimizerOptions optimizer;
  bool shuffle = true;

  // The model
  std::string pooling = "auto";
  std::string normalize = "auto";
  std::string decoding = "iob2";
  std::string head_start = "random";
  bool new_head = false;
  std::string adapter;  // empty: none, or the model's own
  std::string base_precision = "auto";
  std::optional<double> dropout, attention_dropout, classifier_dropout;
  bool freeze_embeddings = false;
  int64_t freeze_layers = 0;
  bool cache_frozen = false;

  // Looking on
  int64_t eval_every = 0;
  int64_t eval_batch_size = 64;
  std::string best_metric;
  int64_t early_stopping = 0;
  std::string correct_for;  // a metric; empty: no correction
  int64_t bootstrap = 1000;
  bool ladder = true;
  bool profile = false;
  std::string profile_trace;

  // The run
  std::string out;
  uint64_t seed = 1;
  std::string precision = "auto";
  int threads = 0;
  bool resume = false, overwrite = false;
  int64_t save_every = 0;
  int64_t keep_checkpoints = 2;
  int64_t log_every = 10;
  bool per_example = false;
  double memory_limit = 0;
  bool report_text = false;
  bool predictions = false;
  bool save_model = true;
  std::vector<std::string> track;
  std::string tensorboard, wandb, project;  // folders; empty: none
  bool json = false;

  void visit(OptionList& list);
};

}  // namespace attune::train
