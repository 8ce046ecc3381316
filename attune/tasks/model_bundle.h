// A model together with everything that gives its numbers a meaning: task, labels, tokenizer, how texts were cut,
// thresholds. It lives in a Hugging Face folder; what Hugging Face has no place for stands beside it in attune.json.
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "attune/data/encode.h"
#include "attune/data/labels.h"
#include "attune/losses/objective.h"
#include "attune/models/load.h"
#include "attune/tasks/tag_decoder.h"
#include "attune/tasks/task.h"
#include "attune/tasks/vectors.h"
#include "attune/text/tokenizer.h"

namespace attune::tasks {

namespace fs = std::filesystem;

// The model that an adapter stands on.
struct BaseModel {
  std::string name;  // as --model said it
  fs::path folder;
  std::string encoder_sha256;
  std::string held_in = "";  // "f32", "bf16" or "int8": what its weights were held in while the adapter trained
};

struct ModelBundle {
  fs::path source;                // the folder it was opened from
  std::optional<BaseModel> base;  // of a model with an adapter
  std::string adapter_text;       // its method, as --adapter takes it; empty: no adapter
  const Task* task = nullptr;
  data::Labels labels;  // empty for regression
  std::shared_ptr<const text::Tokenizer> tokenizer;
  std::shared_ptr<const models::WeightSource> weights;  // what the model reads while it runs (nn::Frozen::in_file)
  std::shared_ptr<models::Model> model;                 // others may share its encoder
  losses::Objective loss;                               // what it is or was trained with
  std::string loss_error;  // why `loss` is the task's default instead of the recorded one; mostly empty
  nlohmann::json config;   // config.json as read
  data::EncodeOptions encode;
  std::vector<double> thresholds;        // multilabel, probabilities; empty: 0.5
  std::optional<bool> pairs;             // trained on pairs of texts, on single ones; nothing: not known
  VectorSettings vectors;                // embedding
  Decoding decoding = Decoding::argmax;  // tagging; argmax where attune.json names none, as Hugging Face does
  nlohmann::json record;                 // attune.json as read; null where there is none
  models::LoadReport loaded;
  bool continued_head = false;         // training goes on with the folder's own last layer, or rows of it
  std::vector<std::string> notes;      // what the user should know, one line each
  kernels::Kernels* device = nullptr;  // where the model lies; nullptr: in the host's memory

  // K: labels, 1 for a score, or the width of a text's vector. The last layer may have another number of outputs, P
  // (losses::Link).
  int64_t logit_count() const;
  // The last layer's outputs [rows, P] as the task's logits [rows, K]; of an embedding task the texts' vectors, of
  // length 1 where that is asked for.
  std::vector<float> logits(std::span<const float> outputs) const;
};

// Calls body(kernels::Kernels&) with kernels that the model can run on.
template <class Body>
void with_device(const ModelBundle& bundle, const Body& body) {
  if (bundle.device) return body(*bundle.device);
  body(*kernels::cpu::make_kernels(1));
}

using MakeLoss = std::function<losses::Objective(const data::Labels&)>;

// How a model is opened for training.
struct TrainingModelOptions {
  std::string model;  // as --model takes it
  const Task* task = nullptr;
  std::vector<std::string> data_labels;  // labels of the training data, sorted; empty for regression
  std::string labels_file = {};          // --labels
  // Makes the loss once the labels are known; its own parameters become the model's. Empty: the task's default.
  MakeLoss make_loss = {};
  std::optional<models::Pooling> pooling = {};  // none: a continued model's own, else the first token
  bool new_head = false;
  std::string adapter = {};             // --adapter; empty: the folder's own, or none
  std::string base_precision = "auto";  // --base-precision
  uint64_t seed = 0;
  tensor::DType compute = tensor::DType::f32;
  std::optional<double> dropout = {}, attention_dropout = {}, classifier_dropout = {};
  data::EncodeOptions encode;
  Decoding decoding = Decoding::argmax;
  bool max_length_given = false;
  std::optional<bool> pairs = {};      // see ModelBundle
  std::optional<bool> normalize = {};  // embedding; none: as the folder has it, else yes
  kernels::Kernels* device = nullptr;  // see ModelBundle; outlives the bundle
};

// Label order: a continued model's own (labels it lacks are added at the end and get new rows of the last layer), else
// the labels file, else `data_labels`. Errors: those of io (no such model, broken folder), of the config and the
// weights; a vocabulary larger than the embedding; a --max-length beyond the positions; a pooling that a continued head
// was not trained with, or for a head that pools nothing; a --base-precision that does not go with the rest.
ModelBundle open_for_training(const TrainingModelOptions& options);

// Whether a folder is opened for the task embed (mean of the pieces, length 1).
enum class Vectors {
  where_said,  // it says so; an encoder without a head is an error
  no_head,     // an encoder without a head too
  demanded,    // a head is an error
};

// How a model is opened to answer.
struct InferenceModelOptions {
  nn::Precision precision = {};
  bool heeds_int8_record = true;  // int8: parts that the folder's int8.json keeps wide are (tasks/int8_record.h)
  MakeLoss make_loss = {};        // for a program's own loss; empty: the one that attune.json names (recorded_loss)
  bool replays_probe = true;      // tasks/probe.h; false for one who has seen it pass in f32
  kernels::Kernels* device = nullptr;  // see ModelBundle
  Vectors vectors = Vectors::where_said;
  // A model of the same precision whose encoder has the same encoder_hash() (tasks/folder_weights.h): its encoder is
  // run in place of one more.
  std::shared_ptr<const models::Model> encoder = {};
  // Of the same files; in place of loading one more.
  std::shared_ptr<const text::Tokenizer> tokenizer = {};
  bool checks_base =
      true;  // an adapter's: that it was trained over this one; false for one who has compared the hashes
};

// Opens a fine-tuned folder, attune's own or Hugging Face's, or sentence-transformers' (the task embed), or an
// adapter's with its base (tasks/adapter_folder.h).
ModelBundle open_for_inference(const std::string& model, const InferenceModelOptions& options);
inline ModelBundle open_for_inference(const std::string& model, const nn::Precision& precision) {
  return open_for_inference(model, InferenceModelOptions{.precision = precision});
}

// Gives a model without a recorded loss the default one for such rows (embedding: it follows from them).
void set_default_loss(ModelBundle& bundle, data::TextShape shape);

// Why transformers opens no more than the encoder of this model's folder; empty: it opens all of it.
std::string why_encoder_only(const ModelBundle& bundle);
// The loss's own parameters, which transformers does not read; empty: there are none.
std::string unknown_to_transformers(const ModelBundle& bundle);

// Errors (usage): more than the model has positions for.
void set_max_length(ModelBundle& bundle, int64_t max_length);

// Writes the bundle into `folder` (which exists), each file atomically, attune.json last. `record` goes into
// attune.json as given. Of a model with an adapter: what differs from its base (tasks/adapter_folder.h).
void save_bundle(const ModelBundle& bundle, const fs::path& folder, nlohmann::json record);

// The bundle of an adapter becomes one of a whole model. Errors (usage): an adapter that is no change of weights.
void merge_adapter(ModelBundle& bundle);

// "cls" or "mean"; nothing for "auto". Errors (usage): another name.
std::optional<models::Pooling> pooling_named(const std::string& name);

// True for "on", false for "off"; nothing for "auto". Errors (usage): another name.
std::optional<bool> normalize_named(const std::string& name);

inline constexpr const char* kInt8IsForInference =
    "bytes cannot be trained; train in bf16 or f32 and give --precision int8 to attune predict, eval or embed";

// "bf16" where the processor multiplies it fast, else "f32", for "auto". Errors (usage): another name; "int8", which
// cannot be trained.
tensor::DType compute_type(const std::string& precision);
// The same for inference, which knows "int8" too: with "auto" between the products.
nn::Precision inference_precision(const std::string& precision);

}  // namespace attune::tasks
