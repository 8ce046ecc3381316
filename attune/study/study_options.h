// Everything `attune tune` can be told: its own options, and those of every run (`attune train`'s).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "attune/train/train_options.h"

namespace attune::study {

struct StudyOptions {
  std::string metric;
  std::string budget = "30m";
  std::string search = "auto";
  std::vector<std::string> space;  // "lr=1e-5..5e-4:log"
  std::string max_latency, max_size;
  int64_t trials = 0;
  double random_share = 0.2;
  bool stop_hopeless = true;
  int seeds = 3;
  std::optional<double> worth;
  double level = 0.95;
  bool strict = false;
  int64_t draws = 1000;
  bool by_time = false;
  std::string time;  // a column
  int jobs = 1;
  std::string program;  // no option: attune itself, for several jobs at once
  // No option: the names of those that were told, as a command or a configuration had them. What was told a value is
  // not searched.
  std::vector<std::string> given;
  std::string final_model;
  train::TrainOptions train;

  void visit(OptionList& list);
};

// "90s", "30m", "2h" -> seconds; "5ms", "0.2s" -> milliseconds; "30MB", "1.5GB" (powers of 1000) -> bytes. Errors
// (usage): anything else, or not above 0; `option` is named.
double parse_seconds(const std::string& text, const char* option);
double parse_milliseconds(const std::string& text, const char* option);
double parse_bytes(const std::string& text, const char* option);

}  // namespace attune::study
