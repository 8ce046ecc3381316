#include "attune/tasks/model_bundle.h"

#include <algorithm>

#include "attune/io/model_folder.h"
#include "attune/io/resolve.h"
#include "attune/kernels/kernels.h"
#include "attune/tasks/adapter_folder.h"
#include "attune/tasks/base_precision.h"
#include "attune/tasks/folder_weights.h"
#include "attune/tasks/int8_record.h"
#include "attune/tasks/label_plan.h"
#include "attune/tasks/model_record.h"
#include "attune/tasks/probe.h"

namespace attune::tasks {
namespace {

tensor::Memory& memory_of(const ModelBundle& bundle) {
  return bundle.device ? bundle.device->memory() : tensor::host_memory();
}

void check_vocabulary(const ModelBundle& bundle) {
  if (bundle.tokenizer->vocabulary_size() > bundle.model->config().vocabulary)
    fail(ErrorKind::model,
         "{}: the tokenizer has {} pieces, the model's embedding {} rows (vocab_size); they do not belong together",
         bundle.source.string(), bundle.tokenizer->vocabulary_size(), bundle.model->config().vocabulary);
}

void fit_max_length(ModelBundle& bundle) {
  bundle.encode.max_length =
      static_cast<int>(std::min<int64_t>(bundle.encode.max_length, bundle.model->longest_text()));
}

void note_ignored_settings(ModelBundle& bundle) {
  for (const auto& setting : bundle.tokenizer->ignored_settings()) bundle.notes.push_back(setting);
}

models::BertConfig with_dropout(models::BertConfig config, const TrainingModelOptions& options) {
  if (options.dropout) {
    // The head's rate follows the hidden one unless the config or the user says otherwise.
    if (config.classifier_dropout == config.hidden_dropout)
      config.classifier_dropout = static_cast<float>(*options.dropout);
    config.hidden_dropout = static_cast<float>(*options.dropout);
  }
  if (options.attention_dropout) config.attention_dropout = static_cast<float>(*options.attention_dropout);
  if (options.classifier_dropout) config.classifier_dropout = static_cast<float>(*options.classifier_dropout);
  return config;
}

// An old head cannot read what it was not trained on.
models::Pooling training_pooling(const TrainingModelOptions& options, const nlohmann::json& record, bool old_head,
                                 bool folder_mean) {
  if (options.task->kind == TaskKind::embed)
    return options.pooling.value_or(folder_mean ? models::Pooling::mean : models::Pooling::first);
  const models::Pooling own = recorded_pooling(record).value_or(models::Pooling::first);
  const auto name = [](models::Pooling pooling) { return pooling == models::Pooling::mean ? "mean" : "cls"; };
  if (options.task->head == models::HeadKind::token) {
    if (options.pooling == models::Pooling::mean)
      fail(ErrorKind::usage, "--pooling mean is for heads that read a whole text; '{}' reads every word: leave it out",
           options.task->name);
    return models::Pooling::first;
  }
  if (old_head && options.pooling && *options.pooling != own)
    fail(ErrorKind::usage,
         "--pooling {}: the last layer of {} was trained with --pooling {}; leave the option out to go on with it, or "
         "give --new-head",
         name(*options.pooling), options.model, name(own));
  return options.pooling.value_or(own);
}

std::string list_of(const std::vector<std::string>& names, size_t most) {
  std::string text;
  for (size_t i = 0; i < std::min(most, names.size()); ++i) text += (i ? ", " : "") + names[i];
  return text + (names.size() > most ? fmt::format(" and {} more", names.size() - most) : "");
}

void note_loaded(ModelBundle& bundle) {
  constexpr size_t kMost = 6;
  std::vector<std::string> fresh;
  for (const std::string& name : bundle.loaded.initialised)
    if (!bundle.model->parameters().find(name)->options.adapter) fresh.push_back(name);
  if (!fresh.empty()) bundle.notes.push_back("newly initialised: " + list_of(fresh, kMost));
  if (!bundle.loaded.skipped.empty())
    bundle.notes.push_back("in the file, not used by this model: " + list_of(bundle.loaded.skipped, kMost));
}

// An adapter is whole or it is another one.
void check_adapter(const ModelBundle& bundle, const AdapterFolder& adapter, const FolderWeights& weights) {
  constexpr size_t kMost = 3;
  if (const auto unused = weights.unused_of_adapter(); !unused.empty())
    fail(
        ErrorKind::model,
        "{}: the adapter changes what attune leaves as it is ({}): modules that are not of the encoder's layers, or an "
        "option that attune does not have; without that its answers would be others",
        adapter.path().string(), list_of(unused, kMost));
  std::vector<std::string> missing;
  for (const std::string& name : bundle.loaded.initialised) {
    const nn::ParameterOptions& options = bundle.model->parameters().find(name)->options;
    if (options.adapter && !options.state && !options.scaffold && !options.made) missing.push_back(name);
  }
  if (!missing.empty())
    fail(ErrorKind::model, "{}: the adapter's weights lack {}", adapter.path().string(), list_of(missing, kMost));
}

// Virtual tokens take places of the model's.
void check_room_for_text(const ModelBundle& bundle) {
  constexpr int64_t kLeast = 16;
  const int64_t left = bundle.model->longest_text();
  if (bundle.model->adapter() && left < kLeast)
    fail(ErrorKind::usage,
         "--adapter {}: {} virtual tokens leave {} of the model's {} positions for the text; use fewer",
         bundle.model->adapter()->method().name(), bundle.model->config().positions - left, std::max<int64_t>(0, left),
         bundle.model->config().positions);
}

void apply_vector_settings(ModelBundle& bundle, const io::SentenceSettings& settings) {
  bundle.vectors = {.normalize = settings.normalize, .similarity = settings.similarity};
  take_prefixes(settings, bundle.encode);
}

// Outputs of the last layer for the bundle's labels.
int64_t head_outputs(const ModelBundle& bundle) {
  const losses::Link* link = bundle.loss.link();
  return link ? link->outputs(bundle.logit_count()) : bundle.logit_count();
}

// What attune.json names. A loss that is not attune's does not stand in the way of predicting where the last layer is
// read as ever; judging by it does not go then.
losses::Objective loss_to_read_with(ModelBundle& bundle, const FolderWeights& weights) {
  try {
    return recorded_loss(bundle);
  } catch (const Error& error) {
    if (has_own_link(bundle.record) || recorded_cosine(bundle.record) > 0 || weights.has_parameters_of_a_loss()) throw;
    bundle.loss_error = error.what();
    return default_objective(bundle);
  }
}

// Errors (usage): vectors of a model with a head; (model): an encoder without one of which nobody wants vectors.
bool embeds(const io::ModelFolder& folder, const nlohmann::json& record, const FolderWeights& weights,
            const fs::path& place, Vectors wanted) {
  const auto own = recorded_task(record);
  if (own && *own == "embed") return true;
  if (weights.outputs()) {
    if (wanted == Vectors::demanded)
      fail(ErrorKind::usage, "{}: the model has a last layer, of the task {}; vectors come of an encoder alone",
           place.string(), task_of_folder(folder, record, *weights.outputs()).name);
    return false;
  }
  if (wanted != Vectors::where_said || fs::exists(place / "modules.json")) return true;
  fail(ErrorKind::model,
       "{}: there is no 'classifier.weight': this is an encoder without a task head; fine-tune it with `attune train`. "
       "For the vectors it gives: `attune embed`, and `attune eval --task embed` to judge them",
       folder.path().string());
}

}  // namespace

int64_t ModelBundle::logit_count() const {
  switch (task->kind) {
    case TaskKind::regress:
      return 1;
    case TaskKind::embed:
      return model ? model->config().hidden : config.value("hidden_size", int64_t{0});
    default:
      return labels.size();
  }
}

std::vector<float> ModelBundle::logits(std::span<const float> outputs) const {
  const losses::Link* link = loss.link();
  if (!link) {
    std::vector<float> same(outputs.begin(), outputs.end());
    if (task->kind == TaskKind::embed && vectors.normalize)
      scale_to_unit_rows(same, static_cast<size_t>(logit_count()));
    return same;
  }
  const auto p = static_cast<size_t>(model->head().outputs), k = static_cast<size_t>(logit_count());
  const size_t rows = outputs.size() / p;
  std::vector<float> logits(rows * k);
  for (size_t row = 0; row < rows; ++row)
    link->to_logits(outputs.subspan(row * p, p), std::span(logits).subspan(row * k, k));
  return logits;
}

void set_default_loss(ModelBundle& bundle, data::TextShape shape) {
  if (bundle.task->kind == TaskKind::embed && !recorded_loss_text(bundle.record))
    bundle.loss = default_objective(bundle, text_rows(shape));
}

std::string why_encoder_only(const ModelBundle& bundle) {
  if (bundle.task->kind == TaskKind::embed) return "";  // there is nothing else
  if (bundle.model->head().pooling == models::Pooling::mean)
    return "the head reads the mean of all pieces, for which transformers has no class";
  if (bundle.model->head().cosine > 0)
    return "the last layer's logits are cosines, for which transformers has no class";
  if (bundle.loss.link())
    return fmt::format("the loss '{}' reads the last layer in a way that transformers does not know",
                       bundle.loss.text());
  return "";
}

std::string unknown_to_transformers(const ModelBundle& bundle) {
  std::vector<std::string> names;
  for (const auto& p : bundle.model->parameters().all())
    if (!models::is_encoder_tensor(p->name) && !models::is_head_tensor(p->name)) names.push_back(p->name);
  return list_of(names, 6);
}

namespace {

// A model's folder, or an adapter's over its base.
io::ModelFolder open_folder(const fs::path& place, const std::optional<AdapterFolder>& adapter) {
  return adapter ? adapter->over_base() : io::ModelFolder::open(io::transformer_folder(place));
}

// A folder's weights and what they are read from.
struct OpenWeights {
  OpenWeights(const io::ModelFolder& in, const std::optional<AdapterFolder>& over)
      : folder(in), adapter(over), weights(folder, adapter ? &*adapter : nullptr) {}
  OpenWeights(const OpenWeights&) = delete;
  OpenWeights& operator=(const OpenWeights&) = delete;

  io::ModelFolder folder;
  std::optional<AdapterFolder> adapter;
  FolderWeights weights;
};

// The method that training goes on with. Errors (usage): another than the folder's own.
std::shared_ptr<peft::Method> method_to_train(const TrainingModelOptions& options,
                                              const std::optional<AdapterFolder>& adapter) {
  if (options.adapter.empty()) {
    if (adapter) with_context([&] { return "in " + adapter->path().string(); }, [&] { adapter->method()->check(); });
    return adapter ? adapter->method() : nullptr;
  }
  std::shared_ptr<peft::Method> method = peft::make_method(options.adapter);
  if (adapter && method->text() != adapter->method()->text())
    fail(ErrorKind::usage,
         "--adapter {}: {} has an adapter already, {}; leave the option out to go on with it, or make a whole model of "
         "it first: attune adapter merge --model {} --out FOLDER",
         options.adapter, options.model, adapter->method()->text(), options.model);
  return method;
}

// What a model with an adapter knows of its base, whose weights the folder has; the hash is left out where nobody wants
// it, for it reads them all.
BaseModel base_of(const io::ModelFolder& folder, const std::string& name, bool with_hash = true) {
  return {name, folder.weights_path(), with_hash ? encoder_hash(folder) : ""};
}

}  // namespace

ModelBundle open_for_training(const TrainingModelOptions& options) {
  const fs::path place = io::resolve_model(options.model);
  const std::optional<AdapterFolder> adapter = AdapterFolder::at(place);
  const std::shared_ptr<peft::Method> method = method_to_train(options, adapter);
  const io::ModelFolder folder = open_folder(place, adapter);
  ModelBundle bundle;
  bundle.source = folder.path();
  if (method) {
    bundle.base = base_of(folder, adapter ? folder.weights_path().string() : options.model);
    if (adapter) adapter->check_base(bundle.base->encoder_sha256);
    bundle.adapter_text = method->text();
  }
  const nn::Precision precision = precision_to_train(options.compute, options.base_precision, method != nullptr);
  if (bundle.base) bundle.base->held_in = base_held_in(precision);
  bundle.task = options.task;
  bundle.device = options.device;
  bundle.config = folder.config();
  bundle.record = read_record(folder.path());
  const models::BertConfig config =
      with_dropout(models::BertConfig::from_json(folder.config(), config_file(folder)), options);
  bundle.tokenizer = text::Tokenizer::load(folder.weights_path());

  const FolderWeights weights(folder, adapter ? &*adapter : nullptr);
  const ContinuedHead continued =
      options.new_head ? ContinuedHead{} : continued_head(folder, bundle.record, *options.task, weights);
  LabelPlan plan = plan_labels(options, continued);
  bundle.labels = plan.labels;
  bundle.loss = options.make_loss ? options.make_loss(bundle.labels) : default_objective(bundle);
  part_from_other_link(plan, continued, bundle.loss, recorded_link(bundle.record));
  part_from_other_head(plan, continued, bundle.loss);
  bundle.notes = std::move(plan.notes);
  bundle.continued_head = plan.keeps_head;
  const bool vectors = options.task->kind == TaskKind::embed;
  const auto settings = vectors ? vector_settings(place, config.hidden) : io::SentenceSettings{};
  const models::Pooling pooling = training_pooling(options, bundle.record, plan.keeps_head, settings.mean);
  bundle.model = std::make_shared<models::Model>(
      config,
      models::HeadOptions{.kind = options.task->head,
                          .pooling = pooling,
                          .cosine = bundle.loss.cosine_head(),
                          .outputs = head_outputs(bundle)},
      precision,
      models::ModelExtras{.more = [&](nn::Parameters& parameters) { bundle.loss.add_parameters(parameters); },
                          .adapter = method,
                          .frozen_base = method != nullptr,
                          .memory = &memory_of(bundle)});
  bundle.loaded =
      with_context([&] { return "in " + folder.path().string(); },
                   [&] {
                     return models::load_weights(
                         *bundle.model, weights,
                         {.seed = options.seed, .old_output = plan.old_output, .new_head = !plan.keeps_head});
                   });
  if (adapter) check_adapter(bundle, *adapter, weights);
  check_room_for_text(bundle);
  bundle.encode = options.encode;
  if (vectors) {
    apply_vector_settings(bundle, settings);
    bundle.vectors.normalize = options.normalize.value_or(settings.normalize);
    if (settings.max_length && !options.max_length_given)
      bundle.encode.max_length = static_cast<int>(*settings.max_length);
  }
  bundle.decoding = options.decoding;
  bundle.pairs = options.pairs;
  check_vocabulary(bundle);
  if (options.max_length_given)
    set_max_length(bundle, bundle.encode.max_length);
  else
    fit_max_length(bundle);
  note_ignored_settings(bundle);
  note_loaded(bundle);
  if (const std::string reason = why_encoder_only(bundle); !reason.empty())
    bundle.notes.push_back(fmt::format("{}: it will open the encoder only", reason));
  if (const std::string own = unknown_to_transformers(bundle); !own.empty())
    bundle.notes.push_back(
        fmt::format("transformers will not know {}: its logits are equal, what follows from these "
                    "is attune's alone",
                    own));
  return bundle;
}

ModelBundle open_for_inference(const std::string& model, const InferenceModelOptions& options) {
  const fs::path place = io::resolve_model(model);
  const std::optional<AdapterFolder> adapter = AdapterFolder::at(place);
  const io::ModelFolder folder = open_folder(place, adapter);
  ModelBundle bundle;
  if (adapter) {
    const bool checks = options.checks_base && adapter->knows_base();
    bundle.base = base_of(folder, folder.weights_path().string(), checks);
    if (checks) adapter->check_base(bundle.base->encoder_sha256);
    bundle.adapter_text = adapter->method()->text();
  }
  bundle.device = options.device;
  bundle.source = folder.path();
  bundle.config = folder.config();
  bundle.record = read_record(folder.path());
  if (bundle.base) bundle.base->held_in = adapter->base_was_held_in();
  bundle.tokenizer = options.tokenizer;
  if (!bundle.tokenizer) bundle.tokenizer = text::Tokenizer::load(folder.weights_path());
  const auto opened = std::make_shared<const OpenWeights>(folder, adapter);
  const FolderWeights& weights = opened->weights;
  const models::BertConfig config = models::BertConfig::from_json(folder.config(), config_file(folder));
  const bool vectors = embeds(folder, bundle.record, weights, place, options.vectors);
  const int64_t outputs = vectors ? config.hidden : *weights.outputs();
  bundle.task = vectors ? &task_named("embed") : &task_of_folder(folder, bundle.record, outputs);
  if (!vectors && bundle.task->kind != TaskKind::regress)
    bundle.labels = names_of_outputs(folder, bundle.record, outputs);
  if (bundle.record.is_object()) apply_record(bundle);
  const auto settings = vectors ? vector_settings(place, config.hidden) : io::SentenceSettings{};
  if (vectors) {
    apply_vector_settings(bundle, settings);
    if (settings.max_length) bundle.encode.max_length = static_cast<int>(*settings.max_length);
  }
  bundle.loss = options.make_loss ? options.make_loss(bundle.labels) : loss_to_read_with(bundle, weights);
  if (head_outputs(bundle) != outputs)
    fail(ErrorKind::model, "{}: the last layer has {} outputs; the loss '{}' reads {} for {} labels",
         folder.path().string(), outputs, bundle.loss.text(), head_outputs(bundle), bundle.logit_count());
  if (recorded_cosine(bundle.record) != bundle.loss.cosine_head())
    fail(ErrorKind::model,
         "{}: the last layer's scale of cosines is {}, and the loss '{}' has {} (0: an ordinary last layer)",
         folder.path().string(), recorded_cosine(bundle.record), bundle.loss.text(), bundle.loss.cosine_head());
  const models::Pooling pooling = vectors ? (settings.mean ? models::Pooling::mean : models::Pooling::first)
                                          : recorded_pooling(bundle.record).value_or(models::Pooling::first);
  const models::HeadOptions head{
      .kind = bundle.task->head, .pooling = pooling, .cosine = bundle.loss.cosine_head(), .outputs = outputs};
  const models::ModelExtras extras{.more = [&](nn::Parameters& parameters) { bundle.loss.add_parameters(parameters); },
                                   .adapter = adapter ? adapter->method() : nullptr,
                                   .frozen_base = options.precision.frozen != nn::Frozen::as_others,
                                   .memory = &memory_of(bundle)};
  const nn::Precision precision =
      options.heeds_int8_record ? precision_for(place, options.precision, config.layers) : options.precision;
  if (!precision.wide.empty()) bundle.notes.push_back(fmt::format("{}: {}", kInt8File, precision_text(precision)));
  if (options.encoder)
    bundle.model = std::make_shared<models::Model>(options.encoder, head, extras);
  else
    bundle.model = std::make_shared<models::Model>(config, head, precision, extras);
  ATTUNE_CHECK(bundle.model->precision() == precision, "an encoder in {} lent to a model in {}",
               bundle.model->precision().name(), precision.name());
  bundle.loaded = with_context([&] { return "in " + folder.path().string(); },
                               [&] { return models::load_weights(*bundle.model, weights, {}); });
  if (adapter) check_adapter(bundle, *adapter, weights);
  check_room_for_text(bundle);
  if (precision.frozen == nn::Frozen::in_file) bundle.weights = {opened, &opened->weights};
  if (!bundle.loaded.initialised.empty())
    fail(ErrorKind::model, "{}: the weights lack {}; a fine-tuned model has them", folder.path().string(),
         list_of(bundle.loaded.initialised, 6));
  check_vocabulary(bundle);
  fit_max_length(bundle);
  if (options.replays_probe && bundle.record.is_object() && bundle.record.contains("probe"))
    with_device(bundle, [&](kernels::Kernels& kernels) {
      replay_probe(*bundle.model, kernels, bundle.record["probe"], (folder.path() / kRecordFile).string());
    });
  return bundle;
}

void merge_adapter(ModelBundle& bundle) {
  bundle.model->merge_adapter();
  bundle.source = bundle.base->folder;  // where the tokenizer's files are
  bundle.base.reset();
  bundle.adapter_text.clear();
  for (const char* key : {"adapter", "base"})
    if (bundle.record.is_object()) bundle.record.erase(key);
}

void set_max_length(ModelBundle& bundle, int64_t max_length) {
  const int64_t positions = bundle.model->longest_text();
  if (max_length > positions)
    fail(ErrorKind::usage, "--max-length is {}; the model has positions for {} tokens: give at most {}", max_length,
         positions, positions);
  bundle.encode.max_length = static_cast<int>(max_length);
}

std::optional<models::Pooling> pooling_named(const std::string& name) {
  if (name == "auto") return std::nullopt;
  if (name == "cls") return models::Pooling::first;
  if (name == "mean") return models::Pooling::mean;
  fail(ErrorKind::usage, "--pooling is '{}'; expected auto, cls or mean", name);
}

std::optional<bool> normalize_named(const std::string& name) {
  if (name == "auto") return std::nullopt;
  if (name == "on" || name == "off") return name == "on";
  fail(ErrorKind::usage, "--normalize is '{}'; expected auto, on or off", name);
}

tensor::DType compute_type(const std::string& precision) {
  if (precision == "f32") return tensor::DType::f32;
  if (precision == "bf16") return tensor::DType::bf16;
  if (precision == "auto") return kernels::cpu::prefers_bf16() ? tensor::DType::bf16 : tensor::DType::f32;
  if (precision == "int8") fail(ErrorKind::usage, "--precision int8: {}", kInt8IsForInference);
  fail(ErrorKind::usage, "--precision is '{}'; expected auto, bf16 or f32", precision);
}

nn::Precision inference_precision(const std::string& precision) {
  if (precision == "int8") return {compute_type("auto"), /*bytes=*/true};
  return compute_type(precision);
}

}  // namespace attune::tasks
