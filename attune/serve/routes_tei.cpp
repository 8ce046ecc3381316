// The interface of text-embeddings-inference (its openapi.json, version 1.7). What differs, and why, is said in
// docs/serving.md.
#include "attune/base/json.h"
#include "attune/serve/routes.h"
#include "attune/tasks/int8_record.h"

namespace attune::serve {
namespace {

bool classifies(const ServedModel& model) {
  return !model.embeds() && !model.tags();
}

// Empty texts are refused, as TEI does.
void check_texts(const std::vector<Input>& rows) {
  for (const Input& row : rows)
    if (row.text.empty() && !row.pair) refuse(Fault::empty, "`inputs` cannot be empty");
}

bool wants_cut(const Service& service, const nlohmann::json& body) {
  const auto side = text(body, "truncation_direction");
  if (side && *side != "right" && *side != "Right")
    refuse(Fault::schema, "'truncation_direction': only Right is known here, got '{}'", *side);
  return flag(body, "truncate", service.options().auto_truncate);
}

void add_prompt(const ServedModel& model, const nlohmann::json& body, std::vector<Input>& rows) {
  const auto name = text(body, "prompt_name");
  if (!name) return;
  const auto& encode = model.bundle().encode;
  const bool query = *name == "query";
  if (!query && *name != "passage" && *name != "document")
    refuse(Fault::schema, "'prompt_name': '{}' has no prompt '{}'; it has 'query' and 'passage'", model.name(), *name);
  for (Input& row : rows) row.text = (query ? encode.query_prefix : encode.passage_prefix) + row.text;
}

void check_width(const ServedModel& model, const nlohmann::json& body) {
  const auto width = integer(body, "dimensions");
  if (width && *width != model.bundle().logit_count())
    refuse(Fault::schema, "'dimensions': vectors of '{}' have {} numbers and cannot be cut to {}", model.name(),
           model.bundle().logit_count(), *width);
}

nlohmann::ordered_json model_type(const ServedModel& model) {
  if (model.embeds())
    return {
        {"embedding", {{"pooling", model.bundle().model->head().pooling == models::Pooling::mean ? "mean" : "cls"}}}};
  nlohmann::ordered_json id2label = nlohmann::ordered_json::object(), label2id = id2label;
  const auto& names = model.bundle().labels.names();
  for (size_t i = 0; i < names.size(); ++i) id2label[std::to_string(i)] = names[i], label2id[names[i]] = i;
  return {{model.reranks() ? "reranker" : "classifier", {{"id2label", id2label}, {"label2id", label2id}}}};
}

}  // namespace

void answer_embed(Service& service, const CallRef& call) {
  Inputs inputs = read_texts(call->body, "inputs");
  check_texts(inputs.rows);
  const ModelRef model = service.models().choose(text(call->body, "model"), &ServedModel::embeds, "gives vectors");
  check_width(*model, call->body);
  add_prompt(*model, call->body, inputs.rows);
  const bool normalize = flag(call->body, "normalize", true);
  auto job =
      service.make_job(model, std::move(inputs.rows), {.features = !normalize, .cut = wants_cut(service, call->body)});
  service.run(call, std::move(job), [normalize](const Job& done) { return embed_body(vectors_of(done, normalize)); });
}

void answer_predict(Service& service, const CallRef& call) {
  Inputs inputs = read_sequences(call->body, "inputs");
  check_texts(inputs.rows);
  const ModelRef model = service.models().choose(text(call->body, "model"), classifies, "labels or scores whole texts");
  const bool raw = flag(call->body, "raw_scores", false), batch = inputs.batch;
  auto job = service.make_job(model, std::move(inputs.rows), {.cut = wants_cut(service, call->body)});
  service.run(call, std::move(job), [raw, batch](const Job& done) { return predict_body(done, raw, batch); });
}

void answer_rerank(Service& service, const CallRef& call) {
  const auto query = text(call->body, "query");
  if (!query) refuse(Fault::schema, "the field 'query' is missing");
  std::vector<Input> rows;
  for (std::string& each : texts(call->body, "texts")) rows.push_back({.text = *query, .pair = std::move(each)});
  const ModelRef model =
      service.models().choose(text(call->body, "model"), &ServedModel::reranks, "scores pairs of texts");
  const bool raw = flag(call->body, "raw_scores", false), with_texts = flag(call->body, "return_text", false);
  auto job = service.make_job(model, std::move(rows), {.cut = wants_cut(service, call->body)});
  service.run(call, std::move(job), [raw, with_texts](const Job& done) { return rerank_body(done, raw, with_texts); });
}

void answer_health(Service& service, const CallRef& call) {
  if (service.models().all().empty()) refuse(Fault::unhealthy, "no model is served");
  service.answer(call, {.body = "", .content_type = "text/plain"});
}

void answer_info(Service& service, const CallRef& call) {
  if (service.models().all().empty()) refuse(Fault::unhealthy, "no model is served");
  const ServedModel& model = *service.models().all().front();
  const ServeOptions& o = service.options();
  const nlohmann::ordered_json body{{"model_id", model.name()},
                                    {"model_sha", model.hash()},
                                    {"model_dtype", tasks::precision_text(model.bundle().model->precision())},
                                    {"model_type", model_type(model)},
                                    {"max_concurrent_requests", o.max_connections},
                                    {"max_input_length", model.bundle().encode.max_length},
                                    {"max_batch_tokens", o.max_batch_tokens},
                                    {"max_batch_requests", nullptr},
                                    {"max_client_batch_size", o.max_client_batch_size},
                                    {"auto_truncate", o.auto_truncate},
                                    {"tokenization_workers", 1},
                                    {"version", ATTUNE_VERSION},
                                    {"sha", nullptr},
                                    {"docker_label", nullptr}};
  service.answer(call, {.body = json_text(body)});
}

void answer_metrics(Service& service, const CallRef& call) {
  service.answer(call, {.body = service.metrics(), .content_type = "text/plain; version=0.0.4"});
}

}  // namespace attune::serve
