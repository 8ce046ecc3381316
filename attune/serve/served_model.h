// A model as a service has it: opened once, never changed, shared by the requests that use it.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "attune/tasks/model_bundle.h"
#include "attune/train/prediction_lines.h"

namespace attune::serve {

class ServedModel;
using ModelRef = std::shared_ptr<ServedModel>;

struct OpenOptions {
  std::string precision = "auto";
  std::optional<int64_t> max_length = {};
  std::vector<ModelRef> others = {};  // that are served already
};

class ServedModel {
 public:
  // `folder`: as --model takes it. Where one of the others has the same encoder (tasks::encoder_hash) in the same
  // precision, it is that one's: memory holds it once, and requests of both run together. Errors: those of
  // tasks::open_for_inference; usage: int8 where it was not found safe for this model, nor accepted
  // (tasks/int8_record.h).
  ServedModel(std::string name, const std::string& folder, const OpenOptions& options);

  const std::string& name() const { return name_; }
  const std::string& folder() const { return folder_; }
  int64_t opened() const { return opened_; }  // seconds since 1970
  // tasks::folder_hash
  const std::string& hash() const { return hash_; }
  const std::string& encoder_hash() const { return encoder_hash_; }
  bool shares_encoder_with(const ServedModel& other) const {
    return bundle_.model->shares_encoder_with(*other.bundle_.model);
  }
  // Whether requests of both may run in one pass.
  bool shares_pass_with(const ServedModel& other) const {
    return bundle_.model->shares_pass_with(*other.bundle_.model);
  }
  const tasks::ModelBundle& bundle() const { return bundle_; }
  tasks::TaskKind task() const { return bundle_.task->kind; }
  const train::PredictionLines& lines() const { return lines_; }
  bool embeds() const { return task() == tasks::TaskKind::embed; }
  bool tags() const { return task() == tasks::TaskKind::tag; }
  // A score for a pair of texts and nothing else: what a re-ranker is.
  bool reranks() const;

  // Appends an example's sequences. On the loop's thread only.
  void encode(const data::Example& example, data::EncodedSet& set) { encoder_.append(example, set); }

 private:
  std::string name_, folder_, hash_, encoder_hash_;
  int64_t opened_;
  tasks::ModelBundle bundle_;
  data::Encoder encoder_;
  train::PredictionLines lines_;
};

// The last part of a folder's path, of a run "out/best" "best": what a model is called that has no other name.
std::string default_name(const std::string& folder);

}  // namespace attune::serve
