// attune.json: what a model folder says of itself beyond what Hugging Face's config.json has a place for.
//
//   task, labels, max_length, truncate, pooling (cls, mean); decoding (tagging); thresholds (multilabel);
//   pairs (true, false): whether the rows were pairs of texts; missing for tagging and where both occurred
//   own_link (true, false): the last layer's outputs are not one logit a label (losses::Link); link: whose it is
//   head ("cosine"), head_scale: the last layer's logits are cosines times that number (models/head.h)
//   loss: as the loss language has it (losses/language/), and loss_facts: counts [K], items, of the training data.
//   Folders of before the language have loss_options: class_weights, pos_weight (lists), label_smoothing
//   Embedding: normalize (true, false), query_prefix, passage_prefix; sentence-transformers' files say the same, and
//   rule. loss_facts then: texts (pairs, scored, labelled), negatives, score_low, score_high
//   adapter, base: of an adapter's folder (adapter_folder.h)
//   probe (see probe.h), and whatever else the one who saved it gave
#pragma once
#include <optional>
#include <string>

#include "attune/tasks/model_bundle.h"

namespace attune::tasks {

inline constexpr const char* kRecordFile = "attune.json";

// The record of a folder, its names and types checked; null where there is none. Errors (model): not a JSON object, a
// field of another type, an unknown task, pooling or decoding; each names the file.
nlohmann::json read_record(const fs::path& folder);

// What the record says of itself; nothing where it does not or where there is no record.
std::optional<std::string> recorded_task(const nlohmann::json& record);
std::optional<models::Pooling> recorded_pooling(const nlohmann::json& record);
std::optional<std::string> recorded_loss_text(const nlohmann::json& record);
bool has_own_link(const nlohmann::json& record);
// The loss whose link reads the last layer; "" where it is read as one logit a label.
std::string recorded_link(const nlohmann::json& record);
// The scale of a last layer of cosines; 0: a plain one.
double recorded_cosine(const nlohmann::json& record);

// What the model was trained with, or the task's default where the record names no loss; task, labels and record of the
// bundle are known. Errors (model): a loss that attune does not have or that does not fit the task, options that do not
// fit the loss or the labels.
losses::Objective recorded_loss(const ModelBundle& bundle);
// The task's default; of an embedding task that for such rows.
losses::Objective default_objective(const ModelBundle& bundle, losses::TextRows texts = losses::TextRows::pairs);

// How texts were cut, how tags are decoded, a multi-label model's thresholds: from bundle.record into the bundle, whose
// labels are known. Errors (model): a value that does not fit.
void apply_record(ModelBundle& bundle);

// Writes attune.json; `record` holds what is not the bundle's.
void write_record(const ModelBundle& bundle, const fs::path& folder, nlohmann::json record);

}  // namespace attune::tasks
